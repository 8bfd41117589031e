"""The API of a function: routing, scopes, problems, its log line and its headers."""

import json
import logging
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.fakes.gateway import Answer, request
from tests.fakes.samples import NOW
from ticket_status.api.application import UNHANDLED_ERRORS, Api, ApiContext, Routes
from ticket_status.api.bodies import Flag, Members
from ticket_status.api.call import PAGING, Call, Reply, json_reply
from ticket_status.api.problems import ProblemError
from ticket_status.api.scopes import Scope
from ticket_status.ports.paging import InvalidTokenError

ORIGIN = "https://platform.example"

routes: Routes[dict[str, Any]] = Routes()


@routes.get("/things", Scope.READ, query=PAGING)
def list_things(call: Call, things: dict[str, Any]) -> Reply:
    limit, token = call.paging
    if token == "odd":
        raise InvalidTokenError
    return json_reply({"things": sorted(things)[:limit], "address": call.public_address})


@routes.get("/things/{name}", Scope.READ)
def get_thing(call: Call, things: dict[str, Any]) -> Reply:
    return json_reply({"name": call.path("name"), "thing": things[call.path("name")]})


@routes.put("/things/{name}", Scope.ADMIN)
def put_thing(call: Call, _: dict[str, Any]) -> Reply:
    return json_reply(call.body(Members(dict[str, bool], {"on": Flag()})), HTTPStatus.ACCEPTED)


@routes.delete("/things/{name}", Scope.ADMIN)
def delete_thing(call: Call, _: dict[str, Any]) -> Reply:
    detail = f"{call.path('name')} is busy"
    raise ProblemError(HTTPStatus.CONFLICT, "busy", detail, headers={"Retry-After": "3"}, since="noon")


@routes.get("/open", scope=None)
def get_open(_: Call, __: dict[str, Any]) -> Reply:
    return Reply(HTTPStatus.OK, "<p>open</p>", "text/html", {"Referrer-Policy": "no-referrer"})


@routes.get("/own", Scope.READ, failed=lambda _: json_reply({"status": "FAILED"}, HTTPStatus.INTERNAL_SERVER_ERROR))
def get_own(_: Call, things: dict[str, Any]) -> Reply:
    return json_reply(things["nothing of this name"])


