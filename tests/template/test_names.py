"""Every name and size that the template makes, with the longest name of a stack, against what AWS takes.

cfn-lint cannot: it skips what is not a literal.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.gate.call import Call
from local.gate.model import model_refusal
from tests.template.deployed import deployed

LONGEST_STACK = "s" * 52
"""The worker's name, which is the longest of the functions', then has all 64 characters."""

NAMED = {
    "AWS::Lambda::Function": ("FunctionName", re.compile(r"[A-Za-z0-9_-]{1,64}")),
    "AWS::SQS::Queue": ("QueueName", re.compile(r"[A-Za-z0-9_-]{1,80}")),
    "AWS::Events::EventBus": ("Name", re.compile(r"(?!default$)[.\-_A-Za-z0-9]{1,256}")),
    "AWS::CloudWatch::Alarm": ("AlarmName", re.compile(r".{1,255}")),
    "AWS::CloudWatch::Dashboard": ("DashboardName", re.compile(r"[A-Za-z0-9_-]{1,255}")),
    "AWS::Logs::LogGroup": ("LogGroupName", re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")),
    "AWS::Cognito::UserPool": ("UserPoolName", re.compile(r"[\w\s+=,.@-]{1,128}")),
    "AWS::Cognito::UserPoolClient": ("ClientName", re.compile(r"[\w\s+=,.@-]{1,128}")),
    "AWS::Events::Rule": ("Name", re.compile(r"[.\-_A-Za-z0-9]{1,64}")),
    "AWS::IAM::Role": ("RoleName", re.compile(r"[\w+=,.@-]{1,64}")),
    "AWS::DynamoDB::Table": ("TableName", re.compile(r"[a-zA-Z0-9_.-]{3,255}")),
}
IN_THE_MODEL = {
    "AWS::Lambda::Function": ("lambda", "CreateFunction", {"Description", "Timeout", "MemorySize", "Layers"}),
    "AWS::Logs::LogGroup": ("logs", "CreateLogGroup", {"LogGroupName"}),
    "AWS::Cognito::UserPoolResourceServer": (
        *("cognito-idp", "CreateResourceServer"),
        {"Identifier", "Name", "Scopes"},
    ),
    "AWS::Cognito::UserPoolClient": (
        *("cognito-idp", "CreateUserPoolClient"),
        {"ClientName", "AllowedOAuthScopes", "AccessTokenValidity", "RefreshTokenValidity"},
    ),
    "AWS::DynamoDB::Table": ("dynamodb", "CreateTable", {"GlobalSecondaryIndexes", "AttributeDefinitions"}),
    "AWS::Events::Rule": ("events", "PutRule", {"ScheduleExpression", "Description"}),
    "AWS::Lambda::EventSourceMapping": (
        *("lambda", "CreateEventSourceMapping"),
        {"BatchSize", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts"},
    ),
}
RETENTIONS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
STACK = deployed(LONGEST_STACK)


def of(type_: str) -> dict[str, dict[str, Any]]:
    found = STACK.of_type(type_)
    assert found or type_ == "AWS::CloudWatch::Dashboard", type_
    return found


@pytest.mark.parametrize("type_", NAMED)
def test_a_name_has_only_what_aws_takes(type_: str) -> None:
    member, pattern = NAMED[type_]
    for resource in of(type_).values():
        name = resource.get(member)
        assert not isinstance(name, str) or pattern.fullmatch(name), name


@pytest.mark.parametrize("type_", IN_THE_MODEL)
def test_a_property_is_within_the_bounds_of_the_service_s_model(type_: str) -> None:
    service, operation, members = IN_THE_MODEL[type_]
    for resource in of(type_).values():
        given = {name: _literal(value) for name, value in resource.items() if name in members}
        refusal = model_refusal(Call(service, operation, {**given}))
        told = refusal.message if refusal is not None else ""
        assert [name for name in given if f"at '{name}" in told] == [], told


def _literal(value: Any) -> Any:  # noqa: ANN401 - a property's value
    """The value without references, which only the deployed stack can resolve."""
    if isinstance(value, dict):
        if any(name == "Ref" or name.startswith("Fn::") for name in value):
            return None
        return {name: found for name, one in value.items() if (found := _literal(one)) is not None}
    if isinstance(value, list):
        return [found for one in value if (found := _literal(one)) is not None]
    return value


def test_a_longer_name_of_a_stack_would_not_do() -> None:
    functions = deployed(f"{LONGEST_STACK}s").of_type("AWS::Lambda::Function")
    pattern = NAMED["AWS::Lambda::Function"][1]
    assert not all(pattern.fullmatch(one["FunctionName"]) for one in functions.values())


def test_a_stack_named_default_gets_a_bus_of_another_name() -> None:
    buses = deployed("default").of_type("AWS::Events::EventBus")
    assert [one["Name"] for one in buses.values()] == ["ticket-status-default"]


def test_a_function_is_within_lambda_s_limits() -> None:
    for name, function in of("AWS::Lambda::Function").items():
        variables = function["Environment"]["Variables"]
        assert int(function["Timeout"]) <= 900, name
        assert int(function["MemorySize"]) >= 128, name
        assert len(json.dumps(variables, default=str)) <= 4096, name
        assert not [variable for variable in variables if variable.startswith("AWS_")], name


def test_a_log_group_keeps_lines_as_long_as_cloudwatch_knows() -> None:
    assert {int(group["RetentionInDays"]) for group in of("AWS::Logs::LogGroup").values()} <= RETENTIONS


def test_a_policy_of_a_role_fits() -> None:
    for name, role in of("AWS::IAM::Role").items():
        policies = "".join(json.dumps(policy, separators=(",", ":")) for policy in role.get("Policies", ()))
        assert len(policies) <= 10_240, name


def test_an_alarm_looks_back_no_further_than_it_may() -> None:
    for name, alarm in of("AWS::CloudWatch::Alarm").items():
        for period in _periods(alarm):
            back = period * int(alarm["EvaluationPeriods"])
            assert period in {10, 20, 30} or period % 60 == 0, name
            assert back <= (604_800 if period >= 3600 else 86_400), name


def _periods(alarm: dict[str, Any]) -> Iterator[int]:
    stats = [metric["MetricStat"] for metric in alarm.get("Metrics", ()) if "MetricStat" in metric]
    yield from (int(one["Period"]) for one in [alarm, *stats] if "Period" in one)


def test_a_worker_is_polled_as_lambda_allows() -> None:
    for name, mapping in of("AWS::Lambda::EventSourceMapping").items():
        if "ScalingConfig" in mapping:
            assert 2 <= int(mapping["ScalingConfig"]["MaximumConcurrency"]) <= 1000, name
        if int(mapping["BatchSize"]) > 10 and "StartingPosition" not in mapping:
            assert int(mapping["MaximumBatchingWindowInSeconds"]) >= 1, name


def test_the_template_is_small_enough_for_s3() -> None:
    assert len(json.dumps(STACK.template)) <= 1_048_576
