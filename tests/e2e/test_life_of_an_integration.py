"""Breaking, recovering, pausing and switching off in mid-run, on the deployed stack; and what the bus is told of it."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from local import ROOT
from local.stack import Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket, wait_for


@pytest.fixture
def name() -> str:
    return f"life-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def secret(jira: SampleJira) -> str:
    """An API token of its own, so that revoking it breaks no other test's integration."""
    token = f"token-{uuid.uuid4().hex}"
    jira.cloud.add_api_token(token)
    return token


@pytest.fixture
def heard(stack: Stack) -> Iterator["Heard"]:
    """Everything that the stack's bus is told from here on."""
    heard = Heard(stack)
    yield heard
    heard.stop()


class Heard:
    """A queue behind a rule on the stack's bus."""

    def __init__(self, stack: Stack) -> None:
        name = f"heard-{uuid.uuid4().hex[:8]}"
        self._sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
        self._events = stack.session.client("events", endpoint_url=stack.endpoint_url)
        self._bus, self._rule = stack.outputs["EventBusName"], name
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["ticket-status"]})
        self._events.put_rule(Name=name, EventBusName=self._bus, EventPattern=pattern)
        self._events.put_targets(Rule=name, EventBusName=self._bus, Targets=[{"Id": "queue", "Arn": arn}])
        self.all: list[dict[str, Any]] = []

    def of(self, integration: str, detail_type: str) -> list[dict[str, Any]]:
        """What was told of an integration so far."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            self.all.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [
            event["detail"]
            for event in self.all
            if event["detail-type"] == detail_type and event["detail"]["integration_name"] == integration
        ]

    def stop(self) -> None:
        """Hold every event that was heard against its schema, and leave the bus as it was."""
        self._events.remove_targets(Rule=self._rule, EventBusName=self._bus, Ids=["queue"])
        self._events.delete_rule(Name=self._rule, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._url)
        for event in self.all:
            file_name = event["detail-type"].lower().replace(" ", "-") + ".json"
            jsonschema.validate(event, json.loads((ROOT / "docs" / "events" / file_name).read_text()))


def test_an_expired_token_breaks_the_integration_and_the_probe_recovers_it(
    service: Service, jira: SampleJira, name: str, secret: str, heard: Heard
) -> None:
    service.add_cloud(name, jira, password=secret)
    issue = jira.cloud.create("BRK", 1, status="In Progress")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    changed = wait_for(lambda: heard.of(name, "Ticket Status Changed"), "the first status on the bus")
    assert changed[0]["violation_ids"] == [f"{name}-v"]
    assert changed[0]["old"] == {"ticket_status": "Unknown", "unknown_reason": "NOT_RETRIEVED_YET"}
    assert changed[0]["new"] == {"ticket_status": "In Progress", "unknown_reason": None}

    jira.cloud.revoke(secret)
    run = service.retrieve(name)
    assert run["state"] == "failed"
    health = service.integration(name)["health"]
    assert (health["status"], health["reason_code"]) == ("FAULTY_CONFIGURATION", "AUTHENTICATION_FAILED")
    shown = service.tickets(f"{name}-v")[0]
    assert (shown["ticket_status"], shown["unknown_reason"]) == ("Unknown", "INTEGRATION_BROKEN")
    assert shown["last_known_status"] == "In Progress"
    refreshed = service.refresh(f"{name}-v")[0]
    assert refreshed["refresh"] == {"outcome": "failed", "reason": "integration_broken"}

    jira.cloud.reinstate(secret)
    jira.cloud.move(issue.key, "Done")
    jira.cloud.forget_requests()
    assert name in service.probe()["recovered"]
    wait_for(lambda: service.tickets(f"{name}-v")[0]["ticket_status"] == "Done", "the status to come back")
    assert service.integration(name)["last_sync"]["trigger"] == "recovered"
    wait_for(lambda: len(heard.of(name, "Integration Health Changed")) >= 2, "both on the bus")
    told = heard.of(name, "Integration Health Changed")
    assert [one["new"]["status"] for one in told] == ["FAULTY_CONFIGURATION", "HEALTHY_INTEGRATION"]


def test_a_throttled_run_is_paused_until_jira_allows_and_then_ends(
    service: Service, jira: SampleJira, name: str
) -> None:
    service.add_data_center(name, jira)
    issue = jira.data_center.create("THR", 1, status="To Do")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    jira.data_center.throttle(8, path="/rest/api/2/search", times=1)

    decision = service.sync({"integration_name": name})["integrations"][0]
    wait_for(lambda: service.run(name, decision["run_id"])["state"] == "paused", "the run to pause")
    assert service.integration(name)["paused_until"] is not None
    assert service.refresh(f"{name}-v")[0]["refresh"]["outcome"] in {"deferred", "skipped"}
    assert service.call("POST", f"/jira-integrations/{name}/test").status_code == 409
    run = service.ended(name, decision["run_id"])
    assert (run["state"], run["counts"]["unchanged"], run["jira_requests"]) == ("succeeded", 1, 2)
    assert service.tickets(f"{name}-v")[0]["ticket_status"] == "To Do"


def test_switching_off_in_mid_run_cancels_it_and_nothing_more_is_asked(
    service: Service, jira: SampleJira, name: str
) -> None:
    service.add_data_center(name, jira)
    issue = jira.data_center.create("OFF", 1, status="To Do")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    jira.data_center.fault("delay", path="/rest/api/2/search", seconds=4, times=1)

    decision = service.sync({"integration_name": name})["integrations"][0]
    service.put(f"/jira-integrations/{name}/settings", {"retrieve_jira_tickets": False})
    run = service.ended(name, decision["run_id"])
    assert run["state"] == "cancelled"
    assert service.tickets(f"{name}-v")[0]["ticket_status"] is None


def test_a_deleted_integration_leaves_its_tickets_unknown_also_when_its_name_is_taken_again(
    service: Service, jira: SampleJira, name: str
) -> None:
    service.add_cloud(name, jira)
    issue = jira.cloud.create("NIF", 1, status="To Do")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    assert service.call("DELETE", f"/jira-integrations/{name}").status_code == 204
    service.add_cloud(name, jira)
    shown = service.tickets(f"{name}-v")[0]
    assert (shown["ticket_status"], shown["unknown_reason"]) == ("Unknown", "INTEGRATION_NOT_FOUND")
    assert service.refresh(f"{name}-v")[0]["refresh"] == {"outcome": "skipped", "reason": "integration_not_found"}


def test_a_run_that_cannot_be_understood_goes_to_the_dead_letters_and_blocks_nobody(
    service: Service, jira: SampleJira, name: str, stack: Stack
) -> None:
    sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
    sqs.send_message(QueueUrl=stack.outputs["SyncQueueUrl"], MessageBody=f"nonsense {name}")
    service.add_cloud(name, jira)
    issue = jira.cloud.create("POI", 1)[0]
    service.register(ticket(name, issue, f"{name}-v"))
    assert service.retrieve(name)["state"] == "succeeded"

    def dead_letter() -> bool:
        answer = sqs.receive_message(QueueUrl=stack.outputs["SyncDeadLetterQueueUrl"], MaxNumberOfMessages=10)
        return any(message["Body"] == f"nonsense {name}" for message in answer.get("Messages", []))

    wait_for(dead_letter, "the dead letter")
