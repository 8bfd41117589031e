"""``SettingsFunction``: each route of the function, its answers held against the API document."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec.structs import replace

from functions.settings.app import routes
from tests.fakes.api import InMemoryApi
from tests.fakes.connections import report, site
from tests.fakes.gateway import EVERY_SCOPE, Answer
from tests.fakes.jira import FakeSite
from tests.fakes.samples import NOW, an_integration, faulty, later, ticket
from tests.fakes.world import World
from ticket_status.core.model import AuthType, Health, HealthStatus, InstallationType, ReasonCode, TicketKey
from ticket_status.core.scopes import REQUIRED_SCOPES
from ticket_status.core.summary import Counted
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.core.work import SliceWork
from ticket_status.paging import write_token

URL = "https://cloud-abc.example"
ONE = "/jira-integrations/cloud-abc"
PENDING = Health(HealthStatus.PENDING, NOW, NOW)
OAUTH1_PENDING: dict[str, Any] = {
    "auth_type": AuthType.OAUTH1,
    "installation_type": InstallationType.SERVER,
    "consumer_key": "key-1",
    "public_key": "public key",
    "health": PENDING,
}
REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira does not accept the credentials")

BASIC = {
    "connection_name": "cloud-abc",
    "installation_type": "cloud",
    "jira_server_url": URL,
    "auth_type": "basic",
    "username": "bot@abc.example",
    "password": "api-token-1",
}
SERVER = {"connection_name": "dc-a", "installation_type": "server", "jira_server_url": "https://dc-a.example"}
PAT = {**SERVER, "auth_type": "pat", "token": "pat-1"}
OAUTH1 = {**SERVER, "auth_type": "oauth1", "consumer_key": "key-1"}
OAUTH2 = {
    **{name: value for name, value in BASIC.items() if name not in {"username", "password"}},
    "auth_type": "oauth2",
    "client_id": "client-1",
    "client_secret": "client-secret-1",
}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def call(world: World) -> InMemoryApi:
    return InMemoryApi(world)


def with_one(call: InMemoryApi, **changes: Any) -> None:  # noqa: ANN401 - whatever the attribute is
    """Let there be an integration."""
    known = an_integration(**changes)
    call.world.integrations.add(known)
    call.world.secrets.write(known.integration_ref, {"password": "api-token-1", "client_secret": "client-secret-1"})


def pointers(answer: Answer) -> list[str]:
    assert answer.problem == (422, "invalid_request")
    return [error["pointer"] for error in answer.json["errors"]]


# --- Every route ----------------------------------------------------------------------------------------------------


def test_the_summary_says_how_many_tickets_show_what(call: InMemoryApi, world: World) -> None:
    with_one(call)
    ref = world.integrations.stored["cloud-abc"].integration_ref
    old = replace(ticket("2", created_at=NOW - timedelta(days=400)), key=TicketKey(ref, "2"))
    for one in (ticket("1"), old):
        world.tickets.add(one, NOW)
    assert call("GET", f"{ONE}/summary").json == {
        "as_of": "2026-11-22T08:00:00Z",
        "tickets": 0,
        "by_status": [],
        "unknown": {"NOT_RETRIEVED_YET": 1},
        "outside_window": 1,
    }
    world.tickets.change_counted(ref, lambda *_: Counted({"done|Done": 1}, NOW))
    found = call("GET", f"{ONE}/summary").json
    assert found["by_status"] == [{"ticket_status": "Done", "ticket_status_category": "done", "tickets": 1}]
    assert (found["tickets"], found["unknown"]) == (1, {})
    assert call("GET", "/jira-integrations/nobody/summary").problem == (404, "integration_not_found")


@pytest.mark.parametrize("run_id", ["x" * 1_100, "a run", "ü"])
def test_a_run_that_no_run_can_be_is_not_found(call: InMemoryApi, world: World, run_id: str) -> None:
    with_one(call)
    assert call("GET", f"{ONE}/sync-runs/{run_id}").problem == (404, "sync_run_not_found")
    assert call("GET", f"/jira-integrations/-/sync-runs/{run_id}").problem == (404, "integration_not_found")
    token = write_token(world.integrations.stored["cloud-abc"].integration_ref, "x" * 1_100)
    assert call("GET", f"{ONE}/sync-runs", query={"next_token": token}).problem == (422, "invalid_request")


_EXAMPLES = {"connection_name": "cloud-abc", "run_id": "run-1", "issue": "10001"}


@pytest.mark.parametrize(
    "route", [route for route in routes if route.scope], ids=lambda route: f"{route.method} {route.path}"
)
def test_a_route_asks_for_its_scope(call: InMemoryApi, route: Any) -> None:  # noqa: ANN401 - a route
    reads = route.method == "GET"
    assert route.scope == ("ticketing/read" if reads else "ticketing/admin")
    others = tuple(scope for scope in EVERY_SCOPE if scope != route.scope)
    path = re.sub(r"\{(\w+)\}", lambda match: _EXAMPLES[match[1]], route.path)
    assert call(route.method, path, scopes=others).problem == (403, "missing_scope")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"skip_proxy": True}),
        ("DELETE", "", None),
        ("GET", "/settings", None),
        ("PUT", "/settings", {"retrieve_jira_tickets": True}),
        ("POST", "/test", None),
        ("POST", "/oauth2/authorization", None),
        ("POST", "/oauth1/authorization", None),
        ("POST", "/sync", None),
        ("GET", "/sync-runs", None),
        ("GET", "/sync-runs/run-1", None),
        ("POST", "/tickets/10001/recheck", None),
    ],
)
@pytest.mark.parametrize("name", ["nobody", "-not-a-name", "a" * 3000])
def test_an_integration_that_is_not_there_is_not_found(
    call: InMemoryApi, name: str, method: str, path: str, body: object
) -> None:
    assert call(method, f"/jira-integrations/{name}{path}", body).problem == (404, "integration_not_found")


# --- Create ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "health", "own"),
    [
        (BASIC, "HEALTHY_INTEGRATION", {"username": "bot@abc.example"}),
        (PAT, "HEALTHY_INTEGRATION", {}),
        (OAUTH1, "PENDING_AUTHORIZATION", {"consumer_key": "key-1", "public_key": "public key"}),
        (OAUTH2, "PENDING_AUTHORIZATION", {"client_id": "client-1"}),
        ({**OAUTH2, "installation_type": "server"}, "PENDING_AUTHORIZATION", {"client_id": "client-1"}),
        ({**OAUTH2, "auth_type": "client_credentials"}, "HEALTHY_INTEGRATION", {"client_id": "client-1"}),
        (
            {**BASIC, "credential_expires_at": "2026-11-29T10:00:00+02:00"},
            "HEALTHY_INTEGRATION",
            {"credential_expires_at": "2026-11-29T08:00:00Z"},
        ),
    ],
)
def test_an_integration_of_each_kind_is_created_and_found(
    call: InMemoryApi, body: dict[str, str], health: str, own: dict[str, str]
) -> None:
    created = call("POST", "/jira-integrations", body)
    assert created.status == 201
    assert own.items() <= created.json.items()
    assert created.json["health"]["status"] == health
    assert created.json["retrieve_jira_tickets"] is True
    assert call("GET", f"/jira-integrations/{body['connection_name']}").json == created.json


@pytest.mark.parametrize("body", [BASIC, PAT, OAUTH1, OAUTH2])
def test_no_answer_bears_a_secret(call: InMemoryApi, body: dict[str, str]) -> None:
    texts = [
        call("POST", "/jira-integrations", body).text,
        call("GET", f"/jira-integrations/{body['connection_name']}").text,
        call("GET", "/jira-integrations").text,
    ]
    for text in texts:
        for secret in ("api-token-1", "pat-1", "client-secret-1", "private key"):
            assert secret not in text


def test_options_are_kept(call: InMemoryApi) -> None:
    options = {"skip_proxy": True, "created_in_version": "3.111.4", "retrieve_jira_tickets": False}
    created = call("POST", "/jira-integrations", {**BASIC, **options, "skip_connection_test": True})
    assert options.items() <= created.json.items()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"connection_name": "-a"}, "#/connection_name"),
        ({"connection_name": "a" * 65}, "#/connection_name"),
        ({"connection_name": "a/b"}, "#/connection_name"),
        ({"installation_type": "datacenter"}, "#/installation_type"),
        ({"auth_type": "kerberos"}, "#/auth_type"),
        ({"auth_type": []}, "#/auth_type"),
        ({"username": ""}, "#/username"),
        ({"username": "a:b"}, "#/username"),
        ({"password": "a\nb"}, "#/password"),
        ({"password": 7}, "#/password"),
        ({"jira_server_url": None}, "#/jira_server_url"),
        ({"skip_proxy": "true"}, "#/skip_proxy"),
        ({"created_in_version": "3.x"}, "#/created_in_version"),
        ({"created_in_version": 3.112}, "#/created_in_version"),
        ({"retrieve_jira_tickets": None}, "#/retrieve_jira_tickets"),
        ({"skip_connection_test": 1}, "#/skip_connection_test"),
        ({"token": "pat-1"}, "#/token"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_member_that_does_not_fit_is_named(call: InMemoryApi, changes: dict[str, object], pointer: str) -> None:
    assert pointer in pointers(call("POST", "/jira-integrations", {**BASIC, **changes}))
    assert call.world.integrations.stored == {}


@pytest.mark.parametrize(
    ("body", "missing"),
    [(BASIC, "username"), (BASIC, "password"), (PAT, "token"), (OAUTH1, "consumer_key"), (OAUTH2, "client_secret")],
)
def test_a_credential_that_is_missing_is_named(call: InMemoryApi, body: dict[str, str], missing: str) -> None:
    incomplete = {name: value for name, value in body.items() if name != missing}
    assert pointers(call("POST", "/jira-integrations", incomplete)) == [f"#/{missing}"]


@pytest.mark.parametrize("body", [PAT, OAUTH1])
def test_pat_and_oauth_1_are_for_servers(call: InMemoryApi, body: dict[str, str]) -> None:
    answer = call("POST", "/jira-integrations", {**body, "installation_type": "cloud"})
    assert pointers(answer) == ["#/installation_type"]
    assert answer.json["errors"][0]["detail"] == "must be server: Jira Cloud has neither pat nor oauth1"


def test_an_address_that_is_not_accepted_is_a_misfit(call: InMemoryApi) -> None:
    call.world.refused_addresses[URL] = "The address must start with https://"
    answer = call("POST", "/jira-integrations", BASIC)
    assert pointers(answer) == ["#/jira_server_url"]
    assert "https://" in answer.json["detail"]


def test_a_body_that_is_no_json_is_told(call: InMemoryApi) -> None:
    assert call("POST", "/jira-integrations", raw='{"connection_name":').problem == (400, "invalid_json")
    assert call("POST", "/jira-integrations").problem == (400, "invalid_json")
    assert call("POST", "/jira-integrations", raw=" " * 600_000).problem == (413, "request_too_large")


def test_a_name_is_taken_once(call: InMemoryApi) -> None:
    call("POST", "/jira-integrations", BASIC)
    assert call("POST", "/jira-integrations", BASIC).problem == (409, "integration_exists")


def test_credentials_that_do_not_work_are_told_with_what_was_tried(call: InMemoryApi) -> None:
    call.world.connections.reports[URL] = report(REFUSED)
    answer = call("POST", "/jira-integrations", BASIC)
    assert answer.problem == (422, "jira_connection_failed")
    assert answer.json["detail"] == "Jira does not accept the credentials"
    assert answer.json["reason_code"] == "AUTHENTICATION_FAILED"
    assert len(answer.json["checks"]) == 5
    assert call("GET", ONE).problem == (404, "integration_not_found")


def test_integrations_are_listed_page_by_page(call: InMemoryApi) -> None:
    for name in ("a", "b", "c"):
        call("POST", "/jira-integrations", {**BASIC, "connection_name": name})
    first = call("GET", "/jira-integrations", query={"limit": "2"}).json
    assert [one["connection_name"] for one in first["integrations"]] == ["a", "b"]
    second = call("GET", "/jira-integrations", query={"limit": "2", "next_token": first["next_token"]}).json
    assert [one["connection_name"] for one in second["integrations"]] == ["c"]
    assert "next_token" not in second


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"next_token": "x"}])
@pytest.mark.parametrize("path", ["/jira-integrations", ONE + "/sync-runs"])
def test_a_page_that_does_not_exist_does_not_fit(call: InMemoryApi, path: str, query: Mapping[str, str]) -> None:
    with_one(call)
    assert pointers(call("GET", path, query=query)) == list(query)


# --- Edit and delete ------------------------------------------------------------------------------------------------


def test_only_the_secret_has_to_be_given(call: InMemoryApi) -> None:
    with_one(call)
    answer = call("PATCH", ONE, {"password": "api-token-2"})
    assert (answer.status, answer.json["username"]) == (200, "bot@abc.example")
    assert call.world.secret()["password"] == "api-token-2"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"skip_connection_test": True}, "#"),
        ([], "#"),
        ({"connection_name": "b"}, "#/connection_name"),
        ({"installation_type": "server"}, "#/installation_type"),
        ({"auth_type": "pat"}, "#/auth_type"),
        ({"client_secret": "x"}, "#/client_secret"),
        ({"skip_proxy": None}, "#/skip_proxy"),
    ],
)
def test_an_edit_that_does_not_fit_is_named(call: InMemoryApi, body: object, pointer: str) -> None:
    with_one(call)
    assert pointers(call("PATCH", ONE, body)) == [pointer]


def test_an_edit_that_fails_its_test_changes_nothing(call: InMemoryApi) -> None:
    with_one(call)
    before = call("GET", ONE).json
    call.world.connections.reports[URL] = report(REFUSED)
    assert call("PATCH", ONE, {"password": "wrong"}).problem == (422, "jira_connection_failed")
    assert call("GET", ONE).json == before


@pytest.mark.parametrize("also", [{}, {"skip_connection_test": True}])
def test_an_edit_to_another_site_is_refused(call: InMemoryApi, also: dict[str, object]) -> None:
    with_one(call, site=site(cloud_id="one"))
    call.world.connections.reports["https://b.example"] = report(found=site("https://b.example", cloud_id="two"))
    assert call("PATCH", ONE, {"jira_server_url": "https://b.example", "password": "x", **also}).problem == (
        409,
        "different_site",
    )


def test_an_address_elsewhere_has_to_bring_the_secret(call: InMemoryApi) -> None:
    with_one(call)
    edit = {"jira_server_url": "https://stranger.example", "skip_connection_test": True}
    assert call("PATCH", ONE, edit).problem == (422, "credentials_required")
    assert call("PATCH", ONE, {**edit, "jira_server_url": "no address"}).problem[0] == 422
    assert call.world.connections.tried == []


def test_the_date_of_a_credential_is_edited_by_itself_and_taken_away(call: InMemoryApi) -> None:
    with_one(call)
    edited = call("PATCH", ONE, {"credential_expires_at": "2026-11-23T08:00:00Z"})
    assert [one["code"] for one in edited.json["health"]["warnings"]] == ["CREDENTIAL_EXPIRES"]
    assert call("PATCH", ONE, {"credential_expires_at": None}).json["health"]["warnings"] == []
    assert call.world.connections.tried == []


def test_an_edit_that_is_a_recovery_shows_its_run(call: InMemoryApi) -> None:
    with_one(call, health=faulty())
    answer = call("PATCH", ONE, {"password": "api-token-2"})
    assert answer.json["health"]["status"] == "HEALTHY_INTEGRATION"
    assert answer.json["last_sync"]["trigger"] == "recovered"


def test_an_edit_in_a_pause_is_told_when_to_come_back(call: InMemoryApi) -> None:
    with_one(call, paused_until=later(seconds=12.5))
    answer = call("PATCH", ONE, {"skip_proxy": True})
    assert answer.problem == (409, "rate_limited")
    assert answer.headers["Retry-After"] == "13"


def test_an_edit_besides_another_is_told_to_come_back(call: InMemoryApi) -> None:
    with_one(call)
    call.world.integrations.take(call.world.stored(), "somebody", NOW, later(hours=1))
    assert call("PATCH", ONE, {"password": "api-token-2"}).problem == (409, "changed_meanwhile")


def test_what_is_deleted_is_gone_with_its_secret(call: InMemoryApi) -> None:
    with_one(call)
    answer = call("DELETE", ONE)
    assert (answer.status, answer.text) == (204, "")
    assert call.world.secrets.stored == {}
    assert call("DELETE", ONE).problem == (404, "integration_not_found")


# --- Settings, test, runs -------------------------------------------------------------------------------------------


def test_the_toggle_is_read_and_switched(call: InMemoryApi) -> None:
    with_one(call)
    assert call("GET", ONE + "/settings").json == {"retrieve_jira_tickets": True}
    off = call("PUT", ONE + "/settings", {"retrieve_jira_tickets": False})
    assert off.json == {"retrieve_jira_tickets": False, "run_id": None}
    on = call("PUT", ONE + "/settings", {"retrieve_jira_tickets": True})
    run = call("GET", f"{ONE}/sync-runs/{on.json['run_id']}").json
    assert (run["trigger"], run["state"]) == ("enabled", "running")
    again = call("PUT", ONE + "/settings", {"retrieve_jira_tickets": True})
    assert again.json == {"retrieve_jira_tickets": True, "run_id": None}


@pytest.mark.parametrize("body", [{}, {"retrieve_jira_tickets": "on"}, {"retrieve_jira_tickets": True, "x": 1}])
def test_the_toggle_is_true_or_false(call: InMemoryApi, body: object) -> None:
    with_one(call)
    assert pointers(call("PUT", ONE + "/settings", body))


def test_switching_on_without_scopes_names_them(call: InMemoryApi) -> None:
    with_one(call, auth_type=AuthType.OAUTH2, retrieve_jira_tickets=False)
    answer = call("PUT", ONE + "/settings", {"retrieve_jira_tickets": True})
    assert answer.problem == (409, "missing_scopes")
    assert answer.json["missing_scopes"] == list(REQUIRED_SCOPES)


def test_test_integration_answers_with_five_checks(call: InMemoryApi) -> None:
    with_one(call)
    answer = call("POST", ONE + "/test").json
    assert (answer["status"], answer["reason_code"], answer["missing_scopes"]) == ("HEALTHY_INTEGRATION", None, [])
    names = [check["name"] for check in answer["checks"]]
    assert names == ["reachable", "is_jira", "authenticated", "scopes", "can_read_issues"]
    assert answer["checks"][-1]["detail"].endswith("There are no tickets to retrieve yet.")


def test_what_test_integration_finds_becomes_the_health(call: InMemoryApi) -> None:
    with_one(call)
    call.world.connections.reports[URL] = report(REFUSED, missing=("read:issue:jira",))
    answer = call("POST", ONE + "/test").json
    assert (answer["status"], answer["reason_code"]) == ("FAULTY_CONFIGURATION", "AUTHENTICATION_FAILED")
    assert (answer["reason"], answer["missing_scopes"]) == (REFUSED.reason, ["read:issue:jira"])
    assert call("GET", ONE).json["health"]["reason_code"] == "AUTHENTICATION_FAILED"


def test_test_integration_holds_off_in_a_pause(call: InMemoryApi) -> None:
    with_one(call)
    call.world.connections.reports[URL] = report(Throttled(later(seconds=120), "429"))
    for _ in range(2):
        answer = call("POST", ONE + "/test")
        assert answer.problem == (409, "rate_limited")
        assert answer.headers["Retry-After"] == "120"
    assert len(call.world.connections.tried) == 1
    assert call("GET", ONE).json["paused_until"] == "2026-11-22T08:02:00Z"


def test_a_run_is_started_by_hand_once(call: InMemoryApi) -> None:
    with_one(call)
    first, second = (call("POST", ONE + "/sync") for _ in range(2))
    assert first.status == 202
    assert first.json == second.json
    listed = call("GET", ONE + "/sync-runs").json["sync_runs"]
    assert [(one["run_id"], one["trigger"]) for one in listed] == [(first.json["run_id"], "api")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"retrieve_jira_tickets": False}, "retrieval_disabled"), ({"health": PENDING}, "pending_authorization")],
)
def test_a_run_that_could_ask_nothing_is_not_started(call: InMemoryApi, changes: dict[str, Any], code: str) -> None:
    with_one(call, **changes)
    assert call("POST", ONE + "/sync").problem == (409, code)


def test_an_unknown_run_is_not_found(call: InMemoryApi) -> None:
    with_one(call)
    assert call("GET", ONE + "/sync-runs/no-such-run").problem == (404, "sync_run_not_found")


def test_a_recheck_answers_with_the_ticket(call: InMemoryApi) -> None:
    with_one(call)
    call.world.tickets.add(ticket(), NOW)
    call.world.connections.sites["cloud-abc"] = FakeSite()
    call.world.connections.sites["cloud-abc"].put("10001", "JAS-1", "Done")
    answer = call("POST", ONE + "/tickets/10001/recheck").json
    assert (answer["ticket_no"], answer["ticket_status"], answer["refresh_state"]) == ("JAS-1", "Done", "active")
    assert call("POST", ONE + "/tickets/999/recheck").problem == (404, "ticket_not_found")


def test_a_ticket_is_rechecked_by_its_key_while_only_that_is_known(call: InMemoryApi) -> None:
    with_one(call)
    call.world.tickets.add(ticket(None), NOW)
    call.world.connections.sites["cloud-abc"] = FakeSite()
    call.world.connections.sites["cloud-abc"].put("10001", "JAS-1", "Done")
    answer = call("POST", ONE + "/tickets/jas-1/recheck").json
    assert (answer["ticket_no"], answer["issue_id"], answer["ticket_status"]) == ("JAS-1", "10001", "Done")
    assert call("POST", ONE + "/tickets/10001/recheck").json == answer
    assert call("POST", ONE + "/tickets/JAS-1/recheck").json["issue_id"] == "10001"


@pytest.mark.parametrize(
    "issue", ["key%23JAS-1", "1" * 1_100, "A" * 1_100 + "-1", "%2F..%2F", "JAS-1%00", "%23coverage"]
)
def test_what_is_neither_an_id_nor_a_key_is_no_ticket_and_nobody_asks_jira_for_it(
    call: InMemoryApi, issue: str
) -> None:
    with_one(call)
    call.world.tickets.add(ticket(None), NOW)
    call.world.connections.sites["cloud-abc"] = FakeSite()
    assert call("POST", f"{ONE}/tickets/{issue}/recheck").problem == (404, "ticket_not_found")
    assert call.world.connections.sites["cloud-abc"].requests == 0


def test_a_recheck_of_all_is_a_run_of_its_own(call: InMemoryApi) -> None:
    with_one(call)
    reply = call("POST", ONE + "/tickets/recheck")
    assert reply.status == 202
    run = call("GET", f"{ONE}/sync-runs/{reply.json['run_id']}").json
    assert (run["trigger"], run["state"]) == ("recheck", "running")
    assert {message.name for message in call.world.queue.take() if isinstance(message, SliceWork)} == {"0", "deleted"}
    assert call("POST", ONE + "/tickets/recheck").json == reply.json


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"retrieve_jira_tickets": False}, "retrieval_disabled"), ({"health": PENDING}, "pending_authorization")],
)
def test_a_recheck_of_all_is_refused_where_nothing_may_be_asked(
    call: InMemoryApi, changes: dict[str, Any], code: str
) -> None:
    with_one(call, **changes)
    assert call("POST", ONE + "/tickets/recheck").problem == (409, code)
    assert call("POST", "/jira-integrations/nobody/tickets/recheck").problem == (404, "integration_not_found")


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (REFUSED, "integration_broken"),
        (Unavailable(ReasonCode.UNREACHABLE, "time-out"), "jira_unavailable"),
        (Throttled(later(seconds=30), "429"), "rate_limited"),
    ],
)
def test_a_recheck_is_never_a_fault_of_ours_because_of_jira(call: InMemoryApi, trouble: Any, code: str) -> None:  # noqa: ANN401 - trouble
    with_one(call)
    call.world.tickets.add(ticket(), NOW)
    call.world.connections.refuses["cloud-abc"] = trouble
    assert call("POST", ONE + "/tickets/10001/recheck").problem == (409, code)


def test_a_recheck_does_not_ask_for_a_ticket_older_than_a_year(call: InMemoryApi) -> None:
    with_one(call)
    call.world.tickets.add(ticket(created_at=later(days=-366)), NOW)
    assert call("POST", ONE + "/tickets/10001/recheck").problem == (409, "outside_window")


# --- Authorisation --------------------------------------------------------------------------------------------------


def begin(call: InMemoryApi, kind: str = "oauth2") -> dict[str, str]:
    """Begin an authorisation; the query that comes back to the callback, but for what the person decides."""
    begun = call("POST", f"{ONE}/{kind}/authorization").json
    assert begun["expires_at"] == "2026-11-22T08:10:00Z"
    url = begun["authorization_url"] if kind == "oauth2" else call.world.oauth1.callback_url
    return dict(parse_qsl(urlsplit(url).query))


def come_back(call: InMemoryApi, query: Mapping[str, str], kind: str = "oauth2") -> Answer:
    return call("GET", f"/{kind}/callback", query=query, scopes=None)


def test_oauth_2_from_the_popup_to_the_page_that_closes_itself(call: InMemoryApi) -> None:
    with_one(call, auth_type=AuthType.OAUTH2, client_id="client-1", health=PENDING)
    asked = begin(call)
    public = "https://abc123.execute-api.eu-west-1.amazonaws.com/v1/api/v1/ticketing"
    assert asked["redirect_uri"] == f"{public}/oauth2/callback"
    page = come_back(call, {"code": "code-1", "state": asked["state"]})
    assert page.status == 200
    assert "Access granted" in page.text
    assert "cloud-abc" in page.text
    assert "window.close()" in page.text
    assert call("GET", ONE).json["health"]["status"] == "HEALTHY_INTEGRATION"
    used = come_back(call, {"code": "code-1", "state": asked["state"]})
    assert used.status == 400
    assert "used already" in used.text


def test_the_page_runs_nothing_but_its_own_script(call: InMemoryApi) -> None:
    page = come_back(call, {"code": "code-1", "state": "x"})
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    for tag in ("script", "style"):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
        assert len(content) == 1
        digest = b64encode(sha256(content[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_escapes_what_it_says(call: InMemoryApi) -> None:
    with_one(call, auth_type=AuthType.OAUTH2, client_id="client-1", health=PENDING)
    call.world.oauth2.trouble = Refused(ReasonCode.AUTHENTICATION_FAILED, "<script>alert(1)</script>")
    page = come_back(call, {"code": "code-1", "state": begin(call)["state"]})
    assert page.status == 400
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_the_page_names_missing_permissions(call: InMemoryApi) -> None:
    with_one(call, auth_type=AuthType.OAUTH2, client_id="client-1", health=PENDING)
    missing = Refused(ReasonCode.MISSING_SCOPES, "scopes are missing")
    call.world.connections.reports[URL] = report(missing, site(), ("read:issue:jira",))
    page = come_back(call, {"code": "code-1", "state": begin(call)["state"]})
    assert page.status == 200
    assert "read:issue:jira" in page.text


def test_the_page_says_that_a_first_try_failed(call: InMemoryApi) -> None:
    with_one(call, auth_type=AuthType.OAUTH2, client_id="client-1", health=PENDING)
    call.world.connections.reports[URL] = report(Unavailable(ReasonCode.UNREACHABLE, "time-out"))
    page = come_back(call, {"code": "code-1", "state": begin(call)["state"]})
    assert page.status == 200
    assert "a first try failed: time-out" in page.text


def test_the_page_says_that_access_was_not_granted(call: InMemoryApi) -> None:
    with_one(call, auth_type=AuthType.OAUTH2, client_id="client-1", health=PENDING)
    page = come_back(call, {"error": "access_denied", "state": begin(call)["state"]})
    assert page.status == 400
    assert "Access was not granted" in page.text


@pytest.mark.parametrize("query", [{}, {"code": "c"}, {"state": ""}, {"code": "c", "state": "Y2xvdWQtYWJj.guess"}])
@pytest.mark.parametrize("kind", ["oauth1", "oauth2"])
def test_a_callback_without_a_valid_state_is_refused(call: InMemoryApi, kind: str, query: dict[str, str]) -> None:
    with_one(call, auth_type=AuthType(kind), client_id="client-1", health=PENDING)
    assert come_back(call, query, kind).status == 400


def test_oauth_1_from_the_popup_to_the_page(call: InMemoryApi) -> None:
    with_one(call, **OAUTH1_PENDING)
    begun = begin(call, "oauth1")
    page = come_back(call, {**begun, "oauth_token": "request-1", "oauth_verifier": "verifier"}, "oauth1")
    assert page.status == 200
    assert call("GET", ONE).json["health"]["status"] == "HEALTHY_INTEGRATION"


def test_oauth_1_can_be_denied(call: InMemoryApi) -> None:
    with_one(call, **OAUTH1_PENDING)
    begun = begin(call, "oauth1")
    page = come_back(call, {**begun, "oauth_token": "request-1", "oauth_verifier": "denied"}, "oauth1")
    assert "Access was not granted" in page.text


def test_an_authorisation_is_of_the_integrations_own_kind(call: InMemoryApi) -> None:
    with_one(call)
    for kind in ("oauth1", "oauth2"):
        assert call("POST", f"{ONE}/{kind}/authorization").problem == (409, "auth_type_mismatch")


def test_jira_can_refuse_that_an_authorisation_begins(call: InMemoryApi) -> None:
    with_one(call, **OAUTH1_PENDING)
    call.world.oauth1.trouble = REFUSED
    assert call("POST", ONE + "/oauth1/authorization").problem == (422, "jira_connection_failed")


# --- The product's own form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({}, "HEALTHY_INTEGRATION", "The integration is working."),
        ({"health": faulty()}, "FAULTY_CONFIGURATION", "401 from Jira"),
        ({"health": PENDING}, "FAULTY_CONFIGURATION", "The integration has not been authorised in Jira yet."),
    ],
)
def test_the_status_check_tells_the_health(
    call: InMemoryApi, changes: dict[str, Any], status: str, reason: str
) -> None:
    with_one(call, **changes)
    answer = call("GET", "/integrations/status/check", query={"integrationName": "cloud-abc"})
    assert answer.status == 200
    assert answer.json == {
        "status": status,
        "reason": reason,
        "time": "2026-11-22T08:00:00Z",
        "integration_name": "cloud-abc",
    }
    assert call.world.connections.tried == []


@pytest.mark.parametrize("query", [{"integrationName": "nobody"}, {"integrationName": "-"}, {}])
def test_the_status_check_knows_no_other_integration(call: InMemoryApi, query: dict[str, str]) -> None:
    answer = call("GET", "/integrations/status/check", query=query)
    assert (answer.status, answer.json["status"]) == (404, "INTEGRATION_NOT_FOUND")
