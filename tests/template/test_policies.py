"""Least privilege, as far as a template can show it; the end-to-end tests run with the roles enforced."""

import re
from typing import Any

import pytest

from local import ROOT
from local.template import load
from tests.fakes.policies import as_list, statements
from tests.template.deployed import deployed

ISSUER = {"TokenIssuer": "https://login.example.com", "TokenAudience": "ticket-status"}
ROLES = [
    "SyncRole",
    "SyncWorkerRole",
    "ProbeRole",
    "RefreshRole",
    "SettingsRole",
    "HooksRole",
    "EventsRole",
    "AuthorizerRole",
]
SECRETS = (":secret:${AWS::StackName}/integrations/*", ":secret:${AWS::StackName}/hooks/*")
# Sending in batches needs no more than sending; the embedded AWS wants it spelt like this.
WILDCARD_ACTIONS = {"sqs:SendMessage*"}


def log_groups(resources: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The ARN of each log group, which is made of its name (AWS::Logs::LogGroup, return values)."""
    groups = {one: r["Properties"] for one, r in resources.items() if r["Type"] == "AWS::Logs::LogGroup"}
    begin = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    return {one: {"Fn::Sub": f"{begin}{group['LogGroupName']['Fn::Sub']}:*"} for one, group in groups.items()}


def is_role(resource: dict[str, Any]) -> bool:
    """Whether a resource is an execution role."""
    return bool(resource["Type"] == "AWS::IAM::Role")


def test_the_roles_tested_here_are_all_there_are(resources: dict[str, Any]) -> None:
    assert {one for one, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"} == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_policy_but_its_own(role: str, resources: dict[str, Any]) -> None:
    made = [one.resources.get(role) for one in (deployed(), deployed(**ISSUER))]
    assert [one for one in made if one and "ManagedPolicyArns" in one["Properties"]] == []
    assert any(made)
    trust = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "lambda.amazonaws.com"}]


@pytest.mark.parametrize("role", ROLES)
def test_a_statement_allows_exact_actions(role: str, resources: dict[str, Any]) -> None:
    for statement in statements(resources[role]):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert action in WILDCARD_ACTIONS or re.fullmatch(r"[a-z]+:[A-Za-z]+", action)


@pytest.mark.parametrize("role", ROLES)
def test_a_statement_names_resources_of_this_stack(role: str, resources: dict[str, Any]) -> None:
    for statement in statements(resources[role]):
        for resource in as_list(statement["Resource"]):
            [(function, value)] = resource.items()
            if function == "Fn::GetAtt":
                assert value[0] in resources
            else:
                index = re.match(r"\$\{\w+\.Arn\}/index/\w+$", value)
                assert index or value.endswith(SECRETS) or resource in log_groups(resources).values()


def test_every_statement_says_why() -> None:
    lines = (ROOT / "permissions.yaml").read_text().splitlines()
    # An entry of a policy of a role; one that several roles share is referred to (*name).
    indented = re.compile(r" {14}- (Effect: Allow|\{Effect: Allow, .*|[&*]\w+)$")
    starts = [number for number, line in enumerate(lines) if indented.match(line)]
    assert len(starts) == sum(len(list(statements(one))) for one in load()["Resources"].values() if is_role(one))
    assert [number + 1 for number in starts if not lines[number - 1].strip().startswith("# ")] == []


def test_only_by_way_of_the_secret_store_is_the_key_used(resources: dict[str, Any]) -> None:
    for role in ROLES:
        for statement in statements(resources[role]):
            if any(action.startswith("kms:") for action in as_list(statement["Action"])):
                via = statement["Condition"]["StringEquals"]["kms:ViaService"]
                assert via == {"Fn::Sub": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}


def test_what_a_role_may_do_for_a_service_is_what_its_function_has_the_service_do(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    """Statements that the embedded AWS does not enforce, so that no end-to-end test can show that they are needed."""
    for name, function in functions.items():
        [role] = as_list(function["Role"]["Fn::GetAtt"][0])
        events = [event["Properties"] for event in function.get("Events", {}).values()]
        first = {action: one["Resource"] for one in statements(resources[role]) for action in as_list(one["Action"])}
        assert first["logs:PutLogEvents"] == log_groups(resources)[function["LoggingConfig"]["LogGroup"]["Ref"]]
        queues = [event["Queue"] for event in events if "Queue" in event]
        assert queues == as_list(first.get("sqs:ReceiveMessage", [])), name
        streams = [event["Stream"] for event in events if "Stream" in event]
        assert streams == as_list(first.get("dynamodb:GetRecords", [])), name
        failures = [event["DestinationConfig"]["OnFailure"]["Destination"] for event in events if "Stream" in event]
        assert all(one == first.get("sqs:SendMessage") for one in failures), name
        asks_secrets = any(action.startswith("secretsmanager:") for action in first)
        assert asks_secrets is ("kms:Decrypt" in first), name