class Served:
    """The API, and what it logs and counts."""

    def __init__(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._log = StringIO()
        self._capsys = capsys
        self._logger = Logger(service=name, level=logging.INFO, logger_handler=logging.StreamHandler(self._log))
        self._metrics = Metrics(namespace="Test", service="test")

    def answer(self, event: dict[str, Any], **api_context: Any) -> Answer:  # noqa: ANN401 - any of them
        around = ApiContext(self._logger, self._metrics, lambda: NOW, **api_context)
        return Answer.of(Api(routes, {"a": 1, "b": 2}, around).answer(event, LambdaContext()))

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was logged."""
        return [json.loads(line) for line in self._log.getvalue().splitlines()]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """What was counted."""
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


@pytest.fixture
def served(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Served:
    return Served(request.node.name, capsys)


def test_a_route_answers_with_its_services(served: Served) -> None:
    answer = served.answer(request("GET", "/things/a"))
    assert (answer.status, answer.json) == (200, {"name": "a", "thing": 1})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_domain_may_map_the_api_below_a_path_of_its_own(served: Served) -> None:
    event = request("GET", "/things/a")
    assert served.answer({**event, "path": f"/security{event['path']}"}).json["name"] == "a"
    missing = request("GET", "/nothing")
    assert served.answer({**missing, "path": f"/security{missing['path']}"}).problem == (404, "not_found")


def test_a_parameter_of_the_path_is_decoded(served: Served) -> None:
    assert served.answer(request("GET", "/things/%61")).json["name"] == "a"


@pytest.mark.parametrize("scopes", [(), ("ticketing/register",), ("ticketing/reader",), ("other/read",), None])
def test_a_token_without_the_routes_scope_is_refused(served: Served, scopes: tuple[str, ...] | None) -> None:
    answer = served.answer(request("GET", "/things", scopes=scopes))
    assert answer.problem == (403, "missing_scope")
    assert "ticketing/read" in answer.json["detail"]


def test_one_scope_does_not_stand_for_another(served: Served) -> None:
    assert served.answer(request("PUT", "/things/a", scopes=("ticketing/read",))).problem == (403, "missing_scope")


def test_a_route_without_a_scope_needs_no_token(served: Served) -> None:
    answer = served.answer(request("GET", "/open", scopes=None))
    assert (answer.status, answer.text) == (200, "<p>open</p>")
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_refusal_is_a_problem_document(served: Served) -> None:
    answer = served.answer(request("DELETE", "/things/a"))
    assert answer.problem == (409, "busy")
    assert answer.headers["Retry-After"] == "3"
    assert answer.json == {
        "type": "urn:ticket-status:problem:busy",
        "title": "Busy",
        "status": 409,
        "detail": "a is busy",
        "code": "busy",
        "since": "noon",
    }


def test_a_body_that_does_not_fit_names_the_misfits(served: Served) -> None:
    answer = served.answer(request("PUT", "/things/a", body={"on": 1}))
    assert answer.problem == (422, "invalid_request")
    assert answer.json["errors"] == [{"pointer": "#/on", "detail": "must be true or false"}]
    assert answer.json["detail"] == "on must be true or false"


def test_a_body_that_is_not_json_is_told(served: Served) -> None:
    assert served.answer(request("PUT", "/things/a", raw="{")).problem == (400, "invalid_json")


def test_an_unknown_route_is_not_found(served: Served) -> None:
    assert served.answer(request("GET", "/nothing")).problem == (404, "not_found")


def test_a_known_path_names_the_methods_that_it_answers_to(served: Served) -> None:
    answer = served.answer(request("POST", "/things/a"))
    assert answer.problem == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "DELETE, GET, PUT"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", "٣", "99999"])
def test_a_limit_has_to_be_a_number_from_1_to_100(served: Served, limit: str) -> None:
    answer = served.answer(request("GET", "/things", query={"limit": limit}))
    assert answer.problem == (422, "invalid_request")
    assert answer.json["errors"] == [{"pointer": "limit", "detail": "must be a number from 1 to 100"}]


def test_a_limit_limits(served: Served) -> None:
    assert served.answer(request("GET", "/things", query={"limit": "1"})).json["things"] == ["a"]


def test_a_token_of_another_list_does_not_fit(served: Served) -> None:
    answer = served.answer(request("GET", "/things", query={"next_token": "odd"}))
    assert answer.problem == (422, "invalid_request")
    assert answer.json["errors"][0]["pointer"] == "next_token"


def test_an_unhandled_error_says_nothing_of_itself_but_is_logged_and_counted(served: Served) -> None:
    answer = served.answer(request("GET", "/things/secret-name"))
    assert answer.problem == (500, "internal_error")
    assert "secret-name" not in answer.text
    assert "request-1" in answer.json["detail"]
    error = next(line for line in served.lines if line["level"] == "ERROR")
    assert error["exception_name"] == "KeyError"
    assert [blob[UNHANDLED_ERRORS] for blob in served.metrics] == [[1.0]]


def test_a_route_can_have_its_own_form_for_an_unhandled_error(served: Served) -> None:
    answer = served.answer(request("GET", "/own"))
    assert (answer.status, answer.json) == (500, {"status": "FAILED"})
    assert [blob[UNHANDLED_ERRORS] for blob in served.metrics] == [[1.0]]


def test_each_request_is_one_line_in_the_log(served: Served) -> None:
    served.answer(request("GET", "/things/a", headers={"X-Amzn-Trace-Id": "Root=1-2"}))
    (line,) = served.lines
    expected = {"message": "request", "method": "GET", "status": 200, "client_id": "client-1"}
    assert expected.items() <= line.items()
    assert (line["request_id"], line["trace_id"]) == ("request-1", "Root=1-2")
    assert line["duration_ms"] >= 0


def test_the_page_of_the_allowed_origin_may_read_the_answer(served: Served) -> None:
    answer = served.answer(request("GET", "/things/a", headers={"Origin": ORIGIN}), allowed_origin=ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_it_may_read_problems_too(served: Served) -> None:
    event = request("GET", "/nothing", headers={"Origin": ORIGIN})
    assert served.answer(event, allowed_origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(("origin", "allowed"), [("https://evil.example", ORIGIN), (ORIGIN, None)])
def test_no_other_page_may(served: Served, origin: str, allowed: str | None) -> None:
    answer = served.answer(request("GET", "/things/a", headers={"Origin": origin}), allowed_origin=allowed)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_is_answered(served: Served) -> None:
    event = request("OPTIONS", "/things/a", scopes=None, headers={"Origin": ORIGIN})
    answer = served.answer(event, allowed_origin=ORIGIN)
    assert answer.status == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]


def test_the_public_address_is_that_of_the_gateway_with_its_stage(served: Served) -> None:
    address = served.answer(request("GET", "/things")).json["address"]
    assert address == "https://abc123.execute-api.eu-west-1.amazonaws.com/v1"


def test_a_configured_public_address_wins(served: Served) -> None:
    answer = served.answer(request("GET", "/things"), public_address="https://api.example/tickets/")
    assert answer.json["address"] == "https://api.example/tickets"


def test_an_embedded_gateway_that_names_no_domain_is_reached_by_its_host(served: Served) -> None:
    event = request("GET", "/things")
    del event["requestContext"]["domainName"]
    event["headers"] = {"host": "127.0.0.1:4566"}
    assert served.answer(event).json["address"] == "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"
