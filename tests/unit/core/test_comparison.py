"""R13 and R15: answers are matched by id; a moved issue is the same ticket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import DONE, NOW, SECOND, TO_DO, seen
from ticket_status.core.comparison import (
    Comparison,
    Row,
    against_stored,
    asked_as,
    compare,
    doubtful,
    read_sighting,
    sighting,
)
from ticket_status.core.model import Absence, Category, Sighting, Status
from ticket_status.core.window import position


def row(ticket_id: str, sighting: Sighting | None = None, absence: Absence | None = None) -> Row:
    return Row(position(NOW, ticket_id), ticket_id, sighting, absence)


def test_a_ticket_with_the_same_sighting_is_unchanged() -> None:
    same = row("1", seen("JAS-1", TO_DO))
    assert compare([same], {"1": seen("JAS-1", TO_DO)}, frozenset()).unchanged == [same]


def test_a_new_status_is_a_change() -> None:
    before = row("1", seen("JAS-1", TO_DO))
    assert compare([before], {"1": seen("JAS-1", DONE)}, frozenset()).changed == [(before, seen("JAS-1", DONE))]


def test_a_renamed_status_is_a_change_although_the_issue_was_not_updated() -> None:
    before = row("1", Sighting("JAS-1|new|Open"))
    assert compare([before], {"1": Sighting("JAS-1|new|Reopened")}, frozenset()).changed


def test_a_moved_issue_is_the_same_ticket_with_a_new_key() -> None:
    before = row("1", seen("OLD-7", TO_DO))
    result = compare([before], {"1": seen("NEW-3", TO_DO)}, frozenset())
    assert result.changed == [(before, seen("NEW-3", TO_DO))]
    assert not result.missing


def test_another_issue_under_the_old_key_is_not_taken_for_the_ticket() -> None:
    before = row("1", seen("OLD-7", TO_DO))
    assert compare([before], {"2": seen("OLD-7", TO_DO)}, frozenset()).missing == [before]


def test_the_order_of_the_answer_does_not_matter() -> None:
    rows = [row("30", seen("A-3", TO_DO)), row("10", seen("A-1", TO_DO)), row("20", seen("A-2", DONE))]
    answer = {"10": seen("A-1", TO_DO), "20": seen("A-2", DONE), "30": seen("A-3", TO_DO)}
    assert compare(rows, answer, frozenset()).unchanged == rows


def test_a_ticket_never_seen_is_a_change_whatever_it_shows() -> None:
    new = row("1")
    assert compare([new], {"1": seen("JAS-1", TO_DO)}, frozenset()).changed == [(new, seen("JAS-1", TO_DO))]


@pytest.mark.parametrize("absence", Absence)
def test_a_ticket_that_is_shown_again_is_a_change_although_its_status_is_the_same(absence: Absence) -> None:
    hidden = row("1", seen("JAS-1", TO_DO), absence)
    assert compare([hidden], {"1": seen("JAS-1", TO_DO)}, frozenset()).changed == [(hidden, seen("JAS-1", TO_DO))]


def test_what_jira_could_not_answer_now_is_not_missing() -> None:
    asked = row("1", seen("JAS-1", TO_DO))
    result = compare([asked], {}, frozenset({"1"}))
    assert (result.failed, result.missing) == ([asked], [])


def test_a_ticket_known_by_key_is_asked_for_and_matched_by_its_key() -> None:
    by_key = row("key#JAS-9")
    assert asked_as(by_key.ticket_id) == "JAS-9"
    assert compare([by_key], {"JAS-9": seen("JAS-9", DONE)}, frozenset()).changed == [(by_key, seen("JAS-9", DONE))]
    assert compare([by_key], {}, frozenset({"JAS-9"})).failed == [by_key]


def test_a_row_that_is_not_as_stored_any_more_is_changed_back_to_what_jira_showed() -> None:
    lagging, same, gone = row("1", seen("JAS-1", TO_DO)), row("2", seen("JAS-2", TO_DO)), row("3", seen("JAS-3", TO_DO))
    moved = (row("4"), seen("JAS-4", DONE))
    result = Comparison(unchanged=[lagging, same, gone], changed=[moved])
    against = against_stored(result, {"1": seen("JAS-1", DONE), "2": seen("JAS-2", TO_DO)})
    assert against.unchanged == [same, gone]
    assert against.changed == [moved, (lagging, seen("JAS-1", TO_DO))]


def test_rows_are_doubtful_within_ten_seconds_of_another_write() -> None:
    assert doubtful(NOW - 9 * SECOND, NOW)
    assert not doubtful(NOW - 10 * SECOND, NOW)
    assert not doubtful(None, NOW)


# --- Sightings --------------------------------------------------------------------------------------------------------


@given(st.from_regex(r"[A-Z][A-Z0-9_]{1,9}-[1-9][0-9]{0,5}", fullmatch=True), st.text(), st.sampled_from(Category))
def test_a_sighting_tells_key_and_status_whatever_the_status_is_called(
    issue_key: str, name: str, category: Category
) -> None:
    assert read_sighting(sighting(issue_key, Status(name, category))) == (issue_key, Status(name, category))


@pytest.mark.parametrize("key", ["", "in-flight", None, 4])
def test_a_category_that_no_real_site_has_is_undefined(key: object) -> None:
    assert Category.of(key) is Category.UNDEFINED


@pytest.mark.parametrize("category", Category)
def test_the_four_categories_are_known_by_their_keys(category: Category) -> None:
    assert Category.of(category.value) is category
