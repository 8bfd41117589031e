"""The life of a run: at work, lost, collected, and which slice follows."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import DAY, HOUR, NOW, SECOND, a_run
from ticket_status.core.model import RunState, Slice, SliceProgress, SyncRun
from ticket_status.core.runs import (
    LOST_AFTER,
    MOST_SLICES,
    SLICE_TICKETS,
    Census,
    at_work,
    collected,
    lost,
    next_slice,
    plan_slices,
)
from ticket_status.core.window import END, month_of, position, window_start

PART = Slice("", "9", ())


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(
            a_run(updated_at=NOW - LOST_AFTER + SECOND, started_at=NOW - HOUR), False, id="moved within 20 minutes"
        ),
        pytest.param(
            a_run(updated_at=NOW - LOST_AFTER, started_at=NOW - HOUR), True, id="no progress for exactly 20 minutes"
        ),
        pytest.param(a_run(updated_at=None, started_at=NOW - LOST_AFTER), True, id="never moved since its start"),
        pytest.param(
            a_run(state=RunState.PAUSED, updated_at=NOW - 2 * HOUR, paused_until=NOW), False, id="paused until now"
        ),
        pytest.param(
            a_run(state=RunState.PAUSED, updated_at=NOW - 3 * HOUR, paused_until=NOW - LOST_AFTER),
            True,
            id="paused until 20 minutes ago",
        ),
        pytest.param(a_run(state=RunState.SUCCEEDED, updated_at=NOW - 9 * HOUR), False, id="closed long ago"),
    ],
)
def test_an_open_run_without_progress_for_20_minutes_lost_its_work(*, run: SyncRun, expected: bool) -> None:
    assert lost(run, NOW) is expected


@pytest.mark.parametrize(
    ("state", "updated_at", "expected"),
    [
        (RunState.RUNNING, NOW, True),
        (RunState.PAUSED, NOW, True),
        (RunState.RUNNING, NOW - HOUR, False),
        (RunState.SUCCEEDED, NOW, False),
        (RunState.FAILED, NOW, False),
        (RunState.CANCELLED, NOW, False),
    ],
)
def test_only_an_open_run_that_is_not_lost_keeps_others_from_starting(
    *, state: RunState, updated_at: datetime, expected: bool
) -> None:
    assert at_work(a_run(state=state, started_at=NOW - HOUR, updated_at=updated_at), NOW) is expected


def test_no_run_keeps_nobody_from_starting() -> None:
    assert not at_work(None, NOW)


def run_of(**done: bool) -> SyncRun:
    return a_run(slices={name.removeprefix("s"): SliceProgress(PART, done=value) for name, value in done.items()})


def test_a_run_is_collected_when_every_slice_is_done_those_of_new_tickets_too() -> None:
    assert collected(run_of(s0=True, s1=True, new2=True))
    assert not collected(run_of(s0=True, s1=False))
    assert not collected(run_of(s0=True, new1=False))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("0", "2", id="the place in the row is taken by the one after next"),
        pytest.param("1", None, id="which is done already"),
        pytest.param("2", None, id="or is not there"),
        pytest.param("new4", None, id="new tickets have no follower"),
    ],
)
def test_a_slice_that_is_done_frees_its_place_for_the_next(name: str, expected: str | None) -> None:
    assert next_slice(run_of(s0=True, s1=True, s2=False, s3=True, new4=True), name, at_once=2) == expected


# --- Slices -----------------------------------------------------------------------------------------------------------


TODAY = NOW.date()
FIRST_DAY = window_start(NOW).date()


def spread(tickets: int, days: int = 365) -> Census:
    """So many tickets, evenly over so many days up to today."""
    share, rest = divmod(tickets, days)
    return {TODAY - timedelta(days=number): share + (number < rest) for number in range(days)}


def size(part: Slice, census: Census) -> int:
    """Tickets of a slice, those of the window's first day all counted."""
    return sum(
        tickets
        for day, tickets in census.items()
        if max(position(datetime.combine(day, time(), UTC)), position(window_start(NOW))) >= part.start
        and position(datetime.combine(day, time(), UTC)) < part.end
        and day >= FIRST_DAY
    )


def test_a_thousand_tickets_over_twelve_months_are_one_slice() -> None:
    (only,) = plan_slices(spread(1_000), NOW)
    assert (only.start, only.end) == (position(window_start(NOW)), END)
    assert len(only.months) == 13


def test_a_hundred_thousand_tickets_are_a_few_slices_of_about_the_same_size() -> None:
    census = spread(100_000)
    slices = plan_slices(census, NOW)
    assert 4 <= len(slices) <= 8
    assert sum(size(part, census) for part in slices) == 100_000
    assert all(size(part, census) <= SLICE_TICKETS + max(census.values()) for part in slices)


def test_a_million_tickets_and_more_make_larger_slices_not_more() -> None:
    assert len(plan_slices(spread(5_000_000), NOW)) <= MOST_SLICES


def test_uneven_days_do_not_make_more_slices() -> None:
    size_of_one_slice = 5 * SLICE_TICKETS
    census = {
        TODAY - timedelta(days=number): size_of_one_slice * (51 if number % 2 else 49) // 100 for number in range(100)
    }
    assert len(plan_slices(census, NOW)) <= MOST_SLICES


def test_a_day_is_never_cut() -> None:
    census = {TODAY - DAY: 3 * SLICE_TICKETS, TODAY: 5}
    first, second = plan_slices(census, NOW)
    assert (first.end, second.start) == (position(datetime.combine(TODAY, time(), UTC)),) * 2
    assert size(first, census) == 3 * SLICE_TICKETS


def test_an_integration_without_tickets_has_one_slice_without_months() -> None:
    assert plan_slices({}, NOW) == (Slice(position(window_start(NOW)), END, ()),)


def test_days_before_the_window_and_empty_days_are_not_planned() -> None:
    census = {FIRST_DAY - DAY: 900, FIRST_DAY: 3, FIRST_DAY + 40 * DAY: 0}
    (only,) = plan_slices(census, NOW)
    assert only.months == (FIRST_DAY.strftime("%Y-%m"),)


def test_the_first_slice_starts_at_the_windows_first_second() -> None:
    first = plan_slices({FIRST_DAY: 1}, NOW)[0]
    assert first.start <= position(window_start(NOW), "10000")
    assert first.start > position(window_start(NOW) - SECOND, "10000")


@given(
    st.dictionaries(
        st.integers(0, 365).map(lambda number: TODAY - timedelta(days=number)),
        st.integers(0, 3 * SLICE_TICKETS),
        max_size=40,
    ),
    st.integers(0, 365),
)
def test_every_ticket_of_the_window_is_in_exactly_one_slice_which_names_its_month(
    census: dict[date, int], days_ago: int
) -> None:
    slices = plan_slices(census, NOW)
    assert slices[0].start == position(window_start(NOW))
    assert slices[-1].end == END
    assert all(one.end == other.start for one, other in pairwise(slices))
    assert all(part.start < part.end for part in slices)
    created_at = max(NOW - days_ago * DAY, window_start(NOW))
    holding = [part for part in slices if part.start <= position(created_at, "10412") < part.end]
    assert len(holding) == 1
    if census.get(created_at.date()):
        assert month_of(created_at) in holding[0].months


@pytest.mark.parametrize("tickets", [0, 1, SLICE_TICKETS, SLICE_TICKETS + 1, 20 * SLICE_TICKETS, 400 * SLICE_TICKETS])
def test_slices_are_between_one_and_fifty(tickets: int) -> None:
    assert 1 <= len(plan_slices(spread(tickets), NOW)) <= MOST_SLICES
