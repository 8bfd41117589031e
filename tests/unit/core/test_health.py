"""R9 and R10: what breaks an integration, and what is kept of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import BROKEN, MINUTE, NOW, PENDING, SECOND, WELL, an_integration
from ticket_status.core.health import (
    LONGEST_DELAY,
    LONGEST_UNHINTED,
    broken,
    delay_until,
    due_warning,
    expiry_told,
    lasts,
    next_pause,
    noted,
    paused,
    recovers,
    warnings,
    well,
)
from ticket_status.core.model import Health, HealthStatus, ReasonCode, Trouble


@pytest.mark.parametrize(
    ("tries", "lasted", "expected"),
    [
        pytest.param(3, 2 * MINUTE, True, id="three tries over two minutes"),
        pytest.param(2, 60 * MINUTE, False, id="two tries, however long"),
        pytest.param(9, 2 * MINUTE - SECOND, False, id="many tries, not long enough"),
        pytest.param(4, 5 * MINUTE, True, id="more of both"),
        pytest.param(1, timedelta(), False, id="the first try"),
    ],
)
def test_trouble_lasts_after_three_tries_over_two_minutes(*, tries: int, lasted: timedelta, expected: bool) -> None:
    assert lasts(Trouble(NOW - lasted, tries, NOW), NOW) is expected


def test_every_try_is_counted_from_the_first_one_on() -> None:
    first = noted(None, NOW)
    assert first == Trouble(NOW, 1, NOW)
    assert noted(noted(first, NOW + MINUTE), NOW + 2 * MINUTE) == Trouble(NOW, 3, NOW + 2 * MINUTE)


def test_breaking_says_why_and_since_when() -> None:
    assert broken(WELL, ReasonCode.CAPTCHA_REQUIRED, "log in once", NOW) == Health(
        HealthStatus.FAULTY, NOW, NOW, ReasonCode.CAPTCHA_REQUIRED, "log in once"
    )


def test_reason_and_time_are_stored_once_while_the_fault_stays_the_same() -> None:
    again = broken(BROKEN, ReasonCode.AUTHENTICATION_FAILED, "still so, in other words", NOW)
    assert again == Health(HealthStatus.FAULTY, BROKEN.since, NOW, BROKEN.reason_code, BROKEN.reason)


def test_another_fault_begins_anew() -> None:
    other = broken(BROKEN, ReasonCode.UNREACHABLE, "no answer", NOW)
    assert (other.since, other.reason_code, other.reason) == (NOW, ReasonCode.UNREACHABLE, "no answer")


@pytest.mark.parametrize("health", [BROKEN, PENDING])
def test_getting_well_forgets_the_fault(health: Health) -> None:
    assert well(health, NOW) == Health(HealthStatus.HEALTHY, NOW, NOW)


def test_staying_well_only_moves_the_time_of_the_check() -> None:
    assert well(WELL, NOW) == Health(HealthStatus.HEALTHY, WELL.since, NOW)


@pytest.mark.parametrize(("health", "expected"), [(WELL, False), (BROKEN, True), (PENDING, True)])
def test_a_success_is_a_recovery_unless_the_integration_was_well(*, health: Health, expected: bool) -> None:
    assert recovers(an_integration(health=health)) is expected


# --- R11: never shorter than told -------------------------------------------------------------------------------------


JITTER = st.floats(0, 1, exclude_max=True)


def test_without_a_hint_pauses_double_from_one_second_up_to_five_minutes() -> None:
    pauses = [0]
    for _ in range(11):
        pauses.append(next_pause(pauses[-1]))
    assert pauses[1:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, LONGEST_UNHINTED]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(None, False, id="never told"),
        pytest.param(NOW - SECOND, False, id="over"),
        pytest.param(NOW, False, id="over at this moment"),
        pytest.param(NOW + timedelta(microseconds=1), True, id="not quite over"),
        pytest.param(NOW + MINUTE, True, id="for a minute"),
    ],
)
def test_everybody_holds_off_until_the_pause_is_over(*, until: datetime | None, expected: bool) -> None:
    assert paused(an_integration(paused_until=until), NOW) is expected


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        pytest.param(timedelta(), 0, id="no wait"),
        pytest.param(-MINUTE, 0, id="a wait that is over"),
        pytest.param(timedelta(milliseconds=1), 1, id="fractions are rounded up"),
        pytest.param(45 * SECOND, 45, id="whole seconds stay"),
        pytest.param(15 * MINUTE, 900, id="the longest delay of a message"),
        pytest.param(20 * MINUTE, 900, id="longer waits are chained"),
        pytest.param(timedelta(hours=1), 900, id="a quota pause is chained"),
    ],
)
def test_a_message_is_delayed_by_the_wait_at_most_by_fifteen_minutes(wait: timedelta, expected: int) -> None:
    assert delay_until(NOW + wait, NOW, jitter=0) == expected


@given(st.timedeltas(timedelta(), LONGEST_DELAY), JITTER)
def test_jitter_only_makes_the_delay_longer_and_by_little(wait: timedelta, jitter: float) -> None:
    delay = delay_until(NOW + wait, NOW, jitter)
    assert min(wait.total_seconds(), 900) <= delay <= min(wait.total_seconds() * 1.1 + 2, 900)


@given(st.timedeltas(timedelta(), timedelta(hours=2)), JITTER)
def test_chained_delays_never_end_before_the_pause(wait: timedelta, jitter: float) -> None:
    until, now = NOW + wait, NOW
    while now < until:
        now += timedelta(seconds=delay_until(until, now, jitter))
    assert now >= until


# --- What ends soon ---------------------------------------------------------------------------------------------------


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
