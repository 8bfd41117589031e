"""What the template promises about the functions."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from ticket_status.config import (
    ApiConfig,
    AuthorizerConfig,
    EventsConfig,
    HooksConfig,
    ProbeConfig,
    StoreConfig,
    TelemetryConfig,
    WebhookConfig,
    WorkerConfig,
)

CONFIGS: dict[str, Callable[[Mapping[str, str]], object]] = {
    "SyncFunction": StoreConfig.from_env,
    "SyncWorkerFunction": WorkerConfig.from_env,
    "ProbeFunction": ProbeConfig.from_env,
    "RefreshFunction": ApiConfig.from_env,
    "SettingsFunction": lambda environment: (ApiConfig.from_env(environment), WebhookConfig.from_env(environment)),
    "HooksFunction": HooksConfig.from_env,
    "EventsFunction": EventsConfig.from_env,
    "AuthorizerFunction": AuthorizerConfig.from_env,
}
# Lambda sets it.
GIVEN_BY_LAMBDA = {"AWS_REGION"}
# Read by the logger and the metrics themselves.
GIVEN_TO_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
READ_BY_ALL = {"DETAILED_METRICS"}
GATEWAY_SECONDS = 29


class RecordingEnvironment(Mapping[str, str]):
    """An environment that has everything, and knows what it was asked for."""

    def __init__(self) -> None:
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        if name.startswith(("ALLOW_", "DETAILED_")):
            return "true"
        return "1095" if name.endswith("_DAYS") else "something"

    def __iter__(self) -> Iterator[str]:
        return iter(self.read)

    def __len__(self) -> int:
        return len(self.read)


def test_every_function_has_a_config(functions: dict[str, Any]) -> None:
    assert set(functions) == set(CONFIGS)


@pytest.mark.parametrize("function", CONFIGS)
def test_the_environment_a_function_gets_is_exactly_what_its_config_reads(
    function: str, template: dict[str, Any], functions: dict[str, Any]
) -> None:
    environment = RecordingEnvironment()
    CONFIGS[function](environment)
    common = template["Globals"]["Function"]["Environment"]["Variables"]
    given = {**common, **functions[function]["Environment"]["Variables"]}
    assert set(given) == environment.read - GIVEN_BY_LAMBDA | GIVEN_TO_POWERTOOLS | READ_BY_ALL


def test_every_function_is_told_how_much_to_measure(template: dict[str, Any]) -> None:
    environment = RecordingEnvironment()
    TelemetryConfig.from_env(environment)
    assert environment.read == READ_BY_ALL
    assert set(template["Globals"]["Function"]["Environment"]["Variables"]) >= READ_BY_ALL


@pytest.mark.parametrize("function", CONFIGS)
def test_every_function_logs_json_into_a_group_of_its_own_with_retention(
    function: str, functions: dict[str, Any], resources: dict[str, Any]
) -> None:
    logging = functions[function]["LoggingConfig"]
    group = resources[logging["LogGroup"]["Ref"]]
    assert logging["LogFormat"] == "JSON"
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    name = functions[function]["FunctionName"]["Fn::Sub"]
    assert group["Properties"]["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{name}"}


def test_no_two_functions_share_a_log_group_a_role_or_a_service_name(functions: dict[str, Any]) -> None:
    groups = {one["LoggingConfig"]["LogGroup"]["Ref"] for one in functions.values()}
    roles = {one["Role"]["Fn::GetAtt"][0] for one in functions.values()}
    services = {one["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for one in functions.values()}
    assert len(groups) == len(roles) == len(services) == len(functions)


def test_every_handler_exists(functions: dict[str, Any]) -> None:
    for properties in functions.values():
        module, function = properties["Handler"].split(".")
        source = (ROOT / properties["CodeUri"] / f"{module}.py").read_text()
        assert f"def {function}(event" in source


@pytest.mark.parametrize("function", ["RefreshFunction", "SettingsFunction"])
def test_a_function_behind_the_api_ends_before_the_gateway_gives_up(function: str, functions: dict[str, Any]) -> None:
    assert functions[function]["Timeout"] < GATEWAY_SECONDS


def test_the_schedule_is_every_eight_hours_and_the_probe_every_quarter(functions: dict[str, Any]) -> None:
    schedules = {
        function: event["Properties"]["Schedule"]
        for function, properties in functions.items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "Schedule"
    }
    assert schedules == {"SyncFunction": "rate(8 hours)", "ProbeFunction": "rate(15 minutes)"}


def test_the_worker_reports_which_messages_failed_and_is_bounded(functions: dict[str, Any]) -> None:
    source = functions["SyncWorkerFunction"]["Events"]["Slices"]["Properties"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}


def test_a_batch_of_a_stream_that_keeps_failing_is_split_and_then_noted(functions: dict[str, Any]) -> None:
    streams = functions["EventsFunction"]["Events"].values()
    tables = {stream["Properties"]["Stream"]["Fn::GetAtt"][0] for stream in streams}
    assert tables == {"TicketsTable", "IntegrationsTable"}
    for stream in (one["Properties"] for one in streams):
        assert stream["BisectBatchOnFunctionError"] is True
        assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert stream["MaximumRetryAttempts"] > 0
        destination = stream["DestinationConfig"]["OnFailure"]["Destination"]
        assert destination == {"Fn::GetAtt": ["EventsDeadLetterQueue", "Arn"]}


def test_the_layer_brings_exact_versions(resources: dict[str, Any]) -> None:
    layer = resources["CommonLayer"]
    pins = Path(ROOT / layer["Properties"]["ContentUri"] / "requirements.txt").read_text().splitlines()
    assert layer["Metadata"]["BuildMethod"] == {"Ref": "Runtime"}
    assert [pin for pin in pins if "==" not in pin] == []
    assert any(pin.startswith("boto3==") for pin in pins)
