"""Spending an OAuth app's hourly points before Jira refuses (R11): a call that the hour cannot pay is not made."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import Integration, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.points import USABLE, call_cost, hour_of, next_hour, pays_points
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.jira import Jira, JiraConnector, PointsLedger


class PointsConnector:
    """Opens sites; those that are paid for in points keep within them. One ledger for all integrations of an app."""

    def __init__(self, connector: JiraConnector, ledger: PointsLedger, now: Callable[[], datetime]) -> None:
        self._connector = connector
        self._ledger = ledger
        self._now = now

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira."""
        jira = self._connector.open(integration, deadline)
        if isinstance(jira, Throttled | Refused | Unavailable) or not pays_points(integration):
            return jira
        return _PaidJira(jira, integration.client_id or integration.integration_ref, self._ledger, self._now)


class _PaidJira:
    """A site whose calls are paid for before they are made."""

    def __init__(self, jira: Jira, app: str, ledger: PointsLedger, now: Callable[[], datetime]) -> None:
        self._jira = jira
        self._app = app
        self._ledger = ledger
        self._now = now

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
        """Show these issues, if the hour can pay for them."""
        return self._short_of(call_cost(len(issues))) or self._jira.ask(issues)

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue, if the hour can pay for it."""
        return self._short_of(call_cost(1)) or self._jira.look_at(issue)

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers, if the hour can pay for it."""
        return self._short_of(call_cost(0)) or self._jira.can_browse(project_key)

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account, if the hour can pay for it."""
        return self._short_of(call_cost(0)) or self._jira.whoami()

    def same_site(self) -> JiraTrouble | None:
        """Whether it still is the site that is known: asked without credentials, so nobody pays."""
        return self._jira.same_site()

    def _short_of(self, cost: int) -> Throttled | None:
        now = self._now()
        if self._ledger.spend(self._app, hour_of(now), cost) <= USABLE:
            return None
        return Throttled(next_hour(now), "the app's points of this hour are nearly spent")
