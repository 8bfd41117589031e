"""R9b: whatever goes wrong with some issues and some calls, every other ticket shows the truth.

Any mixture of issues at fault, sizes that are too much, slow and stray calls, and refusals that are over a moment
later, against real servers; afterwards each ticket is compared with its issue.
"""

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sample_jira import SampleJira
from tests.faults.logins import SampleSite
from tests.faults.world import PERIOD, PROJECT, Setting, World
from ticket_status.core.model import HealthStatus, UnknownReason
from ticket_status.jira.settings import Limits

TICKETS = 60
FIRST = 10_001
SETTING = Setting(tickets=TICKETS, limits=Limits(read=2, total=2))

Poison = Literal["status 500", "status 400", "truncate", "close", "garbled", "hangs", "by itself too"]
Large = Literal["413", "403", "truncate", "500"]
Stray = Literal["500", "401", "302", "404", "close"]

POISONS = st.dictionaries(
    st.integers(FIRST, FIRST + TICKETS - 1),
    st.sampled_from(["status 500", "status 400", "truncate", "close", "garbled", "by itself too"]),
    max_size=4,
)
SLOW = st.dictionaries(st.integers(FIRST, FIRST + TICKETS - 1), st.just("hangs"), max_size=1)


@dataclass(frozen=True)
class Mixture:
    """What is wrong."""

    poisons: dict[int, Poison]
    moved: frozenset[int]
    deleted: frozenset[int]
    too_many: tuple[int, Large] | None
    strays: tuple[tuple[int, Stray], ...]


REFUSALS = ("401", "302", "404")
"""Two of these in succession are no stray: the second confirms that the credential is refused (R9)."""

MIXTURES = st.builds(
    Mixture,
    poisons=st.builds(lambda some, slow: {**some, **slow}, POISONS, st.one_of(st.just({}), st.just({}), SLOW)),
    moved=st.frozensets(st.integers(FIRST, FIRST + TICKETS - 1), max_size=10),
    deleted=st.frozensets(st.integers(FIRST, FIRST + TICKETS - 1), max_size=6),
    too_many=st.none() | st.tuples(st.integers(3, 50), st.sampled_from(["413", "403", "truncate", "500"])),
    strays=st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["500", "401", "302", "404", "close"])), max_size=2)
    .filter(lambda some: sum(kind in REFUSALS for _, kind in some) < 2)
    .map(tuple),
)


REFUSED_WHEN_REPEATED = Mixture({10_001: "status 500"}, frozenset(), frozenset(), None, ((0, "500"), (0, "401")))
"""The repetition of a stray failure is refused once: that is confirmed like any other refusal."""


@pytest.mark.slow(reason="each mixture has servers of its own, and some wait out time-outs")
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@example(mixture=REFUSED_WHEN_REPEATED, cloud=False, keys=False)
@given(mixture=MIXTURES, cloud=st.booleans(), keys=st.booleans())
def test_no_fault_of_an_issue_or_a_call_changes_what_another_ticket_shows(
    mixture: Mixture, *, cloud: bool, keys: bool
) -> None:
    with SampleJira() as jira:
        world = World(jira, SETTING, cloud=cloud)
        world.connect()
        _change(world.site, mixture)
        _spoil(world, mixture)
        for _ in range(2):
            world.sync()
            world.pass_(PERIOD)
        if keys:
            world.here.press()
        _compare(world, mixture)
        assert jira.violations == []


def _change(site: SampleSite, mixture: Mixture) -> None:
    for number in mixture.moved - mixture.deleted:
        site.move(number, "Done")
    for number in mixture.deleted:
        site.delete(number)


def _spoil(world: World, mixture: Mixture) -> None:
    for number, poison in mixture.poisons.items():
        _poison(world, number, poison)
    for skip, stray in mixture.strays:
        _stray(world.site, skip, stray)
    if mixture.too_many is None:
        return
    size, large = mixture.too_many
    if large == "truncate":
        world.site.fault("truncate", path=world.reading_path, issues_over=size)
    else:
        body = "<html>no</html>"
        world.site.fault("status", path=world.reading_path, status=int(large), body=body, issues_over=size)


def _poison(world: World, number: int, poison: Poison) -> None:
    site, path = world.site, world.reading_path
    match poison:
        case "status 500":
            site.fault("status", path=path, status=500, naming=[number])
        case "status 400":
            site.fault("status", path=path, status=400, body={"errorMessages": ["no"]}, naming=[number])
        case "truncate" | "close":
            site.fault(poison, path=path, naming=[number])
        case "garbled":
            site.fault("garble_issues", path=path, ids=[number])
        case "hangs":
            site.fault("hang", path=path, naming=[number])
        case "by itself too":
            site.fault("status", status=500, naming=[number])


def _stray(site: SampleSite, skip: int, stray: Stray) -> None:
    match stray:
        case "302":
            site.fault("redirect", path="*/rest/api/*", location="/startup.jsp", skip=skip, times=1)
        case "close":
            site.fault("close", path="*/rest/api/*", skip=skip, times=1)
        case _:
            site.fault("status", path="*/rest/api/*", status=int(stray), skip=skip, times=1)


def _compare(world: World, mixture: Mixture) -> None:
    """Every ticket that nothing is wrong with by itself shows the truth; the others what they showed, or the truth."""
    assert world.integration.health.status is HealthStatus.HEALTHY
    for key, one in world.shown().items():
        number, shown = int(key.ticket_id), one.shown
        status = None if shown.status is None else shown.status.name
        before, gone = (number in mixture.poisons and status == "To Do"), number in mixture.deleted
        if gone:
            assert before or shown.unknown_reason is UnknownReason.DELETED, (number, shown)
        else:
            now = "Done" if number in mixture.moved else "To Do"
            assert before or (shown.unknown_reason, status) == (None, now), (number, shown)
        assert one.ticket.issue_key.startswith(PROJECT)
