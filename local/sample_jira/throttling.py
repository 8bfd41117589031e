"""How a throttled request is told to wait."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Literal, assert_never

# Cloud. `seconds` and `http_date` are Retry-After; `reset` has X-RateLimit-Reset instead, and
# `reset_minutes` gives that without seconds, rounded up.
ThrottleForm = Literal["seconds", "http_date", "reset", "reset_minutes"]

# Data Center: on every answer while an administrator limits rates.
RATE_HEADERS = {
    "X-RateLimit-Limit": "100",
    "X-RateLimit-Remaining": "99",
    "X-RateLimit-FillRate": "10",
    "X-RateLimit-Interval-Seconds": "7",
    "Retry-After": "0",
}


def throttled_headers(seconds: int) -> dict[str, str]:
    """The headers of Data Center's 429."""
    return {**RATE_HEADERS, "X-RateLimit-Remaining": "0", "Retry-After": str(seconds)}


def throttle_headers(now: datetime, seconds: int, form: ThrottleForm) -> dict[str, str]:
    """How a 429 tells to wait, in each of the forms that were seen."""
    until = now + timedelta(seconds=seconds)
    match form:
        case "seconds":
            return {"Retry-After": str(seconds), "X-RateLimit-Reset": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
        case "http_date":
            return {"Retry-After": format_datetime(until, usegmt=True)}
        case "reset":
            return {"X-RateLimit-Reset": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
        case "reset_minutes":
            return {"X-RateLimit-Reset": f"{until + timedelta(seconds=59):%Y-%m-%dT%H:%MZ}"}
        case _:
            assert_never(form)
