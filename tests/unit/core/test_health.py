"""R9 and R10: what breaks an integration, and what is kept of it."""

from datetime import timedelta

import pytest

from tests.fakes.samples import BROKEN, MINUTE, NOW, PENDING, SECOND, WELL, an_integration
from ticket_status.core.health import broken, lasts, noted, recovers, well
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
