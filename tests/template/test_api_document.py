"""The API document says what the service answers: its parameters, its words, and its examples of problems.

Its other examples are compared in ``tests/handlers/test_document_examples.py``.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import pytest

from functions.refresh.app import routes as refresh_routes
from functions.settings.app import routes as settings_routes
from local.template import load
from tests.fakes.api_document import document
from ticket_status.api.problems import (
    FieldError,
    ProblemError,
    integration_not_found,
    internal_error,
    invalid_json,
    invalid_request,
    missing_scope,
    request_too_large,
    violation_not_found,
)
from ticket_status.api.refusals import problem_of
from ticket_status.core.connection import Check
from ticket_status.core.model import (
    AuthType,
    Category,
    HealthStatus,
    ReasonCode,
    RefreshState,
    RunState,
    Trigger,
    UnknownReason,
)
from ticket_status.core.refreshing import Outcome, OutcomeReason
from ticket_status.core.trouble import Refused
from ticket_status.core.webhooks import WebhookState
from ticket_status.jira.connection_test import report, sentence
from ticket_status.service.administration import refusals
from tools.request_bodies import BODIES, DOCUMENT, rewritten

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
PROBLEM = "application/problem+json"

_REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira did not accept the credentials")
_CHECKED = report(
    _REFUSED,
    {
        "reachable": Check("reachable", ok=True, detail="The site answers."),
        "is_jira": Check("is_jira", ok=True, detail="Jira Cloud answers."),
        "authenticated": Check("authenticated", ok=False, detail=sentence(_REFUSED)),
    },
)
REFUSALS: tuple[refusals.Refusal, ...] = (
    refusals.NameTaken("cloud-abc"),
    refusals.DifferentSite("https://abc.atlassian.net", "https://abc-new.atlassian.net"),
    refusals.MissingScopes(("read:issue-details:jira", "read:field.option:jira")),
    refusals.SyncRunNotFound("20261122T080000000-3f9a2c"),
    refusals.TicketNotFound("10412"),
    refusals.ConnectionFailed(_CHECKED),
    refusals.WrongAuthType(AuthType.BASIC, AuthType.OAUTH2),
    refusals.RateLimited(NOW + timedelta(seconds=42)),
    refusals.RetrievalDisabled("cloud-abc"),
    refusals.PendingAuthorizationFirst("cloud-oauth"),
)
_NAME = "must be 1 to 64 letters, digits or . _ - that start with a letter or digit"
PROBLEMS: tuple[ProblemError, ...] = (
    *(problem_of(one, NOW) for one in REFUSALS),
    integration_not_found("cloud-abc"),
    violation_not_found("XRAY-552871"),
    missing_scope("ticketing/admin"),
    invalid_json("the body is not JSON: Expecting value in line 1, column 2"),
    invalid_request(FieldError("#/connection_name", _NAME)),
    request_too_large(),
    internal_error("c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
)


def answers() -> dict[str, dict[str, Any]]:
    """Problem documents by their code, those of the gateway among them."""
    responses = load()["Resources"]["Api"]["Properties"]["GatewayResponses"].values()
    templates = [one["ResponseTemplates"]["application/json"] for one in responses if "ResponseTemplates" in one]
    of_gateway = {one["code"]: one for one in map(json.loads, templates)}
    return of_gateway | {one.code: one.document() for one in PROBLEMS}


def problem_responses() -> Iterator[tuple[str, Any]]:
    """The media types of all errors, with where they stand."""
    responses = dict(document()["components"]["responses"])
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                responses |= {f"{method} {path} {status}": one for status, one in operation["responses"].items()}
    for name, response in responses.items():
        if PROBLEM in response.get("content", {}):
            yield name, response["content"][PROBLEM]


def examples_of(media: Any) -> Iterator[Any]:  # noqa: ANN401 - a part of a document
    """The values of the examples of a media type."""
    if "example" in media:
        yield media["example"]
    for example in media.get("examples", {}).values():
        name = example.get("$ref", "").rpartition("/")[2]
        yield document()["components"]["examples"][name]["value"] if name else example["value"]


def test_every_problem_has_one_type_and_says_which_codes_it_can_have() -> None:
    for name, media in problem_responses():
        assert media["schema"] == {"$ref": "#/components/schemas/Problem"}, name
        assert media["x-codes"], name


def test_every_example_of_a_problem_is_what_the_service_answers() -> None:
    known = answers()
    found = [(name, media, example) for name, media in problem_responses() for example in examples_of(media)]
    assert len(found) >= 20
    for name, media, example in found:
        assert example["code"] in media["x-codes"], name
        assert example == known[example["code"]], name


@pytest.mark.parametrize("route", [*refresh_routes, *settings_routes], ids=lambda one: f"{one.method} {one.path}")
def test_the_parameters_of_a_route_are_those_of_the_document(route: Any) -> None:  # noqa: ANN401 - a route of either
    operation = document()["paths"][route.path][route.method.lower()]
    parameters = [
        document()["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for one in operation.get("parameters", [])
    ]
    documented = {one["name"] for one in parameters if one["in"] == "query"}
    assert route.query is None or route.query == documented


# --- Bodies of requests -----------------------------------------------------------------------------------------------


def test_bodies_are_documented_as_the_service_reads_them() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert rewritten(text) == text, "make schemas"


def test_every_body_is_one_that_the_service_reads() -> None:
    operations = [one for item in document()["paths"].values() for name, one in item.items() if name != "parameters"]
    bodies = [one["requestBody"]["content"]["application/json"]["schema"] for one in operations if "requestBody" in one]
    bodies.remove({"type": "object"})  # what Jira delivers is Jira's
    assert {one["$ref"].rpartition("/")[2] for one in bodies} == {body.component for body in BODIES}


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "member", "words"),
    [
        ("AuthType", None, AuthType),
        ("HealthStatus", None, HealthStatus),
        ("ReasonCode", None, ReasonCode),
        ("TicketStatusCategory", None, Category),
        ("UnknownReason", None, UnknownReason),
        ("RefreshState", None, RefreshState),
        ("WebhookState", None, WebhookState),
        ("SyncRun", "trigger", Trigger),
        ("SyncRun", "state", RunState),
        ("Refresh", "outcome", Outcome),
        ("Refresh", "reason", OutcomeReason),
    ],
)
def test_the_words_of_the_document_are_those_of_the_code(schema: str, member: str | None, words: type[StrEnum]) -> None:
    found = document()["components"]["schemas"][schema]
    found = found if member is None else found["properties"][member]
    assert set(found["enum"]) - {None} == {word.value for word in words}


def test_a_status_is_ok_only_where_nothing_is_wrong() -> None:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                codes = {int(status) for status in operation["responses"]}
                assert any(code < HTTPStatus.BAD_REQUEST for code in codes), f"{method} {path}"
