"""A Jira around another one: what stands between a use case and a site says once what it does with a call."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble
from ticket_status.ports.jira import Jira

Answer = TypeVar("Answer")
CallName = Literal["ask", "look_at", "can_browse", "whoami"]


class JiraAround(ABC):
    """A ``ports.Jira`` whose signed calls all go through ``_call``."""

    def __init__(self, jira: Jira) -> None:
        self._jira = jira

    @abstractmethod
    def _call(self, name: CallName, issues: int, call: Callable[[], Answer | JiraTrouble]) -> Answer | JiraTrouble:
        """Make the call, which names so many issues, or say why not."""

    @property
    def requests(self) -> int:
        """Calls to the site so far."""
        return self._jira.requests

    @property
    def ids_per_call(self) -> int:
        """How many issues one ``ask`` may name."""
        return self._jira.ids_per_call

    @property
    def site(self) -> Site:
        """What is known of the site by now."""
        return self._jira.site

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        """Show these issues."""
        return self._call("ask", len(issues), lambda: self._jira.ask(issues))

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue by itself."""
        return self._call("look_at", 1, lambda: self._jira.look_at(issue))

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers."""
        return self._call("can_browse", 0, lambda: self._jira.can_browse(project_key))

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account."""
        return self._call("whoami", 0, self._jira.whoami)

    def same_site(self) -> JiraTrouble | None:
        """Whether it still is the site that is known: asked unsigned, so it goes through nothing."""
        return self._jira.same_site()
