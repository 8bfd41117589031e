"""Alarms, outputs, parameters and tags: what operators rely on."""

import re
from typing import Any

from local import ROOT

OUTPUTS = {"ApiUrl", "SyncQueueUrl", "SyncDeadLetterQueueUrl", "EventBusName"}
MOST_ALARMS = 8
# Dimensions that AWS gives the metrics of these namespaces, and what their values are in this template.
DIMENSIONS: dict[str, dict[str, str | None]] = {
    "AWS/SQS": {"QueueName": "AWS::SQS::Queue"},
    "AWS/Lambda": {"FunctionName": "AWS::Serverless::Function"},
    "AWS/ApiGateway": {"ApiName": None, "Stage": None},
}
UNTAGGABLE = {
    "AWS::Serverless::LayerVersion",
    "AWS::CloudWatch::Alarm",
    "AWS::Events::EventBus",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::Cognito::UserPoolClient",
}


def alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of each alarm."""
    return {one: r["Properties"] for one, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def test_there_are_few_alarms(resources: dict[str, Any]) -> None:
    assert 0 < len(alarms(resources)) <= MOST_ALARMS


def test_an_alarm_watches_dimensions_that_its_metric_has(resources: dict[str, Any]) -> None:
    for alarm in alarms(resources).values():
        known = DIMENSIONS[alarm["Namespace"]]
        assert {dimension["Name"] for dimension in alarm["Dimensions"]} == set(known)
        for dimension in alarm["Dimensions"]:
            type_ = known[dimension["Name"]]
            value = dimension["Value"]
            if type_ is not None:
                watched = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
                assert resources[watched]["Type"] == type_


def test_the_api_alarm_names_the_api_as_its_metric_does(resources: dict[str, Any]) -> None:
    dimensions = {one["Name"]: one["Value"] for one in resources["ApiErrorsAlarm"]["Properties"]["Dimensions"]}
    api = resources["Api"]["Properties"]
    assert dimensions == {"ApiName": api["Name"], "Stage": api["StageName"]}


def test_no_alarm_looks_back_longer_than_a_day(resources: dict[str, Any]) -> None:
    for alarm in alarms(resources).values():
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= 24 * 3600


def test_every_alarm_has_a_heading_in_the_runbook(resources: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", runbook, flags=re.MULTILINE)}
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName} ") for alarm in alarms(resources).values()}
    assert {name.lower() for name in names} <= headings


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
