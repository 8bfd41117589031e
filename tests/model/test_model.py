"""The system against a model of the rules, by random stories; and the model against faults that are planted.

``machine.Story`` draws what happens: issues come, change, move, are hidden and deleted; credentials expire, Jira
throttles, is slow or down; people register tickets, press the button, switch, test, recheck, delete and create
integrations; the schedule and the probe fire; messages come late, out of order and twice; whoever acts is held at any
point while others go on, or dies there; time goes on by seconds to months. After every step ``book.Book`` holds all
that is shown against ``oracle.Oracle``, which is written from the rules and knows nothing of the code; when a story
comes to rest, everything has to be exact (``rest``). A story that fails is told in words, as short as it can be made.

Always the same stories, unless asked for others by the environment:

* ``MODEL_STEPS=200000`` for more steps, over stories that are new each time;
* ``MODEL_DYNAMODB_URL=http://127.0.0.1:4566`` to have the DynamoDB stores on that endpoint instead of in the process.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from moto import mock_aws

from tests.model import planted
from tests.model.machine import Story
from tests.model.oracle import Mismatch
from tests.model.planted import Plant
from tests.model.stores import InDynamo

STEPS = 10_000
STEPS_IN_DYNAMO = 500
STEPS_FOR_A_FAULT = 60_000
STORY = 50
"""Most steps of a story."""
SEED = 31
"""Of the stories in which planted faults are looked for: one of forty that were tried, where each comes soon. When the
code has changed so much that one of them comes late, ``tests/conftest.py`` says that it is slow: try others."""


@pytest.fixture
def in_dynamo() -> Iterator[InDynamo]:
    endpoint = os.environ.get("MODEL_DYNAMODB_URL")
    if endpoint:
        yield InDynamo(endpoint)
    else:
        with mock_aws():
            yield InDynamo()


def tell_stories(story: type[Story], steps: int, *, find_shortest: bool = True) -> None:
    """Tell stories of so many steps in all; raises ``Mismatch`` with the shortest that went wrong."""
    wanted = os.environ.get("MODEL_STEPS")
    chosen = settings(
        max_examples=int(wanted or steps) * 3 // 2 // STORY,  # for some stories end early
        stateful_step_count=STORY,
        phases=[Phase.generate, Phase.shrink] if find_shortest else [Phase.generate],
        derandomize=wanted is None,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    story.steps = 0
    run_state_machine_as_test(story, settings=chosen)


@pytest.mark.slow(reason="ten thousand steps")
def test_what_is_shown_is_what_the_contract_says() -> None:
    tell_stories(Story, STEPS)
    assert Story.steps >= STEPS, Story.steps


@pytest.mark.slow(reason="five hundred steps, each of them a dozen calls to tables")
def test_what_is_shown_is_what_the_contract_says_also_in_dynamodb(in_dynamo: InDynamo) -> None:
    class InTables(Story):
        kept = in_dynamo

    tell_stories(InTables, STEPS_IN_DYNAMO)
    assert InTables.steps >= STEPS_IN_DYNAMO


@pytest.mark.parametrize("plant", planted.EVERY, ids=lambda plant: plant.__name__.replace("_", " "))
def test_the_model_finds_a_planted_fault(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    @seed(SEED)
    class Faulty(Story):
        pass

    with pytest.raises(Mismatch):
        tell_stories(Faulty, STEPS_FOR_A_FAULT, find_shortest=False)
