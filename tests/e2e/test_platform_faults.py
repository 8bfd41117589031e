"""What AWS can do to a worker, done to real ones; dead letters by the documented command; one id from button to Jira.

The queue's visibility time-out is short here, so that what comes back comes back soon.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from local import ROOT, STATE
from local.deploy import sam_environment
from local.emulator import FOLDER
from local.stack import Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, log_lines, ticket, wait_for

SECONDS_HIDDEN = 3
WORKER_SECONDS = 38
"""Time-out of the worker in the test of that: a few seconds more than it wants to have left to begin a call."""


@pytest.fixture
def name(service: Service, jira: SampleJira) -> Iterator[str]:
    """A Data Center integration."""
    name = f"plat-{uuid.uuid4().hex[:8]}"
    service.add_data_center(name, jira)
    yield name
    service.call("DELETE", f"/jira-integrations/{name}")


@contextmanager
def messages_hidden(stack: Stack, seconds: int) -> Iterator[None]:
    """Have messages come back after so long."""
    sqs, url = stack.session.client("sqs", endpoint_url=stack.endpoint_url), stack.outputs["SyncQueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": before["VisibilityTimeout"]})


@pytest.fixture
def soon(stack: Stack) -> Iterator[None]:
    """Have messages come back soon."""
    with messages_hidden(stack, SECONDS_HIDDEN):
        yield


@pytest.fixture
def brief_worker(stack: Stack) -> Iterator[None]:
    """Give the worker little time, and others its messages right after that."""
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    worker = f"{stack.name}-sync-worker"
    before = functions.get_function_configuration(FunctionName=worker)["Timeout"]
    functions.update_function_configuration(FunctionName=worker, Timeout=WORKER_SECONDS)
    with messages_hidden(stack, WORKER_SECONDS + SECONDS_HIDDEN):
        yield
    functions.update_function_configuration(FunctionName=worker, Timeout=before)


def signal_workers(stack: Stack, number: signal.Signals) -> int:
    """Send a signal to each worker of this stack, and of no other that runs beside it; how many there were."""
    folder = f"{STATE}/{FOLDER}{urlsplit(stack.endpoint_url).port}-"
    listed = subprocess.run(["/bin/ps", "-axwwo", "pid=,command="], capture_output=True, text=True, check=True).stdout
    pids = [int(line.split()[0]) for line in listed.splitlines() if folder in line and "-sync-worker-" in line]
    for pid in pids:
        os.kill(pid, number)
    return len(pids)


def in_mid_slice(service: Service, jira: SampleJira, name: str) -> str:
    """A run whose worker waits for Jira; the run's id."""
    issue = jira.data_center.create("PLAT", 1, status="To Do")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    jira.data_center.move(issue.key, "Done")
    jira.data_center.forget_requests()
    jira.data_center.fault("delay", path="/rest/api/2/search", seconds=6, times=1)
    run_id = service.sync({"integration_name": name})["integrations"][0]["run_id"]
    wait_for(lambda: service.run(name, run_id)["state"] == "running" and asked(jira), "the worker to ask Jira")
    assert isinstance(run_id, str)
    return run_id


def asked(jira: SampleJira) -> int:
    """Searches that reached the site."""
    return sum(request.path == "/rest/api/2/search" for request in jira.data_center.requests())


def done_after_all(service: Service, name: str, run_id: str) -> None:
    """The same run ends well, counting the ticket once."""
    run = service.ended(name, run_id)
    assert (run["state"], run["counts"]["changed"]) == ("succeeded", 1)
    assert service.tickets(f"{name}-v")[0]["ticket_status"] == "Done"


@pytest.mark.usefixtures("soon")
def test_a_worker_that_is_killed_in_mid_slice_is_followed_by_another(
    service: Service, jira: SampleJira, stack: Stack, name: str
) -> None:
    """For want of memory, or with its machine: AWS ends it with the same signal."""
    run_id = in_mid_slice(service, jira, name)
    assert signal_workers(stack, signal.SIGKILL)
    done_after_all(service, name, run_id)


@pytest.mark.slow(reason="the time-out of a worker is waited for")
@pytest.mark.usefixtures("brief_worker")
def test_a_worker_that_is_timed_out_in_mid_slice_is_followed_by_another(
    service: Service, jira: SampleJira, stack: Stack, name: str
) -> None:
    run_id = in_mid_slice(service, jira, name)
    begun = time.monotonic()
    assert signal_workers(stack, signal.SIGSTOP), "stands still, as a worker does that waits for something for ever"
    done_after_all(service, name, run_id)
    assert time.monotonic() - begun > WORKER_SECONDS / 2, "it was not done by a second worker before that"


def test_a_dead_letter_is_looked_at_and_put_back_by_one_command(service: Service, stack: Stack, name: str) -> None:
    ref = f"{name}~gone23"
    origin = f"origin-{uuid.uuid4().hex}"
    body = {"version": 2, "origin": origin, "kind": "new_tickets", "integration_name": name, "integration_ref": ref}
    sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
    sqs.send_message(QueueUrl=stack.outputs["SyncDeadLetterQueueUrl"], MessageBody=json.dumps(body))
    assert origin in dead_letters(stack)
    assert origin in dead_letters(stack, "--put-back")
    assert origin not in dead_letters(stack)
    (line,) = wait_for(lambda: lines(stack, "sync-worker", origin), "the worker to take it")
    assert (line["kind"], line["outcome"]) == ("new_tickets", "nothing_to_do")
    assert service.integration(name)["health"]["status"] == "HEALTHY_INTEGRATION"


def dead_letters(stack: Stack, *options: str) -> str:
    """What the command of the runbook prints."""
    command = [sys.executable, "-m", "tools.dead_letters", "--stack-name", stack.name, *options]
    environment = sam_environment(stack.endpoint_url)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_one_id_joins_the_press_of_a_button_to_its_calls_to_jira(
    service: Service, jira: SampleJira, stack: Stack, name: str
) -> None:
    issue = jira.data_center.create("PLAT", 1, status="To Do")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    run_id = service.post(f"/jira-integrations/{name}/sync", status=202)["run_id"]
    service.ended(name, run_id)

    def by_run() -> list[dict[str, Any]]:
        return [line for line in lines(stack, "sync-worker", run_id) if line["message"] == "work"]

    origins = {line["correlation_id"] for line in wait_for(by_run, "the worker's line")}
    assert len(origins) == 1

    def by_button() -> list[dict[str, Any]]:
        return [line for line in lines(stack, "settings", *origins) if line["message"] == "request"]

    (pressed,) = wait_for(by_button, "the button's line")
    assert (pressed["method"], pressed["route"].rpartition("/")[2], pressed["status"]) == ("POST", "sync", 202)
    calls = [line for line in lines(stack, "sync-worker", *origins) if line["message"] == "jira call"]
    assert [(call["path"], call["status"]) for call in calls] == [("/rest/api/2/search", 200)]


def lines(stack: Stack, function: str, text: str) -> list[dict[str, Any]]:
    """The log lines of a function that have this text in them."""
    messages = log_lines(stack, f"/aws/lambda/{stack.name}-{function}")
    return [json.loads(one[one.index("{") :]) for one in messages if text in one and "{" in one and "_aws" not in one]
