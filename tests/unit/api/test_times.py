"""Times as the API writes and reads them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ticket_status.api.bodies import parse_time
from ticket_status.api.presenters import present_optional_time, present_time


def test_a_time_is_written_in_utc_to_the_second() -> None:
    at = datetime(2026, 11, 22, 10, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert present_time(at) == "2026-11-22T08:00:00Z"


def test_a_time_of_the_first_centuries_has_four_digits_for_its_year() -> None:
    assert present_time(datetime(33, 4, 3, 15, tzinfo=UTC)) == "0033-04-03T15:00:00Z"


def test_no_time_stays_none() -> None:
    assert present_optional_time(None) is None


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [("2026-11-22T08:00:00Z", 0), ("2026-11-22T08:00:00.5Z", 500_000), ("2026-11-22T08:00:00.123456789Z", 123_456)],
)
def test_a_time_in_utc_is_read(text: str, microsecond: int) -> None:
    assert parse_time(text) == datetime(2026, 11, 22, 8, 0, 0, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:00:00+00:00",
        "2026-11-22T08:00:00.000+0000",
        "2026-11-22t08:00:00z",
        "2026-11-22T09:30:00+01:30",
        "2026-11-22T02:00:00-0600",
    ],
)
def test_a_time_with_any_offset_and_in_jiras_form_is_read(text: str) -> None:
    assert parse_time(text) == datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T08:00:00",
        "2026-11-22 08:00:00Z",
        "2026-11-22T08:00:00+24:00",
        "2026-11-22T08:00:00+1",
        "0001-01-01T00:00:00+01:00",
        "2026-11-22T08:00Z",
        "2026-02-30T08:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T08:00:60Z",
        "2026-11-22T08:00:00Z\n",
        "٢٠٢٦-11-22T08:00:00Z",
    ],
)
def test_anything_else_is_not_a_time(text: str) -> None:
    assert parse_time(text) is None
