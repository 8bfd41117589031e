"""``SyncWorkerFunction``: one answer for each message, and no message in the way of another."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.sync.worker import handler
from tests.fakes.samples import NOW
from tests.fakes.stage import Stage
from tests.handlers.conftest import EVENTS
from ticket_status.aws.queue import read_message, write_work
from ticket_status.composition import worker as composition
from ticket_status.core.model import RunState
from ticket_status.core.window import END
from ticket_status.core.work import NewTicketsWork, SliceWork
from ticket_status.ports.jira import JiraRejectedRequestError

Invoke = Callable[..., Any]


@pytest.fixture
def invoke(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Invoke:
    """The handler over the stage, with messages of these bodies; the identifiers of those that failed."""
    app = composition.WorkerApp(logger, metrics, stage.worker, stage.queue)
    monkeypatch.setattr(composition, "worker", lambda: app)
    (record,) = json.loads((EVENTS / "sync_message.json").read_text())["Records"]

    def call(*bodies: str) -> list[str]:
        records = [{**copy.deepcopy(record), "messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
        answer = handler({"Records": records}, context)
        assert set(answer) == {"batchItemFailures"}
        return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    return call


def started(stage: Stage) -> str:
    """The body of the message that a run starts with."""
    stage.has_tickets(3)
    stage.start()
    (work,) = stage.queue.take()
    return write_work(work)


def test_the_event_file_is_a_message_that_is_understood(event_file: Callable[[str], Any], invoke: Invoke) -> None:
    body = event_file("sync_message")["Records"][0]["body"]
    work = read_message(body).work
    assert isinstance(work, SliceWork)
    assert (work.integration_name, work.run_id, work.name) == ("cloud-abc", "20261122T080000000-k3f9x2", "0")
    assert invoke(body) == [], "its run is not known any more: nothing to do"


def test_a_slice_is_worked_off(invoke: Invoke, stage: Stage) -> None:
    body = started(stage)
    assert invoke(body) == []
    assert (stage.run.state, stage.run.counts.unchanged) == (RunState.SUCCEEDED, 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "version"),
        ('{"version": 0}', "version"),
        ('{"version": 1, "kind": "other"}', "kind"),
        ('{"version": 1, "kind": "new_tickets"}', "integration_name: missing"),
    ],
)
def test_a_malformed_message_goes_to_the_dead_letter_queue_and_does_not_block_the_others(
    invoke: Invoke, stage: Stage, body: str, reason: str
) -> None:
    good = started(stage)
    assert invoke(body, good) == []
    ((given_up, why),) = stage.queue.given_up
    assert given_up == body
    assert reason in why
    assert stage.run.state is RunState.SUCCEEDED


def test_work_that_jira_calls_malformed_is_given_up_too(invoke: Invoke, stage: Stage) -> None:
    body = started(stage)

    def reject(_call: str, _names: object) -> None:
        raise JiraRejectedRequestError("400 on a call that we built")

    stage.site.before = reject
    assert invoke(body) == []
    assert stage.queue.given_up == [(body, "400 on a call that we built")]
    assert stage.run.state is RunState.FAILED


def test_a_message_that_was_sent_before_the_last_deployment_is_worked_off(invoke: Invoke, stage: Stage) -> None:
    members = json.loads(started(stage))
    del members["origin"]
    told = {"clock": NOW.isoformat(), "start": "", "end": END, "months": ["2026-11"], "step": 0, "cursor": ""}
    assert invoke(json.dumps({**members, **told, "version": 1})) == []
    assert (stage.run.state, stage.run.counts.unchanged) == (RunState.SUCCEEDED, 3)


def test_a_message_of_a_later_version_comes_back_for_the_code_that_knows_it(invoke: Invoke, stage: Stage) -> None:
    members = json.loads(started(stage))
    assert invoke(json.dumps({**members, "version": 5, "more": True})) == ["m0"]
    assert not stage.queue.given_up


def test_a_message_whose_work_raised_comes_back_the_others_do_not(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, stage: Stage
) -> None:
    body = started(stage)
    other = write_work(NewTicketsWork("cloud-abc", stage.integration.integration_ref))

    def outage(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(stage.tickets, "raise_coverage", outage)
    assert invoke(body, other) == ["m0"]
    assert invoke(other, body) == ["m1"]
    assert not stage.queue.given_up
    monkeypatch.undo()


def test_a_batch_of_which_all_failed_is_answered_not_raised(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, stage: Stage
) -> None:
    body = started(stage)

    def outage(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(stage.run_store, "get", outage)
    assert invoke(body) == ["m0"]
