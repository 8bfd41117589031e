"""``ProbeFunction``."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.sync.probe import handler
from tests.fakes.samples import BROKEN
from tests.fakes.stage import Stage
from ticket_status.composition import probe as composition


def test_it_says_how_many_were_tried_and_which_recovered(
    monkeypatch: pytest.MonkeyPatch,
    event_file: Callable[[str], Any],
    context: LambdaContext,
    logger: Logger,
    metrics: Metrics,
) -> None:
    stage = Stage()
    app = composition.ProbeApp(logger, metrics, stage.probe, stage.care)
    monkeypatch.setattr(composition, "probe", lambda: app)
    assert handler(event_file("scheduled"), context) == {"probed": 0, "recovered": []}
    stage.integrations.set_health(stage.integration, BROKEN)
    assert handler(event_file("scheduled"), context) == {"probed": 1, "recovered": ["cloud-abc"]}
    assert len(stage.queue.sent) == 1
