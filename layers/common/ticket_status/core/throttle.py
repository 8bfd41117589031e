"""R11: how long to hold off when Jira says so. Never shorter than told; jitter only makes it longer."""

from datetime import datetime, timedelta

from ticket_status.core.model import Integration

LONGEST_DELAY = timedelta(minutes=15)
"""The longest delay of an SQS message (its ``DelaySeconds``); longer waits are chained."""

LONGEST_UNHINTED = 300
"""Seconds at which the doubling stops when Jira gives no hint."""


def next_pause(last_pause_seconds: int) -> int:
    """Seconds to hold off without a hint from Jira: from 1, doubling."""
    return min(max(1, 2 * last_pause_seconds), LONGEST_UNHINTED)


def paused(integration: Integration, now: datetime) -> bool:
    """Whether everybody holds off from the integration's site now."""
    return integration.paused_until is not None and integration.paused_until > now


def delay_until(until: datetime, now: datetime, jitter: float) -> int:
    """Whole seconds, rounded up, to delay a message; ``jitter`` in [0, 1) adds up to a tenth and a second."""
    wait = max(timedelta(), until - now)
    longer = wait * (1 + jitter / 10) + timedelta(seconds=jitter)
    return min(-(-longer // timedelta(seconds=1)), int(LONGEST_DELAY.total_seconds()))
