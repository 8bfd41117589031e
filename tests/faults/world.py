"""A world for each row: sample Jira sites, our services over stores in memory, and one clock that only jumps.

Everything between the services and the sites is the real thing: connector, guard, `requests`, a loopback socket.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from sample_jira import SampleJira
from sample_jira.model import Issue
from tests.fakes.points import InMemoryPointsLedger
from tests.fakes.queue import FakeWorkQueue
from tests.fakes.reading import refreshed_tickets
from tests.fakes.samples import an_integration
from tests.fakes.stores import InMemory
from tests.fakes.use_cases import UseCases
from tests.faults.interrupting import InterruptingConnector
from tests.faults.logins import Logins, SampleSite
from ticket_status.core.addresses import AddressRules
from ticket_status.core.model import (
    AuthType,
    InstallationType,
    Integration,
    RunState,
    SyncRun,
    Ticket,
    TicketKey,
)
from ticket_status.core.violations import Registration
from ticket_status.core.work import Work
from ticket_status.jira.connector import Connector
from ticket_status.jira.settings import JiraSettings, Limits
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.careful import PointsConnector
from ticket_status.service.retrieval.refresh import RefreshedTicket
from ticket_status.service.tickets.reading import ShownTicket

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
PERIOD = timedelta(hours=8)
"""Between two schedules (R1)."""

WORKER_TIME = timedelta(seconds=90)
PROJECT = "SEC"
NAME = "jira"
VIOLATION = "XRAY-1"


@dataclass(frozen=True)
class Setting:
    """What there is before anything goes wrong."""

    auth: AuthType | None = None
    """``None``: Basic on Cloud, a personal access token on Data Center."""
    tickets: int = 3
    age: timedelta = timedelta(days=10)
    """Of the oldest ticket when the fault is met; the others follow, a second each."""
    key_only: bool = False
    """Registered by key, so that the first retrieval has to find the ids."""
    limits: Limits = field(default_factory=Limits)
    patience: float | None = None
    """Seconds that the button has, with the usual bounds of a call; ``None``: the usual 20."""


class World(InMemory):
    """A site with issues, the integration with it, and tickets of one violation."""

    def __init__(self, jira: SampleJira, setting: Setting, *, cloud: bool) -> None:
        super().__init__()
        self.jira = jira
        self.site: SampleSite = jira.cloud if cloud else jira.data_center
        self.setting = setting
        self.clock = jira.clock
        self.clock.freeze(NOW)
        self.api_token: str | None = None
        """Instead of the one that is ready."""
        url = jira.atlassian_url
        rules = AddressRules(allow_private=False, allow_loopback=True)
        self.settings = JiraSettings(api_url=url, auth_url=url, addresses=rules)
        self.logins = Logins(jira, self.settings, self.clock.now)
        self.points = InMemoryPointsLedger()
        self.queue = FakeWorkQueue()
        self.here = Deployed(self)
        self.runs, self.reading = self.here.runs, self.here.reading
        self.elsewhere = Deployed(self)
        """The same services in another function at the same time."""
        self.pool = ThreadPoolExecutor(1)
        self.meanwhile: list[Future[object]] = []
        """What others do at the same time."""
        self.keys: list[TicketKey] = []
        created = NOW + PERIOD - setting.age
        count = setting.tickets
        self.issues = self.site.create(PROJECT, count, created=created, spread_seconds=count)

    @property
    def cloud(self) -> bool:
        """Whether the site is a Cloud site."""
        return self.site is self.jira.cloud

    @property
    def reading_path(self) -> str:
        """The pattern of the call that reads many issues."""
        return "*/issue/bulkfetch" if self.cloud else "*/rest/api/2/search"

    @property
    def issue(self) -> str:
        """The key of the first issue as it was registered."""
        return f"{PROJECT}-1"

    @property
    def integration(self) -> Integration:
        """The integration as stored."""
        return self.integrations.stored[NAME]

    @property
    def ref(self) -> str:
        """What the integration's tickets hang on."""
        return self.integration.integration_ref

    @property
    def run(self) -> SyncRun | None:
        """The integration's newest run."""
        return self.run_store.latest(self.ref)

    # --- Before ------------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Make the integration, register the tickets, and retrieve them once, so that all is well.

        Only then do calls get little time: all is to be well on a busy machine, too.
        """
        self.integrate(NAME, self.site, self.setting.auth)
        self.register(NAME, self.issues, key_only=self.setting.key_only)
        if not self.setting.key_only:
            self.sync()
        self.settings = replace(self.settings, limits=self.setting.limits)
        self.here, self.elsewhere = Deployed(self), Deployed(self)
        self.pass_(PERIOD)

    def integrate(self, name: str, site: SampleSite, auth: AuthType | None = None) -> None:
        """Make an integration of a site, connected as a new one is."""
        cloud = site in self.jira.cloud_sites()
        made = an_integration(
            name,
            installation_type=InstallationType.CLOUD if cloud else InstallationType.SERVER,
            jira_server_url=site.url,
            auth_type=auth or (AuthType.BASIC if cloud else AuthType.PAT),
            username=None,
        )
        self.integrations.add(made)
        login = self.logins.at(site, made, self.api_token)
        self.secrets.write(made.integration_ref, login.secrets)
        report = self.here.connector.check(login.integration)
        assert report.trouble is None
        self.integrations.stored[name] = replace(login.integration, site=report.site)

    def register(self, name: str, issues: Sequence[Issue], *, key_only: bool = False) -> list[TicketKey]:
        """Register issues as tickets of the violation."""
        integration = self.integrations.stored[name]
        tickets = [
            Ticket(
                TicketKey.of(integration.integration_ref, None if key_only else str(issue.id), issue.key),
                issue.key,
                issue.created,
                integration.jira_server_url,
            )
            for issue in issues
        ]
        self.violations.register([Registration(one, VIOLATION, None) for one in tickets], self.clock.now())
        keys = [one.key for one in tickets]
        self.keys += keys
        return keys

    def pass_(self, time: timedelta) -> None:
        """Let time pass, for us and for Jira."""
        self.clock.advance(time.total_seconds())

    # --- What happens ------------------------------------------------------------------------------------------------

    def schedule(self) -> None:
        """The schedule queues every integration."""
        self.here.schedule()

    def work_off(self) -> list[RunState]:
        """Deliver messages, each when it is due, up to the next schedule; the states that the run came to."""
        end = self.clock.now() + PERIOD
        waiting: list[tuple[datetime, int, Work]] = []
        states: list[RunState] = []
        for number in range(10_000):
            for work, delay in self.queue.sent:
                waiting.append((self.clock.now() + timedelta(seconds=delay), number, work))
            self.queue.sent.clear()
            waiting.sort(key=lambda one: one[:2])
            if not waiting or waiting[0][0] >= end:
                break
            due, _, work = waiting.pop(0)
            self.pass_(max(timedelta(), due - self.clock.now()))
            self.here.deliver(work)
            states += [self.run.state] if self.run is not None else []
        return [state for number, state in enumerate(states) if number == 0 or states[number - 1] is not state]

    def sync(self) -> list[RunState]:
        """A whole scheduled run."""
        self.schedule()
        return self.work_off()

    def current(self, key: TicketKey) -> TicketKey:
        """The identity that a ticket has by now."""
        return self.tickets.current(key)

    # --- What is seen ------------------------------------------------------------------------------------------------

    def shown(self) -> dict[TicketKey, ShownTicket]:
        """All tickets as they are shown now."""
        return self.reading.show(self.keys, self.clock.now())

    @property
    def heard(self) -> int:
        """Calls that sites heard."""
        sites = [self.jira.site(name) for name in self.jira.sites()]
        heard = (one.requests(path) for one in sites for path in ("*/rest/api/*", "*/_edge/*"))
        return sum(map(len, heard)) + len(self.jira.atlassian.requests("*/accessible-resources"))

    @property
    def refreshes(self) -> int:
        """Calls to token endpoints."""
        return len([*self.jira.atlassian.requests("/oauth/token"), *self.site.requests("*/rest/oauth2/latest/token")])


class Deployed(UseCases):
    """The services as one function has them: a connector of its own, the stores of all."""

    def __init__(self, world: World) -> None:
        now = world.clock.now
        self.connector = Connector(world.secrets, world.integrations, world.settings, now)
        self.interrupting = InterruptingConnector(PointsConnector(self.connector, world.points, now))
        super().__init__(world, world.queue, self.interrupting, now, world.clock.advance)

    def deliver(self, work: Work) -> None:
        """A message reaches a worker; one that fails there is a bug of ours, and noted."""
        try:
            self.worker.do(work, lambda: WORKER_TIME)
        except JiraRejectedRequestError as error:
            self.rejected.append(error)

    def press(self) -> list[RefreshedTicket]:
        """Somebody presses the button."""
        return refreshed_tickets(self.button, VIOLATION)
