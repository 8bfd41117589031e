"""R1, R6, R10: a run that is due is stored as due with what makes it so, and nothing in between loses it."""

from datetime import timedelta

import pytest

from tests.fakes.samples import BROKEN, HOUR, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import Stage
from tests.unit.service.test_new_tickets import in_jira, key, new
from ticket_status.core.model import Due, HealthStatus, RunState, SyncRun, TicketKey, Trigger, UnknownReason
from ticket_status.core.runs import BEGAN_BEFORE, LOST, MADE_WAY
from ticket_status.core.work import SliceWork
from ticket_status.service.retrieval.schedule import Skipped

QUARTER = timedelta(minutes=15)


class QueueRefusedError(Exception):
    """SQS takes nothing."""


def all_shown(stage: Stage, keys: list[TicketKey]) -> None:
    """Every ticket shows its status, and nothing is left to do."""
    assert {stage.shows(one).status for one in keys} == {TO_DO}
    assert stage.integration.due is None
    assert stage.integration.active_run_id is None


def broken(stage: Stage) -> None:
    stage.integrations.set_health(stage.integration, BROKEN)


def state_of(stage: Stage, run: SyncRun) -> tuple[RunState, str | None]:
    stored = stage.run_store.get(run.integration_ref, run.run_id)
    assert stored is not None
    return stored.state, stored.error


def test_a_run_that_began_before_the_recovery_makes_way_for_the_one_that_is_due_by_it() -> None:
    """L1, by the probe: the old run had retrieved half when the integration broke and recovered."""
    stage = Stage()
    keys = stage.has_tickets(6)
    stage.site.ids_per_call = 1
    old = stage.start()
    stage.clock.pass_(MINUTE)
    broken(stage)
    stage.clock.pass_(MINUTE)
    assert stage.probe.probe().recovered == ("cloud-abc",)
    assert state_of(stage, old) == (RunState.CANCELLED, BEGAN_BEFORE)
    assert (stage.run.trigger, stage.run.state) == (Trigger.RECOVERED, RunState.RUNNING)
    stage.work_off()
    assert stage.run.state is RunState.SUCCEEDED
    all_shown(stage, keys)


def test_the_scheduled_run_replaces_one_of_new_tickets_and_retrieves_those_too() -> None:
    """L2."""
    stage = Stage()
    keys = stage.has_tickets(3, first=500)
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    stage.deliver(stage.take())
    registered = stage.run
    assert registered.trigger is Trigger.REGISTERED
    stage.clock.pass_(SECOND)
    (decision,) = stage.schedule().integrations
    assert (decision.action, decision.reason) == ("queued", None)
    assert state_of(stage, registered) == (RunState.CANCELLED, MADE_WAY)
    stage.work_off()
    assert (stage.run_store.stored[stage.integration.integration_ref, decision.run_id or ""].counts.total) == 4
    all_shown(stage, [*keys, key(stage, 0)])


def test_a_dry_run_says_that_a_run_of_new_tickets_is_not_in_the_way() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    stage.deliver(stage.take())
    assert stage.schedule(dry_run=True).integrations[0].reason is None
    assert stage.run.state.open


def test_a_queue_that_refuses_the_run_of_a_recovery_only_puts_it_off() -> None:
    """L3."""
    stage = Stage()
    keys = stage.has_tickets(3)
    broken(stage)
    stage.queue.refuses = QueueRefusedError()
    with pytest.raises(QueueRefusedError):
        stage.probe.probe()
    assert stage.integration.health.status is HealthStatus.HEALTHY
    assert stage.integration.due is not None
    with pytest.raises(QueueRefusedError):
        stage.probe.probe()
    stage.queue.refuses = None
    stage.clock.pass_(QUARTER)
    assert stage.probe.probe().taken_up == 1
    stage.work_off()
    all_shown(stage, keys)


def test_a_recovery_whose_run_nobody_began_is_taken_up_by_the_probe() -> None:
    """L3: killed between the two writes."""
    stage = Stage()
    keys = stage.has_tickets(3)
    broken(stage)
    stage.worker._health.succeeded(stage.integration)  # noqa: SLF001 - and there it was killed
    assert stage.integration.due == Due(Trigger.RECOVERED, NOW)
    assert {stage.shows(one).unknown_reason for one in keys} == {UnknownReason.INTEGRATION_BROKEN}
    assert stage.probe.probe().taken_up == 1
    assert stage.run.trigger is Trigger.RECOVERED
    stage.work_off()
    all_shown(stage, keys)


def test_switching_on_stores_that_a_run_is_due() -> None:
    """L4: killed, or refused by the queue, right after the switch."""
    stage = Stage()
    keys = stage.has_tickets(3)
    stage.integrations.switch(stage.integration, on=False, now=stage.clock())
    stage.clock.pass_(MINUTE)
    stage.integrations.switch(stage.integration, on=True, now=stage.clock())
    assert stage.integration.due == Due(Trigger.ENABLED, NOW + MINUTE)
    assert {stage.shows(one).unknown_reason for one in keys} == {UnknownReason.NOT_RETRIEVED_YET}
    assert stage.probe.probe().taken_up == 1
    stage.work_off()
    all_shown(stage, keys)


