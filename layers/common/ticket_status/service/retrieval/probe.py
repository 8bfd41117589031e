"""R1 and R10: what the probe does every 15 minutes: broken integrations, due runs and lost work.

A broken integration is tried with one request; a success starts a full run.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import Enum, auto

from msgspec import Struct

from ticket_status.core.health import paused
from ticket_status.core.model import Integration, ReasonCode
from ticket_status.core.runs import LOST, lost, new_tickets_forgotten, to_be_begun, to_be_probed
from ticket_status.core.trouble import JiraTrouble, Unavailable
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.careful import CarefulConnector
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.site_health import SiteHealth

_AT_ONCE = 8
PROBE_TIME = timedelta(seconds=25)
"""How long one site has to answer."""


class _Outcome(Enum):
    RECOVERED = auto()
    BROKEN = auto()
    PAUSED = auto()
    NOT_APPLICABLE = auto()


class ProbeReport(Struct, frozen=True):
    """What a round of the probe found."""

    probed: int
    recovered: tuple[str, ...]
    broken: int
    """Integrations with retrieval on that are still broken, including those that were not tried."""
    taken_up: int
    """Due runs that the probe began."""
    lost: int
    """Runs that were closed because their work was lost."""


class _Attended(Struct, frozen=True):
    outcome: _Outcome
    taken_up: bool
    lost: bool


class Probe:
    """Handles the integrations in the sparse index, reading each of them again."""

    def __init__(
        self, integrations: IntegrationStore, connector: CarefulConnector, runs: Runs, now: Callable[[], datetime]
    ) -> None:
        self._integrations = integrations
        self._connector = connector
        self._runs = runs
        self._health = SiteHealth(integrations, now)
        self._now = now

    def probe(self) -> ProbeReport:
        """Handle every integration that may need it; the first error is raised after all have been handled."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [(name, pool.submit(self._attend, name)) for name in self._integrations.needing_attention()]
        attended = {name: future.result() for name, future in found}
        times = Counter(one.outcome for one in attended.values())
        return ProbeReport(
            probed=times[_Outcome.RECOVERED] + times[_Outcome.BROKEN],
            recovered=tuple(sorted(name for name, one in attended.items() if one.outcome is _Outcome.RECOVERED)),
            broken=times[_Outcome.BROKEN] + times[_Outcome.PAUSED],
            taken_up=sum(one.taken_up for one in attended.values()),
            lost=sum(one.lost for one in attended.values()),
        )

    def _attend(self, name: str) -> _Attended:
        integration = self._integrations.get(name)
        if integration is None:
            return _Attended(_Outcome.NOT_APPLICABLE, taken_up=False, lost=False)
        integration, lost_one = self._without_lost_run(integration)
        outcome = _Outcome.NOT_APPLICABLE
        if to_be_probed(integration):
            integration, outcome = self._tried(integration)
        taken_up = to_be_begun(integration) and self._runs.begin_due(integration, self._now()) is not None
        if new_tickets_forgotten(integration, self._now()):
            self._runs.look_for_new_tickets(integration)
        if not taken_up and integration.active_run_id is None:
            self._integrations.let_rest(integration)
        return _Attended(outcome, taken_up and outcome is not _Outcome.RECOVERED, lost_one)

    def _without_lost_run(self, integration: Integration) -> tuple[Integration, bool]:
        """The integration, after closing a run that lost its work; and whether there was one."""
        run = self._runs.active(integration)
        if integration.active_run_id is not None and (run is None or not run.state.open):
            self._integrations.release_run(integration.integration_ref, integration.active_run_id)
        if run is None or not lost(run, self._now()):
            return integration, False
        return self._runs.give_up(integration, run, self._now(), LOST) or integration, True

    def _tried(self, integration: Integration) -> tuple[Integration, _Outcome]:
        """The integration after its site was tried, unless it is paused."""
        if paused(integration, self._now()):
            return integration, _Outcome.PAUSED
        proven = self._proven(integration)
        if isinstance(proven, Integration):
            return proven, _Outcome.RECOVERED
        self._health.met(integration, proven)
        return integration, _Outcome.BROKEN

    def _proven(self, integration: Integration) -> Integration | JiraTrouble:
        """The recovered integration, or the trouble. A site that rejects our call must not stop the others."""
        try:
            jira = self._connector.open(integration, self._now() + PROBE_TIME)
            if isinstance(jira, JiraTrouble):
                return jira
            return self._health.prove(jira, integration)
        except JiraRejectedRequestError as error:
            return Unavailable(ReasonCode.JIRA_ERROR, str(error))
