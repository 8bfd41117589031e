"""R10: when a site works again, its integration recovers and the due run begins."""

from collections.abc import Callable
from datetime import datetime

from ticket_status.core.model import Integration
from ticket_status.core.runs import to_be_begun
from ticket_status.core.trouble import JiraTrouble
from ticket_status.ports.jira import Jira
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.site_health import SiteHealth


class Recovery:
    """Recovers integrations, except for a run of all tickets, which continues by itself."""

    def __init__(self, health: SiteHealth, runs: Runs, now: Callable[[], datetime]) -> None:
        self._health = health
        self._runs = runs
        self._now = now

    def succeeded(self, integration: Integration) -> Integration:
        """The integration after a good response; a run that is thereby due begins."""
        return self._begun(self._health.succeeded(integration))

    def prove(self, jira: Jira, integration: Integration) -> Integration | JiraTrouble:
        """The same, or the trouble, after one request without tickets."""
        proven = self._health.prove(jira, integration)
        return self._begun(proven) if isinstance(proven, Integration) else proven

    def _begun(self, integration: Integration) -> Integration:
        if to_be_begun(integration):
            self._runs.begin_due(integration, self._now())
        return integration