def test_switched_off_nothing_is_due() -> None:
    stage = Stage()
    stage.integrations.mark_due(stage.integration, Due(Trigger.SCHEDULE, NOW))
    stage.integrations.switch(stage.integration, on=False, now=stage.clock())
    assert stage.integration.due is None


def test_a_run_whose_message_was_lost_is_found_by_the_schedule() -> None:
    """L5."""
    stage = Stage()
    keys = stage.has_tickets(3)
    lost = stage.start()
    stage.queue.take()
    stage.clock.pass_(30 * MINUTE)
    (decision,) = stage.schedule().integrations
    assert decision.action == "queued"
    assert state_of(stage, lost) == (RunState.FAILED, LOST)
    stage.work_off()
    all_shown(stage, keys)


def test_a_run_whose_message_was_lost_is_found_by_the_probe_and_begins_anew() -> None:
    """L5."""
    stage = Stage()
    keys = stage.has_tickets(3)
    lost = stage.start()
    stage.queue.take()
    stage.clock.pass_(19 * MINUTE)
    assert stage.probe.probe().lost == 0
    stage.clock.pass_(MINUTE)
    assert stage.probe.probe().lost == 1
    assert state_of(stage, lost) == (RunState.FAILED, LOST)
    assert (stage.run.trigger, stage.run.state) == (Trigger.SCHEDULE, RunState.RUNNING)
    stage.work_off()
    all_shown(stage, keys)


def test_a_run_of_new_tickets_whose_message_was_lost_is_found_by_the_probe() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    stage.deliver(stage.take())
    stage.queue.take()
    stage.clock.pass_(20 * MINUTE)
    assert stage.probe.probe().lost == 1
    stage.work_off()
    all_shown(stage, [key(stage, 0)])


def test_a_pause_is_no_standstill() -> None:
    stage = Stage()
    stage.has_tickets(3)
    run = stage.start()
    stage.queue.take()
    stage.run_store.pause(run, NOW + HOUR)
    stage.clock.pass_(HOUR + 19 * MINUTE)
    assert stage.probe.probe().lost == 0
    stage.clock.pass_(MINUTE)
    assert stage.probe.probe().lost == 1


def test_new_tickets_whose_message_was_lost_are_found_by_the_probe() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    stage.queue.take()
    stage.probe.probe()
    assert not stage.queue.sent
    stage.clock.pass_(2 * MINUTE)
    stage.probe.probe()
    stage.work_off()
    all_shown(stage, [key(stage, 0)])


def test_what_has_come_to_rest_leaves_the_index_of_the_probe() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.sync()
    assert list(stage.integrations.needing_attention()) == ["cloud-abc"]
    stage.probe.probe()
    assert list(stage.integrations.needing_attention()) == []


def test_a_full_run_at_work_stands_in_for_what_the_schedule_asks_for() -> None:
    stage = Stage()
    stage.has_tickets(3)
    first = stage.start(Trigger.API)
    (decision,) = stage.schedule().integrations
    assert (decision.reason, decision.run_id) == (Skipped.ALREADY_RUNNING, first.run_id)
    assert stage.integration.due is None


def test_what_is_due_by_a_recovery_is_begun_by_whoever_asks_for_a_run() -> None:
    stage = Stage()
    keys = stage.has_tickets(3)
    before = stage.start()
    broken(stage)
    stage.clock.pass_(MINUTE)
    stage.worker._health.succeeded(stage.integration)  # noqa: SLF001 - and there it was killed
    (decision,) = stage.schedule().integrations
    assert decision.action == "queued"
    assert stage.run.trigger is Trigger.RECOVERED
    assert state_of(stage, before) == (RunState.CANCELLED, BEGAN_BEFORE)
    stage.work_off()
    all_shown(stage, keys)


def test_a_run_that_was_asked_for_is_never_lost_by_another_that_begins_meanwhile() -> None:
    """What is due when the run begins is what was read, or the run does not begin."""
    stage = Stage()
    asked = stage.integrations.mark_due(stage.integration, Due(Trigger.SCHEDULE, NOW))
    broken(stage)
    stage.clock.pass_(SECOND)
    stage.worker._health.succeeded(stage.integration)  # noqa: SLF001 - as somebody else does
    assert stage.runs.begin_due(asked, stage.clock()) is not None
    assert stage.run.trigger is Trigger.RECOVERED


def test_the_second_slice_follows_the_first_good_answer() -> None:
    stage = Stage(slice_tickets=10)
    stage.has_tickets(40)
    stage.start()
    first = stage.take()
    assert not stage.queue.sent
    stage.deliver(first)
    names = [work.name for work, _ in stage.queue.sent if isinstance(work, SliceWork)]
    assert sorted(names) == ["1", "2"]


def test_the_second_slice_follows_also_when_the_first_is_empty() -> None:
    stage = Stage(slice_tickets=10)
    gone = stage.has_tickets(40)
    stage.start()
    for one in gone:
        del stage.tickets.stored[one]
    stage.work_off()
    assert stage.run.state is RunState.SUCCEEDED
