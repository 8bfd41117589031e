"""Spending an OAuth app's hourly points before Jira refuses (R11): a call that the hour cannot pay is not made."""

from collections.abc import Callable
from datetime import datetime

from ticket_status.core.model import Integration
from ticket_status.core.points import USABLE, call_cost, hour_of, next_hour, pays_points
from ticket_status.core.trouble import JiraTrouble, Throttled
from ticket_status.ports.jira import Jira, JiraConnector, PointsLedger
from ticket_status.service.retrieval.careful import Answer, CallName, JiraAround


class PointsConnector:
    """Opens sites; those that are paid for in points keep within them. One ledger for all integrations of an app."""

    def __init__(self, connector: JiraConnector, ledger: PointsLedger, now: Callable[[], datetime]) -> None:
        self._connector = connector
        self._ledger = ledger
        self._now = now

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira."""
        jira = self._connector.open(integration, deadline)
        if isinstance(jira, JiraTrouble) or not pays_points(integration):
            return jira
        return _PaidJira(jira, integration.client_id or integration.integration_ref, self._ledger, self._now)


class _PaidJira(JiraAround):
    """A site whose calls are paid for before they are made."""

    def __init__(self, jira: Jira, app: str, ledger: PointsLedger, now: Callable[[], datetime]) -> None:
        super().__init__(jira)
        self._app = app
        self._ledger = ledger
        self._now = now

    def _call(self, _name: CallName, issues: int, call: Callable[[], Answer | JiraTrouble]) -> Answer | JiraTrouble:
        now = self._now()
        if self._ledger.spend(self._app, hour_of(now), call_cost(issues)) <= USABLE:
            return call()
        return Throttled(next_hour(now), "the app's points of this hour are nearly spent")
