"""Every decision of a run's life, as tables: who stands in for whom, how a message goes on, what troubles mean."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from tests.fakes.samples import BROKEN, HOUR, MINUTE, NOW, PENDING, SECOND, a_run, an_integration
from ticket_status.core.health import (
    AsItWas,
    Broke,
    Consequence,
    Forgotten,
    OutOfTime,
    Paused,
    Recovered,
    Success,
    TryAgain,
    after_success,
    after_trouble,
    forgets,
    to_be_confirmed,
    well,
)
from ticket_status.core.model import (
    Due,
    Health,
    HealthStatus,
    Integration,
    ReasonCode,
    RunState,
    Slice,
    SliceProgress,
    SyncRun,
    Trigger,
    Trouble,
)
from ticket_status.core.runs import (
    BEGAN_BEFORE,
    LOST,
    LOST_AFTER,
    MADE_WAY,
    Begin,
    Drop,
    End,
    GoOn,
    Replace,
    StandIn,
    Standing,
    Start,
    Wait,
    beside_the_first,
    how_to_go_on,
    how_to_start,
    new_tickets_forgotten,
    slices_under_way,
    still_asks,
    to_be_begun,
    to_be_probed,
)
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.core.window import END

FULL = a_run(trigger=Trigger.SCHEDULE)
OF_NEW_TICKETS = a_run(trigger=Trigger.REGISTERED)
OF_A_WEBHOOK = a_run(trigger=Trigger.WEBHOOK)
LOST_RUN = a_run(started_at=NOW - HOUR, updated_at=NOW - LOST_AFTER)
CLOSED = a_run(state=RunState.FAILED)


@pytest.mark.parametrize(
    ("trigger", "active", "expected"),
    [
        (Trigger.SCHEDULE, None, Begin()),
        (Trigger.SCHEDULE, CLOSED, Begin()),
        (Trigger.SCHEDULE, FULL, StandIn(FULL)),
        (Trigger.ON_CALL, FULL, StandIn(FULL)),
        (Trigger.API, FULL, StandIn(FULL)),
        (Trigger.RECOVERED, FULL, Replace(FULL, RunState.CANCELLED, BEGAN_BEFORE)),
        (Trigger.ENABLED, FULL, Replace(FULL, RunState.CANCELLED, BEGAN_BEFORE)),
        (Trigger.SCHEDULE, OF_NEW_TICKETS, Replace(OF_NEW_TICKETS, RunState.CANCELLED, MADE_WAY)),
        (Trigger.API, OF_A_WEBHOOK, Replace(OF_A_WEBHOOK, RunState.CANCELLED, MADE_WAY)),
        (Trigger.SCHEDULE, LOST_RUN, Replace(LOST_RUN, RunState.FAILED, LOST)),
        (Trigger.RECOVERED, LOST_RUN, Replace(LOST_RUN, RunState.FAILED, LOST)),
    ],
)
def test_who_stands_in_for_whom(trigger: Trigger, active: SyncRun | None, expected: Start) -> None:
    assert how_to_start(trigger, active, NOW) == expected


WELL = an_integration()
OFF = an_integration(retrieve_jira_tickets=False)
BROKE_SINCE = an_integration(health=replace(BROKEN, since=NOW + SECOND))
BROKEN_BEFORE = an_integration(health=BROKEN)
PAUSED = an_integration(paused_until=NOW + HOUR)


@pytest.mark.parametrize(
    ("run", "integration", "expected"),
    [
        (FULL, WELL, GoOn(FULL, WELL)),
        (None, WELL, Drop("the run is closed")),
        (CLOSED, WELL, Drop("the run is closed")),
        (FULL, None, RunState.CANCELLED),
        (FULL, OFF, RunState.CANCELLED),
        (FULL, BROKE_SINCE, RunState.FAILED),
        (FULL, BROKEN_BEFORE, GoOn(FULL, BROKEN_BEFORE)),
        (FULL, PAUSED, Wait(FULL, NOW + HOUR)),
    ],
)
def test_how_a_message_of_a_run_goes_on(
    run: SyncRun | None, integration: Integration | None, expected: Standing | RunState
) -> None:
    found = how_to_go_on(run, integration, NOW)
    assert (found.state if isinstance(found, End) else found) == expected


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (WELL, True),
        (None, False),
        (replace(WELL, integration_ref="cloud-abc~other1"), False),
        (replace(WELL, settings_version=1), False),
        (OFF, False),
        (BROKEN_BEFORE, False),
        (PAUSED, False),
        (replace(PAUSED, paused_until=NOW), True),
    ],
)
def test_work_goes_on_asking_while_nothing_has_changed(current: Integration | None, *, expected: bool) -> None:
    assert still_asks(current, WELL, NOW) is expected


def test_work_on_one_that_was_broken_goes_on_asking() -> None:
    assert still_asks(BROKEN_BEFORE, BROKEN_BEFORE, NOW)


# --- Slices ---------------------------------------------------------------------------------------------------------


def run_of(**slices: SliceProgress) -> SyncRun:
    return a_run(slices={name.removeprefix("s"): progress for name, progress in slices.items()})


WAITS = SliceProgress(Slice("", END, ()))
BEGUN = replace(WAITS, step=2, cursor="1")
TRIED = replace(WAITS, step=1)
DONE = replace(BEGUN, done=True)


@pytest.mark.parametrize(
    ("run", "name", "expected"),
    [
        (run_of(s0=WAITS, s1=WAITS, s2=WAITS), "0", ("1",)),
        (run_of(s0=TRIED, s1=WAITS), "0", ("1",)),
        (run_of(s0=BEGUN, s1=WAITS), "0", ()),
        (run_of(s0=WAITS), "0", ()),
        (run_of(s0=WAITS, s1=DONE), "0", ()),
        (run_of(s0=WAITS, s1=WAITS, s2=WAITS), "1", ()),
        (run_of(new=WAITS), "new", ()),
    ],
)
def test_the_slices_beside_the_first_follow_its_first_good_answer(
    run: SyncRun, name: str, expected: tuple[str, ...]
) -> None:
    assert beside_the_first(run, name, at_once=2) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (run_of(s0=WAITS, s1=WAITS), ("0",)),
        (run_of(s0=BEGUN, s1=WAITS, s2=WAITS), ("0", "1")),
        (run_of(s0=DONE, s1=BEGUN, s2=WAITS, s3=WAITS), ("2", "1")),
        (run_of(s0=DONE, s1=DONE, s2=DONE), ()),
        (run_of(s0=DONE, new1=WAITS), ("new1",)),
    ],
)
def test_slices_under_way_are_the_first_open_one_of_each_place(run: SyncRun, expected: tuple[str, ...]) -> None:
    assert slices_under_way(run, at_once=2) == expected


# --- What the probe attends to --------------------------------------------------------------------------------------

DUE = Due(Trigger.SCHEDULE, NOW)


@pytest.mark.parametrize(
    ("integration", "probed", "begun"),
    [
        (WELL, False, False),
        (replace(WELL, due=DUE), False, True),
        (replace(OFF, due=DUE), False, False),
        (BROKEN_BEFORE, True, False),
        (replace(BROKEN_BEFORE, due=DUE), True, False),
        (replace(BROKEN_BEFORE, retrieve_jira_tickets=False), False, False),
        (an_integration(health=PENDING, due=DUE), False, False),
    ],
)
def test_what_the_probe_asks_and_begins(integration: Integration, *, probed: bool, begun: bool) -> None:
    assert (to_be_probed(integration), to_be_begun(integration)) == (probed, begun)


@pytest.mark.parametrize(
    ("integration", "expected"),
    [
        (WELL, False),
        (replace(WELL, new_tickets_at=NOW - 2 * MINUTE), True),
        (replace(WELL, new_tickets_at=NOW - MINUTE), False),
        (replace(WELL, new_tickets_at=NOW - HOUR, paused_until=NOW - MINUTE), False),
        (replace(OFF, new_tickets_at=NOW - HOUR), False),
        (replace(BROKEN_BEFORE, new_tickets_at=NOW - HOUR), False),
    ],
)
def test_new_tickets_are_forgotten_when_nobody_came_for_two_minutes(
    integration: Integration, *, expected: bool
) -> None:
    assert new_tickets_forgotten(integration, NOW) is expected


# --- Troubles and successes -----------------------------------------------------------------------------------------

REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "401", final=True)
FAILING = Unavailable(ReasonCode.JIRA_ERROR, "502")
UNREACHABLE = Health(HealthStatus.FAULTY, NOW - HOUR, NOW - HOUR, ReasonCode.UNREACHABLE, "no answer")
TWICE = Trouble(NOW - 3 * MINUTE, 2, NOW - MINUTE)


@pytest.mark.parametrize(
    ("integration", "trouble", "good_at", "expected"),
    [
        (WELL, REFUSED, None, Broke),
        (WELL, FAILING, None, TryAgain),
        (WELL, replace(FAILING, own_deadline=True), None, OutOfTime),
        (WELL, Throttled(None, "429"), None, Paused),
        (replace(WELL, trouble=TWICE), FAILING, None, Broke),
        (replace(WELL, trouble=TWICE), FAILING, NOW - SECOND, TryAgain),
        (replace(WELL, trouble=TWICE), FAILING, NOW - 2 * MINUTE, Broke),
        (BROKEN_BEFORE, FAILING, None, Broke),
        (an_integration(health=UNREACHABLE), FAILING, None, Broke),
    ],
)
def test_what_a_trouble_means(
    integration: Integration, trouble: JiraTrouble, good_at: datetime | None, expected: type[Consequence]
) -> None:
    assert isinstance(after_trouble(integration, trouble, NOW, good_at), expected)


@pytest.mark.parametrize(
    ("integration", "by_full_run", "expected"),
    [
        (WELL, False, AsItWas()),
        (replace(WELL, trouble=TWICE), False, Forgotten()),
        (BROKEN_BEFORE, False, Recovered(well(BROKEN, NOW), Due(Trigger.RECOVERED, NOW))),
        (BROKEN_BEFORE, True, Recovered(well(BROKEN, NOW), None)),
        (replace(OFF, health=BROKEN), False, Recovered(well(BROKEN, NOW), None)),
        (an_integration(health=PENDING), False, Recovered(well(PENDING, NOW), Due(Trigger.RECOVERED, NOW))),
    ],
)
def test_what_a_good_answer_means(integration: Integration, *, by_full_run: bool, expected: Success) -> None:
    assert after_success(integration, NOW, by_full_run=by_full_run) == expected


@pytest.mark.parametrize(
    ("integration", "trouble", "answered", "expected"),
    [
        (WELL, replace(REFUSED, final=False), False, True),
        (WELL, REFUSED, False, False),
        (WELL, FAILING, False, False),
        (WELL, None, False, False),
        (BROKEN_BEFORE, replace(REFUSED, final=False), False, False),
        (BROKEN_BEFORE, replace(REFUSED, final=False), True, True),
    ],
)
def test_a_refusal_is_confirmed_unless_that_is_pointless(
    integration: Integration, trouble: JiraTrouble | None, *, answered: bool, expected: bool
) -> None:
    assert to_be_confirmed(integration, trouble, answered=answered) is expected


def test_only_a_good_answer_to_a_later_call_forgets() -> None:
    assert forgets(TWICE, NOW)
    assert not forgets(TWICE, TWICE.last)
    assert not forgets(TWICE, None)
    assert not forgets(None, NOW)
