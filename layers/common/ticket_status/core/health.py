"""R9 and R10: when an integration breaks, and how it gets well again. Each is one change of one value."""

from dataclasses import replace
from datetime import datetime, timedelta

from ticket_status.core.model import Health, HealthStatus, Integration, ReasonCode, Trouble

LASTING_TRIES = 3
LASTING_TIME = timedelta(minutes=2)
"""R9: an unreachable or failing Jira breaks an integration after this many tries over at least this long."""

RETRY_DELAY = timedelta(seconds=60)
"""Between tries of a Jira that cannot be reached or fails."""

_FAILING = frozenset({ReasonCode.UNREACHABLE, ReasonCode.JIRA_ERROR})
"""What failing tries tell; the others are refusals."""


def noted(trouble: Trouble | None, now: datetime) -> Trouble:
    """The trouble after one more failing try."""
    return Trouble(now, 1) if trouble is None else Trouble(trouble.since, trouble.tries + 1)


def lasts(trouble: Trouble, now: datetime) -> bool:
    """Whether trouble has lasted for long enough to break the integration."""
    return trouble.tries >= LASTING_TRIES and now - trouble.since >= LASTING_TIME


def broken(health: Health, reason_code: ReasonCode, reason: str, now: datetime) -> Health:
    """The health of an integration found faulty. ``since`` stays while status and reason code do (R9: stored once)."""
    same = health.status is HealthStatus.FAULTY and health.reason_code is reason_code
    since = health.since if same else now
    return Health(HealthStatus.FAULTY, since, now, reason_code, health.reason if same else reason)


def refused(health: Health) -> bool:
    """Whether a refusal broke the integration: a failing try tells nothing about that, so the reason stays."""
    return health.status is HealthStatus.FAULTY and health.reason_code not in _FAILING


def well(health: Health, now: datetime) -> Health:
    """The health of an integration that answered as it should."""
    if health.status is HealthStatus.HEALTHY:
        return replace(health, checked_at=now)
    return Health(HealthStatus.HEALTHY, now, now)


def recovers(integration: Integration) -> bool:
    """Whether a success now is a recovery, which starts a full run (R10)."""
    return integration.health.status is not HealthStatus.HEALTHY
