"""Creation times as files have them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ticket_status_cli.importing.dates import DateError, Dates

EIGHT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:00:00Z",
        "2026-11-22T09:00:00+01:00",
        "2026-11-22T08:00:00.123+0000",
        "2026-11-22 08:00",
        "22/Nov/26 8:00 AM",
        "22/Nov/26 8:00\N{NARROW NO-BREAK SPACE}AM",
        "22/nov./26 8:00",
        "22.11.2026 08:00",
        "22.11.26 08:00:00",
        "22. November 2026, 08:00",
        "22 nov. 2026 08:00",
        "22 de noviembre de 2026 8:00 a. m.",
        "Nov 22, 2026, 8:00 AM",
        "22/\N{CYRILLIC SMALL LETTER EN}\N{CYRILLIC SMALL LETTER O}\N{CYRILLIC SMALL LETTER YA}/26 8:00 AM",
        "22-Nov-2026 08:00",
    ],
)
def test_a_time_is_read_in_the_forms_that_jira_and_spreadsheets_write(text: str) -> None:
    assert Dates().read(text) == EIGHT


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("1/Mär/26 12:30 AM", 3),
        ("1/Mai/26 12:30 AM", 5),
        ("1/juil./26 12:30 AM", 7),
        ("1/août/26 12:30 AM", 8),
        ("1/Dez/26 12:30 AM", 12),
        ("1/May/26 12:30 AM", 5),
        ("1/juin/26 12:30 AM", 6),
        ("1/maart/26 12:30 AM", 3),
    ],
)
def test_months_are_read_in_other_languages_and_half_past_midnight_is_not_noon(text: str, month: int) -> None:
    assert Dates().read(text) == datetime(2026, month, 1, 0, 30, tzinfo=UTC)


def test_afternoon_and_a_zone_of_ones_own() -> None:
    assert Dates(ZoneInfo("Europe/Berlin")).read("22/Jul/26 2:05 PM") == datetime(2026, 7, 22, 12, 5, tzinfo=UTC)


def test_a_time_that_names_its_zone_keeps_it() -> None:
    assert Dates(ZoneInfo("Europe/Berlin")).read("2026-11-22T08:00:00Z") == EIGHT


@pytest.mark.parametrize(
    "text", ["03/04/2026 08:00", "last week", "", "31/Feb/26 8:00 AM", "22/Foo/26", "22/Nov/26 13:00 PM"]
)
def test_what_is_no_time_or_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(DateError):
        Dates().read(text)


def test_a_form_that_is_given_decides() -> None:
    assert Dates(forms=("%m/%d/%Y %H:%M",)).read("11/22/2026 08:00") == EIGHT
