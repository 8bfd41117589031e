"""R11: throttling is not breaking, everybody holds off, and the work goes on from where it stood."""

from datetime import timedelta

import pytest

from tests.fakes.samples import BROKEN, DONE, HOUR, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import Stage
from ticket_status.core.model import Counts, HealthStatus, RunState
from ticket_status.core.refreshing import Outcome, OutcomeReason
from ticket_status.core.trouble import Throttled
from ticket_status.core.work import NewTicketsWork

BURST = Throttled(None, "jira-burst-based")


def throttle_from_call(stage: Stage, number: int, trouble: Throttled) -> None:
    """The site slows everybody down from its ``number``th call on."""

    def count(_call: str, _names: object) -> None:
        if stage.site.requests >= number:
            stage.site.trouble = trouble

    stage.site.before = count


def relent(stage: Stage) -> None:
    stage.site.trouble = None
    stage.site.before = lambda _call, _names: None


def test_a_run_that_is_throttled_in_its_middle_pauses_and_goes_on_where_it_stood() -> None:
    stage = Stage()
    keys = stage.has_tickets(100)
    stage.site.ids_per_call = 1
    stage.moves(keys[2], DONE)
    throttle_from_call(stage, 37, Throttled(NOW + 45 * SECOND, "told so"))
    stage.start()
    report = stage.deliver(stage.take())
    assert report.outcome == "paused"
    assert (stage.run.state, stage.run.paused_until) == (RunState.PAUSED, NOW + 45 * SECOND)
    assert stage.integration.paused_until == NOW + 45 * SECOND
    assert stage.integration.health.status is HealthStatus.HEALTHY
    done = stage.run.counts.total
    assert 30 <= done <= 36
    assert stage.queue.sent[0][1] >= 45
    relent(stage)
    stage.work_off()
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(changed=1, unchanged=99))
    over = stage.integration
    assert (stage.run.paused_until, over.paused_until, over.trouble) == (None, None, None)
    assert stage.run.jira_requests == stage.site.requests


def test_without_a_hint_the_pauses_double_from_one_second_and_start_anew_after_a_success() -> None:
    stage = Stage()
    stage.has_tickets(5)
    stage.site.trouble = BURST
    stage.start()
    pauses = []
    for _ in range(5):
        at = stage.clock()
        stage.deliver(stage.take())
        assert stage.integration.paused_until is not None
        pauses.append(int((stage.integration.paused_until - max(at, stage.clock())).total_seconds()))
    assert pauses == [1, 2, 4, 8, 16]
    relent(stage)
    stage.work_off()
    assert stage.run.state is RunState.SUCCEEDED
    assert stage.integration.pause_seconds == 0


@pytest.mark.parametrize("pause", [20 * MINUTE, HOUR])
def test_a_wait_longer_than_a_message_can_be_delayed_is_chained_without_asking_jira(pause: timedelta) -> None:
    stage = Stage()
    stage.has_tickets(5)
    until = NOW + pause
    stage.site.trouble = Throttled(until, "quota")
    stage.start()
    stage.deliver(stage.take())
    relent(stage)
    calls = stage.site.requests
    while stage.clock() + SECOND * stage.queue.sent[0][1] < until:
        assert stage.deliver(stage.take()).outcome == "paused"
    assert stage.site.requests == calls
    stage.work_off()
    assert stage.clock() >= until
    assert stage.run.state is RunState.SUCCEEDED


def test_another_workers_pause_stops_this_one_at_its_next_chunk() -> None:
    stage = Stage()
    stage.has_tickets(100)
    stage.site.ids_per_call = 1

    def pause_at_the_tenth(_call: str, _names: object) -> None:
        if stage.site.requests == 10:
            stage.integrations.pause(stage.integration, NOW + MINUTE, 0)

    stage.site.before = pause_at_the_tenth
    stage.start()
    assert stage.deliver(stage.take()).outcome == "handed_on"
    assert stage.site.requests <= 10 + 4
    assert stage.deliver(stage.take()).outcome == "paused"
    stage.work_off()
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(unchanged=100))


def test_throttling_never_uses_up_the_tries_of_an_unreachable_jira() -> None:
    stage = Stage()
    stage.has_tickets(5)
    stage.site.trouble = BURST
    stage.start()
    for _ in range(12):
        stage.deliver(stage.take())
    assert stage.integration.health.status is HealthStatus.HEALTHY
    assert stage.integration.trouble is None
    assert stage.run.state is RunState.PAUSED


def test_manual_refresh_and_probe_hold_off_too() -> None:
    stage = Stage()
    (key,) = stage.has_tickets(1)
    stage.violation("XRAY-1", key)
    stage.integrations.pause(stage.integration, NOW + MINUTE, 0)
    (refreshed,) = stage.refresh("XRAY-1")
    assert refreshed.refresh == (Outcome.DEFERRED, OutcomeReason.RATE_LIMITED)
    stage.integrations.set_health(stage.integration, BROKEN)
    assert stage.probe.probe().probed == 0
    assert not stage.site.requests


def test_new_tickets_wait_for_the_end_of_the_pause() -> None:
    stage = Stage()
    key = stage.has_ticket(1, status=None)
    stage.integrations.pause(stage.integration, NOW + MINUTE, 0)
    stage.queue.send([NewTicketsWork(stage.integration.connection_name, stage.integration.integration_ref)])
    assert stage.deliver(stage.take()).outcome == "paused"
    assert not stage.site.requests
    stage.work_off()
    assert stage.shows(key).status == TO_DO
    assert stage.clock() >= NOW + MINUTE


def test_a_verdict_that_is_throttled_is_judged_later() -> None:
    stage = Stage()
    keys = stage.has_tickets(5)
    del stage.site.issues[keys[0].ticket_id]
    stage.start()
    stage.deliver(stage.take())
    stage.site.trouble = Throttled(NOW + 30 * SECOND, "told so")
    assert stage.deliver(stage.take()).outcome == "paused"
    assert stage.shows(keys[0]).status == TO_DO, "a rate limit proves nothing"
    relent(stage)
    stage.work_off()
    assert stage.run.counts == Counts(unchanged=4, deleted=1)
    assert stage.run.jira_requests == stage.site.requests
