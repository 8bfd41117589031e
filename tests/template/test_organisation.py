"""The parameters that fit the stack into an organisation: each does what it says, and none is on by itself."""

import json
import re
from time import sleep
from typing import Any

import pytest

from tests.template.deployed import Deployed, deployed
from tests.template.test_api import guarded

POOL = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_AbCdEfGhI"
BOUNDARY = "arn:aws:iam::123456789012:policy/team/boundary"
SUBNETS = {"SubnetIds": "subnet-0123456789abcdef0,subnet-0fedcba9876543210", "SecurityGroupIds": "sg-0123456789abcdef0"}
TALK_TO_JIRA = {"SyncWorkerFunction", "ProbeFunction", "RefreshFunction", "SettingsFunction"}


def test_the_functions_that_talk_to_jira_run_in_the_subnets_and_no_other() -> None:
    functions = deployed(**SUBNETS).of_type("AWS::Lambda::Function")
    inside = {name: one["VpcConfig"] for name, one in functions.items() if "VpcConfig" in one}
    assert set(inside) == TALK_TO_JIRA
    for config in inside.values():
        assert config["SubnetIds"] == SUBNETS["SubnetIds"].split(",")
        assert config["SecurityGroupIds"] == [SUBNETS["SecurityGroupIds"]]
    assert [one for one in deployed().of_type("AWS::Lambda::Function").values() if "VpcConfig" in one] == []


def test_their_roles_may_make_network_interfaces_and_nothing_more() -> None:
    roles = deployed(**SUBNETS).of_type("AWS::IAM::Role")
    may = {name for name, one in roles.items() if "ManagedPolicyArns" in one}
    assert may == {name.replace("Function", "Role") for name in TALK_TO_JIRA}
    for name in may:
        assert roles[name]["ManagedPolicyArns"] == ["arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"]


def test_subnets_without_security_groups_are_refused_before_anything_is_made() -> None:
    assert deployed(**SUBNETS).refused() == []
    assert deployed(SubnetIds=SUBNETS["SubnetIds"]).refused() == ["SubnetIds needs SecurityGroupIds"]


def test_a_boundary_bounds_every_role() -> None:
    roles = deployed(PermissionsBoundaryArn=BOUNDARY).of_type("AWS::IAM::Role")
    assert roles
    assert {one["PermissionsBoundary"] for one in roles.values()} == {BOUNDARY}
    assert [one for one in deployed().of_type("AWS::IAM::Role").values() if "PermissionsBoundary" in one] == []


def test_with_a_pool_of_theirs_scopes_and_clients_are_made_in_it_and_no_other_pool() -> None:
    stack = deployed(UserPoolArn=POOL)
    assert stack.of_type("AWS::Cognito::UserPool") == stack.of_type("AWS::Cognito::UserPoolDomain") == {}
    [server] = stack.of_type("AWS::Cognito::UserPoolResourceServer").values()
    assert server["UserPoolId"] == "eu-central-1_AbCdEfGhI"
    assert stack.of_type("AWS::Cognito::UserPoolClient")["AdminClient"]["UserPoolId"] == "eu-central-1_AbCdEfGhI"
    assert authorizer(stack.of_type("AWS::ApiGateway::RestApi")["Api"])["providerARNs"] == [POOL]
    assert stack.outputs["UserPoolId"] == "eu-central-1_AbCdEfGhI"
    assert "TokenUrl" not in stack.outputs


def authorizer(api: dict[str, Any]) -> dict[str, Any]:
    """The gateway's authorizer."""
    scheme = api["Body"]["components"]["securitySchemes"]["Tokens"]
    found: dict[str, Any] = scheme["x-amazon-apigateway-authorizer"]
    return found


