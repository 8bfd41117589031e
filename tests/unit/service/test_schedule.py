"""R1: what the sync function answers, and what it queues."""

import pytest

from tests.fakes.samples import BROKEN, DAY, HOUR, MINUTE, NOW, PENDING, SECOND, an_integration
from tests.fakes.stage import Stage
from ticket_status.core.model import RunState, Trigger
from ticket_status.core.runs import LOST
from ticket_status.core.work import SliceWork
from ticket_status.service.retrieval.schedule import Decision, InvalidEventError, Skipped, SyncRequest, read_request

SCHEDULED_EVENT = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-22T08:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/sync"],
    "detail": {},
}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, SyncRequest()),
        (SCHEDULED_EVENT, SyncRequest(scheduled=True)),
        ({"integration_name": "cloud-abc"}, SyncRequest("cloud-abc")),
        ({"dry_run": True}, SyncRequest(dry_run=True)),
        ({"dry_run": False}, SyncRequest()),
        ({"dry_run": True, "integration_name": "cloud-abc"}, SyncRequest("cloud-abc", dry_run=True)),
    ],
)
def test_the_events_of_the_contract_are_understood(event: object, expected: SyncRequest) -> None:
    assert read_request(event) == expected


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"integration": "cloud-abc"}, "integration:"),
        ({"dry_run": True, "force": 1}, "force:"),
        ({"integration_name": ""}, "integration_name:"),
        ({"integration_name": None}, "integration_name:"),
        ({"integration_name": ["a"]}, "integration_name:"),
        ({"dry_run": "true"}, "dry_run:"),
        ({"dry_run": 1}, "dry_run:"),
        ({"dry_run": None}, "dry_run:"),
        ({"source": "aws.s3", "detail-type": "Scheduled Event"}, "detail-type:"),
        ([], "JSON object"),
        ("cloud-abc", "JSON object"),
    ],
)
def test_anything_else_is_refused_and_the_field_named(event: object, field: str) -> None:
    with pytest.raises(InvalidEventError, match=field):
        read_request(event)


def test_every_integration_with_retrieval_on_is_queued_the_others_say_why_not() -> None:
    stage = Stage(
        an_integration("cloud-abc"),
        an_integration("broken", health=BROKEN),
        an_integration("off", retrieve_jira_tickets=False),
        an_integration("pending", health=PENDING),
    )
    answer = stage.schedule()
    assert [(one.integration_name, one.action, one.reason) for one in answer.integrations] == [
        ("broken", "queued", None),
        ("cloud-abc", "queued", None),
        ("off", "skipped", Skipped.RETRIEVAL_DISABLED),
        ("pending", "skipped", Skipped.PENDING_AUTHORIZATION),
    ]
    assert answer.queued == 2
    assert {work.integration_name for work, _ in stage.queue.sent} == {"broken", "cloud-abc"}


def test_all_pages_of_integrations_are_read() -> None:
    stage = Stage(*(an_integration(f"one-{number:03d}") for number in range(230)))
    assert stage.schedule().queued == 230
    assert len(stage.queue.sent) == 230


def test_the_run_is_triggered_by_the_schedule_or_on_call() -> None:
    stage = Stage()
    for scheduled, trigger in ((True, Trigger.SCHEDULE), (False, Trigger.ON_CALL)):
        answer = stage.schedule(scheduled=scheduled)
        assert stage.run.trigger is trigger
        assert answer.integrations[0].run_id == stage.run.run_id
        stage.work_off()
        stage.clock.pass_(HOUR)


def test_naming_one_queues_that_one() -> None:
    stage = Stage(an_integration("cloud-abc"), an_integration("other"))
    assert [one.integration_name for one in stage.schedule("other").integrations] == ["other"]


def test_an_unknown_integration_fails_the_invocation_and_nothing_is_queued() -> None:
    stage = Stage()
    with pytest.raises(InvalidEventError, match="integration_name: there is no integration named 'nobody'"):
        stage.schedule("nobody")
    assert not stage.queue.sent


def test_a_dry_run_says_what_would_be_queued_and_queues_nothing() -> None:
    stage = Stage(an_integration("cloud-abc"), an_integration("off", retrieve_jira_tickets=False))
    stage.has_tickets(7)
    answer = stage.schedule(dry_run=True)
    assert (answer.dry_run, answer.queued) == (True, 0)
    assert answer.integrations == (
        Decision("cloud-abc", "queued", None, None, 7),
        Decision("off", "skipped", Skipped.RETRIEVAL_DISABLED, None, 0),
    )
    assert not stage.queue.sent
    assert not stage.run_store.stored


