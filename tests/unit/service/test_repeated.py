"""Messages that come twice or late, and workers that die between two writes: a run ends once, with the right counts."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.samples import BROKEN, DONE, MINUTE, NOW, TO_DO
from tests.fakes.stage import Stage
from tests.unit.service.test_run import RunningOut
from ticket_status.core.model import Absence, Counts, RunState
from ticket_status.core.work import SliceWork, VerdictWork, Work
from ticket_status.ports.runs import SliceTakenError


class WorkerDiedError(Exception):
    """Raised where a worker dies."""


def dying(call: Callable[..., Any], *, written: bool) -> Callable[..., Any]:
    """The same call, but the first time the worker dies just before or just after it."""
    lives = [1]

    def wrapped(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it wraps
        if not lives:
            return call(*args, **named)
        lives.clear()
        if written:
            call(*args, **named)
        raise WorkerDiedError

    return wrapped


def work_off_with_redelivery(stage: Stage) -> int:
    """Deliver messages until there is none, those whose work raised again; how often that was."""
    deaths = 0
    while stage.queue.sent:
        work = stage.take()
        try:
            stage.deliver(work)
        except WorkerDiedError:
            deaths += 1
            stage.queue.sent.append((work, 0))
    return deaths


@pytest.mark.parametrize("written", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize(
    ("store", "call"),
    [
        ("tickets", "record"),
        ("tickets", "resolve"),
        ("tickets", "raise_coverage"),
        ("run_store", "advance"),
        ("run_store", "conclude"),
        ("run_store", "close"),
        ("integrations", "set_health"),
        ("integrations", "release_run"),
        ("queue", "send"),
    ],
)
def test_a_worker_that_dies_at_any_write_loses_nothing_and_counts_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, store: str, call: str, *, written: bool
) -> None:
    stage = Stage()
    keys = [*stage.has_tickets(8), stage.has_key_only_ticket("JAS-900", "20000")]
    stage.integrations.set_health(stage.integration, BROKEN)
    stage.moves(keys[0], DONE)
    del stage.site.issues[keys[1].ticket_id]
    stage.start()
    owner = getattr(stage, store)
    monkeypatch.setattr(owner, call, dying(getattr(owner, call), written=written))
    assert work_off_with_redelivery(stage) == 1
    run = stage.run
    assert (run.state, run.completed_at is not None) == (RunState.SUCCEEDED, True)
    assert (run.counts.total, run.counts.deleted, run.asked, run.missing) == (9, 1, 9, 1)
    assert stage.shows(keys[0]).status == DONE
    assert stage.tickets.stored[keys[1]].absence is Absence.DELETED
    assert all(stage.shows(key).status == TO_DO for key in keys[2:])
    stage.clock.pass_(MINUTE)
    assert stage.schedule().queued == 1, "nothing stays in the way of the next run"


def test_a_message_that_comes_again_after_the_run_ended_does_nothing() -> None:
    stage = Stage()
    stage.has_tickets(5)
    stage.start()
    message = stage.take()
    stage.deliver(message)
    run = stage.run
    assert stage.deliver(message).outcome == "repeated"
    assert stage.run == run
    assert len(stage.site.asked) == 1


def test_a_message_that_comes_again_after_its_slice_is_done_only_queues_what_follows() -> None:
    stage = Stage(slice_tickets=10)
    stage.has_tickets(60, days=60)
    stage.start()
    first = stage.take()
    stage.deliver(first)
    calls = len(stage.site.asked)
    assert stage.deliver(first).outcome == "repeated"
    assert len(stage.site.asked) == calls
    work_off_ignoring_taken(stage)
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(unchanged=60))


def test_a_late_message_of_an_earlier_step_goes_on_from_where_the_slice_stands() -> None:
    stage = Stage()
    stage.has_tickets(100)
    stage.site.ids_per_call = 10
    stage.start()
    old = stage.take()
    stage.deliver(old, RunningOut(4))
    stage.deliver(old)
    work_off_ignoring_taken(stage)
    asked = [name for call in stage.site.asked for name in call]
    assert len(asked) == len(set(asked)) == 100
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(unchanged=100))


def test_of_two_workers_at_the_same_slice_the_second_to_write_gives_way() -> None:
    stage = Stage()
    stage.has_tickets(10)
    stage.start()
    message = stage.take()

    def deliver_again(_call: str, _names: object) -> None:
        stage.site.before = lambda _call, _names: None
        stage.deliver(message)

    stage.site.before = deliver_again
    with pytest.raises(SliceTakenError):
        steal_step(stage, message)


def steal_step(stage: Stage, message: Work) -> None:
    """The inner delivery ends the run; kept open here, so that the outer one meets the written step."""
    close = stage.run_store.close
    stage.run_store.close = lambda *_args, **_named: None  # type: ignore[method-assign]
    try:
        stage.deliver(message)
    finally:
        stage.run_store.close = close  # type: ignore[method-assign]
        assert stage.run.counts == Counts(unchanged=10)


def work_off_ignoring_taken(stage: Stage) -> None:
    """Deliver messages until there is none; one whose step was taken comes back and finds its slice done."""
    while stage.queue.sent:
        work = stage.take()
        try:
            stage.deliver(work)
        except SliceTakenError:
            stage.queue.sent.append((work, 540))


def test_a_verdict_that_comes_twice_is_counted_once() -> None:
    stage = Stage()
    keys = stage.has_tickets(10)
    del stage.site.issues[keys[0].ticket_id]
    stage.start()
    stage.deliver(stage.take())
    verdict = stage.take()
    assert isinstance(verdict, VerdictWork)
    assert stage.deliver(verdict).outcome == "done"
    run = stage.run
    assert stage.deliver(verdict).outcome == "repeated"
    assert stage.run == run
    assert run.counts == Counts(unchanged=9, deleted=1)


def test_a_message_of_a_run_that_nobody_knows_does_nothing() -> None:
    stage = Stage()
    message = stage.start()
    stage.run_store.stored.clear()
    assert message.started_at == NOW
    assert stage.deliver(stage.take()).outcome == "repeated"
    assert not stage.site.requests


def test_a_message_of_an_integration_that_was_deleted_and_made_anew_cancels_its_run() -> None:
    stage = Stage()
    stage.has_tickets(3)
    run = stage.start()
    message = stage.take()
    assert isinstance(message, SliceWork)
    old = stage.integration
    stage.integrations.remove(old)
    stage.integrations.stored[old.connection_name] = replace(old, integration_ref="cloud-abc~anew22")
    assert stage.deliver(message).outcome == "cancelled"
    closed = stage.run_store.get(run.integration_ref, run.run_id)
    assert closed is not None
    assert closed.state is RunState.CANCELLED
    assert not stage.site.requests
