"""How many tickets show what: tallies, what shifts them, and what is made of them."""

from datetime import date, timedelta

import pytest

from tests.fakes.samples import BROKEN, DAY, DONE, HOUR, MINUTE, NOW, TO_DO, a_run, a_ticket, an_integration, seen
from ticket_status.core.comparison import Comparison, Row
from ticket_status.core.model import Absence, Category, RunState, Slice, SliceProgress, SyncRun, Trigger, UnknownReason
from ticket_status.core.observations import Missed
from ticket_status.core.summary import (
    INACCESSIBLE,
    LONGEST_RUN,
    MOST_STATUSES,
    OTHERS,
    Counted,
    Shift,
    concluded,
    passed,
    past_summary,
    shift_by,
    shifted,
    shown_by,
    summarise,
    together,
)
from ticket_status.core.window import Coverage

TODAY = NOW.date()
TO_DO_TEXT, DONE_TEXT = "new|To Do", "done|Done"

PASSED = (
    Coverage()
    .raised("b", "c", NOW - LONGEST_RUN)
    .raised("c", "d", NOW - 8 * HOUR)
    .raised("d", "e", NOW - HOUR)
    .raised("e", "f", NOW - MINUTE)
)
"""By the positions ``a`` (never) to ``e`` (a minute ago)."""


def row(number: int, sighting: str | None = "JAS-1|new|To Do", absence: Absence | None = None) -> Row:
    return Row(f"{number:010}#{number}", str(number), sighting, absence)  # type: ignore[arg-type]


def test_a_run_counts_each_ticket_that_it_passes_as_it_shows_from_then_on() -> None:
    result = Comparison(
        unchanged=[row(1), row(2)],
        changed=[(row(3), seen("JAS-3", DONE)), (row(4, None), seen("JAS-4", TO_DO))],
        missing=[row(5), row(6, absence=Absence.INACCESSIBLE), row(7, absence=Absence.VANISHED), row(8, None)],
        failed=[row(9)],
    )
    assert passed(result) == {TO_DO_TEXT: 5, DONE_TEXT: 1, INACCESSIBLE: 2}


@pytest.mark.parametrize(
    ("ticket", "text"),
    [
        (a_ticket(status=DONE), DONE_TEXT),
        (a_ticket(status=None), None),
        (a_ticket(absence=Absence.INACCESSIBLE), INACCESSIBLE),
        (a_ticket(absence=Absence.VANISHED), INACCESSIBLE),
        (a_ticket(absence=Absence.DELETED), None),
    ],
)
def test_what_a_ticket_counts_as(ticket: object, text: str | None) -> None:
    assert shown_by(ticket) == text  # type: ignore[arg-type]


def test_what_changes_shifts_the_tally() -> None:
    counted = Counted({TO_DO_TEXT: 3}, NOW - HOUR)
    moved = shifted(counted, PASSED, [Shift(TO_DO_TEXT, DONE_TEXT, "d"), Shift(None, TO_DO_TEXT, "a")], NOW)
    assert (moved.tally, moved.as_of) == ({TO_DO_TEXT: 3, DONE_TEXT: 1}, NOW - HOUR)


def test_a_ticket_that_a_run_missed_shifts_nothing() -> None:
    ticket = a_ticket()
    shift = shift_by(ticket, Missed(ticket.key, NOW, NOW - HOUR))
    assert (shift.before, shift.after) == (None, None)


def test_a_run_takes_along_what_shifted_behind_it_and_counts_the_rest_itself() -> None:
    began = NOW - 10 * MINUTE
    counted = Counted({TO_DO_TEXT: 2}, NOW - 8 * HOUR)
    behind = Shift(TO_DO_TEXT, DONE_TEXT, "e")
    ahead = Shift(TO_DO_TEXT, DONE_TEXT, "c")
    never_passed = Shift(None, TO_DO_TEXT, "a")
    moved = shifted(counted, PASSED, [behind, ahead, never_passed], NOW)
    assert moved.tally == {TO_DO_TEXT: 1, DONE_TEXT: 2}
    ended = concluded(moved, {TO_DO_TEXT: 2, DONE_TEXT: 1}, began, NOW)
    assert (ended.tally, ended.as_of) == ({TO_DO_TEXT: 1, DONE_TEXT: 2}, NOW)


def test_what_shifted_longer_ago_than_any_run_is_forgotten() -> None:
    old = shifted(Counted(), PASSED, [Shift(None, DONE_TEXT, "b")], NOW)
    assert (old.tally, old.shifted) == ({DONE_TEXT: 1}, {})


