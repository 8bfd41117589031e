"""Bounds of AWS's with every parameter set (``test_names.py`` has the default stack), and patterns of parameters."""

import json
import re
import tomllib
from typing import Any

import pytest

from local import ROOT
from local.template import load, read
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


def test_the_prefix_of_the_token_endpoint_is_one_that_cognito_takes(stack: Deployed) -> None:
    [domain] = stack.of_type("AWS::Cognito::UserPoolDomain").values()
    assert re.fullmatch(r"(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", domain["Domain"])


def test_the_console_s_names_have_room_for_any_stack_s() -> None:
    """CloudFront: 64 characters for an origin access control, 128 for a policy of headers."""
    inside = read("console.yaml")["Resources"]
    names = [
        inside["OriginAccess"]["Properties"]["OriginAccessControlConfig"]["Name"],
        inside["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]["Name"],
        inside["ApiPageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["Name"],
    ]
    made = {name["Fn::Sub"][0].replace("${Unique}", "51af3dc0-da77-11e4-872e-1234567db123") for name in names}
    assert len(made) == 2, "one account has one policy of a name"
    assert max(map(len, made)) <= 64


def test_an_environment_in_which_everything_is_set_has_room(stack: Deployed) -> None:
    """4 KB in all, no names of AWS's own."""
    for function in stack.of_type("AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        assert [name for name in variables if name.startswith("AWS_")] == []
        assert len(json.dumps({name: longest(value) for name, value in variables.items()}).encode()) <= 4096


def longest(value: Any) -> str:  # noqa: ANN401 - a text or a reference
    """A value of the environment as long as it can get: an ARN or an address with a name that was made."""
    if isinstance(value, str):
        return value
    return f"https://sqs.{REGION}.amazonaws.com/123456789012/{PHYSICAL}{'x' * 80}"


def test_policies_of_a_role_are_within_iam_s_bound(stack: Deployed) -> None:
    """10,240 characters for all inline policies of a role, white space not counted."""
    shared = stack.of_type("AWS::IAM::Policy")
    for name, role in stack.of_type("AWS::IAM::Role").items():
        inline = [policy["PolicyDocument"] for policy in role["Policies"]]
        inline += [one["PolicyDocument"] for one in shared.values() if {"Ref": name} in one["Roles"]]
        # A reference becomes an ARN of at most 200 characters.
        text = re.sub(r'\{"Fn::GetAtt":[^}]*\}', '"' + "x" * 200 + '"', json.dumps(inline, separators=(",", ":")))
        assert len(text) <= 10_240


def test_the_template_goes_by_way_of_a_bucket_and_has_no_more_parts_than_cloudformation_takes(stack: Deployed) -> None:
    """51,200 bytes in the call; 500 resources, 200 parameters, 200 outputs."""
    assert len(stack.template["Resources"]) <= 500
    assert len(stack.template["Parameters"]) <= 200
    assert len(stack.template["Outputs"]) <= 200
    for environment, commands in tomllib.loads((ROOT / "samconfig.toml").read_text()).items():
        if environment != "version":
            assert commands["deploy"]["parameters"]["resolve_s3"] is True


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
