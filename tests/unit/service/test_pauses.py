"""R11: a pause is believed up to 65 minutes, holds everybody off, and keeps the queue small however long it lasts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from tests.fakes.samples import HOUR, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import WORKER_TIME, Stage
from tests.unit.service.test_new_tickets import in_jira, key, new
from ticket_status.core.health import LONGEST_BELIEVED, pause_end, pause_for
from ticket_status.core.model import ReasonCode, RunState, SyncRun
from ticket_status.core.trouble import Throttled, Unavailable
from ticket_status.core.work import Work


@dataclass
class Day:
    """Time that goes by minute after minute, each message delivered when it is due."""

    stage: Stage
    waiting: list[tuple[datetime, int, Work]] = field(default_factory=list)
    delivered: int = 0
    most: int = 0
    """Messages that waited at once."""

    def _take(self) -> None:
        for work, delay in self.stage.queue.sent:
            self.waiting.append((self.stage.clock() + timedelta(seconds=delay), len(self.waiting), work))
        self.stage.queue.sent.clear()
        self.most = max(self.most, len(self.waiting))

    def pass_(self, time: timedelta) -> None:
        until = self.stage.clock() + time
        self._take()
        while self.waiting and min(due for due, _, _ in self.waiting) <= until:
            first = min(self.waiting, key=lambda one: one[:2])
            self.waiting.remove(first)
            self.stage.clock.now = max(self.stage.clock(), first[0])
            self.stage.deliver(first[2], lambda: WORKER_TIME)
            self.delivered += 1
            self._take()
        self.stage.clock.now = max(until, self.stage.clock())


def throttled_for(stage: Stage, time: timedelta) -> None:
    until = stage.clock() + time

    def called(_call: str, _names: object) -> None:
        stage.site.trouble = Throttled(until, "429") if stage.clock() < until else None

    stage.site.before = called


def test_however_many_tickets_are_registered_in_a_pause_few_messages_wait() -> None:
    """L14: six hours, one registration a minute."""
    stage = Stage()
    in_jira(stage, 400)
    throttled_for(stage, 6 * HOUR)
    day = Day(stage)
    for number in range(360):
        stage.registration.register([new(number)], stage.clock())
        day.pass_(MINUTE)
    assert day.most <= 4
    assert day.delivered <= 3 * 6 * 4 + 20, "two or three messages that come by every quarter of an hour"
    assert stage.site.requests <= 7, "one careful call every 65 minutes"
    day.pass_(2 * HOUR)
    assert {stage.shows(key(stage, number)).status for number in range(360)} == {TO_DO}
    assert not day.waiting


def test_one_careful_call_is_made_every_65_minutes_of_an_endless_pause() -> None:
    """J4: ``Retry-After: 2147483647``."""
    stage = Stage(slice_tickets=10)
    stage.has_tickets(40)
    throttled_for(stage, timedelta(days=1))
    day = Day(stage)
    stage.start()
    day.pass_(6 * HOUR)
    assert 5 <= stage.site.requests <= 6
    assert stage.run.paused_until is not None
    day.pass_(20 * HOUR)
    assert stage.run.state is RunState.SUCCEEDED


@pytest.mark.parametrize(
    ("told", "until"),
    [
        (NOW + 40 * SECOND, NOW + 40 * SECOND),
        (NOW + LONGEST_BELIEVED, NOW + LONGEST_BELIEVED),
        (NOW + timedelta(days=25_000), NOW + LONGEST_BELIEVED),
        (None, NOW + SECOND),
    ],
)
def test_a_wait_is_believed_up_to_65_minutes(told: datetime | None, until: datetime) -> None:
    stage = Stage()
    assert pause_for(stage.integration, told, NOW)[0] == until


def test_a_new_credential_ends_the_pause_and_the_run_goes_on_at_once() -> None:
    stage = Stage()
    keys = stage.has_tickets(3)
    throttled_for(stage, timedelta(days=1))
    day = Day(stage)
    stage.start()
    day.pass_(MINUTE)
    assert pause_end(stage.integration, stage.clock()) is not None
    stage.site.before = lambda _call, _names: None
    stage.site.trouble = None
    edited = stage.integrations.edit(stage.integration, stage.integration, afresh=True)
    assert edited is not None
    stage.runs.resume(edited)
    day.pass_(MINUTE)
    assert stage.run.state is RunState.SUCCEEDED
    assert {stage.shows(one).status for one in keys} == {TO_DO}
    day.pass_(HOUR)
    assert not day.waiting, "what waited for the end of the pause comes to nothing"


def under_way(stage: Stage, run: SyncRun) -> list[str]:
    edited = stage.integration
    stage.queue.take()
    stage.runs.resume(edited)
    return [getattr(work, "name", type(work).__name__) for work, _ in stage.queue.sent if work.run_id == run.run_id]  # type: ignore[union-attr]


def test_what_goes_on_is_what_was_under_way() -> None:
    stage = Stage(slice_tickets=10)
    gone, *_ = stage.has_tickets(50)
    del stage.site.issues[gone.ticket_id]
    run = stage.start()
    assert under_way(stage, run) == ["0"]
    stage.deliver(stage.take())
    assert under_way(stage, run) == ["2", "1"]
    while stage.queue.sent and under_way(stage, run) != ["VerdictWork"]:
        stage.deliver(stage.take())
    assert under_way(stage, run) == ["VerdictWork"]


def test_a_pause_does_not_make_a_run_look_lost_nor_an_outage_after_it() -> None:
    stage = Stage()
    stage.has_tickets(3)
    throttled_for(stage, 50 * MINUTE)
    day = Day(stage)
    stage.start()
    day.pass_(40 * MINUTE)
    assert stage.probe.probe().lost == 0
    stage.site.before = lambda _call, _names: None
    stage.site.trouble = Unavailable(ReasonCode.UNREACHABLE, "refused the connection")
    day.pass_(15 * MINUTE)
    assert stage.run.state is RunState.FAILED, "three tries over two minutes"
