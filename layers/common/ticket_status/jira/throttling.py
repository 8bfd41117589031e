"""R11: until when Jira wants to be left alone, from the headers of an answer. Pure.

Data Center sends its rate headers, ``Retry-After: 0`` included, on every answer, and Cloud warns ahead on answers
that are fine: so only the status says whether an answer throttles.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from ticket_status.core.trouble import Throttled

_LONGEST: Final = timedelta(days=365)
"""Beyond this, a wait is a mistake; the bound also keeps times representable."""

_SECONDS = re.compile(r"\d{1,12}(\.\d{1,6})?")
_EPOCH_SECONDS = re.compile(r"\d{9,11}")
_KNOWN_REASONS: Final = {
    "jira-burst-based": "too many calls within a second",
    "jira-quota-global-based": "the hourly quota of the app is used up",
    "jira-quota-tenant-based": "the hourly quota of the app for this site is used up",
    "jira-per-issue-on-write": "too many calls for one issue",
}


def throttled(status: int, headers: Mapping[str, str], received_at: datetime) -> Throttled | None:
    """Whether the answer asks to slow down, and until when at least.

    ``headers`` match names without regard to case; ``received_at`` is our clock's.
    """
    asked = status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in headers
    )
    if not asked:
        return None
    why = _KNOWN_REASONS.get(headers.get("RateLimit-Reason", ""), "too many calls")
    return Throttled(_until(headers, received_at), f"Jira asked to slow down: {why}")


def _until(headers: Mapping[str, str], received_at: datetime) -> datetime | None:
    """The first hint that lies ahead: a wait of 0 seconds, or a moment that is over, tells nothing."""
    their_clock = _http_date(headers.get("Date", "")) or received_at
    hints = (
        _retry_after(headers.get("Retry-After", ""), their_clock),
        _reset(headers.get("X-RateLimit-Reset", ""), their_clock),
        _reset(headers.get("X-Beta-RateLimit-Reset", ""), their_clock),
    )
    for wait in hints:
        if wait is not None and wait > timedelta():
            return received_at + min(wait, _LONGEST)
    return None


def _retry_after(value: str, their_clock: datetime) -> timedelta | None:
    """Seconds, or an HTTP date, which is on the clock of whoever wrote it."""
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(timedelta(seconds=min(float(text), _LONGEST.total_seconds())), _LONGEST)
    moment = _http_date(text)
    return None if moment is None else moment - their_clock


def _reset(value: str, their_clock: datetime) -> timedelta | None:
    """An ISO time, with or without seconds, or seconds since 1970."""
    text = value.strip()
    try:
        if _EPOCH_SECONDS.fullmatch(text):
            moment = datetime.fromtimestamp(int(text), UTC)
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return _aware(moment) - their_clock


def _http_date(value: str) -> datetime | None:
    try:
        return _aware(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
