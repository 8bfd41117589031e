"""A Jira site in memory, as its ``Jira`` port shows it: no HTTP, and trouble at will."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ticket_status.core.comparison import sighting
from ticket_status.core.judgement import Found, Lookup, project_of
from ticket_status.core.model import Category, Integration, Sighting, Site, Status
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble


@dataclass
class FakeSite:
    """The issues of a site by id, and what is wrong with it."""

    issues: dict[str, tuple[str, Status]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    """Ids that are there but not shown."""
    closed_projects: set[str] = field(default_factory=set)
    """Keys of projects that cannot be browsed, nor their issues be seen."""
    retry: set[str] = field(default_factory=set)
    """Ids that it cannot answer for now."""
    says_hidden: bool = False
    """Whether it answers 403, and not 404, for a hidden issue that is asked for by itself."""
    trouble: JiraTrouble | None = None
    """What every call meets."""
    other_site: JiraTrouble | None = None
    """What it means that another site has the address (R15)."""
    ids_per_call: int = 1000
    asked: list[list[str]] = field(default_factory=list)
    """What each ``ask`` named."""
    requests: int = 0
    account: str = "bot"
    before: Callable[[str, Sequence[str]], JiraTrouble | None] = lambda _call, _names: None
    """Called before every call is answered, with its name and what it names: to change the site, or raise, in time.
    It may answer the trouble that this call meets."""

    def put(self, issue_id: str, issue_key: str, status: str, category: Category = Category.INDETERMINATE) -> None:
        """Make an issue, or move it."""
        self.issues[issue_id] = (issue_key, Status(status, category))

    def sees(self, issue_id: str) -> Sighting | None:
        """What the site shows of an issue."""
        issue = self.issues.get(issue_id)
        if issue is None or issue_id in self.hidden or project_of(issue[0]) in self.closed_projects:
            return None
        return sighting(*issue)

    def id_of(self, issue: str) -> str:
        """The id of an issue that is named by id or key."""
        if issue.isdigit():
            return issue
        return next((id_ for id_, (key, _) in self.issues.items() if key == issue.upper()), issue)


class FakeJira:
    """A site, as one connection sees it."""

    def __init__(self, site: FakeSite) -> None:
        self._site = site
        self._requests = 0

    @property
    def requests(self) -> int:
        return self._requests

    @property
    def ids_per_call(self) -> int:
        return self._site.ids_per_call

    @property
    def site(self) -> Site:
        return Site("https://jira.example", ids_per_call=self._site.ids_per_call)

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        self._site.asked.append(list(issues))
        if (trouble := self._called("ask", issues)) is not None:
            return trouble
        ids = {issue: self._site.id_of(issue) for issue in issues}
        seen = {issue: self._site.sees(id_) for issue, id_ in ids.items() if id_ not in self._site.retry}
        shown = {issue: sighting_ for issue, sighting_ in seen.items() if sighting_ is not None}
        named = {issue: ids[issue] for issue in shown if ids[issue] != issue}
        return Answered(shown, named, frozenset(issue for issue, id_ in ids.items() if id_ in self._site.retry))

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        if (trouble := self._called("look_at", [issue])) is not None:
            return trouble
        issue_id = self._site.id_of(issue)
        seen = self._site.sees(issue_id)
        if seen is None:
            return Lookup.HIDDEN if self._site.says_hidden and issue_id in self._site.hidden else None
        return Found(issue_id, seen)

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        return self._called("can_browse", [project_key]) or project_key not in self._site.closed_projects

    def whoami(self) -> Account | JiraTrouble:
        return self._called("whoami", []) or Account(self._site.account)

    def same_site(self) -> JiraTrouble | None:
        return self._site.other_site

    def _called(self, call: str, names: Sequence[str]) -> JiraTrouble | None:
        self._requests += 1
        self._site.requests += 1
        return self._site.before(call, names) or self._site.trouble


class FakeJiraConnector:
    """Opens the fake sites of integrations, by name."""

    def __init__(self, sites: dict[str, FakeSite]) -> None:
        self.sites = sites
        self.refuses: dict[str, JiraTrouble] = {}
        """Trouble in opening a site, by name of the integration."""

    def open(self, integration: Integration, deadline: datetime | None = None) -> FakeJira | JiraTrouble:  # noqa: ARG002 - fakes take no time
        name = integration.connection_name
        return self.refuses.get(name) or FakeJira(self.sites[name])
