"""``RefreshFunction``: each route of the contract's section 3.2, its answers held against the API document."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.refresh import app
from tests.fakes.api_document import conforms
from tests.fakes.gateway import EVERY_SCOPE, Answer, request
from tests.unit.examples import BROKEN, DAY, DONE, HOUR, NOW
from tests.unit.service.stage import Stage
from ticket_status.api.application import Surroundings
from ticket_status.api.times import present_time
from ticket_status.composition import refresh as composition
from ticket_status.composition.refresh import RefreshServices
from ticket_status.core.trouble import Throttled
from ticket_status.core.violations import Resource
from ticket_status.service.retrieval.refresh import Refresh, RefreshPorts

Invoke = Callable[..., Answer]

TICKET: dict[str, Any] = {
    "integration_name": "cloud-abc",
    "issue_key": "JAS-1",
    "issue_id": "10001",
    "violation_id": "XRAY-1",
    "resource": {"type": "build", "name": "app", "version": "17"},
    "created_at": "2026-11-22T07:59:00Z",
}


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Iterator[Invoke]:
    """The handler over the stage; every answer fits the API document."""
    ports = RefreshPorts(stage.integrations, stage.tickets, stage.connector)
    refresh = Refresh(ports, stage.reading, stage.runs, stage.clock, stage.rejected.append)
    services = RefreshServices(stage.reading, refresh, stage.registration)
    surroundings = Surroundings(logger, metrics, stage.clock)
    monkeypatch.setattr(composition, "refresh", lambda: (services, surroundings))
    app._api.cache_clear()  # noqa: SLF001 - the handler's one application is built anew over the stage

    def answer(method: str, path: str, body: object = None, **parts: Any) -> Answer:  # noqa: ANN401 - parts of a request
        made = Answer.of(app.handler(request(method, path, body=body, **parts), context))
        conforms(method, path, made)
        return made

    yield answer
    app._api.cache_clear()  # noqa: SLF001 - and for the next test


def register(call: Invoke, *tickets: object) -> Any:  # noqa: ANN401 - a document
    answer = call("POST", "/tickets", {"tickets": list(tickets)})
    assert answer.status == 200
    return answer.json


def test_the_event_file_refreshes_a_violation(
    call: Invoke, stage: Stage, event_file: Callable[[str], Any], context: LambdaContext
) -> None:
    stage.violation("XRAY-1", stage.has_ticket(1))
    assert call("GET", "/violations/XRAY-1/tickets").status == 200
    answer = Answer.of(app.handler(event_file("refresh_request"), context))
    conforms("POST", "/violations/XRAY-1/tickets/refresh", answer)
    assert [ticket["refresh"] for ticket in answer.json["tickets"]] == [{"outcome": "unchanged", "reason": None}]


# --- Registration ---------------------------------------------------------------------------------------------------


def test_tickets_are_registered_and_sending_the_same_again_changes_nothing(call: Invoke, stage: Stage) -> None:
    for _ in range(2):
        assert register(call, TICKET) == {"registered": 1, "rejected": []}
    assert len(stage.tickets.stored) == 1
    assert len(stage.queue.sent) == 1


def test_what_may_be_left_out_may_be_null(call: Invoke, stage: Stage) -> None:
    without = {**TICKET, "issue_id": None, "resource": None}
    unversioned = {**TICKET, "resource": {"type": "build", "name": "app", "version": None}}
    assert register(call, without, unversioned) == {"registered": 2, "rejected": []}
    assert stage.violations.resources(None, 10, None).items == [(Resource("build", "app", None), 1)]


def test_what_does_not_fit_is_rejected_with_its_index_and_the_others_are_registered(call: Invoke, stage: Stage) -> None:
    without_key = {name: value for name, value in TICKET.items() if name != "issue_key"}
    misfits = [
        {**TICKET, "integration_name": "nobody"},
        without_key,
        {**TICKET, "status": "Done"},
        {**TICKET, "created_at": "yesterday"},
        {**TICKET, "created_at": "2026-11-24T08:00:00Z"},
        {**TICKET, "issue_id": 10001},
        {**TICKET, "resource": {"type": "image", "name": "app"}},
        {**TICKET, "resource": {"type": "build", "name": "ü" * 500}},
        "JAS-1",
        None,
    ]
    answer = register(call, TICKET, *misfits)
    assert answer["registered"] == 1
    assert [one["index"] for one in answer["rejected"]] == list(range(1, len(misfits) + 1))
    assert answer["rejected"][0]["code"] == "integration_not_found"
    assert {one["code"] for one in answer["rejected"][1:]} == {"invalid_request"}
    assert "/issue_key" in answer["rejected"][1]["detail"]
    assert len(stage.tickets.stored) == 1


def test_more_than_a_hundred_and_what_is_no_list_do_not_fit(call: Invoke, stage: Stage) -> None:
    bodies: list[object] = [{"tickets": [TICKET] * 101}, {"tickets": TICKET}, {}, {"tickets": [], "more": 1}, []]
    for body in bodies:
        assert call("POST", "/tickets", body).problem == (422, "invalid_request")
    assert call("POST", "/tickets", raw="{").problem == (400, "invalid_json")
    assert not stage.tickets.stored


def test_no_tickets_are_registered_as_none(call: Invoke) -> None:
    assert register(call) == {"registered": 0, "rejected": []}


# --- Reading --------------------------------------------------------------------------------------------------------


def test_a_ticket_is_shown_with_all_that_the_contract_names(call: Invoke, stage: Stage) -> None:
    key = stage.has_ticket(1)
    stage.violation("XRAY-1", key)
    answer = call("GET", "/violations/XRAY-1/tickets")
    assert answer.json == {
        "violation_id": "XRAY-1",
        "tickets": [
            {
                "ticket_no": "JAS-1",
                "issue_id": "10001",
                "ticket_url": "https://abc.atlassian.net/browse/JAS-1",
                "integration_name": "cloud-abc",
                "created_at": present_time(NOW - 10 * DAY),
                "ticket_status": "To Do",
                "ticket_status_category": "new",
                "unknown_reason": None,
                "last_known_status": "To Do",
                "last_update": present_time(NOW - 8 * HOUR),
                "refresh_state": "active",
            }
        ],
        "last_update": present_time(NOW - 8 * HOUR),
    }


def test_a_broken_integration_shows_unknown_and_the_last_known_status(call: Invoke, stage: Stage) -> None:
    stage.violation("XRAY-1", stage.has_ticket(1))
    stage.integrations.set_health(stage.integration, BROKEN)
    (ticket,) = call("GET", "/violations/XRAY-1/tickets").json["tickets"]
    assert (ticket["ticket_status"], ticket["ticket_status_category"]) == ("Unknown", None)
    assert (ticket["unknown_reason"], ticket["last_known_status"]) == ("INTEGRATION_BROKEN", "To Do")


def test_while_retrieval_is_off_there_is_no_status(call: Invoke, stage: Stage) -> None:
    stage.violation("XRAY-1", stage.has_ticket(1))
    stage.integrations.switch(stage.integration, on=False, now=NOW)
    (ticket,) = call("GET", "/violations/XRAY-1/tickets").json["tickets"]
    assert (ticket["ticket_status"], ticket["unknown_reason"]) == (None, None)
    assert ticket["refresh_state"] == "retrieval_disabled"


@pytest.mark.parametrize("violation_id", ["nobody", "a" * 129, "with%20space", "a%2Fb"])
@pytest.mark.parametrize(("method", "action"), [("GET", ""), ("POST", "/refresh")])
def test_a_violation_without_tickets_is_not_found(call: Invoke, method: str, action: str, violation_id: str) -> None:
    answer = call(method, f"/violations/{violation_id}/tickets{action}")
    assert answer.problem == (404, "violation_not_found")


def test_the_status_column_of_a_page_of_violations(call: Invoke, stage: Stage) -> None:
    keys = stage.has_tickets(2)
    stage.violation("XRAY-1", *keys)
    answer = call("POST", "/violations/ticket-statuses", {"violation_ids": ["XRAY-1", "nobody"]})
    assert answer.json == {
        "violations": {
            "XRAY-1": {
                "ticket_no": "JAS-1",
                "ticket_status": "To Do",
                "ticket_status_category": "new",
                "unknown_reason": None,
                "tickets": 2,
            }
        }
    }


@pytest.mark.parametrize("ids", [["XRAY 1"], ["X"] * 101, "XRAY-1", None, [1]])
def test_a_page_of_violations_that_does_not_fit_is_refused(call: Invoke, ids: object) -> None:
    answer = call("POST", "/violations/ticket-statuses", {"violation_ids": ids})
    assert answer.problem == (422, "invalid_request")


def test_resources_and_their_violations_are_listed_page_by_page(call: Invoke) -> None:
    tickets = [
        {
            **TICKET,
            "issue_key": f"JAS-{number}",
            "issue_id": str(10_000 + number),
            "violation_id": f"XRAY-{number}",
            "resource": {"type": "artifact", "name": f"lib-{number % 3}"},
        }
        for number in range(1, 7)
    ]
    register(call, *tickets)
    first = call("GET", "/resources", query={"type": "artifact", "limit": "2"}).json
    rest = call("GET", "/resources", query={"type": "artifact", "limit": "2", "next_token": first["next_token"]}).json
    assert [one["name"] for one in first["resources"] + rest["resources"]] == ["lib-0", "lib-1", "lib-2"]
    assert {one["violations"] for one in first["resources"]} == {2}
    assert "next_token" not in rest
    found = call("GET", "/violations", query={"resource_type": "artifact", "resource_name": "lib-1"}).json
    assert [one["violation_id"] for one in found["violations"]] == ["XRAY-1", "XRAY-4"]
    assert {one["unknown_reason"] for one in found["violations"]} == {"NOT_RETRIEVED_YET"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/resources", {"type": "image"}),
        ("/resources", {"limit": "0"}),
        ("/resources", {"limit": "101"}),
        ("/resources", {"next_token": "made-up"}),
        ("/violations", {"resource_type": "build"}),
        ("/violations", {"resource_name": "app"}),
        ("/violations", {"resource_type": "image", "resource_name": "app"}),
    ],
)
def test_a_query_that_does_not_fit_is_refused(call: Invoke, path: str, query: dict[str, str]) -> None:
    assert call("GET", path, query=query).problem == (422, "invalid_request")


# --- Refreshing -----------------------------------------------------------------------------------------------------


def test_a_refresh_shows_the_fresh_status_and_what_it_did(call: Invoke, stage: Stage) -> None:
    key = stage.has_ticket(1)
    stage.violation("XRAY-1", key)
    stage.moves(key, DONE)
    answer = call("POST", "/violations/XRAY-1/tickets/refresh")
    (ticket,) = answer.json["tickets"]
    assert (ticket["ticket_status"], ticket["refresh"]) == ("Done", {"outcome": "changed", "reason": None})
    assert ticket["last_update"] == answer.json["last_update"] == present_time(NOW)


def test_a_refresh_is_answered_whatever_jira_does(call: Invoke, stage: Stage) -> None:
    stage.violation("XRAY-1", stage.has_ticket(1))
    stage.site.trouble = Throttled(NOW + HOUR, "quota")
    answer = call("POST", "/violations/XRAY-1/tickets/refresh")
    (ticket,) = answer.json["tickets"]
    assert answer.status == 200
    assert ticket["refresh"] == {"outcome": "deferred", "reason": "rate_limited"}
    assert ticket["ticket_status"] == "To Do"


# --- Scopes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/tickets", "ticketing/register"),
        ("GET", "/violations/XRAY-1/tickets", "ticketing/read"),
        ("POST", "/violations/XRAY-1/tickets/refresh", "ticketing/refresh"),
        ("POST", "/violations/ticket-statuses", "ticketing/read"),
        ("GET", "/resources", "ticketing/read"),
        ("GET", "/violations", "ticketing/read"),
    ],
)
def test_a_route_asks_for_its_scope(call: Invoke, method: str, path: str, scope: str) -> None:
    others = tuple(one for one in EVERY_SCOPE if one != scope)
    assert call(method, path, scopes=others).problem == (403, "missing_scope")
    assert call(method, path, scopes=(scope,)).status != 403
