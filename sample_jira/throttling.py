"""How a throttled request is told to wait."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Literal

# Cloud. `seconds` and `http_date` are Retry-After; `reset` has X-RateLimit-Reset instead, and
# `reset_minutes` gives that without seconds, rounded up. `rate_limit` is the newer header,
# `beta_rate_limit` the same before it is enforced. `doubled` is what a proxy makes of Retry-After,
# `unreadable` is a word.
ThrottleForm = Literal[
    "seconds", "http_date", "reset", "reset_minutes", "rate_limit", "beta_rate_limit", "doubled", "unreadable"
]

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
    reset = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    forms: dict[ThrottleForm, dict[str, str]] = {
        "seconds": {"Retry-After": str(seconds), "X-RateLimit-Reset": reset},
        "http_date": {"Retry-After": format_datetime(until, usegmt=True)},
        "reset": {"X-RateLimit-Reset": reset},
        "reset_minutes": {"X-RateLimit-Reset": f"{until + timedelta(seconds=59):%Y-%m-%dT%H:%MZ}"},
        "rate_limit": {"RateLimit": f'"burst";r=0;t={seconds}', "RateLimit-Policy": '"burst";q=350;w=1'},
        "beta_rate_limit": {"Beta-RateLimit": f'"quota";r=0;t={seconds}, "burst";r=7;t=1'},
        "doubled": {"Retry-After": f"{seconds}, {seconds}"},
        "unreadable": {"Retry-After": "soon"},
    }
    return forms[form]
