"""One violation by itself, where the use cases take several."""

from datetime import datetime

from ticket_status.service.retrieval.refresh import Refresh, RefreshedTicket
from ticket_status.service.tickets.reading import Reading, ShownTicket


def shown_tickets(reading: Reading, violation_id: str, now: datetime) -> list[ShownTicket]:
    """The tickets of a violation, the leading one first; none when it has no ticket."""
    found = reading.violations([violation_id], now).get(violation_id)
    return [] if found is None else list(found.tickets)


def refreshed_tickets(refresh: Refresh, violation_id: str) -> list[RefreshedTicket]:
    """The button of a violation is pressed."""
    found = refresh.violations([violation_id]).get(violation_id)
    return [] if found is None else list(found.tickets)
