"""The service in memory: all its stores and use cases, Jira sites, a queue that tests work off, and one clock."""

from datetime import datetime, timedelta

from tests.fakes.bus import FakeBus
from tests.fakes.clock import Clock
from tests.fakes.connections import FakeConnections, FakeOAuth1, FakeOAuth2
from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.jira import FakeSite
from tests.fakes.lagging import LaggingStores
from tests.fakes.queue import FakeWorkQueue
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.stores import InMemory
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.use_cases import UseCases
from tests.fakes.violations import InMemoryViolationStore
from tests.fakes.webhooks import FakeJiraWebhooks
from ticket_status.core.model import Integration, SyncRun
from ticket_status.core.runs import SLICE_TICKETS
from ticket_status.jira.delivery_signatures import JiraDeliverySignatures
from ticket_status.service.administration.webhook import WebhookPorts
from ticket_status.service.administration.webhook_care import WebhookCare
from ticket_status.service.tickets.deliveries import DeliveryPorts, ReceiveDeliveries


class World(InMemory, UseCases):
    """Integrations, their sites, and everything that works on them."""

    def __init__(
        self,
        *integrations: Integration,
        slice_tickets: int = SLICE_TICKETS,
        behind: timedelta = timedelta(),
        index_lag: timedelta = timedelta(),
    ) -> None:
        """``behind``: how far the clock of those who ask Jira is behind the others'.

        ``index_lag``: how old the state is that index reads see; ``indexes.note`` notes what tests write past the
        stores.
        """
        InMemory.__init__(self, *integrations)
        self.clock = Clock()
        self._behind = behind
        if index_lag:
            self._lag(index_lag)
        self.queue = FakeWorkQueue()
        self.bus = FakeBus()
        self.sites = {name: FakeSite() for name in self.integrations.stored}
        self.connections = FakeConnections(self.sites)
        self.jira_webhooks = FakeJiraWebhooks()
        self.oauth1, self.oauth2 = FakeOAuth1(), FakeOAuth2()
        self.refused_addresses: dict[str, str] = {}
        UseCases.__init__(
            *(self, self, self.queue, self.connections, self.clock, self.clock.wait),
            slice_tickets=slice_tickets,
            worker_now=self.worker_clock,
        )
        webhooks = WebhookPorts(self.webhooks, self.hook_keys, self.jira_webhooks)
        self.services = self.administration(
            self.connections, webhooks, self.oauth1, self.oauth2, self.refused_addresses.get
        )
        self.care = WebhookCare(self.integrations, webhooks, self.bus, self.clock)
        deliveries = DeliveryPorts(self.webhooks, self.hook_keys, self.hints, JiraDeliverySignatures(), self.queue)
        self.receiving = ReceiveDeliveries(deliveries, self.clock)

    def _lag(self, index_lag: timedelta) -> None:
        stores = {"integrations": self.integrations, "tickets": self.tickets, "violations": self.violations}
        self.indexes = LaggingStores(index_lag, self.clock, **stores)
        self.integrations = self.indexes.store("integrations", InMemoryIntegrationStore)
        self.tickets = self.indexes.store("tickets", InMemoryTicketStore)
        self.violations = self.indexes.store("violations", InMemoryViolationStore)
        self.run_store = InMemoryRunStore(self.integrations)

    def worker_clock(self) -> datetime:
        """What a worker's own clock says."""
        return self.clock() - self._behind

    def stored(self, name: str = "cloud-abc") -> Integration:
        """An integration that has to be there."""
        return self.integrations.stored[name]

    def secret(self, name: str = "cloud-abc") -> dict[str, str]:
        """All secrets of an integration."""
        return self.secrets.stored[self.stored(name).integration_ref]

    def last_run(self, name: str = "cloud-abc") -> SyncRun | None:
        """The newest run of an integration."""
        return self.run_store.latest(self.stored(name).integration_ref)
