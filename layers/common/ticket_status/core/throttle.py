"""R11: how long to hold off when Jira says so. Never shorter than told; jitter only makes it longer."""

from datetime import datetime, timedelta

from ticket_status.core.model import Integration

LONGEST_DELAY = timedelta(minutes=15)
"""The longest delay of an SQS message (its ``DelaySeconds``); longer waits are chained."""

LONGEST_BELIEVED = timedelta(minutes=65)
"""Jira's longest honest wait is the top of the hour. What asks for more is asked once more after this."""

LONGEST_UNHINTED = 300
"""Seconds at which the doubling stops when Jira gives no hint."""


def next_pause(last_pause_seconds: int) -> int:
    """Seconds to hold off without a hint from Jira: from 1, doubling."""
    return min(max(1, 2 * last_pause_seconds), LONGEST_UNHINTED)


def pause_for(integration: Integration, told: datetime | None, now: datetime) -> tuple[datetime, int]:
    """Until when to hold off, and the seconds that the next doubling starts from. ``told`` is Jira's hint, if any."""
    if told is not None:
        return min(told, now + LONGEST_BELIEVED), integration.pause_seconds
    seconds = next_pause(integration.pause_seconds)
    return now + timedelta(seconds=seconds), seconds


def pause_end(integration: Integration, now: datetime) -> datetime | None:
    """When the pause ends that everybody holds off for now; ``None`` when there is none."""
    return integration.paused_until if paused(integration, now) else None


def paused(integration: Integration, now: datetime) -> bool:
    """Whether everybody holds off from the integration's site now."""
    return integration.paused_until is not None and integration.paused_until > now


def delay_until(until: datetime, now: datetime, jitter: float) -> int:
    """Whole seconds, rounded up, to delay a message; ``jitter`` in [0, 1) adds up to a tenth and a second."""
    wait = max(timedelta(), until - now)
    longer = wait * (1 + jitter / 10) + timedelta(seconds=jitter)
    return min(-(-longer // timedelta(seconds=1)), int(LONGEST_DELAY.total_seconds()))
