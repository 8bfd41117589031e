"""R11: until when Jira wants to be left alone."""

from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from ticket_status.jira.throttling import throttled

NOW = datetime(2026, 11, 22, 8, 0, 30, tzinfo=UTC)


def seconds(status: int, **headers: str) -> float | None:
    """How long an answer with these headers asks to wait, from NOW on."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = throttled(status, CaseInsensitiveDict(named), NOW)
    assert answer is not None
    return None if answer.until is None else (answer.until - NOW).total_seconds()


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "45"}, 45),
        ({"Retry_After": "1200"}, 1200),
        ({"retry_after": " 7 "}, 7),
        ({"Retry_After": "1.5"}, 1.5),
        ({"Retry_After": "Sun, 22 Nov 2026 08:02:30 GMT"}, 120),
        ({"X_RateLimit_Reset": "2026-11-22T09:00:00Z"}, 3570),
        ({"X_Ratelimit_Reset": "2026-11-22T09:00Z"}, 3570),
        ({"X_RateLimit_Reset": "2026-11-22T09:00:00"}, 3570),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 60)}, 60),
        ({"Retry_After": "5", "X_RateLimit_Reset": "2026-11-22T09:00:00Z"}, 3570),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp() * 1000) + 60_000)}, 60),
        ({"X_RateLimit_Reset": "60"}, 60),
        # several values in one header
        ({"Retry_After": "40, 40"}, 40),
        ({"Retry_After": "40, 120"}, 120),
        ({"Retry_After": "Sun, 22 Nov 2026 08:02:30 GMT, Sun, 22 Nov 2026 08:01:30 GMT"}, 120),
        ({"Retry_After": "30, Sun, 22 Nov 2026 08:02:30 GMT"}, 120),
        ({"RateLimit": '"burst";r=0;t=30'}, 30),
        ({"Beta_RateLimit": '"burst";r=0;t=30, "quota";r=0;t=900'}, 900),
        ({"RateLimit": '"burst";r=0;t=30, "quota";r=5;t=900'}, 30),
        ({"RateLimit": '"odd, name";r=0;t=30'}, 30),
        ({"RateLimit": "limit=100, remaining=0, reset=30"}, 30),
        ({"RateLimit_Reset": "30"}, 30),
        ({"Retry_After": "0", "X_RateLimit_Reset": "2026-11-22T08:01:30Z"}, 60),
        ({"Retry_After": "soon", "X_RateLimit_Reset": "2026-11-22T08:01:30Z"}, 60),
        # no hint that lies ahead
        ({}, None),
        ({"Retry_After": "0"}, None),
        ({"Retry_After": "Sun, 22 Nov 2026 07:00:00 GMT"}, None),
        ({"X_RateLimit_Reset": "2026-11-22T07:00:00Z"}, None),
        ({"RateLimit": '"quota";r=5;t=900'}, None),
        # hints that cannot be read
        ({"Retry_After": "-5"}, 60),
        ({"Retry_After": ""}, 60),
        ({"Retry_After": "soon"}, 60),
        ({"X_RateLimit_Reset": "when I like"}, 60),
        ({"Retry_After": "Sun, 99 Nov 2026 08:02:30 GMT"}, 60),
        ({"RateLimit": "no"}, 60),
    ],
)
def test_the_wait_is_what_the_answer_says_and_none_when_it_says_nothing(
    headers: dict[str, str], wait: float | None
) -> None:
    assert seconds(429, **headers) == wait


def test_a_moment_is_read_on_the_clock_of_the_server_that_named_it() -> None:
    an_hour_behind = {"Date": "Sun, 22 Nov 2026 07:00:30 GMT"}
    assert seconds(429, Retry_After="Sun, 22 Nov 2026 07:01:30 GMT", **an_hour_behind) == 60
    assert seconds(429, X_RateLimit_Reset="2026-11-22T07:01:30Z", **an_hour_behind) == 60
    assert seconds(429, Retry_After="60", **an_hour_behind) == 60


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry_After": "2147483647"},
        {"Retry_After": "9" * 30},
        {"Retry_After": "3901"},
        {"Retry_After": "5, 999999999999"},
        {"X_RateLimit_Reset": "9999-12-31T23:59:59Z"},
        {"RateLimit": '"quota";r=0;t=999999999'},
    ],
)
def test_a_wait_is_believed_up_to_sixty_five_minutes(headers: dict[str, str]) -> None:
    assert seconds(429, **headers) == 65 * 60


def test_only_the_status_says_that_an_answer_throttles() -> None:
    data_center = CaseInsensitiveDict({"Retry-After": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "10"})
    assert throttled(200, data_center, NOW) is None
    assert throttled(500, CaseInsensitiveDict({"Retry-After": "60"}), NOW) is None
    assert throttled(503, CaseInsensitiveDict({}), NOW) is None
    assert seconds(503, Retry_After="60") == 60


def test_the_reason_tells_a_burst_from_a_quota() -> None:
    quota = throttled(429, CaseInsensitiveDict({"RateLimit-Reason": "jira-quota-global-based"}), NOW)
    assert quota is not None
    assert "quota" in quota.reason
