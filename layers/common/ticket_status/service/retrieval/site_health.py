"""R9 to R11: stores health, failed tries and pauses as ``core.health`` decides, for all who call Jira."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from ticket_status.core.health import (
    AsItWas,
    Broke,
    Consequence,
    Forgotten,
    OutOfTime,
    Paused,
    Recovered,
    Success,
    TryAgain,
    after_success,
    after_trouble,
)
from ticket_status.core.isolation import NO_ISSUE
from ticket_status.core.model import Integration, ReasonCode
from ticket_status.core.observations import Account, Answered
from ticket_status.core.runs import same_settings
from ticket_status.core.trouble import JiraTrouble
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import Jira

_NOT_TOLD_BY_ACCOUNT = frozenset({ReasonCode.MISSING_SCOPES, ReasonCode.JIRA_ERROR})
"""Faults that ``myself`` may not show, because it needs other scopes and parts of Jira than retrieving does."""

_TRIES = 4
"""How often a decision is repeated because its inputs changed meanwhile."""


class SiteHealth:
    """Stores the health, the failed tries and the pause of integrations."""

    def __init__(self, integrations: IntegrationStore, now: Callable[[], datetime]) -> None:
        self._integrations = integrations
        self._now = now

    def met(self, integration: Integration, trouble: JiraTrouble, good_at: datetime | None = None) -> Consequence:
        """Store what this trouble means for the integration; at most one write.

        ``good_at``: when the same work last had a good response.
        """
        known, tries_left = integration, _TRIES
        while True:
            decided = after_trouble(known, trouble, self._now(), good_at)
            tries_left -= 1
            if self._keep(known, decided) or not tries_left:
                return decided
            current = self._still(integration)
            if current is None:
                return decided  # gone or edited: what an old credential met says nothing about a new one
            known = current

    def succeeded(self, integration: Integration, *, by_full_run: bool = False) -> Integration:
        """The integration after a good response: healthy (R10), without troubles or ended pauses.

        A recovery is stored together with the run that it makes due. No write if nothing changed.
        """
        known: Integration = integration
        for _ in range(_TRIES):
            after = self._tell(known, after_success(known, self._now(), by_full_run=by_full_run))
            if after is not None:
                return self._without_ended_pause(after)
            current = self._still(integration)
            if current is None:
                return integration
            known = current
        return known

    def learnt(self, integration: Integration, jira: Jira) -> None:
        """Store what calls found out about the site: its limits, its account."""
        if jira.site != integration.site:
            self._integrations.learn_site(integration, jira.site)

    def prove(self, jira: Jira, integration: Integration, *, by_full_run: bool = False) -> Integration | JiraTrouble:
        """One request without tickets: the recovered integration (R10), or the trouble that is still there.

        It tests what failed: our account, or, if that would not tell, the retrieving call itself. Another site at the
        same address is not healthy, whatever it answers (R15).
        """
        elsewhere = jira.same_site()
        if elsewhere is not None:
            return elsewhere
        by_retrieving = integration.health.reason_code in _NOT_TOLD_BY_ACCOUNT
        answer = jira.ask([NO_ISSUE]) if by_retrieving else jira.whoami()
        if not isinstance(answer, Account | Answered):
            return answer
        return self.succeeded(integration, by_full_run=by_full_run)

    def _keep(self, integration: Integration, decided: Consequence) -> bool:
        """Store a decision; ``False`` if the state that it was based on has changed."""
        match decided:
            case Paused(until, seconds):
                return self._integrations.pause(integration, until, seconds) is not None
            case Broke(health, _):
                return self._integrations.set_health(integration, health) is not None
            case TryAgain(tries, _):
                return self._integrations.set_trouble(integration, tries) is not None
            case OutOfTime():
                return True
            case _:
                assert_never(decided)

    def _tell(self, integration: Integration, success: Success) -> Integration | None:
        match success:
            case Recovered(health, due):
                return self._integrations.set_health(integration, health, due)
            case Forgotten():
                return self._integrations.set_trouble(integration, None)
            case AsItWas():
                return integration
            case _:
                assert_never(success)

    def _without_ended_pause(self, integration: Integration) -> Integration:
        if integration.paused_until is None or integration.paused_until > self._now():
            return integration
        return self._integrations.clear_pause(integration) or integration

    def _still(self, integration: Integration) -> Integration | None:
        """The integration as stored now, unless it was deleted or edited."""
        current = self._integrations.get(integration.connection_name)
        return current if current is not None and same_settings(current, integration) else None