def test_the_access_log_is_off_and_then_has_a_line_of_json_without_tokens_or_queries() -> None:
    usual = deployed()
    assert "AccessLogSetting" not in usual.of_type("AWS::ApiGateway::Stage")["ApiprodStage"]
    assert "AccessLogGroup" not in usual.resources
    stack = deployed(AccessLog="true")
    setting = stack.of_type("AWS::ApiGateway::Stage")["ApiprodStage"]["AccessLogSetting"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
    line = json.loads(setting["Format"])
    assert line["request_id"] == "$context.requestId"
    assert not re.search(r"authorizer|header|query|input", setting["Format"], re.IGNORECASE)
    group = stack.of_type("AWS::Logs::LogGroup")["AccessLogGroup"]
    assert group["LogGroupName"] == "/aws/apigateway/ticket-status"


@pytest.mark.parametrize("origin", ["https://nobody.invalid", "https://console.example.com"])
def test_a_change_of_the_origin_reaches_the_stage(origin: str) -> None:
    """SAM names a deployment by what the API says before parameters are known, unless it always makes one."""
    stack = deployed.__wrapped__(AllowedOrigin=origin)
    sleep(1.1)  # it is named by the second
    again = deployed.__wrapped__(AllowedOrigin=origin)
    first, second = (set(one.of_type("AWS::ApiGateway::Deployment")) for one in (stack, again))
    assert len(first) == len(second) == 1
    assert first != second


def test_in_govcloud_tokens_come_from_where_they_are_handed_out_there() -> None:
    stack = deployed(region="us-gov-west-1")
    assert (
        stack.outputs["TokenUrl"] == "https://${UserPoolDomain}.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/token"
    )


def test_people_of_the_pool_sign_in_with_a_long_password_and_a_second_factor() -> None:
    [pool] = deployed().of_type("AWS::Cognito::UserPool").values()
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["AccountRecoverySetting"] == {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    assert pool["DeletionProtection"] == "ACTIVE"


ISSUER = {"TokenIssuer": "https://login.example.com/tenant", "TokenAudience": "ticket-status"}


def test_with_an_issuer_of_theirs_there_is_no_pool_no_domain_and_no_client() -> None:
    stack = deployed(**ISSUER)
    assert [one for one in stack.resources.values() if one["Type"].startswith("AWS::Cognito::")] == []
    assert {"UserPoolId", "TokenUrl", "AdminClientId"} & set(stack.outputs) == set()
    assert set(deployed().outputs) - set(stack.outputs) == {"UserPoolId", "TokenUrl", "AdminClientId"}


def test_a_function_then_verifies_the_tokens_of_every_route_and_needs_none_of_our_scopes_at_the_gateway() -> None:
    stack = deployed(**ISSUER)
    api = stack.of_type("AWS::ApiGateway::RestApi")["Api"]
    asked = authorizer(api)
    assert asked["type"] == "token"
    assert "AuthorizerFunction.Arn" in asked["authorizerUri"]
    assert 0 < asked["authorizerResultTtlInSeconds"] <= 60, "a token that expired is good no longer than that"
    needed = [
        operation["security"]
        for item in api["Body"]["paths"].values()
        for operation in item.values()
        if "security" in operation
    ]
    assert needed == [[{"Tokens": []}]] * len(needed)
    assert len(needed) == len(guarded(deployed()))
    environment = stack.of_type("AWS::Lambda::Function")["AuthorizerFunction"]["Environment"]["Variables"]
    assert (environment["TOKEN_ISSUER"], environment["TOKEN_AUDIENCE"]) == tuple(ISSUER.values())
    permission = stack.of_type("AWS::Lambda::Permission")["AuthorizerPermission"]
    assert permission["FunctionName"] == {"Ref": "AuthorizerFunction"}
    assert permission["SourceArn"].endswith(":${Api}/authorizers/*")


def test_without_one_there_is_no_such_function_and_the_gateway_asks_the_pool() -> None:
    assert [name for name in deployed().resources if name.startswith("Authorizer")] == []
    assert authorizer(deployed().of_type("AWS::ApiGateway::RestApi")["Api"]) == {
        "type": "cognito_user_pools",
        "providerARNs": [{"Fn::GetAtt": ["UserPool", "Arn"]}],
    }


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"TokenIssuer": "https://login.example.com"}, "TokenIssuer needs TokenAudience"),
        ({**ISSUER, "UserPoolArn": POOL}, "Give TokenIssuer or UserPoolArn, not both"),
        ({**ISSUER, "ConsoleAccess": "viewer"}, "ConsoleAccess needs the stack's own user pool"),
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_made(parameters: dict[str, str], says: str) -> None:
    [refused] = deployed(**parameters).refused()
    assert refused.startswith(says)
    assert deployed(**ISSUER).refused() == []


@pytest.mark.parametrize("name", ["/company/ca", "company-ca"])
def test_certificates_are_named_to_the_functions_that_talk_to_jira_which_may_read_those_alone(name: str) -> None:
    stack = deployed(CaCertificates=name)
    assert told(stack, "CA_CERTIFICATES") == dict.fromkeys(TALK_TO_JIRA, name)
    [policy] = stack.of_type("AWS::IAM::Policy").values()
    assert {one["Ref"] for one in policy["Roles"]} == {one.replace("Function", "Role") for one in TALK_TO_JIRA}
    parameter, secret = policy["PolicyDocument"]["Statement"]
    here = "us-east-1:123456789012"
    assert (parameter["Action"], secret["Action"]) == (["ssm:GetParameter"], ["secretsmanager:GetSecretValue"])
    assert parameter["Resource"] == f"arn:aws:ssm:{here}:parameter/{name.removeprefix('/')}"
    assert secret["Resource"] == f"arn:aws:secretsmanager:{here}:secret:{name}-??????"
    assert deployed().of_type("AWS::IAM::Policy") == {}


def test_the_proxy_is_for_the_functions_that_talk_to_jira_and_not_for_aws() -> None:
    proxy = "http://proxy.company.example:3128"
    stack = deployed(HttpsProxy=proxy)
    assert told(stack, "JIRA_HTTPS_PROXY") == dict.fromkeys(TALK_TO_JIRA, proxy)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"):
        assert told(stack, name) == {}, "botocore would take it"
    assert set(told(deployed(), "JIRA_HTTPS_PROXY").values()) == {""}


def told(stack: Deployed, variable: str) -> dict[str, str]:
    """The functions that have a variable of the environment, and its value."""
    functions = stack.of_type("AWS::Lambda::Function")
    variables = {name: one["Environment"]["Variables"] for name, one in functions.items()}
    return {name: one[variable] for name, one in variables.items() if variable in one}
