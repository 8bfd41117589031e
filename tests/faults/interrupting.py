"""A connector that lets something happen just before or after a call to Jira, and counts all calls."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import Integration, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.jira import Jira, JiraConnector

T = TypeVar("T")

When = Literal["before", "after"]
CallName = Literal["ask", "look_at", "can_browse", "whoami"]


class InterruptingConnector:
    """Opens the sites that another connector opens. Each interruption happens once."""

    def __init__(self, connector: JiraConnector) -> None:
        self._connector = connector
        self._interruptions: dict[tuple[When, CallName], Callable[[], object]] = {}
        self._opened: list[Jira] = []

    def interrupt(self, when: When, call: CallName, happens: Callable[[], object]) -> None:
        """Let this happen at the next such call."""
        self._interruptions[when, call] = happens

    @property
    def requests(self) -> int:
        """Calls that were made to any site, answered or not."""
        return sum(jira.requests for jira in self._opened)

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira."""
        jira = self._connector.open(integration, deadline)
        if isinstance(jira, Throttled | Refused | Unavailable):
            return jira
        self._opened.append(jira)
        return _InterruptedJira(jira, self._at)

    def _at(self, when: When, call: CallName) -> None:
        happens = self._interruptions.pop((when, call), None)
        if happens is not None:
            happens()


class _InterruptedJira:
    """A ``ports.Jira`` around another one."""

    def __init__(self, jira: Jira, at: Callable[[When, CallName], None]) -> None:
        self._jira = jira
        self._at = at

    @property
    def requests(self) -> int:
        return self._jira.requests

    @property
    def ids_per_call(self) -> int:
        return self._jira.ids_per_call

    @property
    def site(self) -> Site:
        return self._jira.site

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        return self._call("ask", lambda: self._jira.ask(issues))

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        return self._call("look_at", lambda: self._jira.look_at(issue))

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        return self._call("can_browse", lambda: self._jira.can_browse(project_key))

    def whoami(self) -> Account | JiraTrouble:
        return self._call("whoami", self._jira.whoami)

    def same_site(self) -> JiraTrouble | None:
        return self._jira.same_site()

    def _call(self, name: CallName, call: Callable[[], T]) -> T:
        self._at("before", name)
        answer = call()
        self._at("after", name)
        return answer
