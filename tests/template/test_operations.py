"""Alarms, outputs, parameters and tags: what operators rely on."""

import json
import re
from typing import Any

import pytest

from local import ROOT
from tests.template.deployed import deployed

OUTPUTS = {"ApiUrl", "SyncQueueUrl", "SyncDeadLetterQueueUrl", "EventBusName", "Version"}
MOST_ALARMS = 13
# Dimensions that AWS gives the metrics of these namespaces, and what their values are in this template.
DIMENSIONS: dict[str, dict[str, str | None]] = {
    "AWS/SQS": {"QueueName": "AWS::SQS::Queue"},
    "AWS/Lambda": {"FunctionName": "AWS::Serverless::Function"},
    "AWS/ApiGateway": {"ApiName": None, "Stage": None},
    # Ours: tests/handlers/test_metrics.py holds them against what the functions write.
    "TicketStatus/${AWS::StackName}": {"service": None},
}
UNTAGGABLE = {
    "AWS::SQS::QueuePolicy",
    "AWS::IAM::Policy",
    "AWS::Lambda::Permission",
    "AWS::Serverless::LayerVersion",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::EventBus",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::Cognito::UserPoolClient",
    "AWS::WAFv2::WebACLAssociation",
}


def alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of each alarm."""
    return {one: r["Properties"] for one, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def watched(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics that an alarm watches: its own, or those of its expression."""
    return [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]


def test_there_are_few_alarms(resources: dict[str, Any]) -> None:
    assert 0 < len(alarms(resources)) <= MOST_ALARMS


def test_an_alarm_watches_dimensions_that_its_metric_has(resources: dict[str, Any]) -> None:
    for metric in (one for alarm in alarms(resources).values() for one in watched(alarm)):
        known = DIMENSIONS[_namespace(metric)]
        assert {dimension["Name"] for dimension in metric["Dimensions"]} == set(known)
        for dimension in metric["Dimensions"]:
            type_ = known[dimension["Name"]]
            value = dimension["Value"]
            if type_ is not None:
                logical_id = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
                assert resources[logical_id]["Type"] == type_


def _namespace(metric: dict[str, Any]) -> str:
    namespace = metric["Namespace"]
    return str(namespace["Fn::Sub"] if isinstance(namespace, dict) else namespace)


def test_an_alarm_watches_something_of_its_own(resources: dict[str, Any]) -> None:
    seen = [
        [(one["MetricName"], str(one["Dimensions"]), alarm.get("Metrics") is None) for one in watched(alarm)]
        for alarm in alarms(resources).values()
    ]
    assert len({str(one) for one in seen}) == len(seen)


def test_no_alarm_is_red_on_a_stack_that_has_measured_nothing_yet(resources: dict[str, Any]) -> None:
    assert {alarm["TreatMissingData"] for alarm in alarms(resources).values()} == {"notBreaching"}


def expression_of(alarm: dict[str, Any]) -> str:
    [expression] = [one["Expression"] for one in alarm["Metrics"] if "Expression" in one]
    return str(expression)


SILENCE = "IF(FILL(beside, 0) > 0 AND FILL(expected, 0) < 1, 1, 0)"


def silence(beside: float | None, expected: float | None) -> bool:
    """What ``SILENCE``, CloudWatch's words, says of a period; ``None`` is no data."""
    return (beside or 0) > 0 and (expected or 0) < 1