def test_a_tally_stays_small_whatever_a_jira_answers() -> None:
    tally = together({INACCESSIBLE: 1}, {f"new|{number}": 1 for number in range(2 * MOST_STATUSES)}, {DONE_TEXT: 5})
    assert len(tally) == MOST_STATUSES + 1
    assert (tally[INACCESSIBLE], tally[DONE_TEXT]) == (1, 5)
    assert sum(tally.values()) == 2 * MOST_STATUSES + 6
    assert tally[OTHERS] == MOST_STATUSES + 2


CENSUS = {TODAY: 4, TODAY - timedelta(days=300): 3, date(2024, 1, 1): 2}


def test_a_summary_counts_statuses_unknown_ones_and_those_outside_the_window() -> None:
    counted = Counted({TO_DO_TEXT: 1, DONE_TEXT: 3, INACCESSIBLE: 1}, NOW - HOUR)
    summary = summarise(an_integration(), counted, (CENSUS, 5), {}, NOW)
    assert (summary.as_of, summary.tickets, summary.outside_window) == (NOW - HOUR, 4, 2)
    assert summary.by_status == ((DONE, 3), (TO_DO, 1))
    reasons = UnknownReason
    assert summary.unknown == {reasons.DELETED: 5, reasons.INACCESSIBLE: 1, reasons.NOT_RETRIEVED_YET: 2}


def test_while_broken_all_but_the_deleted_ones_say_so_and_while_off_nothing_is_shown() -> None:
    counted = Counted({DONE_TEXT: 7}, NOW - HOUR)
    broken = summarise(an_integration(health=BROKEN), counted, (CENSUS, 1), {}, NOW)
    assert (broken.tickets, broken.unknown) == (
        0,
        {UnknownReason.DELETED: 1, UnknownReason.INTEGRATION_BROKEN: 7},
    )
    off = summarise(an_integration(retrieve_jira_tickets=False), counted, (CENSUS, 1), {}, NOW)
    assert (off.tickets, off.by_status, off.unknown, off.outside_window) == (0, (), {}, 2)


@pytest.mark.parametrize(
    ("since", "reason"),
    [("healthy_since", UnknownReason.INTEGRATION_BROKEN), ("enabled_since", UnknownReason.NOT_RETRIEVED_YET)],
)
def test_after_a_recovery_and_switching_on_only_what_the_run_at_work_has_passed_counts(
    since: str, reason: UnknownReason
) -> None:
    counted = Counted({DONE_TEXT: 7}, NOW - DAY)
    integration = an_integration(**{since: NOW - HOUR})
    summary = summarise(integration, counted, (CENSUS, 0), {DONE_TEXT: 2}, NOW)
    assert (summary.tickets, summary.unknown) == (2, {reason: 5})


def ended_run(**changes: object) -> SyncRun:
    """A run of all tickets in two slices, that counted what it passed."""
    tallies = ({TO_DO_TEXT: 2, DONE_TEXT: 1}, {"done|Closed": 4, INACCESSIBLE: 1})
    slices = {
        str(number): SliceProgress(Slice("", "", ()), done=True, tally=tally) for number, tally in enumerate(tallies)
    }
    ended = {"state": RunState.SUCCEEDED, "completed_at": NOW, "slices": slices, "tickets_total": 8}
    return a_run(**{**ended, **changes})


def test_what_a_run_counted_stays_readable() -> None:
    past = past_summary(ended_run())
    assert past is not None
    assert (past.as_of, past.inaccessible) == (NOW, 1)
    assert past.by_category == {Category.NEW: 2, Category.INDETERMINATE: 0, Category.DONE: 5, Category.UNDEFINED: 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": RunState.FAILED},
        {"trigger": Trigger.REGISTERED},
        {"completed_at": None},
        {"slices": {"0": SliceProgress(Slice("", "", ()), done=True)}},
    ],
    ids=["failed", "of new tickets", "under way", "of before runs counted"],
)
def test_a_run_that_did_not_count_all_tickets_says_nothing(changes: dict[str, object]) -> None:
    assert past_summary(ended_run(**changes)) is None


def test_a_run_without_tickets_counted_none() -> None:
    past = past_summary(ended_run(slices={}, tickets_total=0))
    assert past is not None
    assert (sum(past.by_category.values()), past.inaccessible) == (0, 0)
