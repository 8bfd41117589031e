"""A run from its schedule to its end: few calls, and no write for what did not change (R1, R2, R13)."""

from datetime import timedelta

import pytest

from tests.fakes.samples import DAY, DONE, HOUR, IN_PROGRESS, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import WORKER_TIME, Stage
from ticket_status.core.model import Counts, RunState
from ticket_status.core.work import SliceWork
from ticket_status.service.retrieval import slice as slice_retrieval


def test_a_thousand_tickets_over_twelve_months_take_one_call() -> None:
    stage = Stage()
    keys = stage.has_tickets(1_000)
    stage.moves(keys[3], DONE)
    run = stage.sync()
    assert len(stage.site.asked) == 1
    assert (run.state, run.counts) == (RunState.SUCCEEDED, Counts(changed=1, unchanged=999))
    assert run.tickets_total == run.counts.total == 1_000
    assert run.jira_requests == 1
    assert stage.shows(keys[3]).status == DONE
    assert stage.integration.active_run_id is None


def test_a_run_in_which_nothing_changed_writes_no_ticket_and_no_integration_but_moves_last_update() -> None:
    stage = Stage()
    keys = stage.has_tickets(1_000)
    stage.sync()
    stage.start()
    writes = stage.integrations.writes
    now = stage.clock.pass_(MINUTE)
    stage.work_off()
    assert stage.tickets.writes == 0
    assert stage.integrations.writes == writes
    assert {stage.shows(key).last_update for key in keys} == {now}
    assert {stage.shows(key).status for key in keys} == {TO_DO}


def test_only_tickets_of_the_last_year_are_asked_for() -> None:
    stage = Stage()
    inside = [stage.has_ticket(1, created_at=NOW - 365 * DAY), stage.has_ticket(2, created_at=NOW - SECOND)]
    outside = stage.has_ticket(3, created_at=NOW - 365 * DAY - SECOND)
    stage.moves(outside, DONE)
    run = stage.start()
    stage.clock.pass_(10 * MINUTE)
    stage.work_off()
    assert stage.site.asked == [[key.ticket_id for key in inside]], "the run's clock decides, not the worker's"
    assert run.tickets_total == 2
    assert stage.shows(outside).status == TO_DO


def test_calls_are_full_however_the_index_is_paged_and_the_last_is_the_rest() -> None:
    stage = Stage()
    stage.has_tickets(1_050)
    stage.site.ids_per_call = 100
    stage.sync()
    assert sorted(map(len, stage.site.asked), reverse=True) == [100] * 10 + [50]
    assert len({name for call in stage.site.asked for name in call}) == 1_050


def test_an_integration_without_tickets_is_proven_by_one_call() -> None:
    stage = Stage()
    run = stage.sync()
    assert (run.state, run.jira_requests, stage.site.asked) == (RunState.SUCCEEDED, 1, [])


def test_slices_are_worked_on_in_turn_and_the_run_ends_once_with_the_last() -> None:
    stage = Stage(slice_tickets=10)
    keys = stage.has_tickets(60, days=60)
    stage.start()
    queued = []
    while stage.queue.sent:
        assert len(stage.queue.sent) <= 2
        work = stage.queue.sent[-1][0]
        assert isinstance(work, SliceWork)
        queued.append(work.name)
        stage.deliver(stage.queue.sent.pop()[0])
    assert sorted(queued, key=int) == list(stage.run.slices)
    assert len(queued) == 6
    assert (stage.run.state, stage.run.counts.unchanged) == (RunState.SUCCEEDED, 60)
    assert {stage.shows(key).last_update for key in keys} == {NOW}


def test_progress_moves_while_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slice_retrieval, "STEP_TICKETS", 100)
    stage = Stage()
    stage.has_tickets(1_000)
    stage.site.ids_per_call = 100
    seen = []
    stage.site.before = lambda _call, _names: seen.append(stage.run.counts.total)
    stage.sync()
    assert seen[0] == 0
    assert 0 < seen[-1] < 1_000
    assert seen == sorted(seen)


