"""``RefreshFunction``: each route of the function, its answers held against the API document."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import replace

from functions.refresh import app
from tests.fakes.api_document import conforms
from tests.fakes.gateway import EVERY_SCOPE, Answer, request
from tests.fakes.samples import DAY, DONE, HOUR, NOW, RETENTION, seen
from tests.fakes.stage import Stage
from ticket_status.api.application import ApiContext
from ticket_status.api.presenters import present_time
from ticket_status.composition import refresh as composition
from ticket_status.core.observations import Deleted, Observed
from ticket_status.core.trouble import Throttled
from ticket_status.core.violations import Resource
from ticket_status.paging import write_token

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
def call(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Iterator[Invoke]:
    """The handler over the stage; every answer fits the API document."""
    api_context = ApiContext(logger, metrics, stage.clock)
    monkeypatch.setattr(composition, "refresh", lambda: (stage.of_refresh_function, api_context))
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
    assert stage.violations.resources(None, 10, None, NOW).items == [(Resource("build", "app", None), 1)]


def test_what_does_not_fit_is_rejected_with_its_index_and_the_others_are_registered(call: Invoke, stage: Stage) -> None:
    without_key = {name: value for name, value in TICKET.items() if name != "issue_key"}
    errors = [
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
    answer = register(call, TICKET, *errors)
    assert answer["registered"] == 1
    assert [one["index"] for one in answer["rejected"]] == list(range(1, len(errors) + 1))
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
        "resources": [],
        "tickets": [
            {
                "ticket_no": "JAS-1",
                "issue_id": "10001",
                "ticket_url": "https://cloud-abc.example/browse/JAS-1",
                "integration_name": "cloud-abc",
                "created_at": present_time(NOW - 10 * DAY),
                "ticket_status": "To Do",
                "ticket_status_category": "new",
                "unknown_reason": None,
                "last_known_status": "To Do",
                "last_update": present_time(NOW - 8 * HOUR),
                "ticket_status_since": present_time(NOW - 8 * HOUR),
                "refresh_state": "active",
            }
        ],
        "last_update": present_time(NOW - 8 * HOUR),
    }


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
                "refresh_state": "active",
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


# --- Finding --------------------------------------------------------------------------------------------------------


def several(call: Invoke, *numbers: int, **changes: object) -> None:
    tickets = [
        {**TICKET, "issue_key": f"JAS-{number}", "issue_id": str(10_000 + number), "violation_id": f"XRAY-{number}"}
        for number in numbers
    ]
    assert register(call, *({**one, **changes} for one in tickets))["rejected"] == []


def test_a_ticket_is_found_by_its_key_in_any_case_with_its_violations(call: Invoke) -> None:
    several(call, 1, 2)
    register(call, {**TICKET, "violation_id": "XRAY-9"})
    for key in ("JAS-1", "jas-1"):
        (ticket,) = call("GET", "/tickets", query={"ticket_no": key}).json["tickets"]
        assert (ticket["ticket_no"], ticket["unknown_reason"]) == ("JAS-1", "NOT_RETRIEVED_YET")
        assert (ticket["violation_ids"], ticket["violations"]) == (["XRAY-1", "XRAY-9"], 2)
    assert call("GET", "/tickets", query={"ticket_no": "JAS-3"}).json == {"tickets": []}


def test_every_ticket_of_an_integration_is_on_one_page(call: Invoke) -> None:
    several(call, *range(1, 8))
    found, token = [], None
    while True:
        query = {"integration_name": "cloud-abc", "limit": "3", **({"next_token": token} if token else {})}
        page = call("GET", "/tickets", query=query).json
        found += [ticket["ticket_no"] for ticket in page["tickets"]]
        token = page.get("next_token")
        if token is None:
            break
    assert sorted(found) == [f"JAS-{number}" for number in range(1, 8)]


def test_tickets_of_an_integration_are_filtered_by_what_they_show(call: Invoke, stage: Stage) -> None:
    keys = stage.has_tickets(4)
    for number, key in enumerate(keys):
        stage.violation(f"XRAY-{number}", key)
    stage.tickets.record(
        [
            Deleted(keys[0], NOW, None, stage.tickets.stored[keys[0]].created_at),
            Observed(keys[1], NOW, seen("JAS-2", DONE)),
        ]
    )

    def numbers(**filters: str) -> list[str]:
        query = {"integration_name": "cloud-abc", "limit": "1000", **filters}
        return sorted(ticket["ticket_no"] for ticket in call("GET", "/tickets", query=query).json["tickets"])

    assert numbers(category="done") == ["JAS-2"]
    assert numbers(status="To Do") == ["JAS-3", "JAS-4"]
    assert (
        numbers(status="Unknown") == numbers(unknown_reason="DELETED") == numbers(refresh_state="deleted") == ["JAS-1"]
    )
    assert numbers(category="done", status="To Do") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "ticket_no"),
        ({"ticket_no": "JAS-1", "integration_name": "cloud-abc"}, "ticket_no"),
        ({"ticket_no": "nothing like it"}, "ticket_no"),
        ({"ticket_no": "JAS-1", "category": "done"}, "category"),
        ({"ticket_no": "JAS-1", "limit": "101"}, "limit"),
        ({"integration_name": "cloud-abc", "limit": "1001"}, "limit"),
        ({"integration_name": "cloud-abc", "category": "finished"}, "category"),
        ({"integration_name": "cloud-abc", "unknown_reason": "deleted"}, "unknown_reason"),
        ({"integration_name": "cloud-abc", "page": "2"}, "page"),
        ({"integration_name": "cloud-abc", "next_token": "made-up"}, "next_token"),
    ],
)
def test_a_search_that_does_not_fit_says_what_would(call: Invoke, query: dict[str, str], pointer: str) -> None:
    answer = call("GET", "/tickets", query=query)
    assert answer.problem == (422, "invalid_request")
    assert answer.json["errors"][0]["pointer"] == pointer


def test_tickets_of_an_unknown_integration_are_not_found(call: Invoke) -> None:
    for name in ("nobody", "no body", "x" * 1_100):
        assert call("GET", "/tickets", query={"integration_name": name}).problem == (404, "integration_not_found")


# --- Unregistering --------------------------------------------------------------------------------------------------


def unregister(call: Invoke, *tickets: object) -> Any:  # noqa: ANN401 - a document
    answer = call("POST", "/tickets/unregister", {"tickets": list(tickets)})
    assert answer.status == 200
    return answer.json


def test_a_ticket_is_taken_off_its_violation_by_id_or_key_and_repeating_it_changes_nothing(call: Invoke) -> None:
    several(call, 1, 2)
    by_id = {"integration_name": "cloud-abc", "issue_id": "10001", "violation_id": "XRAY-1"}
    by_key = {"integration_name": "cloud-abc", "issue_key": "JAS-2", "violation_id": "XRAY-2"}
    for _ in range(2):
        assert unregister(call, by_id, by_key) == {"unregistered": 2, "rejected": []}
        assert call("GET", "/violations/XRAY-1/tickets").problem == (404, "violation_not_found")
        assert call("GET", "/tickets", query={"integration_name": "cloud-abc"}).json == {"tickets": []}


def test_a_ticket_is_taken_off_by_the_key_that_it_was_registered_with_after_it_moved(
    call: Invoke, stage: Stage
) -> None:
    several(call, 1)
    key = next(iter(stage.tickets.stored))
    stage.tickets.record([Observed(key, NOW, seen("NEW-7", DONE))])
    one = {"integration_name": "cloud-abc", "issue_key": "JAS-1", "violation_id": "XRAY-1"}
    assert unregister(call, one) == {"unregistered": 1, "rejected": []}
    assert stage.tickets.stored == {}


def test_an_issue_id_that_no_jira_can_have_is_rejected(call: Invoke) -> None:
    (rejected,) = register(call, {**TICKET, "issue_id": "9999999999999999999"})["rejected"]
    assert rejected["code"] == "invalid_request"
    assert "from 1 to 9223372036854775807" in rejected["detail"]


def test_what_cannot_be_unregistered_is_rejected_with_its_index(call: Invoke) -> None:
    several(call, 1)
    fits = {"integration_name": "cloud-abc", "issue_id": "10001", "violation_id": "XRAY-1"}
    answer = unregister(
        call, {**fits, "integration_name": "nobody"}, {**fits, "issue_id": 7}, {"integration_name": "a"}, fits
    )
    assert answer["unregistered"] == 1
    assert [(one["index"], one["code"]) for one in answer["rejected"]] == [
        (0, "integration_not_found"),
        (1, "invalid_request"),
        (2, "invalid_request"),
    ]
    nameless = {"integration_name": "cloud-abc", "violation_id": "XRAY-1"}
    assert "issue_key or an issue_id" in unregister(call, nameless)["rejected"][0]["detail"]
    assert call("POST", "/tickets/unregister", {"tickets": [fits] * 101}).problem == (422, "invalid_request")


# --- Refreshing several -----------------------------------------------------------------------------------------------


def test_several_violations_are_refreshed_with_one_call(call: Invoke, stage: Stage) -> None:
    keys = stage.has_tickets(6)
    for number, key in enumerate(keys):
        stage.violation(f"XRAY-{number}", key, keys[0])
    stage.moves(keys[2], DONE)
    ids = [f"XRAY-{number}" for number in range(6)]
    answer = call("POST", "/violations/refresh", {"violation_ids": [*ids, "nobody"]}).json
    assert set(answer["violations"]) == set(ids)
    assert len(stage.site.asked) == 1
    assert len(stage.site.asked[0]) == 6
    outcomes = {name: found["tickets"][0]["refresh"]["outcome"] for name, found in answer["violations"].items()}
    assert Counter(outcomes.values())["unchanged"] == 6 - Counter(outcomes.values())["changed"]
    (changed,) = [one for one in answer["violations"]["XRAY-2"]["tickets"] if one["ticket_no"] == "JAS-3"]
    assert (changed["ticket_status"], changed["refresh"]) == ("Done", {"outcome": "changed", "reason": None})
    for ids_ in (["X"] * 51, ["a b"], "XRAY-1"):
        assert call("POST", "/violations/refresh", {"violation_ids": ids_}).problem == (422, "invalid_request")
    assert call("POST", "/violations/refresh", {"violation_ids": []}).json == {"violations": {}}


def test_beyond_a_thousand_tickets_the_oldest_are_deferred(call: Invoke, stage: Stage) -> None:
    keys = stage.has_tickets(1_005)
    stage.violation("XRAY-1", *keys)
    tickets = call("POST", "/violations/XRAY-1/tickets/refresh").json["tickets"]
    assert [one["refresh"]["reason"] for one in tickets] == [None] * 1_000 + ["too_many"] * 5
    assert {one["refresh"]["outcome"] for one in tickets[1_000:]} == {"deferred"}
    assert sum(map(len, stage.site.asked)) == 1_000


# --- What else the rules say ------------------------------------------------------------------------------------


def test_violations_without_a_resource_are_listed_with_none_alone(call: Invoke) -> None:
    several(call, 1)
    several(call, 2, resource=None)
    found = call("GET", "/violations", query={"resource_type": "none"}).json["violations"]
    assert [one["violation_id"] for one in found] == ["XRAY-2"]
    answer = call("GET", "/violations", query={"resource_type": "none", "resource_name": "app"})
    assert answer.problem == (422, "invalid_request")


def test_violations_of_a_resource_are_filtered_by_their_leading_ticket(call: Invoke, stage: Stage) -> None:
    several(call, 1, 2)
    stage.tickets.record([Observed(min(stage.tickets.stored), NOW, seen("JAS-1", DONE))])
    app = {"resource_type": "build", "resource_name": "app", "resource_version": "17"}
    for filters, expected in (
        ({"category": "done"}, ["XRAY-1"]),
        ({"status": "Done"}, ["XRAY-1"]),
        ({"unknown_reason": "NOT_RETRIEVED_YET"}, ["XRAY-2"]),
    ):
        found = call("GET", "/violations", query={**app, **filters}).json["violations"]
        assert [one["violation_id"] for one in found] == expected
    assert call("GET", "/violations", query={**app, "colour": "red"}).problem == (422, "invalid_request")


@pytest.mark.parametrize("created_at", ["2026-11-22T08:59:00.000+0100", "2026-11-22T07:59:00+00:00"])
def test_a_creation_time_with_an_offset_is_kept_in_utc(call: Invoke, created_at: str) -> None:
    assert register(call, {**TICKET, "created_at": created_at}) == {"registered": 1, "rejected": []}
    (ticket,) = call("GET", "/violations/XRAY-1/tickets").json["tickets"]
    assert ticket["created_at"] == "2026-11-22T07:59:00Z"


def test_a_ticket_older_than_what_is_kept_is_rejected(call: Invoke) -> None:
    old = {**TICKET, "created_at": present_time(NOW - RETENTION)}
    (rejected,) = register(call, old)["rejected"]
    assert (rejected["code"], rejected["detail"][:11]) == ("invalid_request", "/created_at")
    assert register(call, {**TICKET, "created_at": present_time(NOW - RETENTION + HOUR)})["registered"] == 1


def test_the_resources_of_a_violation_are_named(call: Invoke) -> None:
    several(call, 1)
    register(call, {**TICKET, "resource": {"type": "artifact", "name": "lib"}})
    assert call("GET", "/violations/XRAY-1/tickets").json["resources"] == [
        {"type": "artifact", "name": "lib", "version": None},
        {"type": "build", "name": "app", "version": "17"},
    ]


def test_of_two_tickets_created_at_once_that_of_the_living_integration_leads(call: Invoke, stage: Stage) -> None:
    register(call, TICKET)
    before = stage.integration
    stage.integrations.remove(before)
    stage.integrations.add(replace(before, integration_ref="cloud-abc~aaaaaa"))
    register(call, TICKET)
    column = call("POST", "/violations/ticket-statuses", {"violation_ids": ["XRAY-1"]}).json["violations"]["XRAY-1"]
    assert (column["unknown_reason"], column["tickets"]) == ("NOT_RETRIEVED_YET", 2)
    reasons = [one["unknown_reason"] for one in call("GET", "/violations/XRAY-1/tickets").json["tickets"]]
    assert reasons == ["NOT_RETRIEVED_YET", "INTEGRATION_NOT_FOUND"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/resources", {"next_token": write_token("resources artifact#", "x" * 2_000), "type": "artifact"}),
        ("/violations", {"resource_type": "build", "resource_name": "ä" * 512}),
        ("/violations", {"resource_type": "build", "resource_name": "#" * 400}),
    ],
)
def test_what_is_too_long_for_a_key_does_not_fit(call: Invoke, path: str, query: dict[str, str]) -> None:
    assert call("GET", path, query=query).problem == (422, "invalid_request")
