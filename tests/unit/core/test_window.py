"""R2: the last year, to the second."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import MINUTE, NOW, SECOND
from ticket_status.core.window import (
    END,
    GRAIN,
    WINDOW,
    Coverage,
    Step,
    in_window,
    month_of,
    position,
    read_position,
    window_start,
)


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


# --- Coverage ---------------------------------------------------------------------------------------------------------


POSITIONS = [f"{number:010d}#" for number in range(12)]
Raise = tuple[str, str, datetime]


@st.composite
def raises(draw: st.DrawFn) -> Raise:
    """A range that was seen whole, and when."""
    low, high = sorted(draw(st.lists(st.integers(0, 12), min_size=2, max_size=2, unique=True)))
    return POSITIONS[low], [*POSITIONS, END][high], NOW + draw(st.integers(0, 9)) * MINUTE


def covered(done: list[Raise]) -> Coverage:
    coverage = Coverage()
    for start, end, seen_at in done:
        coverage = coverage.raised(start, end, seen_at)
    return coverage


def expected_at(position: str, done: list[Raise]) -> datetime | None:
    return max((seen_at for start, end, seen_at in done if start <= position < end), default=None)


@given(st.lists(raises(), max_size=8))
def test_coverage_is_the_latest_of_the_ranges_that_hold_a_position(done: list[Raise]) -> None:
    coverage = covered(done)
    for place in POSITIONS:
        assert coverage.at(place) == expected_at(place, done)
        assert coverage.at(place + "10412") == expected_at(place, done)


@given(st.lists(raises(), max_size=8), raises())
def test_raising_never_makes_any_position_older(done: list[Raise], more: Raise) -> None:
    before = covered(done)
    after = before.raised(*more)
    for place in POSITIONS:
        known, now = before.at(place), after.at(place)
        assert known is None or (now is not None and now >= known)


@given(st.lists(raises(), max_size=8))
def test_the_order_of_raising_does_not_matter(done: list[Raise]) -> None:
    assert covered(done).steps == covered(done[::-1]).steps


@given(st.lists(raises(), max_size=8))
def test_steps_ascend_and_no_two_neighbours_say_the_same(done: list[Raise]) -> None:
    steps = covered(done).steps
    assert all(one.start < other.start and one.seen_at != other.seen_at for one, other in itertools.pairwise(steps))
    assert not steps or steps[0].seen_at is not None


@given(st.lists(raises(), max_size=8), st.sampled_from(POSITIONS))
def test_thinning_changes_nothing_from_the_cut_on_and_falls_back_by_a_grain_at_most_before(
    done: list[Raise], cut: str
) -> None:
    coverage, thinned = covered(done), covered(done).thinned(cut)
    for place in POSITIONS:
        exact, kept = coverage.at(place), thinned.at(place)
        if place >= cut or exact is None or kept is None:
            assert kept == exact
        else:
            assert exact - GRAIN < kept <= exact


def test_a_year_of_runs_after_tickets_left_the_window_is_kept_in_a_few_steps() -> None:
    times = [NOW + hours * MINUTE * 60 for hours in range(0, 8760, 8)]
    steps = tuple(Step(position(at), at) for at in times)
    assert len(Coverage(steps).thinned(END).steps) <= 365 / GRAIN.days + 2


def test_what_was_never_seen_has_no_time() -> None:
    assert Coverage().at(POSITIONS[3]) is None
    assert Coverage().raised(POSITIONS[4], END, NOW).at(POSITIONS[3]) is None


def test_runs_over_the_whole_window_leave_one_step() -> None:
    coverage = Coverage()
    for hours in range(30):
        coverage = coverage.raised(POSITIONS[0], END, NOW + hours * MINUTE)
    assert coverage.steps == (Step(POSITIONS[0], NOW + 29 * MINUTE),)


def test_the_version_is_kept_for_the_optimistic_lock() -> None:
    coverage = Coverage((Step(POSITIONS[0], NOW),), 7)
    assert coverage.raised(POSITIONS[2], END, NOW + MINUTE).version == 7
    assert coverage.thinned(POSITIONS[2]).version == 7


def test_who_looked_later_but_knew_less_does_not_take_back_what_was_compared_since() -> None:
    """A worker of an older run that was held while a newer one went by (R12)."""
    by_newer_run = Coverage().raised("1", "9", NOW + MINUTE, NOW)
    assert by_newer_run.raised("1", "9", NOW + 2 * MINUTE, NOW - MINUTE) == by_newer_run
    assert by_newer_run.raised("1", "9", NOW + 2 * MINUTE, NOW).at("5") == NOW + 2 * MINUTE
