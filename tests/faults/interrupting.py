"""A connector that lets something happen just before or after a call to Jira, and counts all calls."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from ticket_status.core.model import Integration
from ticket_status.core.trouble import JiraTrouble
from ticket_status.ports.jira import Jira, JiraConnector
from ticket_status.service.retrieval.careful import Answer, CallName, JiraAround

When = Literal["before", "after"]


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
        if isinstance(jira, JiraTrouble):
            return jira
        self._opened.append(jira)
        return JiraAround(jira, self._interrupted)

    def _interrupted(
        self, name: CallName, _issues: int, call: Callable[[], Answer | JiraTrouble], /
    ) -> Answer | JiraTrouble:
        self._at("before", name)
        answer = call()
        self._at("after", name)
        return answer

    def _at(self, when: When, call: CallName) -> None:
        happens = self._interruptions.pop((when, call), None)
        if happens is not None:
            happens()
