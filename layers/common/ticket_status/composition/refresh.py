"""``RefreshFunction``, assembled."""

from datetime import timedelta

from msgspec import Struct

from ticket_status.api.application import UNHANDLED_ERRORS, ApiContext
from ticket_status.composition.api import api_context
from ticket_status.composition.parts import Stores, connector, now, telemetry
from ticket_status.config import ApiConfig
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.refresh import Refresh, RefreshPorts
from ticket_status.service.tickets.reading import Reading
from ticket_status.service.tickets.registration import RegisterTickets
from ticket_status.service.tickets.unregistration import UnregisterTickets


def _report_rejected(error: JiraRejectedRequestError) -> None:
    """The refresh reports that Jira is unavailable; the alarm reports that it is our bug."""
    telemetry().logger.error("Jira rejected a request that we built", exc_info=error)
    telemetry().report("refresh", {UNHANDLED_ERRORS: 1}, outcome="rejected")


class RefreshServices(Struct, frozen=True):
    """What the routes of ``RefreshFunction`` call."""

    reading: Reading
    refresh: Refresh
    registration: RegisterTickets
    unregistration: UnregisterTickets
    retention: timedelta
    """How long after its creation a ticket is kept."""


def refresh() -> tuple[RefreshServices, ApiContext]:
    """The services and context of ``RefreshFunction``."""
    config = ApiConfig.from_env()
    stores = Stores(config.stores)
    reading = Reading(stores.integrations, stores.tickets, stores.violations)
    ports = RefreshPorts(stores.integrations, stores.tickets, connector(stores, config.stores, config.jira))
    services = RefreshServices(
        reading,
        Refresh(ports, reading, stores.run_keeper, now, _report_rejected),
        RegisterTickets(stores.integrations, stores.violations, stores.queue),
        UnregisterTickets(stores.integrations, stores.tickets, stores.violations),
        config.stores.retention,
    )
    return services, api_context(config)
