"""``SyncFunction`` with the event files that ``sam remote invoke`` uses.

They name an integration of the local run.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.sync.scheduler import handler
from tests.fakes.samples import an_integration
from tests.fakes.stage import Stage
from ticket_status.composition import scheduler as composition
from ticket_status.core.model import Trigger
from ticket_status.service.retrieval.schedule import InvalidEventError, Schedule

Invoke = Callable[[Any], Any]


@pytest.fixture
def stage() -> Stage:
    acme = an_integration("acme-cloud")
    return Stage(acme)


@pytest.fixture
def invoke(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Invoke:
    """The handler over the stage; what it answers, as JSON."""
    app = composition.SchedulerApp(logger, metrics, Schedule(stage.integrations, stage.runs))
    monkeypatch.setattr(composition, "scheduler", lambda: app)
    return lambda event: json.loads(json.dumps(handler(event, context)))


@pytest.mark.parametrize("name", ["scheduled", "every_integration", "one_integration"])
def test_the_events_that_queue_put_a_run_on_the_queue_and_name_it(
    event_file: Callable[[str], Any], invoke: Invoke, stage: Stage, name: str
) -> None:
    answer = invoke(event_file(name))
    assert answer == {
        "dry_run": False,
        "queued": 1,
        "integrations": [
            {
                "integration_name": "acme-cloud",
                "action": "queued",
                "reason": None,
                "run_id": stage.run.run_id,
                "tickets_in_window": 0,
            }
        ],
    }
    assert len(stage.queue.sent) == 1
    assert stage.run.trigger is (Trigger.SCHEDULE if name == "scheduled" else Trigger.ON_CALL)


@pytest.mark.parametrize("name", ["dry_run", "dry_run_of_one_integration"])
def test_a_dry_run_queues_nothing(event_file: Callable[[str], Any], invoke: Invoke, stage: Stage, name: str) -> None:
    answer = invoke(event_file(name))
    assert (answer["dry_run"], answer["queued"]) == (True, 0)
    assert [(one["action"], one["run_id"]) for one in answer["integrations"]] == [("queued", None)]
    assert not stage.queue.sent


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"integrationName": "cloud-abc"}, "integrationName"),
        ({"integration_name": "nobody"}, "integration_name"),
        ({"dry_run": "yes"}, "dry_run"),
        (["cloud-abc"], "JSON object"),
    ],
)
def test_anything_else_fails_the_invocation_naming_the_field(
    invoke: Invoke, stage: Stage, event: object, named: str
) -> None:
    with pytest.raises(InvalidEventError, match=named):
        invoke(event)
    assert not stage.queue.sent
