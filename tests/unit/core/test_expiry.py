"""When a credential ends: what is told, and when."""

from datetime import timedelta

import pytest

from tests.fakes.samples import NOW
from ticket_status.core.health import due_warning, expiry_told, warnings

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("left", "warned", "due"),
    [
        (31 * DAY, None, None),
        (30 * DAY, None, 30),
        (29 * DAY, 30, None),
        (14 * DAY, 30, 14),
        (8 * DAY, 14, None),
        (7 * DAY, 14, 7),
        (timedelta(hours=23), 7, 1),
        (timedelta(hours=23), 1, None),
        (5 * DAY, None, 7),
        (-DAY, None, None),
    ],
)
def test_each_warning_is_due_once(left: timedelta, warned: int | None, due: int | None) -> None:
    assert due_warning(NOW + left, warned, NOW) == due


def test_without_a_date_nothing_is_told() -> None:
    assert (warnings(None, NOW), due_warning(None, None, NOW), expiry_told(None, NOW)) == ((), None, "")


@pytest.mark.parametrize(
    ("left", "words"),
    [(31 * DAY, None), (30 * DAY, "in 30 days"), (DAY, "in 1 day."), (DAY / 2, "within a day"), (-DAY, "has expired")],
)
def test_it_is_warned_of_from_thirty_days_before(left: timedelta, words: str | None) -> None:
    told = [one.detail for one in warnings(NOW + left, NOW)]
    assert len(told) == (words is not None)
    assert words is None or words in told[0]


@pytest.mark.parametrize(("left", "words"), [(2 * DAY, ""), (DAY, "expires on"), (-3 * DAY, "expired on")])
def test_a_refusal_within_a_day_of_it_says_so(left: timedelta, words: str) -> None:
    assert words in expiry_told(NOW + left, NOW)
    assert bool(expiry_told(NOW + left, NOW)) is bool(words)
