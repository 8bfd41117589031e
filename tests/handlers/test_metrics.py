"""What the functions count is what the template's alarms and dashboard watch, under the same names."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.events.app import handler as events_handler
from functions.refresh.app import routes as refresh_routes
from functions.settings.app import routes as settings_routes
from functions.sync.probe import handler as probe_handler
from functions.sync.scheduler import handler as sync_handler
from functions.sync.worker import handler as worker_handler
from local.template import load
from tests.fakes.bus import FakeBus
from tests.fakes.gateway import request
from tests.fakes.samples import BROKEN
from tests.fakes.stage import Stage
from ticket_status.api.application import Api, ApiContext
from ticket_status.aws.queue import write_work
from ticket_status.composition import events, probe, scheduler, worker
from ticket_status.composition.parts import ALARMED
from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import Refused
from ticket_status.core.work import NewTicketsWork
from ticket_status.service.retrieval.schedule import Schedule
from ticket_status.service.tickets.publishing import Publishing

STACK = "ticket-status"
RESOURCES = load()["Resources"]
WRITTEN_BY_US = load()["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]["Fn::Sub"]
NAMESPACE = WRITTEN_BY_US.replace("${AWS::StackName}", STACK)


class Metric(NamedTuple):
    """A metric of ours, as CloudWatch knows it."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


