"""AWS refuses for a while: what is shown meanwhile, what is tried again, and that nothing is lost."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.settings import app as settings_app
from local import ROOT
from tests.platform_faults.deployment import MOST_RECEIVES, NAME, TICKETS, Deployment
from tests.platform_faults.wire import AGAIN_AND_AGAIN, Fault
from tools.dead_letters import FAILED_OFTEN


def refused(operation: str, code: str, status: int = 400, times: int = AGAIN_AND_AGAIN, names: str = "") -> Fault:
    return Fault(operation, "refused", status, code, times, names=names)


THROTTLED = "ProvisionedThroughputExceededException"
OUTAGES = {
    "DynamoDB throttles": refused("DynamoDB.*", THROTTLED),
    "DynamoDB is out": refused("DynamoDB.*", "InternalServerError", 500),
    "DynamoDB throttles writes": refused("DynamoDB.UpdateItem", "ThrottlingException"),
    "Secrets Manager throttles": refused("Secrets.GetSecretValue", "ThrottlingException"),
    "Secrets Manager is out": refused("Secrets.GetSecretValue", "InternalServiceError", 500),
    "Secrets Manager denies": refused("Secrets.GetSecretValue", "AccessDeniedException"),
    "the key is disabled": refused("Secrets.GetSecretValue", "DecryptionFailure"),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_work_that_meets_an_outage_comes_back_and_is_done_after_it(here: Deployment, outage: str) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.schedule()
    fault = OUTAGES[outage]
    here.wire.meets(refused(fault.operation, fault.code, fault.status))
    message = here.receive()
    assert message is not None
    assert not here.deliver(message)
    here.wire.meets()
    assert here.shown() == ["To Do"] * TICKETS
    assert here.integration()["health"]["status"] == "HEALTHY_INTEGRATION", "that is not Jira's fault"
    assert here.work_off() == 0
    assert here.shown() == ["Done", "To Do", "To Do"]
    assert here.runs()[0]["state"] == "succeeded"
    assert here.dead() == []


@pytest.mark.parametrize("operation", ["DynamoDB.GetItem", "DynamoDB.Query", "DynamoDB.UpdateItem"])
def test_throttling_that_ends_soon_is_not_even_noticed(here: Deployment, operation: str) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.schedule()
    here.wire.meets(refused(operation, THROTTLED, times=3))
    assert here.work_off() == 0
    assert here.wire.struck == 3
    assert here.shown() == ["Done", "To Do", "To Do"]


@pytest.mark.parametrize("outage", ["DynamoDB throttles", "Secrets Manager is out"])
def test_the_button_says_that_it_is_our_fault_and_works_again_afterwards(here: Deployment, outage: str) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    fault = OUTAGES[outage]
    here.ahead = here.past_freshness
    here.wire.meets(refused(fault.operation, fault.code, fault.status))
    assert here.press_refresh().problem == (500, "internal_error")
    here.wire.meets()
    assert here.press_refresh().status == 200
    assert here.shown() == ["Done", "To Do", "To Do"]


def test_a_run_that_cannot_be_queued_is_closed_and_the_next_try_of_the_schedule_starts_another(
    here: Deployment,
) -> None:
    here.wire.meets(refused("SQS.SendMessageBatch", "ServiceUnavailable", 503))
    with pytest.raises(Exception, match="SendMessageBatch"):
        here.schedule()
    here.wire.meets()
    (failed,) = here.runs()
    assert (failed["state"], failed["error"]) == ("failed", "The run could not be put on the queue.")
    assert here.schedule()["action"] == "queued"
    here.work_off()
    assert here.runs()[0]["state"] == "succeeded"


@pytest.mark.parametrize("by", ["the scanner", "the next run"])
def test_a_registration_that_cannot_be_announced_is_kept_and_retrieved(by: str, here: Deployment) -> None:
    (issue,) = here.jira.cloud.create("PLAT", 1, status="In Progress")
    here.issues.append(issue)
    here.wire.meets(refused("SQS.SendMessageBatch", "ServiceUnavailable", 503))
    assert here.register(issue)["status"] == 500
    here.wire.meets()
    assert here.tickets()[-1]["unknown_reason"] == "NOT_RETRIEVED_YET"
    if by == "the scanner":
        assert here.register(issue) == {"status": 200, "registered": 1, "rejected": []}
    else:
        here.schedule()
    here.work_off()
    assert here.shown() == [*["To Do"] * TICKETS, "In Progress"]


def test_a_registration_that_is_refused_stores_all_of_a_ticket_or_nothing(here: Deployment) -> None:
    (issue,) = here.jira.cloud.create("PLAT", 1, status="In Progress")
    here.issues.append(issue)
    here.wire.meets(refused("DynamoDB.TransactWriteItems", "InternalServerError", 500))
    assert here.register(issue)["status"] == 500
    here.wire.meets()
    assert here.shown() == ["To Do"] * TICKETS
    assert here.register(issue)["registered"] == 1
    here.work_off()
    assert here.shown() == [*["To Do"] * TICKETS, "In Progress"]


def test_an_integration_is_not_created_without_its_secret(here: Deployment) -> None:
    site = here.jira.cloud
    body = {"connection_name": "other", "installation_type": "cloud", "jira_server_url": site.url, "auth_type": "basic"}
    login = {"username": site.email, "password": site.api_token}
    here.wire.meets(refused("Secrets.CreateSecret", "InternalServiceError", 500))
    assert here.call(settings_app, "POST", "/jira-integrations", {**body, **login}).status == 500
    here.wire.meets()
    assert here.call(settings_app, "GET", "/jira-integrations/other").status == 404
    assert here.call(settings_app, "POST", "/jira-integrations", {**body, **login}).status == 201


def test_a_bus_that_refuses_has_the_batch_tried_again_and_told_once(here: Deployment) -> None:
    records = json.loads((ROOT / "events" / "integration_stream.json").read_text())["Records"]
    here.wire.meets(refused("Events.PutEvents", "InternalException", 500))
    with pytest.raises(Exception, match="PutEvents"):
        here.publish(records)
    here.wire.meets()
    before = here.wire.calls["Events.PutEvents"]
    assert here.publish(records) == {"batchItemFailures": []}
    assert here.wire.calls["Events.PutEvents"] == before + 1


def test_a_probe_that_meets_an_outage_fails_and_the_next_one_looks_again(here: Deployment) -> None:
    here.wire.meets(refused("DynamoDB.Query", THROTTLED))
    with pytest.raises(Exception, match="Query"):
        here.probe()
    here.wire.meets()
    assert here.probe() == {"probed": 0, "recovered": []}


# --- Poison ---------------------------------------------------------------------------------------------------------


def test_a_message_that_fails_five_times_is_a_dead_letter_and_done_when_it_is_put_back(here: Deployment) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    run_id = here.schedule()["run_id"]
    here.wire.meets(refused("DynamoDB.GetItem", "ValidationException", names=run_id))
    assert here.work_off() == MOST_RECEIVES
    here.wire.meets()
    assert here.shown() == ["To Do"] * TICKETS
    (letter,) = here.dead()
    assert (letter.reason, json.loads(letter.body)["run_id"]) == (FAILED_OFTEN, run_id)
    assert here.schedule()["reason"] == "already_running"

    assert [one.body for one in here.letters.put_back()] == [letter.body]
    assert here.work_off() == 0
    assert here.shown() == ["Done", "To Do", "To Do"]
    assert (here.runs()[0]["run_id"], here.runs()[0]["state"]) == (run_id, "succeeded")
    assert here.dead() == []


def test_when_a_dead_letter_is_not_put_back_the_next_period_retrieves_its_tickets(here: Deployment) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    run_id = here.schedule()["run_id"]
    here.wire.meets(refused("DynamoDB.GetItem", "ValidationException", names=run_id))
    here.work_off()
    here.wire.meets()
    here.ahead = here.period
    assert here.schedule()["action"] == "queued"
    here.work_off()
    assert here.shown() == ["Done", "To Do", "To Do"]
    assert [run["state"] for run in here.runs()] == ["succeeded", "failed"]
    assert "its work was lost" in here.runs()[1]["error"]


POISON: dict[str, Callable[[dict[str, Any]], str]] = {
    "nonsense": lambda _: "nonsense",
    "a format that is no more": lambda members: json.dumps({**members, "version": 0}),
    "a member too many": lambda members: json.dumps({**members, "extra": 1}),
}


@pytest.mark.parametrize("poison", POISON)
def test_poison_is_a_dead_letter_at_once_with_its_reason_and_in_nobodys_way(here: Deployment, poison: str) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.schedule()
    message = here.receive()
    assert message is not None
    body = POISON[poison](json.loads(message["Body"]))
    here.sqs.send_message(QueueUrl=here.queue_url, MessageBody=body)
    assert here.work_off() == 0
    assert here.shown() == ["Done", "To Do", "To Do"]
    (letter,) = here.dead()
    assert letter.body == body
    assert letter.reason != FAILED_OFTEN
    assert here.integration()["connection_name"] == NAME


def test_a_message_of_the_previous_format_is_worked_off(here: Deployment) -> None:
    here.jira.cloud.move(here.issues[0].key, "Done")
    here.schedule()
    message = here.receive()
    assert message is not None
    members = json.loads(message["Body"])
    message["Body"] = json.dumps({**members, "version": members["version"] - 1})
    assert here.deliver(message)
    assert here.shown() == ["Done", "To Do", "To Do"]


def test_a_message_of_a_format_to_come_waits_for_the_code_that_knows_it(here: Deployment) -> None:
    here.schedule()
    message = here.receive()
    assert message is not None
    known = message["Body"]
    message["Body"] = json.dumps({**json.loads(known), "version": json.loads(known)["version"] + 1, "more": 1})
    assert not here.deliver(message)
    assert here.dead() == []
    message["Body"] = known
    assert here.deliver(message)
