"""Alarms, outputs, parameters and tags: what operators rely on."""

import json
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
    # Ours: tests/handlers/test_metrics.py holds them against what the functions write.
    "TicketStatus/${AWS::StackName}": {"service": None},
}
UNTAGGABLE = {
    "AWS::Serverless::LayerVersion",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::EventBus",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::Cognito::UserPoolClient",
    "AWS::S3::BucketPolicy",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::WAFv2::WebACLAssociation",
}


def alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of each alarm."""
    return {one: r["Properties"] for one, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def test_there_are_few_alarms(resources: dict[str, Any]) -> None:
    assert 0 < len(alarms(resources)) <= MOST_ALARMS


def test_an_alarm_watches_dimensions_that_its_metric_has(resources: dict[str, Any]) -> None:
    for alarm in alarms(resources).values():
        known = DIMENSIONS[_namespace(alarm)]
        assert {dimension["Name"] for dimension in alarm["Dimensions"]} == set(known)
        for dimension in alarm["Dimensions"]:
            type_ = known[dimension["Name"]]
            value = dimension["Value"]
            if type_ is not None:
                watched = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
                assert resources[watched]["Type"] == type_


def _namespace(alarm: dict[str, Any]) -> str:
    namespace = alarm["Namespace"]
    return str(namespace["Fn::Sub"] if isinstance(namespace, dict) else namespace)


def test_an_alarm_watches_a_metric_of_its_own(resources: dict[str, Any]) -> None:
    watched = [(alarm["MetricName"], str(alarm["Dimensions"])) for alarm in alarms(resources).values()]
    assert len(set(watched)) == len(watched)


def test_where_silence_means_that_something_stands_still_it_alarms(resources: dict[str, Any]) -> None:
    silent = {one for one, alarm in alarms(resources).items() if alarm["TreatMissingData"] == "breaching"}
    assert silent == {"ScheduleMissedAlarm", "NoRunCompletedAlarm", "BrokenIntegrationsAlarm"}


def test_an_alarm_waits_longer_than_its_metric_may_be_silent(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    schedule = functions["SyncFunction"]["Events"]["EveryEightHours"]["Properties"]["Schedule"]
    probe = functions["ProbeFunction"]["Events"]["EveryQuarterOfAnHour"]["Properties"]["Schedule"]
    assert (schedule, probe) == ("rate(8 hours)", "rate(15 minutes)")
    periods = {one: alarm["Period"] for one, alarm in alarms(resources).items()}
    assert periods["ScheduleMissedAlarm"] > 8 * 3600
    assert periods["NoRunCompletedAlarm"] > 2 * 8 * 3600
    assert periods["BrokenIntegrationsAlarm"] > 15 * 60


def test_the_namespace_of_our_metrics_is_the_stacks_own(template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "TicketStatus/${AWS::StackName}"}


def test_a_widget_shows_dimensions_that_its_metric_has(resources: dict[str, Any]) -> None:
    body, names = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert {value["Fn::GetAtt"][0] for value in names.values()} <= set(resources)
    for widget in json.loads(body)["widgets"]:
        for namespace, _, *rest in widget["properties"]["metrics"]:
            dimensions = [one for one in rest if isinstance(one, str)]
            assert set(dimensions[::2]) == set(DIMENSIONS[namespace])


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


def test_the_runbook_has_no_heading_of_an_alarm_that_is_gone(resources: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text()
    section = runbook.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"^### ", section, flags=re.MULTILINE)) == len(alarms(resources))
    assert (
        section.count("- *Means:*") == section.count("- *Look:*") == section.count("- *Do:*") == len(alarms(resources))
    )


def test_the_readme_counts_the_alarms(resources: dict[str, Any]) -> None:
    words = {7: "Seven", 8: "Eight"}
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
