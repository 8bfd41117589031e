"""The use cases of retrieval over any stores, queue and Jira, put together as the functions have them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.webhooks import InMemoryWebhookStore
from ticket_status.composition.refresh import RefreshServices
from ticket_status.core.runs import SLICE_TICKETS
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import JiraConnector, JiraRejectedRequestError
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.runs import RunStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore
from ticket_status.ports.webhooks import WebhookStore
from ticket_status.service.retrieval.careful import CarefulConnector
from ticket_status.service.retrieval.refresh import Refresh, RefreshPorts
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.worker import Worker
from ticket_status.service.retrieval.worker_ports import WorkerPorts
from ticket_status.service.tickets.reading import Reading
from ticket_status.service.tickets.registration import RegisterTickets
from ticket_status.service.tickets.unregistration import UnregisterTickets

RETENTION = timedelta(days=1_095)
"""How long a ticket is kept, by default."""


@dataclass(frozen=True)
class Ports:
    """What they work with."""

    integrations: IntegrationStore
    tickets: TicketStore
    violations: ViolationStore
    runs: RunStore
    queue: WorkQueue
    connector: JiraConnector
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    """Waits so many seconds."""
    webhooks: WebhookStore = field(default_factory=InMemoryWebhookStore)


class UseCases:
    """What retrieves, reads and registers."""

    def __init__(
        self,
        ports: Ports,
        *,
        slice_tickets: int = SLICE_TICKETS,
        jitter: float = 0.0,
        on_rejected: Callable[[JiraRejectedRequestError], None] | None = None,
    ) -> None:
        """``on_rejected`` is told of what Jira called malformed, which otherwise is in ``rejected``."""
        integrations, tickets, now = ports.integrations, ports.tickets, ports.now
        self.rejected: list[JiraRejectedRequestError] = []
        """What Jira called malformed when the button was pressed: these alarm."""
        self.careful = careful = CarefulConnector(ports.connector, integrations, now, ports.sleep)
        self.runs = Runs(integrations, tickets, ports.runs, ports.queue, slice_tickets=slice_tickets)
        worker_ports = WorkerPorts(integrations, tickets, ports.runs, ports.queue, careful, ports.webhooks)
        self.worker = Worker(worker_ports, now, lambda: jitter)
        self.reading = Reading(integrations, tickets, ports.violations)
        refresh_ports = RefreshPorts(integrations, tickets, careful)
        self.button = Refresh(refresh_ports, self.reading, self.runs, now, on_rejected or self.rejected.append)
        self.registration = RegisterTickets(integrations, ports.violations, ports.queue)
        self.unregistration = UnregisterTickets(integrations, tickets, ports.violations)

    @property
    def of_refresh_function(self) -> RefreshServices:
        """What the routes of ``RefreshFunction`` call."""
        return RefreshServices(self.reading, self.button, self.registration, self.unregistration, RETENTION)
