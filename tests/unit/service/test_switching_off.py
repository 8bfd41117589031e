"""R5 and R6: off hides at once and stops a run at its next chunk; on again shows nothing old."""

import pytest

from tests.fakes.samples import MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import Stage
from ticket_status.core.model import Counts, RunState, Trigger, UnknownReason


def stopped_in_the_middle(*, cancelled: bool) -> Stage:
    """A run of fifty calls whose integration is switched off during the tenth."""
    stage = Stage()
    stage.has_tickets(50)
    stage.site.ids_per_call = 1

    def switch_off(_call: str, _names: object) -> None:
        if stage.site.requests == 10:
            after = stage.integrations.switch(stage.integration, on=False, now=stage.clock())
            if after is not None and cancelled:
                stage.runs.cancel(after, stage.clock())

    stage.site.before = switch_off
    stage.start()
    return stage


@pytest.mark.parametrize("cancelled", [True, False], ids=["run cancelled", "run not cancelled in time"])
def test_switched_off_in_the_middle_a_run_stops_at_its_next_chunk_and_says_so(*, cancelled: bool) -> None:
    stage = stopped_in_the_middle(cancelled=cancelled)
    stage.work_off()
    assert stage.run.state is RunState.CANCELLED
    assert stage.site.requests <= 10 + 4
    assert {(stage.shows(key).status, stage.shows(key).unknown_reason) for key in stage.tickets.stored} == {
        (None, None)
    }
    assert stage.integration.active_run_id is None


def test_switched_on_again_a_new_run_retrieves_everything_and_until_then_nothing_old_is_shown() -> None:
    stage = stopped_in_the_middle(cancelled=True)
    stage.work_off()
    stage.site.ids_per_call = 1000
    stage.clock.pass_(MINUTE)
    after = stage.integrations.switch(stage.integration, on=True, now=stage.clock())
    assert after is not None
    reasons = {stage.shows(key).unknown_reason for key in stage.tickets.stored}
    assert reasons == {UnknownReason.NOT_RETRIEVED_YET}
    stage.start(Trigger.ENABLED)
    stage.work_off()
    assert stage.run.counts == Counts(unchanged=50)
    assert {stage.shows(key).status for key in stage.tickets.stored} == {TO_DO}


def test_switched_off_and_on_while_a_worker_is_at_it_the_old_run_stays_cancelled() -> None:
    stage = Stage()
    stage.has_tickets(5)

    def off_and_on(_call: str, _names: object) -> None:
        off = stage.integrations.switch(stage.integration, on=False, now=NOW)
        assert off is not None
        stage.runs.cancel(off, NOW)
        on = stage.integrations.switch(stage.integration, on=True, now=NOW + SECOND)
        assert on is not None
        stage.site.before = lambda _call, _names: None
        stage.clock.pass_(SECOND)
        stage.runs.start(on, Trigger.ENABLED, stage.clock())

    stage.site.before = off_and_on
    first = stage.start()
    stage.work_off()
    cancelled = stage.run_store.get(first.integration_ref, first.run_id)
    assert cancelled is not None
    assert cancelled.state is RunState.CANCELLED
    assert (stage.run.trigger, stage.run.state, stage.run.counts.total) == (Trigger.ENABLED, RunState.SUCCEEDED, 5)
    assert {stage.shows(key).status for key in stage.tickets.stored} == {TO_DO}


def test_a_deleted_integration_cancels_its_run_and_its_tickets_say_so() -> None:
    stage = Stage()
    keys = stage.has_tickets(5)
    run = stage.start()
    stage.integrations.remove(stage.integration)
    assert stage.deliver(stage.take()).outcome == "cancelled"
    closed = stage.run_store.get(run.integration_ref, run.run_id)
    assert closed is not None
    assert closed.state is RunState.CANCELLED
    assert {stage.shows(key).unknown_reason for key in keys} == {UnknownReason.INTEGRATION_NOT_FOUND}


def test_cancelling_twice_or_without_a_run_does_nothing() -> None:
    stage = Stage()
    stage.runs.cancel(stage.integration, NOW)
    stage.start()
    stage.runs.cancel(stage.integration, NOW)
    closed = stage.run
    stage.runs.cancel(stage.integration, NOW + MINUTE)
    assert stage.run == closed
