"""``EventsFunction`` with records of the streams of tickets and integrations."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.events.app import handler
from tests.fakes.bus import FakeBus
from tests.fakes.stage import Stage
from ticket_status.composition import events as composition
from ticket_status.service.tickets.publishing import Publishing

Invoke = Callable[[Any], Any]


@pytest.fixture
def bus() -> FakeBus:
    return FakeBus()


@pytest.fixture
def invoke(
    monkeypatch: pytest.MonkeyPatch, bus: FakeBus, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Invoke:
    stage = Stage()
    app = composition.EventsApp(logger, metrics, Publishing(stage.integrations, stage.violations, bus))
    monkeypatch.setattr(composition, "events", lambda: app)
    return lambda event: handler(event, context)


def test_a_changed_status_is_published_what_is_no_change_of_a_ticket_is_not(
    event_file: Callable[[str], Any], invoke: Invoke, bus: FakeBus
) -> None:
    event = event_file("ticket_stream")
    assert len(event["Records"]) == 3, "a change, a coverage and a new ticket"
    assert invoke(event) == {"batchItemFailures": []}
    (published,) = bus.events
    assert published.detail_type == "Ticket Status Changed"
    assert published.detail["ticket_no"] == "JAS-26363"
    assert published.detail["old"] == {"ticket_status": "To Do", "unknown_reason": None}
    assert published.detail["new"] == {"ticket_status": "In Progress", "unknown_reason": None}
    assert published.detail["observed_at"] == "2026-11-22T08:00:00.000Z"


def test_a_broken_integration_is_published(event_file: Callable[[str], Any], invoke: Invoke, bus: FakeBus) -> None:
    assert invoke(event_file("integration_stream")) == {"batchItemFailures": []}
    (published,) = bus.events
    assert published.detail_type == "Integration Health Changed"
    assert published.detail["new"] == {"status": "FAULTY_CONFIGURATION", "reason_code": "AUTHENTICATION_FAILED"}


def test_a_bus_that_refuses_fails_the_batch_so_that_it_is_tried_again(
    event_file: Callable[[str], Any], invoke: Invoke, bus: FakeBus
) -> None:
    bus.refuses = True
    with pytest.raises(ConnectionError):
        invoke(event_file("ticket_stream"))
