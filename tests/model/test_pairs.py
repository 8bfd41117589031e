"""Every two calls of everybody, with the process killed, or AWS refusing, in between: what is due is done all the same.

The walk finds the pairs by itself: somebody acts, and is struck before the first call of a store, the queue or Jira,
then before the second, and so on until they come to their end. Each time only the probe, every quarter of an hour, and
the messages that are still there go on from what is stored; nobody tries again, and no schedule comes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

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

Act = Callable[[Stage, tuple[str, int]], None]


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


def next_message(stage: Stage, cut: tuple[str, int]) -> None:
    stage.deliver(min(stage.system.queue.waiting, key=lambda one: (one.due, one.number)), cut)


def by(name: str, lifetime: timedelta, call: Callable[[Stage], object]) -> Act:
    return lambda stage, cut: stage.act(name, lifetime, lambda: call(stage), cut)


@dataclass(frozen=True)
class Case:
    """How it begins, and who then acts."""

    name: str
    begins: Callable[[Stage], None]
    act: Act
    of_all: bool = True
    """Whether a run of all tickets was due before anybody was struck, so that each shows what Jira has now."""

    def __str__(self) -> str:
        return self.name


def switch_on(stage: Stage) -> object:
    return stage.system.settings.switching.switch("abc", on=True)


def try_it(stage: Stage) -> object:
    return stage.system.settings.checking.check("abc")


def sync(stage: Stage) -> object:
    return stage.system.settings.switching.sync("abc")


EDIT = Edit(secrets={"password": "new"})
PRESS = by("refresh of V1", BUTTON, lambda stage: stage.system.refresh.violation("V1"))
CASES = (
    Case("the schedule", well, lambda stage, cut: stage.fire(cut), of_all=False),
    Case("a run by hand", well, by("sync", BUTTON, sync), of_all=False),
    Case("switching on", switched_off, by("switch", BUTTON, switch_on)),
    Case("the probe of a recovery", broken, by("probe", TIMER, lambda stage: stage.system.probe.probe())),
    Case("a test of a recovery", broken, by("test", BUTTON, try_it)),
    Case("an edit of a recovery", broken, by("edit", BUTTON, lambda s: s.system.settings.editing.edit("abc", EDIT))),
    Case("the button of a recovery", broken, PRESS),
    Case("a test beside a run", run_at_work_of_one_that_broke, by("test", BUTTON, try_it)),
    Case("the first slice", scheduled, next_message),
    Case("a verdict", judged, next_message),
    Case("new tickets", with_new_tickets, next_message, of_all=False),
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


def check_nothing_is_left(stage: Stage, case: Case) -> None:
    stored = stage.stored("abc")
    assert stored is not None
    assert stored.due is None, "something is due still"
    assert stored.active_run_id is None, "a run is open still"
    if not stored.retrieve_jira_tickets:
        return  # it was never switched on
    if stored.health.status is HealthStatus.HEALTHY:
        for one in stage.system.reading.violation("V1", stage.clock()):
            reason = one.shown.unknown_reason
            assert reason in {None, "DELETED"}, f"{one.ticket.issue_key} shows {reason}"
            issue = stage.sites["abc"].find(one.ticket.key.ticket_id.removeprefix("key#"))
            shown = one.shown.status.name if one.shown.status is not None else None
            assert not case.of_all or shown is None or issue is None or shown == issue.status.name


@pytest.mark.parametrize("how", ["dies", "meets an outage"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_due_is_done_wherever_it_was_interrupted(case: Case, how: str) -> None:
    for points in range(MOST_POINTS):
        stage = Stage(InMemory())
        case.begins(stage)
        told = len(stage.told)
        case.act(stage, (how, points))
        struck = any("dies before" in line or "meets an outage before" in line for line in stage.told[told:])
        time_goes_by(stage)
        try:
            check_nothing_is_left(stage, case)
        except AssertionError as error:
            raise AssertionError("\n".join([f"{error}, {points} calls after", *stage.told[told:]])) from None
        if not struck:
            return
    raise AssertionError("they never come to their end")
