"""Jira, as the use cases see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import (
    Integration,
    Site,
)
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble


class JiraRejectedRequestError(Exception):
    """Raised when Jira rejects our call whatever issue it names, while it answers for our account (R9).

    That is our own bug and is never ignored.
    """


class Jira(Protocol):
    """One site, asked with one integration's credentials. Safe to use from several threads.

    Every call stops at ``deadline`` (when given at connecting) with ``Unavailable``. ``requests`` counts the calls to
    the site, not those to a token endpoint.
    """

    @property
    def requests(self) -> int:
        """Calls to the site so far."""

    @property
    def ids_per_call(self) -> int:
        """How many issues one call may name, as far as it is known now."""

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        """Get these issues, by numeric id or key: one call, plus one for each key that must be checked by itself.

        A call that fails while the site answers for one issue is divided, down to the issue at fault (R9b).
        """

    @property
    def site(self) -> Site:
        """What is known of the site by now; to be stored if the integration's differs."""

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue, by id or key, by itself; ``None`` for Jira's own 404 for an issue."""

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers."""

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account (``myself`` has no anonymous fallback). ``Refused`` if it is not the known one."""

    def same_site(self) -> JiraTrouble | None:
        """Whether the address still belongs to the known site (R15), asked once; ``None`` unless another answers."""


class JiraConnector(Protocol):
    """Opens sites."""

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira, its credentials read (and an expiring token refreshed)."""


class PointsLedger(Protocol):
    """The hourly points of OAuth apps."""

    def spend(self, app: str, hour: datetime, points: int) -> int:
        """Add to an app's points of an hour; how many were spent in it by now."""
