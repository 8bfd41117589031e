"""Who may do what: every documented route, with every kind of token, on the deployed stack."""

import json
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests

from local.stack import BASE_PATH, Stack
from tests.fakes.api_document import document

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.literals import TimeUnitsTypeType
    from mypy_boto3_cognito_idp.type_defs import ResourceServerScopeTypeTypeDef

METHODS = ("get", "post", "put", "patch", "delete")
SCOPES = ("ticketing/read", "ticketing/refresh", "ticketing/register", "ticketing/admin")
NOBODY = ("no token", "no bearer", "not a token", "expired", "forged", "unsigned", "other pool", "no scope of ours")
EVERYBODY = (*NOBODY, *SCOPES, "all")
SIGNED = "/hooks/{hook_id}"
"""Asks for a signature, whatever the token: ``test_live.py``."""


class Route(NamedTuple):
    """A documented operation; ``scope`` ``None`` is one that wants no token."""

    method: str
    path: str
    scope: str | None

    def __str__(self) -> str:
        """As pytest names it."""
        return f"{self.method} {self.path}"


def _routes() -> Iterator[Route]:
    for path, item in document()["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                scopes = {scope for way in operation["security"] for asked in way.values() for scope in asked}
                assert len(scopes) <= 1, f"{method} {path} asks for {scopes}"
                if path != SIGNED:
                    yield Route(method.upper(), path, next(iter(scopes), None))


ROUTES = tuple(_routes())


class Pool:
    """A user pool, and app clients made in it for this test only."""

    def __init__(self, stack: Stack, pool_id: str) -> None:
        self._endpoint = stack.endpoint_url
        self._cognito: CognitoIdentityProviderClient = stack.session.client("cognito-idp", endpoint_url=self._endpoint)
        self.id = pool_id
        self._clients: list[str] = []

    @classmethod
    def another(cls, stack: Stack) -> "Pool":
        """A pool that the API knows nothing of, whose resource server has the same scopes."""
        cognito = stack.session.client("cognito-idp", endpoint_url=stack.endpoint_url)
        pool = cls(stack, cognito.create_user_pool(PoolName=f"other-{uuid.uuid4().hex[:8]}")["UserPool"]["Id"])
        pool.add_scopes("ticketing", SCOPES)
        return pool

    def add_scopes(self, server: str, scopes: tuple[str, ...]) -> None:
        """A resource server with these scopes."""
        names: list[ResourceServerScopeTypeTypeDef] = [
            {"ScopeName": scope.rpartition("/")[2], "ScopeDescription": scope} for scope in scopes
        ]
        self._cognito.create_resource_server(UserPoolId=self.id, Identifier=server, Name=server, Scopes=names)

    def token(self, *scopes: str, lives: int = 10, unit: "TimeUnitsTypeType" = "minutes") -> str:
        """An access token with exactly these scopes."""
        client = self._cognito.create_user_pool_client(
            UserPoolId=self.id,
            ClientName=f"scopes-{uuid.uuid4().hex[:8]}",
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=list(scopes),
            AccessTokenValidity=lives,
            TokenValidityUnits={"AccessToken": unit},
        )["UserPoolClient"]
        self._clients.append(client["ClientId"])
        answer = requests.post(
            f"{self._endpoint}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client["ClientId"], client["ClientSecret"]),
            timeout=10,
        )
        answer.raise_for_status()
        body = answer.json()
        assert set(claims(body["access_token"])["scope"].split()) == set(scopes)
        return str(body["access_token"])

    def forget_clients(self) -> None:
        """Leave the pool as it was."""
        for client in self._clients:
            self._cognito.delete_user_pool_client(UserPoolId=self.id, ClientId=client)


@pytest.fixture(scope="module")
def tokens(stack: Stack) -> Iterator[Mapping[str, str | None]]:
    """The ``Authorization`` header of every caller of the table."""
    ours, other = Pool(stack, stack.outputs["UserPoolId"]), Pool.another(stack)
    stranger = f"stranger-{uuid.uuid4().hex[:8]}"
    ours.add_scopes(stranger, (f"{stranger}/read",))
    everything = ours.token(*SCOPES)
    short = ours.token(*SCOPES, lives=1, unit="seconds")
    given = {
        "not a token": "nonsense",
        "expired": short,
        "forged": forged(ours.token(SCOPES[0]), " ".join(SCOPES)),
        "unsigned": unsigned(everything),
        "other pool": other.token(*SCOPES),
        "no scope of ours": ours.token(f"{stranger}/read"),
        "all": everything,
        **{scope: ours.token(scope) for scope in SCOPES},
    }
    time.sleep(max(0.0, claims(short)["exp"] + 1 - time.time()))
    bearers: dict[str, str | None] = {name: f"Bearer {token}" for name, token in given.items()}
    yield {**bearers, "no token": None, "no bearer": "Basic YWRtaW46YWRtaW4="}
    ours.forget_clients()
    cognito = stack.session.client("cognito-idp", endpoint_url=stack.endpoint_url)
    cognito.delete_resource_server(UserPoolId=ours.id, Identifier=stranger)
    cognito.delete_user_pool(UserPoolId=other.id)


@pytest.mark.parametrize("caller", EVERYBODY)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_route_answers_to_the_tokens_that_its_document_names(
    route: Route, caller: str, stack: Stack, tokens: Mapping[str, str | None]
) -> None:
    authorization = tokens[caller]
    answer = call(stack, route, {} if authorization is None else {"Authorization": authorization})
    refused = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if route.scope is None or caller in {"all", route.scope}:
        assert answer.status_code not in refused
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    elif caller in NOBODY:
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
    else:
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert answer.json()["code"] == "missing_scope"


def test_the_table_has_every_route_of_the_gateway(stack: Stack) -> None:
    gateway = stack.session.client("apigateway", endpoint_url=stack.endpoint_url)
    pages = gateway.get_paginator("get_resources").paginate(restApiId=stack.outputs["ApiId"])
    there = {
        (method, resource["path"].removeprefix(BASE_PATH))
        for page in pages
        for resource in page["items"]
        for method in resource.get("resourceMethods", {})
        if method != "OPTIONS"
    }
    assert there == {(route.method, route.path) for route in ROUTES} | {("POST", SIGNED)}


def call(stack: Stack, route: Route, headers: Mapping[str, str]) -> requests.Response:
    """A request that would do nothing even when it is let in: of nothing that there is, with an empty body."""
    path = route.path
    for name in ("connection_name", "violation_id", "run_id", "issue_id"):
        path = path.replace(f"{{{name}}}", "nobody")
    url = f"{stack.api_url}{BASE_PATH}{path}"
    with requests.Session() as http:
        http.trust_env = False
        return http.request(route.method, url, json={}, headers=dict(headers), timeout=60, allow_redirects=False)


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    payload = token.split(".")[1]
    read: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return read


def forged(token: str, scope: str) -> str:
    """A genuine token that was given more scopes."""
    header, _, signature = token.split(".")
    return f"{header}.{_encoded({**claims(token), 'scope': scope})}.{signature}"


def unsigned(token: str) -> str:
    """The same claims under the algorithm ``none``."""
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def _encoded(part: Mapping[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
