"""R3: which tickets of a violation a manual refresh asks Jira for, and the outcome for each."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from ticket_status.core.health import paused
from ticket_status.core.model import HealthStatus, Integration, RefreshState, UnknownReason
from ticket_status.core.shown import Shown

K = TypeVar("K")

FRESH = timedelta(seconds=10)
"""A ticket retrieved less than this ago is not asked for again."""


class Outcome(StrEnum):
    """What a manual refresh did for a ticket."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    FAILED = "failed"


class OutcomeReason(StrEnum):
    """Why it did not do more."""

    OUTSIDE_WINDOW = "outside_window"
    DELETED = "deleted"
    RETRIEVAL_DISABLED = "retrieval_disabled"
    FRESH = "fresh"
    RATE_LIMITED = "rate_limited"
    INTEGRATION_BROKEN = "integration_broken"
    JIRA_UNAVAILABLE = "jira_unavailable"
    ISSUE_UNAVAILABLE = "issue_unavailable"
    TOO_MANY = "too_many"
    INTEGRATION_NOT_FOUND = "integration_not_found"


Refreshed = tuple[Outcome, OutcomeReason | None]

_STATES = {
    RefreshState.RETRIEVAL_DISABLED: OutcomeReason.RETRIEVAL_DISABLED,
    RefreshState.DELETED: OutcomeReason.DELETED,
    RefreshState.OUTSIDE_WINDOW: OutcomeReason.OUTSIDE_WINDOW,
}

MOST_ASKED = 1_000
"""Tickets that one refresh asks Jira for: the ones created last. It has 25 seconds."""

_NOT_FRESH = frozenset({UnknownReason.INTEGRATION_BROKEN, UnknownReason.NOT_RETRIEVED_YET})
"""What was seen before a recovery or before switching on does not count as fresh, however recent."""


def not_asked(shown: Shown, integration: Integration | None, now: datetime) -> Refreshed | None:
    """Why a ticket is not asked for now; ``None`` when it is."""
    if integration is None:
        return Outcome.SKIPPED, OutcomeReason.INTEGRATION_NOT_FOUND
    if shown.refresh_state is not RefreshState.ACTIVE:
        return Outcome.SKIPPED, _STATES[shown.refresh_state]
    fresh = shown.last_update is not None and now - shown.last_update < FRESH
    if fresh and shown.unknown_reason not in _NOT_FRESH:
        return Outcome.SKIPPED, OutcomeReason.FRESH
    if paused(integration, now):
        return Outcome.DEFERRED, OutcomeReason.RATE_LIMITED
    if integration.health.status is HealthStatus.PENDING:
        return Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN
    return None


def within_bounds(created: Mapping[K, datetime]) -> set[K]:
    """The newest of these tickets (by time of creation), as many as one refresh asks for."""
    newest = sorted(created, key=lambda key: created[key], reverse=True)
    return set(newest[:MOST_ASKED])
