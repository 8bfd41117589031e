"""A stage for retrieval: a world with tickets, whose messages tests deliver."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tests.fakes.jira import FakeSite
from tests.fakes.reading import refreshed_tickets
from tests.fakes.samples import NOW, TO_DO, URL, an_integration
from tests.fakes.world import World
from ticket_status.core.model import Integration, Status, SyncRun, Ticket, TicketKey, Trigger
from ticket_status.core.shown import Shown, shown
from ticket_status.core.violations import Registration
from ticket_status.core.window import Coverage
from ticket_status.core.work import Work
from ticket_status.service.retrieval.refresh import RefreshedTicket
from ticket_status.service.retrieval.worker import WorkReport

WORKER_TIME = timedelta(seconds=90)
MOST_MESSAGES = 300
"""A run that is not done after so many never will be."""


class Stage(World):
    """Integrations (one of Cloud unless said otherwise), and what tests do with the first of them."""

    def __init__(self, *integrations: Integration, **more: Any) -> None:  # noqa: ANN401 - as a world takes them
        super().__init__(*integrations or (an_integration(),), **more)
        self.name = next(iter(self.integrations.stored))

    @property
    def site(self) -> FakeSite:
        """The first integration's site."""
        return self.sites[self.name]

    @property
    def integration(self) -> Integration:
        """The first integration, as stored."""
        return self.stored(self.name)

    @property
    def run(self) -> SyncRun:
        """The first integration's newest run."""
        run = self.last_run(self.name)
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
