"""A worker that ends in the middle of its work, whose answers from AWS get lost, or whose clock is off."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.platform_faults.deployment import TICKETS, Deployment
from tests.platform_faults.wire import Fault

MINUTE = timedelta(minutes=1)
CALLS = [
    ("DynamoDB.GetItem", 0),
    ("DynamoDB.GetItem", 1),
    ("Secrets.GetSecretValue", 0),
    ("DynamoDB.Query", 0),
    ("DynamoDB.UpdateItem", 0),
    ("DynamoDB.UpdateItem", 1),
    ("DynamoDB.TransactWriteItems", 0),
    ("SQS.SendMessageBatch", 0),
    ("DynamoDB.TransactWriteItems", 1),
    ("DynamoDB.TransactWriteItems", 2),
    ("DynamoDB.UpdateItem", 3),
]
"""Calls to AWS of a run with a changed and a deleted ticket: those of its slice, then those of its verdict."""


def moved_and_deleted(here: Deployment) -> None:
    """The first ticket is done, the second one deleted, and a run is about to find out."""
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.jira.cloud.delete(here.issues[1].key)
    assert here.schedule()["action"] == "queued"


def found_out(here: Deployment) -> None:
    """Everything shows what is so; the run ended once, counted each ticket once, and is in nobody's way.

    (A change that was written by a worker that did not live to count it is found unchanged by the next.)
    """
    assert here.shown() == ["Done", "Unknown", "To Do"]
    assert here.tickets()[1]["unknown_reason"] == "DELETED"
    run, *_ = here.runs()
    counts = run["counts"]
    assert (run["state"], counts["deleted"], counts["changed"] + counts["unchanged"]) == ("succeeded", 1, 2)
    assert run["progress"] == {"tickets_total": TICKETS, "tickets_done": TICKETS}
    assert here.dead() == []
    assert here.schedule()["action"] == "queued"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("operation", "skip"), CALLS)
def test_a_worker_that_is_killed_at_any_call_to_aws_is_followed_by_another_that_ends_the_work(
    here: Deployment, operation: str, skip: int, moment: str
) -> None:
    moved_and_deleted(here)
    here.wire.meets(Fault(operation, "killed before" if moment == "before" else "killed after", skip=skip))
    assert here.work_off() == 1
    assert here.wire.struck == 1
    found_out(here)


def test_when_the_answer_to_a_written_step_is_lost_its_repetition_gives_way_and_the_work_goes_on_from_the_cursor(
    here: Deployment,
) -> None:
    """The client sends it again, which the store then refuses: the message comes back and finds the slice done."""
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.schedule()
    here.wire.meets(Fault("DynamoDB.UpdateItem", "answer lost", names="slices_open"))
    assert here.work_off() == 1
    assert here.wire.struck == 1
    assert here.asked() == 1, "what was done is not asked for again"
    (run, *_) = here.runs()
    assert (run["state"], run["counts"]["changed"], run["counts"]["unchanged"]) == ("succeeded", 1, TICKETS - 1)
    assert here.shown() == ["Done", "To Do", "To Do"]


@pytest.mark.parametrize(
    "operation", ["DynamoDB.UpdateItem", "DynamoDB.TransactWriteItems", "SQS.SendMessageBatch", "DynamoDB.Query"]
)
def test_an_answer_of_aws_that_gets_lost_changes_nothing_in_the_end(here: Deployment, operation: str) -> None:
    moved_and_deleted(here)
    here.wire.meets(Fault(operation, "answer lost"))
    here.work_off()
    assert here.wire.struck == 1
    found_out(here)


def test_a_message_that_is_delivered_twice_is_worked_on_once(here: Deployment) -> None:
    moved_and_deleted(here)
    first = here.receive()
    assert first is not None
    assert here.hand_over(first)
    asked = here.asked()
    assert here.deliver(first)
    assert here.asked() == asked
    here.work_off()
    found_out(here)


@pytest.mark.parametrize("ahead", [-MINUTE, MINUTE], ids=["behind", "ahead"])
def test_a_worker_whose_clock_is_off_by_a_minute_retrieves_what_counts_a_minute_later_for_everybody(
    here: Deployment, ahead: timedelta
) -> None:
    here.schedule()
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.ahead = ahead
    assert here.work_off() == 0
    here.ahead = timedelta()
    assert here.shown() == ["Done", "To Do", "To Do"]
    assert here.integration()["health"]["status"] == "HEALTHY_INTEGRATION"

    here.jira.cloud.move(here.issues[0].key, "In Progress")
    here.ahead = MINUTE + timedelta(seconds=15)
    here.schedule()
    here.work_off()
    assert here.shown() == ["In Progress", "To Do", "To Do"]


def test_a_schedule_that_fires_twice_starts_one_run(here: Deployment) -> None:
    decisions = [here.schedule(), here.schedule()]
    assert [one["action"] for one in decisions] == ["queued", "skipped"]
    assert decisions[1]["reason"] == "already_running"
    assert decisions[0]["run_id"] == decisions[1]["run_id"]
    here.work_off()
    assert here.asked() == 1
    assert len(here.runs()) == 1


def test_messages_that_waited_for_a_day_are_recognised_and_only_the_last_run_asks_jira(here: Deployment) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    fired = []
    for hours in (0, 8, 16, 24):
        here.ahead = timedelta(hours=hours)
        fired.append(here.schedule())
    assert [one["action"] for one in fired] == ["queued"] * 4
    assert [run["state"] for run in here.runs()] == ["running", "failed", "failed", "failed"]
    assert here.shown() == ["To Do"] * TICKETS, "the last known status stays"
    assert here.work_off() == 0
    assert here.asked() == 1
    assert here.runs()[0]["state"] == "succeeded"
    assert here.shown() == ["Done", "To Do", "To Do"]
    assert here.dead() == []


def test_a_schedule_that_is_missed_is_caught_up_by_the_next(here: Deployment) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.ahead = timedelta(hours=17)
    assert here.schedule()["action"] == "queued"
    here.work_off()
    shown = here.tickets()[0]
    assert shown["ticket_status"] == "Done"
    assert datetime.fromisoformat(shown["last_update"]) > datetime.now(UTC) + timedelta(hours=16)
