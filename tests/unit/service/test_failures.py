"""R9: what is refused is asked for once more, what fails is tried again, and only what lasts breaks an integration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

import pytest
from msgspec.structs import replace

from tests.fakes.samples import MINUTE, SECOND, TO_DO
from tests.fakes.stage import Stage
from ticket_status.core.health import LASTING_TRIES
from ticket_status.core.model import HealthStatus, ReasonCode, RunState, Trouble
from ticket_status.core.refreshing import Outcome, OutcomeReason
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.service.retrieval.careful import CONFIRM_AFTER, OTHERS_CONFIRM_WITHIN, CarefulJira

REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "401")
STARTING = Refused(ReasonCode.NOT_JIRA, "302 to /startup.jsp")
NO_BACKEND = Refused(ReasonCode.NOT_JIRA, "404 default backend")
DEAD_GRANT = Refused(ReasonCode.AUTHORIZATION_EXPIRED, "invalid_grant", final=True)
FAILING = Unavailable(ReasonCode.JIRA_ERROR, "502")
OUR_TIME = Unavailable(ReasonCode.UNREACHABLE, "no answer within the time left", own_deadline=True)


@dataclass
class Meets:
    """Which calls of a site meet which trouble, by their number; how many there were in all."""

    stage: Stage
    troubles: dict[int, JiraTrouble] = field(default_factory=dict)
    every: int = 0
    """Each so many-th call meets ``trouble``."""
    trouble: JiraTrouble = FAILING
    calls: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.stage.site.before = self.called

    def called(self, _call: str, _names: Sequence[str]) -> None:
        with self._lock:
            self.calls += 1
            every = self.trouble if self.every and self.calls % self.every == 0 else None
            self.stage.site.trouble = self.troubles.get(self.calls, every)


def well(stage: Stage) -> bool:
    return stage.integration.health.status is HealthStatus.HEALTHY and stage.integration.trouble is None


# --- Refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stray", [REFUSED, STARTING, NO_BACKEND], ids=lambda one: one.reason)
def test_one_stray_refusal_breaks_nothing(stray: Refused) -> None:
    """J9."""
    stage = Stage()
    keys = stage.has_tickets(3)
    Meets(stage, {1: stray})
    run = stage.sync()
    assert run.state is RunState.SUCCEEDED
    assert {stage.shows(key).status for key in keys} == {TO_DO}
    assert well(stage)


@pytest.mark.parametrize("stray", [REFUSED, STARTING, NO_BACKEND], ids=lambda one: one.reason)
def test_one_stray_refusal_of_the_button_breaks_nothing(stray: Refused) -> None:
    """J9."""
    stage = Stage()
    keys = stage.has_tickets(2)
    stage.violation("V1", *keys)
    Meets(stage, {1: stray})
    assert {one.refresh for one in stage.refresh("V1")} == {(Outcome.UNCHANGED, None)}
    assert well(stage)


def test_a_changed_password_costs_two_refused_calls_per_run() -> None:
    """J15: four calls would be under way at once, in two slices side by side."""
    stage = Stage(slice_tickets=1_000)
    stage.has_tickets(4_100)
    stage.site.ids_per_call = 100
    stage.site.trouble = REFUSED
    run = stage.sync()
    assert (run.state, run.jira_requests, stage.site.requests) == (RunState.FAILED, 2, 2)
    assert stage.integration.broken
    stage.sync()
    assert stage.site.requests == 3, "of one that is broken already it is not asked twice"


def test_a_password_that_is_changed_in_mid_run_is_confirmed_by_one_call() -> None:
    stage = Stage()
    stage.has_tickets(500)
    stage.site.ids_per_call = 10
    meets = Meets(stage, dict.fromkeys(range(10, 60), REFUSED))
    run = stage.sync()
    assert run.state is RunState.FAILED
    assert meets.calls <= 9 + 5 + 1, "those that were under way, and one that confirms"


def test_what_is_final_is_not_asked_twice() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.site.trouble = DEAD_GRANT
    assert stage.sync().jira_requests == 1
    assert stage.integration.broken


def test_opening_that_is_refused_is_confirmed_too() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.connections.refuses["cloud-abc"] = REFUSED
    before = stage.clock()
    stage.start()
    assert stage.deliver(stage.take()).outcome == "broke"
    assert stage.clock() - before == CONFIRM_AFTER


def test_whoever_is_refused_beside_the_one_who_confirms_asks_no_more() -> None:
    stage = Stage()
    stage.has_tickets(3)
    assert stage.integrations.begin_confirming(stage.integration, stage.clock(), stage.clock() + 8 * SECOND)
    stage.site.trouble = REFUSED
    jira = stage.careful.open(stage.integration)
    assert isinstance(jira, CarefulJira)

    def break_meanwhile(seconds: float) -> None:
        stage.clock.pass_(timedelta(seconds=seconds))
        stage.worker._health.met(stage.integration, replace(REFUSED, final=True))  # noqa: SLF001 - as the other one does

    jira._care._sleep = break_meanwhile  # noqa: SLF001 - what happens while it waits
    before = stage.clock()
    assert jira.whoami() == replace(REFUSED, final=True)
    assert stage.clock() - before == OTHERS_CONFIRM_WITHIN
    assert stage.site.requests == 1


def test_a_refusal_that_there_is_no_time_to_confirm_breaks_nothing() -> None:
    stage = Stage()
    keys = stage.has_tickets(3)
    Meets(stage, {1: REFUSED})
    stage.start()
    assert stage.deliver(stage.take(), lambda: 15 * SECOND).outcome == "handed_on"
    assert well(stage)
    stage.work_off()
    assert {stage.shows(key).status for key in keys} == {TO_DO}


# --- Failing tries --------------------------------------------------------------------------------------------------


def test_every_twentieth_call_that_fails_breaks_nothing() -> None:
    """L7: 300 tickets, 100 of them deleted, 5 % of the calls answer 502."""
    stage = Stage()
    keys = stage.has_tickets(300)
    for key in keys[::3]:
        del stage.site.issues[key.ticket_id]
    Meets(stage, every=20)
    run = stage.sync()
    assert (run.state, run.counts.deleted, run.counts.failed) == (RunState.SUCCEEDED, 100, 0)
    assert well(stage)


def test_a_stray_failure_is_tried_again_within_the_work() -> None:
    stage = Stage()
    keys = stage.has_tickets(2)
    stage.violation("V1", *keys)
    Meets(stage, {1: FAILING})
    assert {one.refresh for one in stage.refresh("V1")} == {(Outcome.UNCHANGED, None)}
    assert well(stage)


def test_a_refusal_of_the_second_try_is_confirmed_too() -> None:
    """A failing call that is made again is asked as carefully as any other (R9)."""
    stage = Stage()
    keys = stage.has_tickets(2)
    stage.violation("V1", *keys)
    meets = Meets(stage, {1: FAILING, 2: REFUSED})
    assert {one.refresh for one in stage.refresh("V1")} == {(Outcome.UNCHANGED, None)}
    assert meets.calls == 3
    assert well(stage)


def test_our_own_deadline_is_no_fault_of_jiras() -> None:
    """L6: a slow site, the button pressed again and again."""
    stage = Stage()
    keys = stage.has_tickets(2)
    stage.violation("V1", *keys)
    stage.site.trouble = OUR_TIME
    for _ in range(5):
        outcomes = {one.refresh for one in stage.refresh("V1")}
        assert outcomes == {(Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE)}
        stage.clock.pass_(MINUTE)
    assert well(stage)
    stage.start()
    assert stage.deliver(stage.take()).outcome == "handed_on"
    assert well(stage)


def test_a_good_answer_within_the_same_work_forgets_the_failures_before_it() -> None:
    stage = Stage()
    stage.has_tickets(3)
    tried = Trouble(stage.clock() - 5 * MINUTE, LASTING_TRIES - 1, stage.clock() - MINUTE)
    stage.integrations.set_trouble(stage.integration, tried)
    Meets(stage, {2: FAILING, 3: FAILING})
    stage.site.ids_per_call = 1
    stage.start()
    assert stage.deliver(stage.take()).outcome == "retried"
    assert stage.integration.trouble is not None
    assert stage.integration.trouble.tries == 1


def test_good_answers_of_one_slice_forget_the_failures_of_another() -> None:
    stage = Stage()
    stage.has_tickets(50)
    stage.site.ids_per_call = 1

    def another_fails(call: str, _names: Sequence[str]) -> None:
        stage.clock.pass_(SECOND)
        if stage.site.requests == 10 and call == "ask":
            stage.integrations.set_trouble(stage.integration, Trouble(stage.clock(), 2, stage.clock()))

    stage.site.before = another_fails
    assert stage.sync().state is RunState.SUCCEEDED
    assert stage.integration.trouble is None


def test_a_failure_that_was_noted_meanwhile_is_counted_with_it() -> None:
    """What is decided from what is stored no longer is decided anew."""
    stage = Stage()
    known = stage.integration
    stage.integrations.set_trouble(known, Trouble(stage.clock() - 3 * MINUTE, 2, stage.clock() - MINUTE))
    stage.worker._health.met(known, FAILING)  # noqa: SLF001 - as a worker that read it before
    assert stage.integration.health.reason_code is ReasonCode.JIRA_ERROR


def test_what_an_old_credential_met_says_nothing_about_a_new_one() -> None:
    stage = Stage()
    known = stage.integration
    stage.integrations.edit(known, known, afresh=True)
    for trouble in (replace(REFUSED, final=True), FAILING, FAILING):
        stage.worker._health.met(known, trouble)  # noqa: SLF001 - as a worker that read it before
    assert well(stage)


def test_a_recovery_that_was_found_with_an_old_credential_is_none() -> None:
    """The guard of ``SiteHealth.succeeded`` against an edit in between."""
    stage = Stage()
    stage.worker._health.met(stage.integration, DEAD_GRANT)  # noqa: SLF001 - it breaks
    broken = stage.integration
    stage.integrations.edit(broken, broken, afresh=True)
    assert stage.worker._health.succeeded(broken) == broken  # noqa: SLF001 - as a worker that read it before
    assert stage.integration.broken


def test_a_call_that_confirms_and_fails_is_tried_again() -> None:
    stage = Stage()
    keys = stage.has_tickets(2)
    stage.violation("V1", *keys)
    Meets(stage, {1: REFUSED, 2: FAILING})
    assert {one.refresh for one in stage.refresh("V1")} == {(Outcome.UNCHANGED, None)}
    assert well(stage)
