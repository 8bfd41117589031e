"""The console's hosting: off by default, private, signed in to, and under the same policy as the local run's."""

import re
from typing import Any

import pytest

from local.console import CONTENT_SECURITY_POLICY
from local.stack import BASE_PATH


def console(resources: dict[str, Any]) -> dict[str, Any]:
    """What is there for the console only."""
    return {logical_id: resource for logical_id, resource in resources.items() if logical_id.startswith("Console")}


@pytest.fixture
def distribution(resources: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = resources["ConsoleDistribution"]["Properties"]["DistributionConfig"]
    return config


def test_without_being_asked_for_nothing_of_it_is_deployed(template: dict[str, Any], resources: dict[str, Any]) -> None:
    assert template["Parameters"]["ConsoleAccess"]["Default"] == "none"
    assert console(resources)
    assert all(resource["Condition"] == "HasConsole" for resource in console(resources).values())
    outputs = {name: output for name, output in template["Outputs"].items() if name.startswith("Console")}
    assert all(output["Condition"] == "HasConsole" for output in outputs.values())


def test_only_the_distribution_reads_the_bucket(resources: dict[str, Any]) -> None:
    bucket = resources["ConsoleBucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    [statement] = resources["ConsoleBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert "ConsoleDistribution" in str(statement["Condition"]["StringEquals"]["aws:SourceArn"])


def test_the_page_s_policy_is_that_of_the_local_run_and_the_token_endpoint(resources: dict[str, Any]) -> None:
    headers = resources["ConsoleHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    assert re.sub(r" https://\$\{UserPoolDomain\}[^;]*", "", policy) == CONTENT_SECURITY_POLICY


def test_the_api_is_on_the_page_s_own_origin_and_never_cached(distribution: dict[str, Any]) -> None:
    [behaviour] = distribution["CacheBehaviors"]
    assert behaviour["PathPattern"] == f"{BASE_PATH}/*"
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's CachingDisabled
    origins = {origin["Id"]: origin for origin in distribution["Origins"]}
    assert origins[behaviour["TargetOriginId"]]["OriginPath"] == "/prod"
    assert origins[distribution["DefaultCacheBehavior"]["TargetOriginId"]]["OriginAccessControlId"]


def test_people_sign_in_with_a_code_and_the_page_keeps_no_secret(resources: dict[str, Any]) -> None:
    client = resources["ConsoleClient"]["Properties"]
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == [{"Fn::Sub": "https://${ConsoleDistribution.DomainName}/"}]
    condition, administers, views = client["AllowedOAuthScopes"]["Fn::If"]
    assert condition == "ConsoleAdministers"
    assert views == ["ticketing/read", "ticketing/refresh"]
    assert administers == [*views, "ticketing/admin"]
