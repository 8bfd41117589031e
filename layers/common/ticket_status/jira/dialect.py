"""In what a Jira Cloud site and a Data Center differ when they are asked for issues."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from ticket_status.core.observations import Account
from ticket_status.jira.answers import Reply
from ticket_status.jira.issues import Gathered


class Query(NamedTuple):
    """A call for many issues: the path of its operation, and its body."""

    path: str
    body: Mapping[str, object]


class TakenIn(NamedTuple):
    """What is left to do after a response was taken in."""

    again: Sequence[str] = ()
    """Issues that it did not come to: asked for again."""
    unreadable: bool = False
    """Whether it had parts that cannot be read, so that nothing is concluded about what it did not show."""
    page: int | None = None
    """How many issues the server puts into one response, when that is fewer than were asked for."""


class Dialect(Protocol):
    """How one kind of Jira is asked."""

    @property
    def api(self) -> str:
        """The path before each operation's."""

    @property
    def always_taken(self) -> int | None:
        """A number of issues that every site of this kind takes in one call, if one is documented."""

    @property
    def names_change(self) -> bool:
        """Whether responses name the account by what it is called, which can change."""

    def in_bulk(self, issue: str) -> bool:
        """Whether this issue, by id or key, can be asked for together with others."""

    def query(self, issues: Sequence[str]) -> Query:
        """The call for these issues."""

    def take_in(self, gathered: Gathered, reply: Reply, part: Sequence[str]) -> TakenIn:
        """Read a response to the call for ``part``. MalformedAnswerError when it is not one at all."""

    def left_of(self, gathered: Gathered, rejection: Reply, part: Sequence[str]) -> Sequence[str] | None:
        """What to ask for again after this rejection told which issues it is about; ``None``: it tells nothing."""

    def account(self, data: object) -> Account:
        """Who ``myself`` says that we are."""
