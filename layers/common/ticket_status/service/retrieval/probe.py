"""R10: broken integrations are tried again every 15 minutes, by one request each; a success starts a full run."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from ticket_status.core.model import Integration, ReasonCode, Trigger
from ticket_status.core.throttle import paused
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import JiraConnector, JiraRejectedRequestError
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.site_health import SiteHealth

_AT_ONCE = 8
PROBE_TIME = timedelta(seconds=25)
"""How long one site has to answer."""


class _Outcome(Enum):
    RECOVERED = auto()
    BROKEN = auto()
    PAUSED = auto()
    OF_NO_CONCERN = auto()


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a round of the probe found."""

    probed: int
    recovered: tuple[str, ...]
    broken: int
    """Integrations that retrieval is on for, and that are broken still; those that were not tried among them."""


class Probe:
    """The light probe of broken integrations, which are read from their sparse index."""

    def __init__(
        self, integrations: IntegrationStore, connector: JiraConnector, runs: Runs, now: Callable[[], datetime]
    ) -> None:
        self._integrations = integrations
        self._connector = connector
        self._runs = runs
        self._health = SiteHealth(integrations, now)
        self._now = now

    def probe(self) -> ProbeReport:
        """Try every broken integration that retrieval is on for, and that nobody has to hold off from."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [(name, pool.submit(self._probe_one, name)) for name in self._integrations.broken()]
        outcomes = {name: future.result() for name, future in found}
        times = Counter(outcomes.values())
        return ProbeReport(
            probed=times[_Outcome.RECOVERED] + times[_Outcome.BROKEN],
            recovered=tuple(sorted(name for name, outcome in outcomes.items() if outcome is _Outcome.RECOVERED)),
            broken=times[_Outcome.BROKEN] + times[_Outcome.PAUSED],
        )

    def _probe_one(self, name: str) -> _Outcome:
        integration = self._integrations.get(name)
        if integration is None or not integration.broken or not integration.retrieve_jira_tickets:
            return _Outcome.OF_NO_CONCERN
        if paused(integration, self._now()):
            return _Outcome.PAUSED
        proven = self._proven(integration)
        if not isinstance(proven, Integration):
            self._health.met(integration, proven)
            return _Outcome.BROKEN
        self._runs.start(proven, Trigger.RECOVERED, self._now())
        return _Outcome.RECOVERED

    def _proven(self, integration: Integration) -> Integration | JiraTrouble:
        """The integration made well, or the trouble. A site that rejects our call must not end the others' round."""
        try:
            jira = self._connector.open(integration, self._now() + PROBE_TIME)
            if isinstance(jira, Throttled | Refused | Unavailable):
                return jira
            return self._health.prove(jira, integration)
        except JiraRejectedRequestError as error:
            return Unavailable(ReasonCode.JIRA_ERROR, str(error))
