"""The event files of ``events/``, and what Lambda calls a handler with."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.fakes.gateway import Invocation
from tests.fakes.stage import Stage

EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def event_file() -> Callable[[str], Any]:
    """Read an event file by its name."""
    return lambda name: json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def context() -> LambdaContext:
    """What every handler is called with."""
    return Invocation()


@pytest.fixture
def logger() -> Logger:
    """A logger that writes nothing."""
    return Logger(service="test", level=logging.CRITICAL)


@pytest.fixture
def metrics() -> Metrics:
    """Metrics of nobody's dashboard."""
    return Metrics(namespace="Test", service="test")


@pytest.fixture
def stage() -> Stage:
    """What the handlers work on."""
    return Stage()
