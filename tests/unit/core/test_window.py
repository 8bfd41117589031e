"""R2: the last year, to the second."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import NOW, SECOND
from ticket_status.core.window import END, WINDOW, in_window, month_of, position, read_position, window_start


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW - WINDOW + SECOND, True, id="a second younger than a year"),
        pytest.param(NOW - WINDOW, True, id="exactly a year"),
        pytest.param(NOW - WINDOW - SECOND, False, id="a second older than a year"),
        pytest.param(NOW + timedelta(hours=1), True, id="created by a clock ahead of ours"),
    ],
)
def test_a_ticket_is_in_the_window_up_to_exactly_one_year_old(*, created_at: datetime, expected: bool) -> None:
    assert in_window(created_at, NOW) is expected


def test_the_window_is_365_days_also_over_a_leap_day() -> None:
    clock = datetime(2028, 3, 1, tzinfo=UTC)
    assert window_start(clock) == datetime(2027, 3, 2, tzinfo=UTC)


def test_fractions_of_the_clocks_second_do_not_push_a_ticket_out() -> None:
    clock = NOW.replace(microsecond=999_999)
    assert in_window(NOW - WINDOW, clock)
    assert position(window_start(clock)) <= position(NOW - WINDOW, "10000")


def test_a_position_without_an_id_is_before_every_ticket_of_its_second() -> None:
    assert position(NOW) < position(NOW, "1") < position(NOW + SECOND)


def test_the_end_is_after_every_ticket() -> None:
    assert position(datetime(2286, 11, 20, 17, tzinfo=UTC), "9" * 19) < END


@given(
    first=st.datetimes(datetime(2002, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware by timezones
    second=st.datetimes(datetime(2002, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware by timezones
)
def test_positions_are_ordered_as_the_times_of_creation_are(first: datetime, second: datetime) -> None:
    first, second = first.replace(microsecond=0), second.replace(microsecond=0)
    assert (position(first) < position(second)) is (first < second)
    assert read_position(position(first, "10412")) == (first, "10412")


def test_a_position_of_a_ticket_known_by_key_is_read_back() -> None:
    created = NOW.replace(microsecond=0)
    assert read_position(position(created, "key#JAS-1")) == (created, "key#JAS-1")


def test_the_month_of_creation_is_that_of_utc() -> None:
    east = timezone(timedelta(hours=9))
    assert month_of(datetime(2026, 12, 1, 8, tzinfo=east)) == "2026-11"
