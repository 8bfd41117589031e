"""A run whose messages are the two hundredth and more of one chain: a day of pauses, and then some."""

import json
import uuid
from typing import Any

import pytest
import requests

from local.gate.lineage import function_hash, write_trace
from local.stack import Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket

BEFORE = 200
"""Times that the worker was invoked in the chain before."""


@pytest.fixture
def name() -> str:
    return f"chain-{uuid.uuid4().hex[:8]}"


def test_a_run_goes_on_after_two_hundred_messages_in_one_chain(
    service: Service, jira: SampleJira, stack: Stack, name: str
) -> None:
    service.add_data_center(name, jira)
    issue = jira.data_center.create("CHAIN", 1, status="To Do")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    jira.data_center.throttle(1, path="/rest/api/2/search", times=2)
    stopped = _stopped(stack)

    run_id = _sync_late_in_a_chain(stack, name)["integrations"][0]["run_id"]
    run = service.ended(name, run_id)

    assert run["state"] == "succeeded"
    assert run["jira_requests"] >= 3  # two were throttled, and each of them was a message
    assert _stopped(stack) == stopped


def _sync_late_in_a_chain(stack: Stack, name: str) -> dict[str, Any]:
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    worker = functions.get_function_configuration(FunctionName=f"{stack.name}-sync-worker")
    trace = write_trace({function_hash(worker["FunctionArn"]): BEFORE})
    functions.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update({"X-Amzn-Trace-Id": trace})
    )
    event = json.dumps({"integration_name": name})
    answer = functions.invoke(FunctionName=f"{stack.name}-sync", Payload=event.encode())
    decided: dict[str, Any] = json.loads(answer["Payload"].read())
    return decided


def _stopped(stack: Stack) -> int:
    seen: dict[str, int] = requests.get(f"{stack.endpoint_url}/_gate", timeout=10).json()["seen"]
    return seen["stopped_messages"]