@pytest.mark.parametrize(
    ("alarm", "period", "every", "beside"),
    [
        ("ProbeMissedAlarm", 900, 900, "NumberOfEmptyReceives"),
        ("ScheduleMissedAlarm", 3600, 8 * 3600, "BrokenIntegrations"),
        ("NoRunCompletedAlarm", 3600, 2 * 8 * 3600, "BrokenIntegrations"),
    ],
)
def test_where_something_stands_still_it_alarms_and_on_a_new_stack_it_does_not(
    alarm: str, period: int, every: int, beside: str, resources: dict[str, Any]
) -> None:
    properties = alarms(resources)[alarm]
    assert expression_of(properties) == SILENCE
    metrics = {one["Id"]: one["MetricStat"] for one in properties["Metrics"] if "MetricStat" in one}
    assert metrics["beside"]["Metric"]["MetricName"] == beside
    assert {one["Period"] for one in metrics.values()} == {period}
    needed = properties["EvaluationPeriods"]
    assert "DatapointsToAlarm" not in properties, "all of them"

    for begun in range(0, period, period // 60):
        first = begun + every  # the first round of a rate comes when its time has passed once
        periods = range((first // period) + 2)
        silent = [silence(1, 1 if number == first // period else None) for number in periods]
        assert _longest(silent) < needed, "a new stack"
        rounds = {(begun + every * number) // period for number in range(1, 6)}
        steady = [silence(1, 1 if number in rounds else None) for number in range(min(rounds), max(rounds))]
        assert _longest(steady) < needed, "a stack that is well"
    assert _longest([silence(1, None)] * needed) == needed, "silence"
    assert not silence(None, None), "nothing at all was measured: the stack is a minute old"


def _longest(flags: list[bool]) -> int:
    """The longest stretch of true ones."""
    return max((len(one) for one in "".join("x" if flag else " " for flag in flags).split()), default=0)


def test_what_the_timers_are_waited_for_is_what_they_are_set_to(functions: dict[str, Any]) -> None:
    schedule = functions["SyncFunction"]["Events"]["EveryEightHours"]["Properties"]["Schedule"]
    probe = functions["ProbeFunction"]["Events"]["EveryQuarterOfAnHour"]["Properties"]["Schedule"]
    assert (schedule, probe) == ("rate(8 hours)", "rate(15 minutes)")


def test_every_function_s_errors_are_watched(resources: dict[str, Any], functions: dict[str, Any]) -> None:
    metrics = watched(alarms(resources)["FunctionErrorsAlarm"])
    assert {one["MetricName"] for one in metrics} == {"Errors"}
    # That one fails whenever a token is refused: it is how API Gateway is told to answer 401.
    assert {one["Dimensions"][0]["Value"]["Ref"] for one in metrics} == set(functions) - {"AuthorizerFunction"}


def test_messages_that_lambda_takes_for_an_endless_loop_are_allowed_and_their_loss_would_be_seen() -> None:
    worker = deployed().of_type("AWS::Lambda::Function")["SyncWorkerFunction"]
    assert worker["RecursiveLoop"] == "Allow"
    alarm = deployed().of_type("AWS::CloudWatch::Alarm")["RecursionStoppedAlarm"]
    assert alarm["MetricName"] == "RecursiveInvocationsDropped"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "SyncWorkerFunction"}}]


def test_the_namespace_of_our_metrics_is_the_stacks_own(template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "TicketStatus/${AWS::StackName}"}


def test_a_widget_shows_dimensions_that_its_metric_has(resources: dict[str, Any]) -> None:
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert {"SyncQueue", "SyncDeadLetterQueue"} < set(re.findall(r"\$\{(\w+)\.QueueName\}", body)) <= set(resources)
    for widget in json.loads(body)["widgets"]:
        for namespace, _, *rest in widget["properties"]["metrics"]:
            dimensions = [one for one in rest if isinstance(one, str)]
            assert set(dimensions[::2]) == set(DIMENSIONS[namespace])


def test_the_api_alarm_names_the_api_as_its_metric_does(resources: dict[str, Any]) -> None:
    dimensions = {one["Name"]: one["Value"] for one in resources["ApiErrorsAlarm"]["Properties"]["Dimensions"]}
    api = resources["Api"]["Properties"]
    assert dimensions == {"ApiName": api["Name"], "Stage": api["StageName"]}


def test_cloudwatch_takes_every_alarm_s_period(resources: dict[str, Any]) -> None:
    """10, 20, 30 or a multiple of 60 s; a day in all, a week with periods of an hour or more (PutMetricAlarm)."""
    for alarm in alarms(resources).values():
        stats = [one["MetricStat"]["Period"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
        [period] = set(stats or [alarm["Period"]])
        assert period % 60 == 0
        assert period * alarm["EvaluationPeriods"] <= (7 * 86_400 if period >= 3600 else 86_400)


def test_every_alarm_has_a_heading_in_the_runbook(resources: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", runbook, flags=re.MULTILINE)}
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName} - ") for alarm in alarms(resources).values()}
    assert {name.lower() for name in names} <= headings


def test_the_runbook_has_no_heading_of_an_alarm_that_is_gone(resources: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text()
    section = runbook.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"^### ", section, flags=re.MULTILINE)) == len(alarms(resources))
    assert (
        section.count("- *Means:*") == section.count("- *Look:*") == section.count("- *Do:*") == len(alarms(resources))
    )


def test_the_readme_counts_the_alarms(resources: dict[str, Any]) -> None:
    words = {12: "Twelve", 13: "Thirteen"}
    assert f"{words[len(alarms(resources))]} alarms" in (ROOT / "README.md").read_text()


def test_every_output_of_the_contract_is_there(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) >= OUTPUTS
    assert all(output["Description"] for output in template["Outputs"].values())


def test_every_parameter_is_described_and_bounded(template: dict[str, Any]) -> None:
    for parameter in template["Parameters"].values():
        assert parameter["Description"]
        assert "Default" in parameter
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter)


def test_the_functions_are_arm_by_default_and_of_a_current_runtime(template: dict[str, Any]) -> None:
    assert template["Parameters"]["Architecture"]["Default"] == "arm64"
    assert template["Parameters"]["Runtime"]["Default"] == "python3.13"


def test_everything_that_costs_money_by_itself_is_tagged(template: dict[str, Any], resources: dict[str, Any]) -> None:
    everywhere = template["Globals"]["Function"]["Tags"]
    assert everywhere == {"application": "ticket-status"}
    for resource in resources.values():
        if resource["Type"] not in {*UNTAGGABLE, "AWS::Serverless::Function"}:
            tags = resource["Properties"].get("Tags") or resource["Properties"]["UserPoolTags"]
            assert tags in ([{"Key": "application", "Value": "ticket-status"}], everywhere)


def test_a_new_account_has_room_for_the_api_beside_the_workers(template: dict[str, Any]) -> None:
    """A new account runs ten functions at once (Lambda quotas)."""
    assert 2 <= template["Parameters"]["WorkerConcurrency"]["Default"] <= 5


def test_a_dashboard_and_more_clients_are_there_for_those_who_pay_for_them() -> None:
    usual, all_ = deployed(), deployed(DetailedMonitoring="true", ApiClients="all")
    assert usual.of_type("AWS::CloudWatch::Dashboard") == {}
    assert len(all_.of_type("AWS::CloudWatch::Dashboard")) == 1
    assert set(usual.of_type("AWS::Cognito::UserPoolClient")) == {"AdminClient"}
    assert len(all_.of_type("AWS::Cognito::UserPoolClient")) == 3
    assert {"ViewerClientId", "RegistrarClientId"} == set(all_.outputs) - set(usual.outputs)