def test_tickets_in_the_window_are_counted_to_the_second() -> None:
    stage = Stage()
    for number, age in enumerate((365 * DAY - HOUR, 365 * DAY, 365 * DAY + SECOND, 400 * DAY)):
        stage.has_ticket(number, created_at=NOW - age)
    assert stage.schedule(dry_run=True).integrations[0].tickets_in_window == 2


def test_a_run_at_work_keeps_another_from_starting_and_is_named() -> None:
    stage = Stage()
    first = stage.start()
    stage.queue.take()
    stage.clock.pass_(19 * MINUTE)
    assert stage.schedule(dry_run=True).integrations[0].reason is Skipped.ALREADY_RUNNING
    answer = stage.schedule()
    assert answer.integrations == (Decision("cloud-abc", "skipped", Skipped.ALREADY_RUNNING, first.run_id, 0),)
    assert not stage.queue.sent


def test_a_run_without_progress_for_20_minutes_is_closed_as_failed_by_the_next_schedule() -> None:
    stage = Stage()
    first = stage.start()
    stage.queue.take()
    stage.clock.pass_(HOUR)
    answer = stage.schedule()
    closed = stage.run_store.get(first.integration_ref, first.run_id)
    assert closed is not None
    assert (closed.state, closed.error) == (RunState.FAILED, LOST)
    assert answer.queued == 1
    assert stage.integration.active_run_id == answer.integrations[0].run_id == stage.run.run_id


def test_a_dry_run_counts_a_lost_run_as_out_of_the_way() -> None:
    stage = Stage()
    stage.start()
    stage.clock.pass_(HOUR)
    assert stage.schedule(dry_run=True).integrations[0].action == "queued"


def test_a_run_that_was_closed_but_not_released_is_not_in_the_way() -> None:
    stage = Stage()
    run = stage.start()
    stage.run_store.close(run, RunState.SUCCEEDED, stage.clock())
    stage.clock.pass_(SECOND)
    assert stage.schedule().queued == 1


def test_of_two_schedules_at_the_same_moment_one_starts_the_run() -> None:
    stage = Stage()
    as_read_by_both = stage.integration
    first = stage.runs.start(as_read_by_both, Trigger.SCHEDULE, stage.clock())
    second = stage.runs.start(as_read_by_both, Trigger.API, stage.clock())
    assert (second.run_id, second.already_running) == (first.run_id, True)
    assert len(stage.run_store.stored) == 1


def test_a_queue_that_refuses_closes_the_run_as_failed_and_fails_the_invocation() -> None:
    stage = Stage()
    stage.queue.refuses = ConnectionError("no queue")
    with pytest.raises(ConnectionError):
        stage.schedule()
    assert stage.run.state is RunState.FAILED
    assert stage.integration.active_run_id is None


def test_one_integration_that_cannot_be_queued_does_not_keep_the_others_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(*(an_integration(f"one-{number}") for number in range(5)))
    census = stage.tickets.census

    def fail_for_one(ref: str, clock: object) -> object:
        if ref.startswith("one-2"):
            raise ConnectionError
        return census(ref, NOW) if clock else {}

    monkeypatch.setattr(stage.tickets, "census", fail_for_one)
    with pytest.raises(ConnectionError):
        stage.schedule()
    assert len(stage.queue.sent) == 4


def test_the_first_slice_is_alone_until_jira_answers_it_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    census = {NOW.date() - number * DAY: 3_000 for number in range(100)}
    monkeypatch.setattr(stage.tickets, "census", lambda _ref, _clock: census)
    run = stage.start()
    assert len(run.slices) > 10
    assert [work.name for work, _ in stage.queue.sent if isinstance(work, SliceWork)] == ["0"]
    assert run.tickets_total == 300_000


def test_a_credential_that_ends_is_told_of_once_for_each_of_its_days() -> None:
    stage = Stage()
    stage.integrations.stored["cloud-abc"] = an_integration(credential_expires_at=NOW + 13 * DAY)
    for _ in range(2):
        stage.schedule(dry_run=True)
        assert stage.integrations.stored["cloud-abc"].warned_days is None
    stage.schedule()
    assert stage.integrations.stored["cloud-abc"].warned_days == 14
    stage.clock.pass_(6 * DAY)
    stage.schedule()
    assert stage.integrations.stored["cloud-abc"].warned_days == 7
