"""Which writes are published as events."""

from msgspec import Struct

from ticket_status.core.model import UNKNOWN, Health, Integration, Ticket, UnknownReason
from ticket_status.core.shown import own_reason


class Face(Struct, frozen=True):
    """What a ticket shows by itself, if its integration is healthy."""

    ticket_status: str
    unknown_reason: UnknownReason | None


def face(ticket: Ticket) -> Face:
    """What a ticket shows by itself."""
    reason = own_reason(ticket)
    return Face(UNKNOWN if reason is not None or ticket.status is None else ticket.status.name, reason)


def ticket_changed(old: Ticket, new: Ticket) -> bool:
    """Whether a write changed what the ticket shows."""
    return face(old) != face(new)


def health_changed(old: Integration, new: Integration) -> bool:
    """Whether a write broke, recovered or switched an integration: one event, however many tickets it has."""
    same_integration = old.integration_ref == new.integration_ref
    switched = old.retrieve_jira_tickets != new.retrieve_jira_tickets
    return same_integration and (switched or _told(old.health) != _told(new.health))


def warned(old: Integration, new: Integration) -> bool:
    """Whether a write noted that a warning about the credential's expiry is due."""
    same_integration = old.integration_ref == new.integration_ref
    return same_integration and new.warned_days is not None and old.warned_days != new.warned_days


def _told(health: Health) -> tuple[object, object]:
    return health.status, health.reason_code