class Function:
    """What a function is given to work with, and what it counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], logger: Logger) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.logger = logger
        self.stage = Stage()

    def metrics(self, logical_id: str) -> Metrics:
        """Those of a function, named as the template names it."""
        variables = RESOURCES[logical_id]["Properties"]["Environment"]["Variables"]
        return Metrics(namespace=NAMESPACE, service=variables["POWERTOOLS_SERVICE_NAME"])

    def composed(self, module: object, name: str, app: object) -> None:
        """Put this together instead of the real thing."""
        self._monkeypatch.setattr(module, name, lambda: app)

    def counted(self) -> dict[Metric, float]:
        """Everything in the embedded metric format that was printed since the last look, summed up."""
        totals: dict[Metric, float] = {}
        for line in self._capsys.readouterr().out.splitlines():
            for metric, value in _embedded(json.loads(line)):
                totals[metric] = totals.get(metric, 0) + value
        return totals


def _embedded(document: Mapping[str, Any]) -> Iterator[tuple[Metric, float]]:
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, document[name]) for name in names)
            for metric in directive["Metrics"]:
                yield Metric(directive["Namespace"], metric["Name"], dimensions), sum(document[metric["Name"]])


def ours(name: str, service: str) -> Metric:
    return Metric(NAMESPACE, name, frozenset({("service", service)}))


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], logger: Logger) -> Function:
    return Function(monkeypatch, capsys, logger)


def sync(function: Function, event: object, context: LambdaContext) -> dict[Metric, float]:
    schedule = Schedule(function.stage.integrations, function.stage.runs)
    app = scheduler.SchedulerApp(function.logger, function.metrics("SyncFunction"), schedule)
    function.composed(scheduler, "scheduler", app)
    sync_handler(event, context)  # type: ignore[arg-type] # an event as it comes
    return function.counted()


def work(function: Function, context: LambdaContext, *more: str) -> dict[Metric, float]:
    """Everything on the queue, and these bodies."""
    stage = function.stage
    app = worker.WorkerApp(function.logger, function.metrics("SyncWorkerFunction"), stage.worker, stage.queue)
    function.composed(worker, "worker", app)
    bodies = [*more]
    while bodies or stage.queue.sent:
        bodies += [write_work(one) for one in stage.queue.take()]
        worker_handler({"Records": [{"messageId": "m", "body": bodies.pop()}]}, context)
    return function.counted()


def look(function: Function, context: LambdaContext) -> dict[Metric, float]:
    app = probe.ProbeApp(function.logger, function.metrics("ProbeFunction"), function.stage.probe, function.stage.care)
    function.composed(probe, "probe", app)
    probe_handler({}, context)
    return function.counted()


SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}
NO_RUN = ours("CompletedOrIdle", "runs")


def test_a_scheduled_round_is_counted_at_its_end_one_by_hand_or_that_failed_is_not(
    monkeypatch: pytest.MonkeyPatch, function: Function, context: LambdaContext
) -> None:
    rounds = ours("ScheduledRounds", "sync")
    assert sync(function, SCHEDULED, context)[rounds] == 1
    assert sync(function, {}, context)[rounds] == 0

    def outage(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(function.stage.runs, "ask_for", outage)
    with pytest.raises(ConnectionError):
        sync(function, SCHEDULED, context)
    assert function.counted() == {}


def test_a_completed_run_of_all_tickets_is_counted_one_of_new_tickets_is_not(
    function: Function, context: LambdaContext
) -> None:
    function.stage.has_tickets(3)
    assert NO_RUN not in sync(function, SCHEDULED, context)
    counted = work(function, context)
    assert (counted[NO_RUN], counted[ours("CompletedRuns", "sync-worker")]) == (1, 1)

    function.stage.has_ticket(900, status=None)
    new = NewTicketsWork("cloud-abc", function.stage.integration.integration_ref)
    counted = work(function, context, write_work(new))
    assert counted[ours("TicketsChanged", "sync-worker")] == 1
    assert NO_RUN not in counted


def test_a_round_with_nothing_to_retrieve_counts_as_well_as_a_completed_run(
    function: Function, context: LambdaContext
) -> None:
    stage = function.stage
    stage.integrations.switch(stage.integration, on=False, now=stage.clock())
    assert sync(function, SCHEDULED, context)[NO_RUN] == 1
    assert NO_RUN not in sync(function, {}, context), "looking by hand proves nothing"


def test_integrations_that_stay_broken_are_counted_also_during_a_pause_but_not_when_switched_off(
    function: Function, context: LambdaContext
) -> None:
    stage, broken = function.stage, ours("BrokenIntegrations", "probe")
    assert look(function, context)[broken] == 0
    stage.integrations.set_health(stage.integration, BROKEN)
    stage.site.trouble = Refused(ReasonCode.AUTHENTICATION_FAILED, "the token expired")
    assert look(function, context)[broken] == 1
    stage.integrations.pause(stage.integration, stage.clock.now.replace(year=2027), 60)
    assert look(function, context)[broken] == 1
    stage.integrations.switch(stage.integration, on=False, now=stage.clock())
    assert look(function, context)[broken] == 0


@pytest.fixture
def emitted(function: Function, context: LambdaContext, event_file: Callable[[str], Any]) -> set[Metric]:
    """Every metric that some function writes."""
    function.stage.has_tickets(1)
    found = {*sync(function, SCHEDULED, context), *work(function, context, "nonsense"), *look(function, context)}
    publishing = Publishing(function.stage.integrations, function.stage.violations, FakeBus())
    function.composed(
        events, "events", events.EventsApp(function.logger, function.metrics("EventsFunction"), publishing)
    )
    events_handler(event_file("ticket_stream"), context)
    for logical_id, routes in (("RefreshFunction", refresh_routes), ("SettingsFunction", settings_routes)):
        api_context = ApiContext(function.logger, function.metrics(logical_id), function.stage.clock)
        path = next(route.path for route in routes if route.method == "GET" and "{" not in route.path)
        services: Any = None
        Api(routes, services, api_context).answer(request("GET", path, query={"type": "build"}), context)
    return found | set(function.counted())


def test_every_metric_of_ours_that_an_alarm_watches_is_written(emitted: set[Metric]) -> None:
    watched = {
        Metric(_filled(metric["Namespace"]), metric["MetricName"], _dimensions(metric["Dimensions"]))
        for alarm in (one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::CloudWatch::Alarm")
        for metric in _watched(alarm)
        if metric["Namespace"] == {"Fn::Sub": WRITTEN_BY_US}
    }
    assert {metric.name for metric in watched} == {
        "ScheduledRounds",
        "CompletedOrIdle",
        "BrokenIntegrations",
        "TroubledWebhooks",
    }
    assert watched <= emitted


def test_every_metric_that_an_alarm_watches_is_written_without_detailed_monitoring_too() -> None:
    watched = {
        metric["MetricName"]
        for alarm in (one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::CloudWatch::Alarm")
        for metric in _watched(alarm)
        if metric["Namespace"] == {"Fn::Sub": WRITTEN_BY_US}
    }
    assert watched - {"CompletedOrIdle"} <= ALARMED, "that one is written by itself, always"


def test_every_metric_of_ours_on_the_dashboard_is_written(emitted: set[Metric]) -> None:
    body = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = [
        metric
        for widget in json.loads(body)["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0] == WRITTEN_BY_US
    ]
    assert shown
    for namespace, name, *dimension in shown:
        assert Metric(_filled(namespace), name, frozenset({tuple(dimension[:2])})) in emitted


def _watched(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]


def _filled(namespace: Any) -> str:  # noqa: ANN401 - a text or an intrinsic function
    text = namespace["Fn::Sub"] if isinstance(namespace, dict) else namespace
    return str(text).replace("${AWS::StackName}", STACK)


def _dimensions(dimensions: list[dict[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((one["Name"], one["Value"]) for one in dimensions)
