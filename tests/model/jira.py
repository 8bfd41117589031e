"""What is true in Jira, and the ``Jira`` port that shows it: the model's ground, with nothing of the system in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Literal, Protocol

from msgspec.structs import replace

from tests.model.actors import Baton
from ticket_status.core.comparison import sighting
from ticket_status.core.connection import Check, ConnectionReport
from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import Category, Integration, ReasonCode, Site, Status
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable

STATUSES = (
    Status("To Do", Category.NEW),
    Status("In Progress", Category.INDETERMINATE),
    Status("Done", Category.DONE),
    Status("Unknown", Category.UNDEFINED),
)
QUICK = timedelta(milliseconds=50)


class Ailment(Enum):
    """What can be wrong with a site, beside its telling us to slow down."""

    TOKEN_EXPIRED = auto()
    """Every call is refused."""
    GRANT_EXPIRED = auto()
    """No session can be opened."""
    SCOPE_TAKEN = auto()
    """Issues cannot be read, while the account still answers."""
    DOWN = auto()
    FAILING = auto()
    """Reading issues fails, while the account still answers."""


_OF_ISSUES_ONLY = {Ailment.SCOPE_TAKEN, Ailment.FAILING}
_MET: Mapping[Ailment, JiraTrouble] = {
    Ailment.TOKEN_EXPIRED: Refused(ReasonCode.AUTHENTICATION_FAILED, "the token has expired"),
    Ailment.GRANT_EXPIRED: Refused(ReasonCode.AUTHORIZATION_EXPIRED, "the grant has expired"),
    Ailment.SCOPE_TAKEN: Refused(ReasonCode.MISSING_SCOPES, "a scope is missing"),
    Ailment.DOWN: Unavailable(ReasonCode.UNREACHABLE, "nobody answers"),
    Ailment.FAILING: Unavailable(ReasonCode.JIRA_ERROR, "500"),
}
LATE = Unavailable(ReasonCode.UNREACHABLE, "there was no time left to ask", own_deadline=True)


@dataclass(eq=False)
class Issue:
    """An issue. It keeps its id; its keys only grow, the last is the one it has, and the old ones still lead to it."""

    id: str
    keys: list[str]
    status: Status
    created_at: datetime
    deleted: bool = False
    hidden: bool = False
    """By security on the issue itself."""
    unanswerable: bool = False
    """Jira lists it among the errors of a call."""

    @property
    def key(self) -> str:
        """The key it has now."""
        return self.keys[-1]


@dataclass(eq=False)
class JiraSite:
    """A site: what is in it, and how it is."""

    name: str
    issues: dict[str, Issue] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    """Keys of projects that we may not browse."""
    ailment: Ailment | None = None
    throttled_until: datetime | None = None
    hints: bool = True
    """Whether it says until when to hold off."""
    latency: timedelta = QUICK
    ids_per_call: int = 2
    numbers: int = 0

    def next_key(self, project: str) -> str:
        """A key that no issue had."""
        self.numbers += 1
        return f"{project}-{self.numbers}"

    def find(self, name: str) -> Issue | None:
        """The issue with this id or that ever had this key, deleted or not."""
        return self.issues.get(name) or next((one for one in self.issues.values() if name in one.keys), None)

    def shows(self, issue: Issue | None) -> bool:
        """Whether we are shown it."""
        return issue is not None and not (issue.deleted or issue.hidden or project_of(issue.key) in self.closed)

    def trouble(self, call: str, now: datetime) -> JiraTrouble | None:
        """What a call meets instead of an answer."""
        if self.throttled_until is not None and now < self.throttled_until and call != "open":
            return Throttled(self.throttled_until if self.hints else None, "slow down")
        ailment = self.ailment
        at_opening = ailment is Ailment.GRANT_EXPIRED
        if ailment is None or at_opening != (call == "open"):
            return None
        return None if ailment in _OF_ISSUES_ONLY and call not in {"ask", "look_at"} else _MET[ailment]


def project_of(key: str) -> str:
    """The project that a key names."""
    return key.partition("-")[0]


class Watcher(Protocol):
    """Sees what Jira is asked, and what it answers."""

    def asked(self, ref: str, call: str, names: Sequence[str]) -> None:
        """A call arrives."""

    def met(self, ref: str, trouble: JiraTrouble) -> None:
        """It is not answered."""

    def answered(self, ref: str, call: str, answer: Mapping[str, Issue | None]) -> None:
        """It shows these issues by what was asked for; ``None``: it does not show it."""

    def browsed(self, ref: str, project: str, *, ok: bool) -> None:
        """It says whether a project can be browsed."""

    def proved(self, ref: str) -> None:
        """It says who we are."""


class ModelJira:
    """A site as one session sees it."""

    def __init__(
        self, site: JiraSite, integration: Integration, deadline: datetime | None, baton: Baton, watcher: Watcher
    ) -> None:
        self._site, self._ref, self._deadline = site, integration.integration_ref, deadline
        self._baton, self._watcher = baton, watcher
        self._url = integration.site_url
        self.requests = 0

    @property
    def ids_per_call(self) -> int:
        return self._site.ids_per_call

    @property
    def site(self) -> Site:
        return Site(self._url, base_url=self._url, ids_per_call=self._site.ids_per_call)

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        if (trouble := self._call("ask", issues)) is not None:
            return trouble
        found = {name: self._site.find(name) for name in issues}
        retry = frozenset(name for name, issue in found.items() if issue is not None and issue.unanswerable)
        shown = {name: issue for name, issue in found.items() if name not in retry and self._site.shows(issue)}
        told = {name: shown.get(name) for name in issues if name not in retry}
        self._watcher.answered(self._ref, "ask", told)
        seen = {name: sighting(issue.key, issue.status) for name, issue in told.items() if issue is not None}
        ids = {name: issue.id for name, issue in told.items() if issue is not None and issue.id != name}
        return Answered(seen, ids, retry)

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        if (trouble := self._call("look_at", [issue])) is not None:
            return trouble
        found = self._site.find(issue)
        shown = found if self._site.shows(found) else None
        self._watcher.answered(self._ref, "look_at", {issue: shown})
        return None if shown is None else Found(shown.id, sighting(shown.key, shown.status))

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        if (trouble := self._call("can_browse", [project_key])) is not None:
            return trouble
        ok = project_key not in self._site.closed
        self._watcher.browsed(self._ref, project_key, ok=ok)
        return ok

    def whoami(self) -> Account | JiraTrouble:
        if (trouble := self._call("whoami", [])) is not None:
            return trouble
        self._watcher.proved(self._ref)
        return Account("bot")

    def same_site(self) -> JiraTrouble | None:
        """Sites of the model keep their addresses."""
        return None

    def _call(self, call: str, names: Sequence[str]) -> JiraTrouble | None:
        """Takes its time, on the wire before the point."""
        self.requests += 1
        self._baton.point(f"Jira is asked ({' '.join([call, *names])})")
        self._watcher.asked(self._ref, call, names)
        self._baton.clock.now += self._site.latency
        now = self._baton.clock()
        trouble = LATE if self._deadline is not None and now > self._deadline else self._site.trouble(call, now)
        if trouble is not None:
            self._watcher.met(self._ref, trouble)
        return trouble


class ModelConnections:
    """Opens and tries the sites of integrations, by name: the ``Connections`` of the settings, too."""

    def __init__(self, sites: Mapping[str, JiraSite], baton: Baton, watcher: Watcher) -> None:
        self._sites, self._baton, self._watcher = sites, baton, watcher

    def open(self, integration: Integration, deadline: datetime | None = None) -> ModelJira | JiraTrouble:
        self._baton.point("Jira is opened")
        site = self._sites[integration.connection_name]
        trouble = site.trouble("open", self._baton.clock())
        if trouble is None:
            return ModelJira(site, integration, deadline, self._baton, self._watcher)
        self._watcher.met(integration.integration_ref, trouble)
        return trouble

    def check(
        self, integration: Integration, secrets: Mapping[str, str] | None = None, deadline: datetime | None = None
    ) -> ConnectionReport:
        del secrets  # what is wrong is the site's
        jira = self.open(integration, deadline)
        trouble = jira if not isinstance(jira, ModelJira) else self._tried(jira)
        site = replace(jira.site) if isinstance(jira, ModelJira) else None
        checks = tuple(
            Check(name, trouble is None, "tried")
            for name in ("reachable", "is_jira", "authenticated", "scopes", "can_read_issues")
        )
        return ConnectionReport(checks, (), site, trouble)

    def cloud_id(self, integration: Integration, deadline: datetime | None = None) -> None:
        """No site here moves."""

    @staticmethod
    def _tried(jira: ModelJira) -> JiraTrouble | None:
        calls: list[Callable[[], object]] = [jira.whoami, lambda: jira.ask(["1"])]
        for call in calls:
            answer = call()
            if isinstance(answer, JiraTrouble):
                return answer
        return None
