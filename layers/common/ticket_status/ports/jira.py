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
    """Raised when Jira rejects a call that we built for any issue, while it answers for our account (R9).

    That is our own fault, never ignored.
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
        """Show these issues, by numeric id or by key: one call, plus one for each key that has to be told apart.

        A call that fails while the site answers for one issue is divided, down to the issue at fault (R9b).
        """

    @property
    def site(self) -> Site:
        """What is known of the site by now; worth storing when it is not what the integration has."""

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue, by id or key, by itself; ``None`` for Jira's own 404 for an issue."""

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers."""

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account (``myself`` has no anonymous fallback). ``Refused`` when it is not the one known."""

    def same_site(self) -> JiraTrouble | None:
        """Whether the address still is the site's that is known (R15), asked once; ``None`` where nothing says no."""


class JiraConnector(Protocol):
    """Opens sites."""

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira, its credentials read (and an expiring token refreshed)."""


class PointsLedger(Protocol):
    """The hourly points of OAuth apps."""

    def spend(self, app: str, hour: datetime, points: int) -> int:
        """Add to an app's points of an hour; how many were spent in it by now."""
