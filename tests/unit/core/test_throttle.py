"""R11: never shorter than told."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import MINUTE, NOW, SECOND, an_integration
from ticket_status.core.health import LONGEST_DELAY, LONGEST_UNHINTED, delay_until, next_pause, paused

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
