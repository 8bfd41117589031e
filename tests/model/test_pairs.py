"""Every two calls of everybody, with the process killed, or AWS refusing, in between: what is due is done all the same.

The walk finds the pairs by itself: somebody acts, and is struck before the first call of a store, the queue or Jira,
then before the second, and so on until they come to their end. Each time only the probe, every quarter of an hour, and
the messages that are still there go on from what is stored; nobody tries again, and no schedule comes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pytest

from tests.fakes.reading import refreshed_tickets, shown_tickets
from tests.model import planted
from tests.model.jira import Ailment
from tests.model.stage import BUTTON, TIMER, Stage
from tests.model.stores import InMemory
from ticket_status.core.model import HealthStatus
from ticket_status.service.administration.editing import Edit

QUARTER = timedelta(minutes=15)
QUARTERS = 5
"""A run that is due is taken up within one, one whose work is lost after 20 minutes within three."""

MOST_POINTS = 120
"""Nobody makes so many calls."""

Act = Callable[[Stage, tuple[str, int] | None], None]


def well(stage: Stage) -> None:
    """An integration with five tickets in three slices, all of them retrieved, one of them deleted in Jira since."""
    stage.create("abc", None)
    issues = [stage.issue(stage.sites["abc"], "P", age) for age in (1, 2, 3, 40, 41)]
    stage.register("abc", [(issue, "id") for issue in issues], "V1", None)
    stage.work_off(stage.clock() + timedelta(minutes=1))
    stage.pass_time(timedelta(minutes=5))
    stage.change("abc", 0, "Done")
    stage.change("abc", 1, "deleted")


def broken(stage: Stage) -> None:
    well(stage)
    stage.sites["abc"].ailment = Ailment.TOKEN_EXPIRED
    stage.fire(None)
    stage.work_off(stage.clock() + timedelta(minutes=1))
    stored = stage.stored("abc")
    assert stored is not None
    assert stored.broken
    stage.sites["abc"].ailment = None
    stage.pass_time(timedelta(minutes=1))


def switched_off(stage: Stage) -> None:
    well(stage)
    stage.act("switch", BUTTON, lambda: stage.system.settings.switching.switch("abc", on=False), None)
    stage.pass_time(timedelta(minutes=1))


def with_new_tickets(stage: Stage) -> None:
    well(stage)
    stage.register("abc", [(stage.issue(stage.sites["abc"], "P", 5), "key")], "V1", None)


def scheduled(stage: Stage) -> None:
    well(stage)
    stage.fire(None)


def judged(stage: Stage) -> None:
    scheduled(stage)
    while not any("verdict" in message.name for message in stage.system.queue.waiting):
        stage.deliver(min(stage.system.queue.waiting, key=lambda one: one.due), None)


def run_at_work_of_one_that_broke(stage: Stage) -> None:
    """L1: half of a run is done when the integration breaks and is well again."""
    scheduled(stage)
    stage.deliver(stage.system.queue.waiting[0], None)
    stage.sites["abc"].ailment = Ailment.GRANT_EXPIRED
    stage.act("test", BUTTON, lambda: stage.system.settings.checking.check("abc"), None)
    stage.sites["abc"].ailment = None


def next_message(stage: Stage, cut: tuple[str, int] | None) -> None:
    stage.deliver(min(stage.system.queue.waiting, key=lambda one: (one.due, one.number)), cut)


def by(name: str, lifetime: timedelta, call: Callable[[Stage], object]) -> Act:
    return lambda stage, cut: stage.act(name, lifetime, lambda: call(stage), cut)


Due = Literal["from the beginning", "when nobody is struck", "never"]


@dataclass(frozen=True)
class Case:
    """How it begins, and who then acts."""

    name: str
    begins: Callable[[Stage], None]
    act: Act
    of_all: Due = "from the beginning"
    """When a run of all tickets is due, so that each of them shows in the end what Jira has."""

    def __str__(self) -> str:
        return self.name


def switch_on(stage: Stage) -> object:
    return stage.system.settings.switching.switch("abc", on=True)


def try_it(stage: Stage) -> object:
    return stage.system.settings.checking.check("abc")


def sync(stage: Stage) -> object:
    return stage.system.settings.switching.sync("abc")


EDIT = Edit(secrets={"password": "new"})
FIRE: Act = lambda stage, cut: stage.fire(cut)  # noqa: E731 - as the others are made
PRESS = by("refresh of V1", BUTTON, lambda stage: refreshed_tickets(stage.system.button, "V1"))
CASES: tuple[Case, ...] = (
    Case("the schedule", well, FIRE, "when nobody is struck"),
    Case("a run by hand", well, by("sync", BUTTON, sync), "when nobody is struck"),
    Case("switching on", switched_off, by("switch", BUTTON, switch_on)),
    Case("the probe of a recovery", broken, by("probe", TIMER, lambda stage: stage.system.probe.probe())),
    Case("a test of a recovery", broken, by("test", BUTTON, try_it)),
    Case("an edit of a recovery", broken, by("edit", BUTTON, lambda s: s.system.settings.editing.edit("abc", EDIT))),
    Case("the button of a recovery", broken, PRESS),
    Case("a test beside a run", run_at_work_of_one_that_broke, by("test", BUTTON, try_it)),
    Case("the first slice", scheduled, next_message),
    Case("a verdict", judged, next_message),
    Case("new tickets", with_new_tickets, next_message, "never"),
)


def time_goes_by(stage: Stage) -> None:
    """Messages come when they are due, and the probe every quarter of an hour; nothing else happens."""
    while stage.held:
        stage.strike(0, "dies")
    for _ in range(QUARTERS):
        until = stage.clock() + QUARTER
        stage.work_off(until)
        stage.pass_time(max(timedelta(), until - stage.clock()))
        stage.act("probe", TIMER, stage.system.probe.probe, None)
    stage.work_off(stage.clock() + QUARTER)


def check_nothing_is_left(stage: Stage, case: Case, *, came_to_their_end: bool) -> None:
    stored = stage.stored("abc")
    assert stored is not None
    assert stored.due is None, "something is due still"
    assert stored.active_run_id is None, "a run is open still"
    if not stored.retrieve_jira_tickets:
        return  # it was never switched on
    retrieved = case.of_all == "from the beginning" or (came_to_their_end and case.of_all != "never")
    assert stored.health.status is HealthStatus.HEALTHY, "it is broken, although nothing lasted"
    for one in shown_tickets(stage.system.reading, "V1", stage.clock()):
        reason = one.shown.unknown_reason
        assert reason in {None, "DELETED"}, f"{one.ticket.issue_key} shows {reason}"
        issue = stage.sites["abc"].find(one.ticket.key.ticket_id.removeprefix("key#"))
        if retrieved and issue is not None and one.shown.status is not None:
            assert one.shown.status.name == issue.status.name


def with_failures_now_and_then(stage: Stage) -> None:
    """L7: two tries failed, with a good answer after each."""
    well(stage)
    for ailment in (Ailment.DOWN, None, Ailment.DOWN, None):
        stage.sites["abc"].ailment = ailment
        stage.press("V1", None)
        stage.pass_time(timedelta(minutes=1))
    stage.sites["abc"].ailment = Ailment.DOWN


def with_a_run_of_new_tickets(stage: Stage) -> None:
    """L2: it is at work when the schedule fires."""
    with_new_tickets(stage)
    next_message(stage, None)


CASES = (
    *CASES,
    Case("a third failure that stands alone", with_failures_now_and_then, PRESS, "never"),
    Case("the schedule beside new tickets", with_a_run_of_new_tickets, FIRE, "when nobody is struck"),
)


def walk(case: Case, how: str) -> None:
    """Strike them before each of their calls. Raises ``AssertionError`` when something is left undone."""
    for points in range(MOST_POINTS):
        stage = Stage(InMemory())
        case.begins(stage)
        told = len(stage.told)
        case.act(stage, (how, points))
        struck = any("dies before" in line or "meets an outage before" in line for line in stage.told[told:])
        time_goes_by(stage)
        try:
            check_nothing_is_left(stage, case, came_to_their_end=not struck)
        except AssertionError as error:
            raise AssertionError("\n".join([f"{error}, {points} calls after", *stage.told[told:]])) from None
        if not struck:
            return
    raise AssertionError("they never come to their end")


def walk_all() -> None:
    for case in CASES:
        walk(case, "dies")


@pytest.mark.parametrize("how", ["dies", "meets an outage"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_due_is_done_wherever_it_was_interrupted(case: Case, how: str) -> None:
    walk(case, how)


@pytest.mark.parametrize("plant", planted.OF_A_RUNS_LIFE, ids=lambda plant: plant.__name__.replace("_", " "))
def test_a_planted_fault_of_a_runs_life_is_found(plant: planted.Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        walk_all()
