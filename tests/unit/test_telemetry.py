"""What a function writes: lines whose time Lambda understands, and the metrics that are paid for."""

import json
import re
from datetime import UTC, datetime

import pytest
from aws_lambda_powertools.metrics import MetricUnit

from ticket_status.composition.parts import ALARMED, EssentialMetrics, Telemetry, json_logger

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def test_the_time_of_a_line_is_rfc_3339_and_the_present(capsys: pytest.CaptureFixture[str]) -> None:
    json_logger().error("something failed")
    line = json.loads(capsys.readouterr().out)
    assert RFC_3339.fullmatch(line["timestamp"])
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 60
    assert line["level"] == "ERROR"


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A logger of a test's own: one is kept, with its stream, for each service."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)


@pytest.fixture
def metrics() -> EssentialMetrics:
    return EssentialMetrics(namespace="TicketStatus/ticket-status", service="sync-worker")


def test_a_line_has_every_number_and_only_what_alarms_watch_is_a_metric(
    metrics: EssentialMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    Telemetry(json_logger(), metrics).report("probe", {"BrokenIntegrations": 2, "ProbedIntegrations": 7})
    line, document = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["BrokenIntegrations"], line["ProbedIntegrations"]) == (2, 7)
    [directive] = document["_aws"]["CloudWatchMetrics"]
    assert [one["Name"] for one in directive["Metrics"]] == ["BrokenIntegrations"]
    assert document["BrokenIntegrations"] == [2.0]


def test_where_no_alarm_watches_anything_nothing_is_written(
    metrics: EssentialMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "TicketsChanged" not in ALARMED
    metrics.add_metric("TicketsChanged", MetricUnit.Count, 3)
    metrics.flush_metrics()
    assert capsys.readouterr().out == ""
