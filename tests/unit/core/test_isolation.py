"""R9b: a call that fails is divided, down to the issue at fault; what that costs."""

from collections.abc import Callable, Collection
from datetime import timedelta
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import NOW
from ticket_status.core.isolation import (
    FEW,
    MOST_ASKED_ALONE,
    PROVE,
    REMEMBERED,
    Failure,
    Isolation,
    Part,
    with_asked_alone,
    with_call_size,
    with_larger_calls,
    with_smaller_calls,
    with_too_many,
)
from ticket_status.core.model import Site

ISSUES = [str(number) for number in range(10_000, 11_000)]
Bears = Callable[[Collection[str]], Failure | None]


class Trial:
    """Issues being asked for at a site that bears some calls and not others."""

    def __init__(self, bears: Bears, parts: Isolation, *, well: bool = True) -> None:
        self.parts = parts
        self.calls: list[int] = []
        self.failed = 0
        self.proofs = 0
        self.read: set[str] = set()
        self.down = False
        while (step := parts.next_step()) is not None:
            if isinstance(step, Part):
                self._call(step, bears(step.issues))
                continue
            assert step == PROVE
            self.proofs += 1
            if not well:
                self.down = True
                return
            parts.proven()

    def _call(self, part: Part, failure: Failure | None) -> None:
        self.calls.append(len(part.issues))
        if failure is None:
            self.read.update(part.issues)
            self.parts.answered(part)
        else:
            self.failed += 1
            self.parts.failed(part, failure)


def poisoned(*ids: str, failure: Failure = Failure.STRAY) -> Bears:
    return lambda issues: failure if set(ids) & set(issues) else None


def at_most(size: int, failure: Failure = Failure.LASTING) -> Bears:
    return lambda issues: failure if len(issues) > size else None


@pytest.mark.parametrize("at_fault", ["10000", "10500", "10999", "10421"])
def test_one_issue_at_fault_costs_about_twice_the_logarithm(at_fault: str) -> None:
    trial = Trial(poisoned(at_fault), Isolation.of(ISSUES, 1000))
    assert trial.parts.suspects == [at_fault]
    assert trial.read == set(ISSUES) - {at_fault}
    extra = len(trial.calls) + trial.proofs - 1
    assert extra <= 2 * log2(1000) + 6
    assert trial.parts.too_many is None, "one issue at fault says nothing about size"


@pytest.mark.parametrize("size", [1, 7, 60, 99, 500, 999])
def test_a_size_that_is_too_much_is_found_once_and_not_asked_again(size: int) -> None:
    trial = Trial(at_most(size), Isolation.of(ISSUES, 1000))
    assert trial.parts.suspects == []
    assert trial.read == set(ISSUES)
    assert trial.failed <= log2(1000 / size) + 1
    assert trial.parts.size <= size
    assert trial.parts.too_many is not None
    assert size < trial.parts.too_many


def test_a_documented_limit_is_taken_at_its_word() -> None:
    parts = Isolation.of(ISSUES, 1000)
    step = parts.next_step()
    assert isinstance(step, Part)
    parts.failed(step, Failure.LASTING, most=100)
    trial = Trial(at_most(100), parts)
    assert (trial.calls, parts.size, parts.too_many) == ([100] * 10, 100, 101)


def test_a_call_that_took_its_whole_time_is_divided_by_ten_since_each_level_waits_again() -> None:
    trial = Trial(poisoned("10421", failure=Failure.SLOW), Isolation.of(ISSUES, 1000))
    assert (trial.parts.suspects, trial.failed) == (["10421"], 4)
    assert trial.parts.slowed == 1


def test_a_stray_failure_divides_nothing() -> None:
    failures = iter([Failure.STRAY])
    trial = Trial(lambda _: next(failures, None), Isolation.of(ISSUES, 1000))
    assert (trial.calls, trial.proofs, trial.parts.too_many) == ([1000, 1000], 1, None)


def test_a_site_that_is_down_is_not_asked_for_parts() -> None:
    trial = Trial(lambda _: Failure.STRAY, Isolation.of(ISSUES, 1000), well=False)
    assert (trial.calls, trial.down) == ([1000], True)


def test_a_site_that_goes_down_on_the_way_is_noticed_after_three_failures() -> None:
    calls = iter([None] * 3)
    trial = Trial(lambda _: next(calls, Failure.LASTING), Isolation.of(ISSUES, 100), well=False)
    assert (len(trial.calls), trial.down) == (6, True)


def test_issues_known_to_be_at_fault_are_asked_for_alone_and_last() -> None:
    trial = Trial(poisoned("10421"), Isolation.of(ISSUES, 1000, ["10421", "1"]))
    assert (trial.calls, trial.proofs, trial.parts.suspects) == ([999, 1], 0, ["10421"])


@given(
    at_fault=st.sets(st.sampled_from(ISSUES[:200]), max_size=12),
    size=st.integers(1, 250),
    start=st.integers(1, 1000),
    failure=st.sampled_from(Failure),
)
def test_whatever_is_at_fault_all_others_are_read(at_fault: set[str], size: int, start: int, failure: Failure) -> None:
    def bears(issues: Collection[str]) -> Failure | None:
        return failure if len(issues) > size or at_fault & set(issues) else None

    issues = ISSUES[:200]
    trial = Trial(bears, Isolation.of(issues, start))
    assert set(trial.parts.suspects) == at_fault
    assert trial.read == set(issues) - at_fault
    assert trial.parts.too_many is None or trial.parts.too_many > size


# --- The size that works is remembered for the site, and grows again with time ----------------------------------------


SITE = Site("https://abc.example")


def test_what_works_is_used_from_now_on() -> None:
    site = with_too_many(SITE, 1000, 500, NOW)
    assert site.ids_per_call == 500
    assert with_larger_calls(site, 500, NOW + timedelta(hours=8)) == site


def test_after_a_day_twice_as_many_are_tried_again() -> None:
    site = with_too_many(SITE, 501, 250, NOW)
    later = NOW + REMEMBERED
    assert with_larger_calls(site, 250, later).ids_per_call == 500
    assert with_larger_calls(with_larger_calls(site, 250, later), 500, later) == SITE


def test_what_was_made_smaller_in_doubt_grows_at_once() -> None:
    site = with_smaller_calls(SITE, 2)
    assert site.ids_per_call == FEW == 20
    for expected in (40, 80, 160, 320, 640, 1000):
        site = with_larger_calls(site, site.ids_per_call, NOW)
        assert site.ids_per_call == expected


def test_it_grows_to_half_of_what_is_known_to_be_too_much() -> None:
    site = with_call_size(with_too_many(SITE, 400, 200, NOW), 40)
    sizes = []
    for _ in range(5):
        site = with_larger_calls(site, site.ids_per_call, NOW)
        sizes.append(site.ids_per_call)
    assert sizes == [80, 160, 200, 200, 200]


def test_a_small_call_teaches_nothing() -> None:
    site = with_call_size(SITE, 10)
    assert with_larger_calls(site, 3, NOW) == site


def test_issues_at_fault_are_remembered_until_they_are_answered_for() -> None:
    site = with_asked_alone(SITE, frozenset({"2", "1"}), frozenset())
    assert site.asked_alone == ("1", "2")
    assert with_asked_alone(site, frozenset({"3"}), frozenset({"1"})).asked_alone == ("3", "2")
    many = frozenset(map(str, range(1000)))
    assert len(with_asked_alone(site, many, frozenset()).asked_alone) == MOST_ASKED_ALONE