class RunningOut:
    """A worker's time that is over after so many looks at it."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __call__(self) -> timedelta:
        self.looks -= 1
        return WORKER_TIME if self.looks >= 0 else timedelta(seconds=34)


def test_a_worker_that_runs_short_of_time_hands_the_rest_on_with_the_cursor() -> None:
    stage = Stage()
    keys = stage.has_tickets(1_000)
    stage.site.ids_per_call = 100
    stage.start()
    first = stage.take()
    report = stage.deliver(first, RunningOut(4))
    rest = stage.take()
    assert isinstance(first, SliceWork)
    assert isinstance(rest, SliceWork)
    assert report.outcome == "handed_on"
    assert rest == first
    progress = stage.run.slices[rest.name]
    assert (progress.step, progress.cursor > "") == (1, True)
    assert stage.run.counts.total == 300
    stage.clock.pass_(MINUTE)
    assert stage.deliver(rest).outcome == "done"
    asked = [name for call in stage.site.asked for name in call]
    assert len(asked) == len(set(asked)) == 1_000, "nothing is asked for twice"
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(unchanged=1_000))
    assert stage.run.jira_requests == 10
    updates = [stage.shows(key).last_update for key in keys]
    assert (updates.count(NOW), updates.count(NOW + MINUTE)) == (300, 700), "each as old as its own part"


def test_a_run_gets_done_however_often_it_is_handed_on() -> None:
    stage = Stage()
    stage.has_tickets(100)
    stage.site.ids_per_call = 5
    stage.start()
    while stage.queue.sent:
        stage.deliver(stage.take(), RunningOut(3))
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(unchanged=100))
    assert len(stage.site.asked) == 20


def test_what_jira_could_not_answer_for_is_asked_again_then_counted_as_failed_and_stays_as_it_was() -> None:
    stage = Stage()
    first, second = stage.has_tickets(2)
    stage.site.retry = {first.ticket_id}
    stage.start()
    stage.clock.pass_(MINUTE)
    stage.work_off()
    assert len(stage.site.asked) == 3
    assert stage.run.counts == Counts(unchanged=1, failed=1)
    assert (stage.shows(first).status, stage.shows(first).last_update) == (TO_DO, NOW - 8 * HOUR)
    assert stage.shows(second).last_update == NOW + MINUTE


def test_a_ticket_that_two_runs_could_not_have_is_as_old_as_before_both() -> None:
    stage = Stage()
    (key,) = stage.has_tickets(1)
    stage.site.retry = {key.ticket_id}
    for _ in range(2):
        stage.sync()
        stage.clock.pass_(8 * HOUR)
    assert stage.shows(key).last_update == NOW - 8 * HOUR
    stage.site.retry = set()
    stage.sync()
    assert stage.shows(key).last_update == stage.run.started_at


def test_a_moved_issue_keeps_its_history_under_its_new_key() -> None:
    stage = Stage()
    key = stage.has_ticket(1, IN_PROGRESS)
    stage.site.put(key.ticket_id, "NEW-77", IN_PROGRESS.name, IN_PROGRESS.category)
    assert stage.sync().counts == Counts(changed=1)
    assert stage.tickets.stored[key].issue_key == "NEW-77"
    assert stage.sync().counts == Counts(unchanged=1)


def test_what_the_site_taught_is_kept_for_the_next_connection() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.site.ids_per_call = 100
    stage.sync()
    assert stage.integration.site is not None
    assert stage.integration.site.ids_per_call == 100


def test_a_stop_while_calls_are_under_way_leaves_no_ticket_out() -> None:
    """Tickets that are seen for the first time have the site compared, which is no reason to go on."""
    stage = Stage()
    keys = stage.has_tickets(20, status=None)
    stage.site.ids_per_call = 1
    stage.start()
    looks = iter([WORKER_TIME] * 7)
    first = stage.deliver(stage.take(), lambda: next(looks, 5 * SECOND))
    assert first.outcome != "done"
    assert stage.run.state is RunState.RUNNING
    stage.work_off()
    assert {name for call in stage.site.asked for name in call} == {key.ticket_id for key in keys}
    assert {stage.shows(key).status for key in keys} == {TO_DO}
