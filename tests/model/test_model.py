"""The system against the model: random stories, and after each step what is shown is what the contract says.

``MODEL_STORIES=2000 .venv/bin/python -m pytest tests/model`` tells more of them, and ``MODEL_SEED=1`` others each time.
A story that fails is shrunk and printed in words. That the model can fail is shown by planting faults: one in the
store and one in a decision here, all of ``planted.py`` with ``MODEL_PLANTED=1``.
"""

import os
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from moto import mock_aws

from tests.model import planted
from tests.model.machine import Story
from tests.model.stores import InDynamo, InMemory, Kept

STEPS = 60
"""Rules of one story at most."""
STORIES = int(os.environ.get("MODEL_STORIES", "230"))
STORIES_IN_DYNAMO = max(1, STORIES // 10)
STEPS_AT_LEAST = 44
"""Steps of a story on average, so that 230 stories have 10,000."""
STORIES_UNTIL_FOUND = 600

PLANTED = (
    planted.EVERY
    if "MODEL_PLANTED" in os.environ
    else (planted.older_observations_replace_newer_ones, planted.what_vanished_is_deleted_without_proof)
)


def told(kept: Kept, stories: int, *phases: Phase) -> int:
    """Tell stories with these stores; how many steps they had."""

    class Told(Story):
        steps: ClassVar[int] = 0

    Told.kept = kept
    telling = settings(
        max_examples=stories,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize="MODEL_SEED" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, *phases],
    )
    run_state_machine_as_test(Told, settings=telling)
    return Told.steps


def test_whatever_happens_what_is_shown_is_what_the_contract_says() -> None:
    assert told(InMemory(), STORIES, Phase.shrink) >= STEPS_AT_LEAST * STORIES


def test_the_same_holds_for_what_is_kept_in_dynamodb() -> None:
    with mock_aws():
        assert told(InDynamo(), STORIES_IN_DYNAMO, Phase.shrink) >= STEPS_AT_LEAST * STORIES_IN_DYNAMO


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_fault_is_found(plant: planted.Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        told(InMemory(), STORIES_UNTIL_FOUND)
