"""The console's hosting: off by default, private, signed in to, and under the same policy as the local run's."""

import re
from typing import Any

import pytest

from local import ROOT
from local.console import API_PAGE, API_PAGE_POLICY, CONTENT_SECURITY_POLICY
from local.stack import BASE_PATH
from local.template import read
from tests.template.deployed import deployed


@pytest.fixture(scope="module")
def console() -> dict[str, Any]:
    """The template of the stack inside the stack."""
    return read("console.yaml")


@pytest.fixture
def inside(console: dict[str, Any]) -> dict[str, Any]:
    """Its resources."""
    resources: dict[str, Any] = console["Resources"]
    return resources


@pytest.fixture
def distribution(inside: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = inside["Distribution"]["Properties"]["DistributionConfig"]
    return config


def test_without_being_asked_for_nothing_of_it_is_deployed() -> None:
    assert "Console" not in deployed().resources
    assert [name for name in deployed().outputs if name.startswith("Console")] == []


def test_no_region_has_to_know_what_it_is_made_of_but_where_it_is_asked_for() -> None:
    """CloudFormation refuses a whole template for a type that its region lacks, also where none is made."""
    types = {one["Type"] for one in deployed().template["Resources"].values()}
    assert [one for one in types if one.startswith(("AWS::CloudFront", "AWS::S3"))] == []


@pytest.mark.parametrize("access", ["viewer", "admin"])
def test_it_is_a_stack_that_is_given_what_it_asks_for(access: str, console: dict[str, Any]) -> None:
    stack = deployed(ConsoleAccess=access)
    given = stack.resources["Console"]["Properties"]
    assert given["TemplateURL"] == "console.yaml"
    assert set(given["Parameters"]) == set(console["Parameters"])
    assert given["Parameters"]["Access"] == access
    shown = {name: one["Fn::GetAtt"] for name, one in stack.outputs.items() if name.startswith("Console")}
    assert len(shown) == 4
    for logical_id, attribute in (one if isinstance(one, list) else one.split(".", 1) for one in shown.values()):
        assert logical_id == "Console"
        assert attribute.removeprefix("Outputs.") in console["Outputs"]


def test_its_people_are_those_of_the_stack_s_own_pool() -> None:
    pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI"
    assert deployed(ConsoleAccess="viewer").refused() == []
    assert len(deployed(ConsoleAccess="viewer", UserPoolArn=pool).refused()) == 1


def test_only_the_distribution_reads_the_bucket(inside: dict[str, Any]) -> None:
    bucket = inside["Bucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    allowed, denied = inside["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "s3:GetObject")
    assert "${Distribution}" in str(allowed["Condition"]["StringEquals"]["aws:SourceArn"])
    assert (denied["Effect"], denied["Action"]) == ("Deny", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(("name", "local"), [("Headers", CONTENT_SECURITY_POLICY), ("ApiPageHeaders", API_PAGE_POLICY)])
def test_a_page_s_policy_is_that_of_the_local_run_and_the_token_endpoint(
    name: str, local: str, inside: dict[str, Any]
) -> None:
    headers = inside[name]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert set(headers) >= {"ContentTypeOptions", "FrameOptions", "ReferrerPolicy", "StrictTransportSecurity"}
    policy = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    assert re.sub(r" https://\$\{SignInHost\}", "", policy) == local


def test_the_api_page_alone_has_the_policy_that_swagger_ui_needs(distribution: dict[str, Any]) -> None:
    page, _ = distribution["CacheBehaviors"]
    assert page["PathPattern"] == f"/{API_PAGE}"
    different = {"PathPattern": f"/{API_PAGE}", "ResponseHeadersPolicyId": {"Ref": "ApiPageHeaders"}}
    assert page == distribution["DefaultCacheBehavior"] | different


def test_the_api_is_on_the_page_s_own_origin_and_never_cached(distribution: dict[str, Any]) -> None:
    _, behaviour = distribution["CacheBehaviors"]
    assert behaviour["PathPattern"] == f"{BASE_PATH}/*"
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's CachingDisabled
    origins = {origin["Id"]: origin for origin in distribution["Origins"]}
    assert origins[behaviour["TargetOriginId"]]["OriginPath"] == "/prod"
    assert origins[distribution["DefaultCacheBehavior"]["TargetOriginId"]]["OriginAccessControlId"]


def test_people_sign_in_with_a_code_and_the_page_keeps_no_secret(inside: dict[str, Any]) -> None:
    client = inside["Client"]["Properties"]
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    pages = ["", API_PAGE]
    assert client["CallbackURLs"] == [{"Fn::Sub": f"https://${{Distribution.DomainName}}/{page}"} for page in pages]
    condition, administers, views = client["AllowedOAuthScopes"]["Fn::If"]
    assert condition == "Administers"
    assert views == ["ticketing/read", "ticketing/refresh"]
    assert administers == [*views, "ticketing/admin"]


def test_whoever_is_invited_gets_the_password_by_mail_and_can_get_it_back() -> None:
    """AdminCreateUser sends a text message unless it is told otherwise; recovery goes to verified addresses only."""
    page = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    [command] = re.findall(r"aws cognito-idp admin-create-user .*?(?=\n```)", page, re.DOTALL)
    assert "--desired-delivery-mediums EMAIL" in command
    assert "Name=email_verified,Value=true" in command
    pool = deployed(ConsoleAccess="viewer").of_type("AWS::Cognito::UserPool")["UserPool"]
    assert f"{pool['Policies']['PasswordPolicy']['MinimumLength']} characters" in page
