"""R9b: the size that works is remembered for the site, and grows again with time."""

from datetime import timedelta

from tests.fakes.samples import NOW
from ticket_status.core.isolation import (
    FEW,
    MOST_ASKED_ALONE,
    REMEMBERED,
    with_asked_alone,
    with_call_size,
    with_larger_calls,
    with_smaller_calls,
    with_too_many,
)
from ticket_status.core.model import Site

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
