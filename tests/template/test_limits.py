"""What AWS accepts of names, lengths and sizes, held against the template with the longest stack name that is allowed.

The rules are those of the API references; each is named where it is used. What a service makes up itself (names of
queues, tables, rules, roles) fits by itself.
"""

import json
import re
import tomllib
from typing import Any

import pytest

from local import ROOT
from local.template import load
from tests.template.deployed import Deployed, deployed
from tools.deploy import LONGEST_NAME

LONGEST = "s" + "-Stack9" * 7 + "-a"
REGION = "ap-southeast-1"
PHYSICAL = "x" * 63
"""What stands for a name that CloudFormation makes."""
EVERYTHING = {
    "AccessLog": "true",
    "ApiClients": "all",
    "ConsoleAccess": "admin",
    "DetailedMonitoring": "true",
    "SubnetIds": "subnet-0123456789abcdef0",
    "SecurityGroupIds": "sg-0123456789abcdef0",
    "CaCertificates": "/company/certificates/of/all/authorities",
    "HttpsProxy": "http://proxy.company.example:3128",
    "PublicApiUrl": "https://api.company.example/ticket-status",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
}


@pytest.fixture(scope="module")
def stack() -> Deployed:
    """Everything there is, under the longest name, in a region with a long one."""
    assert len(LONGEST) == LONGEST_NAME
    return deployed(LONGEST, REGION, **EVERYTHING)


