"""A stage for the use cases: every port in memory, one clock, and a queue whose messages tests deliver."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from tests.fakes.bus import FakeBus
from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.jira import FakeJiraConnector, FakeSite
from tests.fakes.lagging import LaggingStores
from tests.fakes.queue import FakeWorkQueue
from tests.fakes.reading import refreshed_tickets
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.samples import NOW, TO_DO, URL, an_integration
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.use_cases import Ports, UseCases
from tests.fakes.violations import InMemoryViolationStore
from tests.fakes.webhooks import FakeJiraWebhooks, InMemoryHookKeyStore, InMemoryWebhookStore
from ticket_status.core.model import Integration, Status, SyncRun, Ticket, TicketKey, Trigger
from ticket_status.core.runs import SLICE_TICKETS
from ticket_status.core.shown import Shown, shown
from ticket_status.core.violations import Registration
from ticket_status.core.window import Coverage
from ticket_status.core.work import Work
from ticket_status.service.administration.webhook import WebhookPorts
from ticket_status.service.administration.webhook_care import WebhookCare
from ticket_status.service.retrieval.probe import Probe
from ticket_status.service.retrieval.refresh import RefreshedTicket
from ticket_status.service.retrieval.schedule import Schedule, ScheduleAnswer, SyncRequest
from ticket_status.service.retrieval.worker import WorkReport

WORKER_TIME = timedelta(seconds=90)
MOST_MESSAGES = 300
"""A run that is not done after so many never will be."""


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> datetime:
        """Let time pass; the moment it then is."""
        self.now += time
        return self.now


@dataclass
class Stage(UseCases):
    """Integrations (one of Cloud unless said otherwise), their sites, and everything that works on them."""

    integrations: InMemoryIntegrationStore = field(default_factory=lambda: InMemoryIntegrationStore(an_integration()))
    clock: Clock = field(default_factory=Clock)
    behind: timedelta = timedelta()
    """How far a worker's clock is behind the others'."""

    slice_tickets: int = SLICE_TICKETS
    """Tickets of a slice, about."""

    index_lag: timedelta = timedelta()
    """How old the state is that index reads see; ``indexes.note`` notes what tests write past the stores."""

    def __post_init__(self) -> None:
        self.name = next(iter(self.integrations.stored))
        self.tickets = InMemoryTicketStore()
        self.violations = InMemoryViolationStore(self.tickets)
        if self.index_lag:
            self._lag()
        self.run_store = InMemoryRunStore(self.integrations)
        self.queue = FakeWorkQueue()
        self.webhooks = InMemoryWebhookStore()
        self.sites = {name: FakeSite() for name in self.integrations.stored}
        self.connector = FakeJiraConnector(self.sites)
        stores = (self.integrations, self.tickets, self.violations, self.run_store)
        ports = Ports(*stores, self.queue, self.connector, self.worker_clock, self.wait, self.webhooks)
        super().__init__(ports, slice_tickets=self.slice_tickets)

    def _lag(self) -> None:
        stores = {"integrations": self.integrations, "tickets": self.tickets, "violations": self.violations}
        self.indexes = LaggingStores(self.index_lag, self.clock, **stores)
        self.integrations = self.indexes.store("integrations", InMemoryIntegrationStore)
        self.tickets = self.indexes.store("tickets", InMemoryTicketStore)
        self.violations = self.indexes.store("violations", InMemoryViolationStore)

    def worker_clock(self) -> datetime:
        """What a worker's own clock says."""
        return self.clock() - self.behind

    def wait(self, seconds: float) -> None:
        """Somebody waits."""
        self.clock.pass_(timedelta(seconds=seconds))

    @property
    def site(self) -> FakeSite:
        """The first integration's site."""
        return self.sites[self.name]

    @property
    def integration(self) -> Integration:
        """The first integration, as stored."""
        return self.integrations.stored[self.name]

    @property
    def run(self) -> SyncRun:
        """The first integration's newest run."""
        run = self.run_store.latest(self.integration.integration_ref)
        assert run is not None
        return run

    # --- What there is ----------------------------------------------------------------------------------------------

    def has_tickets(
        self, count: int, status: Status | None = TO_DO, days: int = 360, first: int = 1
    ) -> list[TicketKey]:
        """Tickets spread over so many days that Jira shows as ``TO_DO``; ``status`` is what we last saw of them."""
        keys = [
            self.has_ticket(first + number, status, NOW - timedelta(days=1) - number * timedelta(days=days) / count)
            for number in range(count)
        ]
        self.tickets.writes = 0
        return keys

    def has_ticket(
        self, number: int, status: Status | None = TO_DO, created_at: datetime | None = None, project: str = "JAS"
    ) -> TicketKey:
        """Ticket ``10000 + number`` of the first integration, with its issue in Jira."""
        key = TicketKey(self.integration.integration_ref, str(10_000 + number))
        issue_key = f"{project}-{number}"
        self.site.put(str(10_000 + number), issue_key, TO_DO.name, TO_DO.category)
        created = (created_at or NOW - timedelta(days=10)).replace(microsecond=0)
        ticket = Ticket(key, issue_key, created, URL)
        if status is None:
            self.tickets.add(ticket, self.clock())
        else:
            self.tickets.stored[key] = replace(ticket, status=status, observed_at=NOW - timedelta(hours=8))
        return key

    def has_key_only_ticket(self, issue_key: str, issue_id: str | None = None) -> TicketKey:
        """A ticket that was registered with its key only, and its issue in Jira if it has an id."""
        key = TicketKey.of(self.integration.integration_ref, None, issue_key)
        if issue_id is not None:
            self.site.put(issue_id, issue_key, TO_DO.name, TO_DO.category)
        self.tickets.add(Ticket(key, issue_key, NOW - timedelta(days=3), URL), self.clock())
        return key

    def violation(self, violation_id: str, *keys: TicketKey) -> None:
        """Link tickets to a violation."""
        for key in keys:
            self.violations.register([Registration(self.tickets.stored[key], violation_id, None)], self.clock())

    def moves(self, key: TicketKey, status: Status) -> None:
        """The issue is moved in Jira."""
        issue_key, _ = self.site.issues[key.ticket_id]
        self.site.put(key.ticket_id, issue_key, status.name, status.category)

    # --- What happens -----------------------------------------------------------------------------------------------

    def schedule(self, name: str | None = None, *, dry_run: bool = False, scheduled: bool = True) -> ScheduleAnswer:
        """The sync function is invoked."""
        request = SyncRequest(name, dry_run, scheduled and name is None and not dry_run)
        return Schedule(self.integrations, self.runs).queue(request, self.clock())

    def start(self, trigger: Trigger = Trigger.SCHEDULE) -> SyncRun:
        """A run of the first integration is started, at a moment of its own."""
        if self.run_store.stored:
            self.clock.pass_(timedelta(seconds=1))
        self.runs.start(self.integration, trigger, self.clock())
        return self.run

    def deliver(self, work: Work, time_left: Callable[[], timedelta] = lambda: WORKER_TIME) -> WorkReport:
        """A message reaches a worker."""
        return self.worker.do(work, time_left)

    def take(self) -> Work:
        """The message that is due first, when it is due."""
        number = min(range(len(self.queue.sent)), key=lambda one: self.queue.sent[one][1])
        work, delay = self.queue.sent.pop(number)
        self.queue.sent = [(other, max(0, later - delay)) for other, later in self.queue.sent]
        self.clock.pass_(timedelta(seconds=delay))
        return work

    def work_off(self, time_left: Callable[[], timedelta] = lambda: WORKER_TIME) -> list[WorkReport]:
        """Deliver messages, each when it is due, until there is none."""
        reports: list[WorkReport] = []
        while self.queue.sent:
            assert len(reports) < MOST_MESSAGES
            reports.append(self.deliver(self.take(), time_left))
        return reports

    def sync(self) -> SyncRun:
        """A whole scheduled run."""
        self.start()
        self.work_off()
        return self.run

    @property
    def care(self) -> WebhookCare:
        """What the probe does for webhooks."""
        ports = WebhookPorts(self.webhooks, InMemoryHookKeyStore(), FakeJiraWebhooks())
        return WebhookCare(self.integrations, ports, FakeBus(), self.clock)

    def probe(self) -> Probe:
        """The probe."""
        return Probe(self.integrations, self.careful, self.runs, self.clock)

    def refresh(self, violation_id: str) -> list[RefreshedTicket]:
        """The button is pressed."""
        return refreshed_tickets(self.button, violation_id)

    # --- What is seen -----------------------------------------------------------------------------------------------

    def shows(self, key: TicketKey) -> Shown:
        """What a ticket shows now."""
        tickets, coverages = self.tickets.get_many([key], [key.integration_ref])
        coverage = coverages.get(key.integration_ref, Coverage())
        integration = self.integrations.stored.get(key.connection_name)
        return shown(tickets[key], integration, coverage, self.clock())
