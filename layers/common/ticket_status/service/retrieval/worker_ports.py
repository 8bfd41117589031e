"""What the worker, and all that works for it, is given."""

from msgspec import Struct

from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.runs import RunStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.webhooks import WebhookStore
from ticket_status.service.retrieval.careful import CarefulConnector


class WorkerPorts(Struct, frozen=True):
    """Its stores, its queue, and its way to Jira."""

    integrations: IntegrationStore
    tickets: TicketStore
    runs: RunStore
    queue: WorkQueue
    connector: CarefulConnector
    webhooks: WebhookStore
