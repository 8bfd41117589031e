"""The API document says what the service answers: its parameters are the routes', its examples are real answers."""

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
from ticket_status.api.presenters import (
    present_integration,
    present_listed_ticket,
    present_run,
    present_summary,
    present_ticket,
)
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
from ticket_status.core.connection import Check, ConnectionReport
from ticket_status.core.model import (
    AuthType,
    Category,
    Counts,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    ReasonCode,
    RefreshState,
    RunState,
    ServedViolations,
    Status,
    SyncRun,
    Ticket,
    TicketKey,
    Trigger,
    UnknownReason,
)
from ticket_status.core.refreshing import Outcome, OutcomeReason
from ticket_status.core.shown import Shown
from ticket_status.core.summary import Summary
from ticket_status.core.trouble import Refused
from ticket_status.core.webhooks import WebhookMode, WebhookState
from ticket_status.service.administration import refusals

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
PROBLEM = "application/problem+json"

_CHECKS = (
    Check("reachable", ok=True, detail="The site answers."),
    Check("is_jira", ok=True, detail="It is Jira Cloud."),
    Check("authenticated", ok=False, detail="Jira does not accept the credentials."),
    Check("scopes", ok=False, detail="Not tried."),
    Check("can_read_issues", ok=False, detail="Not tried."),
)
_REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira does not accept the credentials.")
REFUSALS: tuple[refusals.Refusal, ...] = (
    refusals.NameTaken("cloud-abc"),
    refusals.DifferentSite("https://abc.atlassian.net", "https://abc-new.atlassian.net"),
    refusals.MissingScopes(("read:issue-details:jira", "read:field.option:jira")),
    refusals.SyncRunNotFound("20261122T080000000-3f9a2c"),
    refusals.TicketNotFound("10412"),
    refusals.ConnectionFailed(ConnectionReport(_CHECKS, (), None, _REFUSED)),
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


# --- What is presented ------------------------------------------------------------------------------------------------

RUN = SyncRun(
    "cloud-abc~k3f9x2",
    "20261122T080000000-3f9a2c",
    Trigger.SCHEDULE,
    NOW,
    tickets_total=1300,
    counts=Counts(4, 407, 1, 0, 0),
    jira_requests=5,
)
INTEGRATION = Integration(
    connection_name="cloud-abc",
    integration_ref="cloud-abc~k3f9x2",
    installation_type=InstallationType.CLOUD,
    jira_server_url="https://abc.atlassian.net",
    auth_type=AuthType.BASIC,
    created_at=NOW,
    retrieve_jira_tickets=True,
    enabled_since=NOW,
    healthy_since=NOW,
    health=Health(HealthStatus.HEALTHY, NOW, NOW),
    username="bot@abc.example",
    created_in_version="3.112.3",
)
IN_PROGRESS = Status("In Progress", Category.INDETERMINATE)
TICKET = Ticket(
    TicketKey("cloud-abc~k3f9x2", "10412"),
    "JAS-26363",
    datetime(2026, 11, 20, 10, 15, tzinfo=UTC),
    "https://abc.atlassian.net",
    IN_PROGRESS,
    serves=ServedViolations(("XRAY-552871",), 1),
)
SHOWN = Shown(
    IN_PROGRESS,
    None,
    RefreshState.ACTIVE,
    NOW + timedelta(seconds=4),
    datetime(2026, 11, 21, 16, 0, 2, tzinfo=UTC),
)
SUMMARY = Summary(
    NOW + timedelta(seconds=9),
    ((IN_PROGRESS, 700), (Status("Done", Category.DONE), 590)),
    {UnknownReason.DELETED: 8, UnknownReason.NOT_RETRIEVED_YET: 2},
    311,
)


@pytest.mark.parametrize(
    ("schema", "member", "words"),
    [
        ("InstallationType", None, InstallationType),
        ("AuthType", None, AuthType),
        ("HealthStatus", None, HealthStatus),
        ("ReasonCode", None, ReasonCode),
        ("TicketStatusCategory", None, Category),
        ("UnknownReason", None, UnknownReason),
        ("RefreshState", None, RefreshState),
        ("WebhookMode", None, WebhookMode),
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


def test_the_examples_are_what_is_presented() -> None:
    examples = {name: one["value"] for name, one in document()["components"]["examples"].items()}
    assert examples["SyncRun"] == present_run(RUN)
    assert examples["Integration"] == present_integration(INTEGRATION, RUN, NOW)
    assert examples["Ticket"] == present_ticket(TICKET, SHOWN, INTEGRATION)
    assert examples["TicketList"]["tickets"] == [present_listed_ticket(TICKET, SHOWN, INTEGRATION)]
    assert examples["ViolationTickets"]["tickets"][0] == examples["Ticket"]
    paused = examples["PausedSyncRun"]
    assert set(paused) - set(examples["SyncRun"]) == {"paused_until"}
    assert paused["state"] == RunState.PAUSED
    summary = document()["paths"]["/jira-integrations/{connection_name}/summary"]["get"]["responses"]["200"]
    assert summary["content"]["application/json"]["example"] == present_summary(SUMMARY)


def test_a_status_is_ok_only_where_nothing_is_wrong() -> None:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                codes = {int(status) for status in operation["responses"]}
                assert any(code < HTTPStatus.BAD_REQUEST for code in codes), f"{method} {path}"
