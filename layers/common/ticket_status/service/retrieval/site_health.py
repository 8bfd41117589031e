"""R9 to R11: what meeting a Jira does to its integration. The worker, the button and the probe all come here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from ticket_status.core import health as rules
from ticket_status.core.model import Integration, ReasonCode
from ticket_status.core.observations import Account, Answered
from ticket_status.core.throttle import next_pause
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import Jira


@dataclass(frozen=True, slots=True)
class Paused:
    """Everybody holds off from the site until then (R11)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Broke:
    """The integration is broken now (R9)."""

    reason: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Jira cannot be reached or fails, not yet for long (R9)."""

    reason: str


Consequence = Paused | Broke | TryAgain

_NOT_TOLD_BY_ACCOUNT = frozenset({ReasonCode.MISSING_SCOPES, ReasonCode.JIRA_ERROR})
"""Faults that ``myself`` may not show: it needs other scopes and other parts of Jira than retrieving does."""

_NO_ISSUE = "1"
"""An issue id that no ticket has: real sites begin at 10000."""


class SiteHealth:
    """Keeps the health, the failing tries and the pause of integrations."""

    def __init__(self, integrations: IntegrationStore, now: Callable[[], datetime]) -> None:
        self._integrations = integrations
        self._now = now

    def met(self, integration: Integration, trouble: JiraTrouble) -> Consequence:
        """Store what this trouble means for the integration; at most one write."""
        match trouble:
            case Throttled():
                return self._pause(integration, trouble)
            case Refused():
                return self._break(integration, trouble)
            case Unavailable():
                return self._try_again(integration, trouble)
            case _:
                assert_never(trouble)

    def found_faulty(self, integration: Integration, trouble: Refused | Unavailable) -> None:
        """Store the finding of Test Integration: it becomes the health at once, a single failing try too."""
        self._break(integration, trouble)

    def succeeded(self, integration: Integration) -> Integration:
        """The integration after its Jira answered as it should: well (R10), nothing left of troubles and pauses.

        No write when there was nothing to tell.
        """
        after = integration
        if rules.recovers(integration):
            after = self._recovered(integration)
        elif integration.trouble is not None:
            after = self._integrations.set_trouble(after, None) or after
        if integration.paused_until is not None and integration.paused_until <= self._now():
            after = self._integrations.clear_pause(after) or after
        return after

    def _recovered(self, integration: Integration) -> Integration:
        """The integration made well; when somebody else made it so meanwhile, as they did."""
        after = self._integrations.set_health(integration, rules.well(integration.health, self._now()))
        current = after or self._integrations.get(integration.connection_name)
        return current if current is not None and _same_settings(current, integration) else integration

    def learnt(self, integration: Integration, jira: Jira) -> None:
        """Keep what the site taught while it was asked: its caps, its account."""
        if jira.site != integration.site:
            self._integrations.learn_site(integration, jira.site)

    def prove(self, jira: Jira, integration: Integration) -> Integration | JiraTrouble:
        """One request, for no ticket: the integration made well (R10), or the trouble that is still there.

        It is asked for what failed: our account, or, where that would not tell, the retrieving call itself.
        """
        by_retrieving = integration.health.reason_code in _NOT_TOLD_BY_ACCOUNT
        answer = jira.ask([_NO_ISSUE]) if by_retrieving else jira.whoami()
        return self.succeeded(integration) if isinstance(answer, Account | Answered) else answer

    def _pause(self, integration: Integration, trouble: Throttled) -> Paused:
        seconds = next_pause(integration.pause_seconds)
        until = trouble.until or self._now() + timedelta(seconds=seconds)
        hinted = trouble.until is not None
        stored = self._integrations.pause(integration, until, integration.pause_seconds if hinted else seconds)
        return Paused(until if stored is None or stored.paused_until is None else max(until, stored.paused_until))

    def _break(self, integration: Integration, trouble: Refused | Unavailable) -> Broke:
        now = self._now()
        after = rules.broken(integration.health, trouble.reason_code, trouble.reason, now)
        self._integrations.set_health(integration, after)
        return Broke(trouble.reason)

    def _try_again(self, integration: Integration, trouble: Unavailable) -> Broke | TryAgain:
        now = self._now()
        if rules.refused(integration.health):
            self._integrations.set_health(integration, replace(integration.health, checked_at=now))
            return Broke(trouble.reason)
        tried = rules.noted(integration.trouble, now)
        if integration.broken or rules.lasts(tried, now):
            return self._break(integration, trouble)
        self._integrations.set_trouble(integration, tried)
        return TryAgain(trouble.reason)


def _same_settings(one: Integration, other: Integration) -> bool:
    return (one.integration_ref, one.settings_version) == (other.integration_ref, other.settings_version)
