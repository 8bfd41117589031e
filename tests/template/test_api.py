"""Routes, authorisation and clients: template, API document and resolvers are one set."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.refresh.app import routes as refresh_routes
from functions.settings.app import routes as settings_routes
from local.stack import BASE_PATH
from tests.fakes.api_document import document
from tests.template.deployed import Deployed, deployed

ALL_SCOPES = {"ticketing/read", "ticketing/refresh", "ticketing/register", "ticketing/admin"}
METHODS = {"get", "post", "put", "patch", "delete"}
CALLBACKS = {("GET", "/oauth1/callback"), ("GET", "/oauth2/callback")}
DELIVERIES = {("POST", "/hooks/{hook_id}")}
FUNCTIONS = ("RefreshFunction", "SettingsFunction", "HooksFunction")
CLIENTS = {
    "AdminClient": ALL_SCOPES,
    "ViewerClient": {"ticketing/read", "ticketing/refresh"},
    "RegistrarClient": {"ticketing/register"},
}


def events(function: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The API events of a function."""
    return (event["Properties"] for event in function["Events"].values() if event["Type"] == "Api")


def in_template(function: dict[str, Any]) -> set[tuple[str, str]]:
    """Method and path, below the base path, of each route of a function."""
    return {(event["Method"].upper(), event["Path"].removeprefix(BASE_PATH)) for event in events(function)}


def test_the_template_routes_to_each_function_what_it_resolves(functions: dict[str, Any]) -> None:
    refresh = {(route.method, route.path) for route in refresh_routes}
    settings = {(route.method, route.path) for route in settings_routes}
    assert in_template(functions["RefreshFunction"]) == refresh
    assert in_template(functions["SettingsFunction"]) == settings
    assert in_template(functions["HooksFunction"]) == DELIVERIES


def test_the_api_document_has_the_same_routes(functions: dict[str, Any]) -> None:
    paths = document()["paths"].items()
    documented = {(method.upper(), path) for path, item in paths for method in METHODS & set(item)}
    assert documented == set().union(*(in_template(functions[name]) for name in FUNCTIONS))


def test_every_route_lies_below_the_base_path(functions: dict[str, Any]) -> None:
    for function in FUNCTIONS:
        for event in events(functions[function]):
            assert event["Path"].startswith(f"{BASE_PATH}/")
            assert event["RestApiId"] == {"Ref": "Api"}


def test_only_callbacks_and_deliveries_are_open_to_a_caller_without_a_token(functions: dict[str, Any]) -> None:
    every = set().union(*(in_template(functions[name]) for name in FUNCTIONS))
    assert every - set(guarded(deployed())) == CALLBACKS | DELIVERIES
    unscoped = {(r.method, r.path) for routes in (refresh_routes, settings_routes) for r in routes if r.scope is None}
    assert unscoped == CALLBACKS


def guarded(stack: Deployed) -> dict[tuple[str, str], list[str]]:
    """For each method and path whose caller has to have a token, the scopes that the gateway asks for."""
    paths = stack.of_type("AWS::ApiGateway::RestApi")["Api"]["Body"]["paths"]
    return {
        (method.upper(), path.removeprefix(BASE_PATH)): requirement["Tokens"]
        for path, item in paths.items()
        for method, operation in item.items()
        for requirement in operation.get("security", [])
    }


def test_a_route_that_asks_for_a_token_is_one_that_a_function_answers(functions: dict[str, Any]) -> None:
    every = in_template(functions["RefreshFunction"]) | in_template(functions["SettingsFunction"])
    assert set(guarded(deployed())) <= every
    paths = deployed().of_type("AWS::ApiGateway::RestApi")["Api"]["Body"]["paths"]
    assert all("x-amazon-apigateway-integration" in one for item in paths.values() for one in item.values())


def test_the_gateway_admits_any_token_with_one_of_our_scopes(resources: dict[str, Any]) -> None:
    assert {frozenset(scopes) for scopes in guarded(deployed()).values()} == {frozenset(ALL_SCOPES)}
    server = resources["ResourceServer"]["Properties"]
    assert {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]} == ALL_SCOPES


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_gets_its_scopes_with_client_credentials_only(client: str, resources: dict[str, Any]) -> None:
    properties = resources[client]["Properties"]
    assert set(properties["AllowedOAuthScopes"]) == CLIENTS[client]
    assert properties["AllowedOAuthFlows"] == ["client_credentials"]
    assert properties["GenerateSecret"] is True


def test_pages_of_one_origin_only_may_call(resources: dict[str, Any]) -> None:
    api = resources["Api"]["Properties"]
    origin = {"Fn::Sub": "'${AllowedOrigin}'"}
    assert api["Cors"]["AllowOrigin"] == origin
    for response in api["GatewayResponses"].values():
        assert response["ResponseParameters"]["Headers"]["Access-Control-Allow-Origin"] == origin


def test_a_flood_meets_the_limits_of_the_stage(resources: dict[str, Any]) -> None:
    api = resources["Api"]["Properties"]
    [limits] = api["MethodSettings"]
    assert (limits["HttpMethod"], limits["ResourcePath"]) == ("*", "/*")
    assert limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"] <= 100


@pytest.mark.parametrize(
    ("name", "status"), [("THROTTLED", 429), ("REQUEST_TOO_LARGE", 413), ("MISSING_AUTHENTICATION_TOKEN", 404)]
)
def test_what_the_gateway_turns_away_is_told_in_the_documented_form(
    name: str, status: int, resources: dict[str, Any]
) -> None:
    response = resources["Api"]["Properties"]["GatewayResponses"][name]
    problem = json.loads(response["ResponseTemplates"]["application/json"])
    assert (response["StatusCode"], problem["status"]) == (status, status)
    assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"


def test_a_firewall_stands_before_the_api_only_where_one_is_named(template: dict[str, Any]) -> None:
    assert template["Parameters"]["WebAclArn"]["Default"] == ""
    association = template["Resources"]["WebAclAssociation"]
    assert association["Condition"] == "HasWebAcl"
    assert association["Properties"]["WebACLArn"] == {"Ref": "WebAclArn"}
