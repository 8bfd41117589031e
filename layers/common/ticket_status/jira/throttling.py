"""R11: how long Jira asks us to wait, from the headers of a response. Pure.

Data Center sends its rate headers, including ``Retry-After: 0``, on every response, and Cloud warns in advance on
good responses: so only the status says whether a response throttles. Proxies write headers too: they double a value
(``40, 40``), and some name waits of years (2147483647 seconds).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from ticket_status.core.health import LONGEST_BELIEVED
from ticket_status.core.trouble import Throttled

LONGEST_WAIT: Final = LONGEST_BELIEVED
"""The longest wait that is respected: Jira's longest plausible one ends at the top of the hour."""

UNREADABLE_WAIT: Final = timedelta(minutes=1)
"""How long to wait if there is a hint that cannot be read."""

_SECONDS = re.compile(r"\d{1,30}(\.\d{1,9})?")
_EPOCH_SECONDS: Final = 10**8
"""Numbers from here on are times, in seconds since 1970; smaller ones are numbers of seconds."""
_EPOCH_MILLISECONDS: Final = 10**11

_HTTP_DATE = re.compile(r"[A-Za-z]{3,9}, \d{1,2}[ -][A-Za-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} [A-Z]{3}")
_POLICY = re.compile(r"(?:\"[^\"]*\"|[^,\"])+")
_PARAMETER = re.compile(r"(?:^|[;,\s])\s*(?P<name>r|t|remaining|reset)\s*=\s*\"?(?P<value>\d{1,30})")

_KNOWN_REASONS: Final = {
    "jira-burst-based": "too many calls within a second",
    "jira-quota-global-based": "the hourly quota of the app is used up",
    "jira-quota-tenant-based": "the hourly quota of the app for this site is used up",
    "jira-per-issue-on-write": "too many calls for one issue",
}


def throttled(status: int, headers: Mapping[str, str], received_at: datetime) -> Throttled | None:
    """Whether the response asks us to slow down, and until when at least.

    ``headers`` are case-insensitive; ``received_at`` is by our clock.
    """
    asked = status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in headers
    )
    if not asked:
        return None
    why = _KNOWN_REASONS.get(headers.get("RateLimit-Reason", ""), "too many calls")
    wait = longest_wait(headers, received_at)
    return Throttled(None if wait is None else received_at + wait, f"Jira asked us to slow down: {why}")


def longest_wait(headers: Mapping[str, str], received_at: datetime) -> timedelta | None:
    """The longest of all waits that the headers name, at most `LONGEST_WAIT`.

    ``None`` without a hint; 0 seconds, or a time in the past, is no hint.
    """
    their_clock = _http_date(headers.get("Date", "")) or received_at
    waits: list[timedelta] = []
    unreadable = False
    for names, read in _HINTS:
        for name in names:
            if name in headers:
                found = list(read(headers[name], their_clock))
                unreadable |= not found
                waits += found
    longest = max(waits, default=timedelta())
    if longest > timedelta():
        return min(longest, LONGEST_WAIT)
    return UNREADABLE_WAIT if unreadable else None


def _retry_after(value: str, their_clock: datetime) -> Iterator[timedelta]:
    """Seconds, or HTTP dates by the clock of the server that wrote them; several of them after a proxy."""
    for date in _HTTP_DATE.findall(value):
        moment = _http_date(date)
        if moment is not None:
            yield moment - their_clock
    for text in _HTTP_DATE.sub("", value).split(","):
        if _SECONDS.fullmatch(text.strip()):
            yield _seconds(float(text))


def _reset(value: str, their_clock: datetime) -> Iterator[timedelta]:
    """ISO times, with or without seconds; seconds or milliseconds since 1970; or a number of seconds."""
    for text in value.split(","):
        wait = _reset_of(text.strip(), their_clock)
        if wait is not None:
            yield wait


def _reset_of(text: str, their_clock: datetime) -> timedelta | None:
    if _SECONDS.fullmatch(text):
        number = float(text)
        if number < _EPOCH_SECONDS:
            return _seconds(number)
        since_1970 = number / 1000 if number >= _EPOCH_MILLISECONDS else number
        return _seconds(since_1970 - their_clock.timestamp())
    try:
        return _aware(datetime.fromisoformat(text)) - their_clock
    except (ValueError, OverflowError):
        return None


def _rate_limit(value: str, _their_clock: datetime) -> Iterator[timedelta]:
    """``"policy";r=0;t=30, …``, or as older drafts have it ``limit=100, remaining=0, reset=30``.

    A policy that still has calls left (``r`` above 0) is ignored.
    """
    older = "reset" in value
    for policy in [value] if older else _POLICY.findall(value):
        told = {one["name"]: one["value"] for one in _PARAMETER.finditer(policy)}
        left, wait = told.get("r", told.get("remaining", "0")), told.get("t", told.get("reset"))
        if wait is not None:
            yield _seconds(float(wait)) if float(left) == 0 else timedelta()


_HINTS: Final[tuple[tuple[tuple[str, ...], Callable[[str, datetime], Iterator[timedelta]]], ...]] = (
    (("Retry-After",), _retry_after),
    (("X-RateLimit-Reset", "X-Beta-RateLimit-Reset", "RateLimit-Reset"), _reset),
    (("RateLimit", "Beta-RateLimit", "X-Beta-RateLimit"), _rate_limit),
)


def _seconds(number: float) -> timedelta:
    """This many seconds, limited to the longest wait that is respected."""
    longest = LONGEST_WAIT.total_seconds()
    return timedelta(seconds=max(-longest, min(number, longest)))


def _http_date(value: str) -> datetime | None:
    try:
        return _aware(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