@pytest.mark.parametrize(
    ("type_", "name", "pattern"),
    [
        # Lambda CreateFunction
        ("AWS::Lambda::Function", "FunctionName", r"[a-zA-Z0-9-_]{1,64}"),
        # CloudWatch Logs CreateLogGroup
        ("AWS::Logs::LogGroup", "LogGroupName", r"[.\-_/#A-Za-z0-9]{1,512}"),
        # EventBridge CreateEventBus, and not default
        ("AWS::Events::EventBus", "Name", r"(?!default$)[.\-_A-Za-z0-9]{1,256}"),
        # CloudWatch PutMetricAlarm
        ("AWS::CloudWatch::Alarm", "AlarmName", r"[ -~]{1,255}"),
        ("AWS::CloudWatch::Alarm", "AlarmDescription", r"[ -~]{1,1024}"),
        # CloudWatch PutDashboard
        ("AWS::CloudWatch::Dashboard", "DashboardName", r"[A-Za-z0-9_-]{1,255}"),
        # Cognito CreateUserPool, CreateUserPoolClient, CreateUserPoolDomain, CreateResourceServer
        ("AWS::Cognito::UserPool", "UserPoolName", r"[\w\s+=,.@-]{1,128}"),
        ("AWS::Cognito::UserPoolClient", "ClientName", r"[\w\s+=,.@-]{1,128}"),
        ("AWS::Cognito::UserPoolDomain", "Domain", r"(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
        ("AWS::Cognito::UserPoolResourceServer", "Identifier", r"[\x21\x23-\x5B\x5D-\x7E]{1,256}"),
        # KMS CreateKey
        ("AWS::KMS::Key", "Description", r"[ -~]{1,8192}"),
        # API Gateway CreateRestApi
        ("AWS::ApiGateway::RestApi", "Name", r"[ -~]{1,1024}"),
    ],
)
def test_a_name_fits_what_its_service_accepts(type_: str, name: str, pattern: str, stack: Deployed) -> None:
    named = [properties[name] for properties in stack.of_type(type_).values()]
    assert named
    assert [one for one in named if not re.fullmatch(pattern, one)] == []


@pytest.mark.parametrize("name", ["default", "ticket-status", LONGEST])
def test_a_stack_of_any_name_has_a_bus_that_no_account_has_already(name: str) -> None:
    [bus] = deployed(name).of_type("AWS::Events::EventBus").values()
    assert bus["Name"] != "default"


def test_the_console_s_names_have_room_for_any_stack_s() -> None:
    """CloudFront: 64 characters for an origin access control, 128 for a policy of headers."""
    inside = load("console.yaml")["Resources"]
    names = [
        inside["OriginAccess"]["Properties"]["OriginAccessControlConfig"]["Name"],
        inside["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]["Name"],
    ]
    for name in names:
        text, _ = name["Fn::Sub"]
        assert text == "console-${Unique}"
        assert len("console-51af3dc0-da77-11e4-872e-1234567db123") <= 64


def test_scopes_and_validities_are_within_cognito_s_bounds(stack: Deployed) -> None:
    [server] = stack.of_type("AWS::Cognito::UserPoolResourceServer").values()
    for scope in server["Scopes"]:
        assert re.fullmatch(r"[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]{1,256}", scope["ScopeName"])
    for client in stack.of_type("AWS::Cognito::UserPoolClient").values():
        assert client["TokenValidityUnits"] == {"AccessToken": "hours"}
        assert 1 <= client["AccessTokenValidity"] <= 24
        assert client["AllowedOAuthFlows"] == ["client_credentials"]
        assert client["GenerateSecret"] is True


def test_a_function_is_within_lambda_s_bounds(stack: Deployed) -> None:
    for function in stack.of_type("AWS::Lambda::Function").values():
        assert 1 <= function["Timeout"] <= 900
        assert 128 <= function["MemorySize"] <= 10_240
        assert len(function["Description"]) <= 256
        variables = function["Environment"]["Variables"]
        assert [name for name in variables if name.startswith("AWS_")] == []
        assert len(json.dumps({name: longest(value) for name, value in variables.items()}).encode()) <= 4096


def longest(value: Any) -> str:  # noqa: ANN401 - a text or a reference
    """A value of the environment as long as it can get: an ARN or an address with a name that was made."""
    if isinstance(value, str):
        return value
    return f"https://sqs.{REGION}.amazonaws.com/123456789012/{PHYSICAL}{'x' * 80}"


def test_sources_of_events_are_within_lambda_s_bounds(stack: Deployed) -> None:
    sources = stack.of_type("AWS::Lambda::EventSourceMapping")
    bounds = load()["Parameters"]["WorkerConcurrency"]
    assert (bounds["MinValue"], bounds["MaxValue"]) == (2, 1000)
    for source in sources.values():
        assert source["BatchSize"] <= 10 or "StartingPosition" in source
        assert source.get("MaximumRetryAttempts", 0) <= 10_000
        for one in source.get("FilterCriteria", {}).get("Filters", []):
            assert len(one["Pattern"]) <= 4096
    hidden = stack.of_type("AWS::SQS::Queue")["SyncQueue"]["VisibilityTimeout"]
    assert hidden >= 6 * stack.of_type("AWS::Lambda::Function")["SyncWorkerFunction"]["Timeout"]


def test_policies_of_a_role_are_within_iam_s_bound(stack: Deployed) -> None:
    """10,240 characters for all inline policies of a role, white space not counted."""
    shared = stack.of_type("AWS::IAM::Policy")
    for name, role in stack.of_type("AWS::IAM::Role").items():
        inline = [policy["PolicyDocument"] for policy in role["Policies"]]
        inline += [one["PolicyDocument"] for one in shared.values() if {"Ref": name} in one["Roles"]]
        # A reference becomes an ARN of at most 200 characters.
        text = re.sub(r'\{"Fn::GetAtt":[^}]*\}', '"' + "x" * 200 + '"', json.dumps(inline, separators=(",", ":")))
        assert len(text) <= 10_240


def test_the_template_is_within_cloudformation_s_bounds_by_way_of_a_bucket(stack: Deployed) -> None:
    """1 MB from S3, 51,200 bytes in the call; 500 resources, 200 parameters, 200 outputs."""
    assert len(json.dumps(stack.template).encode()) <= 1_000_000
    assert len(stack.template["Resources"]) <= 500
    assert len(stack.template["Parameters"]) <= 200
    assert len(stack.template["Outputs"]) <= 200
    for environment, commands in tomllib.loads((ROOT / "samconfig.toml").read_text()).items():
        if environment != "version":
            assert commands["deploy"]["parameters"]["resolve_s3"] is True


def test_a_log_group_keeps_lines_for_a_number_of_days_that_cloudwatch_knows() -> None:
    known = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
    assert set(load()["Parameters"]["LogRetentionDays"]["AllowedValues"]) <= known


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("SubnetIds", ["", "subnet-0123abcd", "subnet-0123abcd,subnet-0123456789abcdef0"], ["subnet-1", "a,b", ","]),
        ("SecurityGroupIds", ["", "sg-0123abcd"], ["sg-", "sg-0123abcd,"]),
        ("HttpsProxy", ["", "http://proxy:3128", "https://10.0.0.1:80"], ["proxy:3128", "http://u:p@proxy:1", "http://proxy"]),
        ("CaCertificates", ["", "/company/ca", "company-ca"], ["a b", "arn:aws:ssm"]),
        ("TokenIssuer", ["", "https://login.example.com/x/v2.0"], ["http://login.example.com", "login.example.com"]),
        ("UserPoolArn", ["", "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Ab"], ["us-east-1_Ab"]),
        ("PermissionsBoundaryArn", ["", "arn:aws:iam::123456789012:policy/a/b"], ["boundary"]),
    ],
)  # fmt: skip
def test_a_parameter_accepts_what_it_is_for(parameter: str, good: list[str], bad: list[str]) -> None:
    pattern = load()["Parameters"][parameter]["AllowedPattern"]
    assert [one for one in good if not re.fullmatch(pattern, one)] == []
    assert [one for one in bad if re.fullmatch(pattern, one)] == []
