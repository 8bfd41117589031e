"""The examples of the API document are what the service answers: each is asked for in a world where it is the answer.

Examples of problems are compared in ``tests/template/test_api_document.py``, but for the one that a site decides.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from sample_jira import SampleJira
from tests.fakes.api import InMemoryApi
from tests.fakes.api_document import document
from tests.fakes.gateway import Answer
from tests.fakes.jira import FakeSite
from tests.fakes.samples import DAY, DONE, IN_PROGRESS, SECOND, TO_DO
from tests.fakes.stage import Stage
from tests.unit.jira.conftest import Bench, granted_with
from ticket_status.core.addresses import AddressRules
from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import (
    Absence,
    AuthType,
    Counts,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    ReasonCode,
    RunState,
    Slice,
    SliceProgress,
    SyncRun,
    Ticket,
    TicketKey,
    Trigger,
)
from ticket_status.core.scopes import REQUIRED_SCOPES
from ticket_status.core.summary import Counted
from ticket_status.core.violations import Registration, Resource
from ticket_status.core.webhooks import Signing, Tally, Webhook, WebhookMode
from ticket_status.core.window import END
from ticket_status.jira.oauth2 import OAuth2
from ticket_status.jira.settings import JiraSettings

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
REF = "cloud-abc~k3f7xq"
URL = "https://abc.atlassian.net"
ONE = "/jira-integrations/cloud-abc"
VIOLATION = "XRAY-552871"
MANIFEST = Resource("artifact", "docker-local/payments/1.4.2/manifest.json", "1.4.2")

RANDOM = {
    "run_id": r"(?<=-)[0-9a-z]{6}$",
    "secret": r"^[\w-]{20,}$",
    "next_token": r"^[\w-]+=*$",
    "authorization_url": r"(?<=state=)[\w.-]{14,}|(?<=oauth_token=)[\w-]+",
}
"""What is random or opaque in an answer, by the member that it is in."""

INTEGRATION = Integration(
    connection_name="cloud-abc",
    integration_ref=REF,
    installation_type=InstallationType.CLOUD,
    jira_server_url=URL,
    auth_type=AuthType.BASIC,
    created_at=NOW,
    retrieve_jira_tickets=True,
    enabled_since=NOW - 300 * DAY,
    healthy_since=NOW - 300 * DAY,
    health=Health(HealthStatus.HEALTHY, NOW, NOW),
    username="bot@abc.example",
    created_in_version="3.112.3",
)
OAUTH = {"auth_type": AuthType.OAUTH2, "username": None, "client_id": "a-client-id"}
RUN = SyncRun(
    REF,
    "20261122T080000000-3f9a2c",
    Trigger.SCHEDULE,
    NOW,
    updated_at=NOW,
    tickets_total=1300,
    counts=Counts(4, 407, 1, 0, 0),
    jira_requests=5,
)
PAUSED = replace(
    RUN,
    run_id="20261122T000000000-b07e51",
    state=RunState.PAUSED,
    started_at=NOW - 8 * 3600 * SECOND,
    paused_until=NOW - 8 * 3600 * SECOND + 300 * SECOND,
    counts=Counts(0, 1000, 0, 0, 0),
    jira_requests=2,
)


class World:
    """The service as an administrator and as readers of tickets meet it, with the integration of the examples."""

    def __init__(self, **changes: Any) -> None:  # noqa: ANN401 - whatever the attribute is
        integration = replace(INTEGRATION, **changes)
        self.stage = Stage(integration)
        self.stage.clock.now = NOW + 12 * SECOND
        self.stage.secrets.write(REF, {"password": "an-api-token", "client_secret": "a-client-secret"})

    def has_ticket(self, issue_id: str, issue_key: str, violation_id: str = VIOLATION, **changes: Any) -> Ticket:  # noqa: ANN401
        """A ticket for a violation of the manifest, in progress since yesterday and retrieved four seconds ago."""
        since = datetime(2026, 11, 21, 16, 0, 2, tzinfo=UTC)
        created = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
        new = Ticket(TicketKey(REF, issue_id), issue_key, created, URL, IN_PROGRESS, observed_at=since)
        ticket = replace(new, **{"status_since": since, **changes})
        self.stage.violations.register([Registration(ticket, violation_id, MANIFEST)], NOW)
        self.stage.tickets.stored[ticket.key] = ticket
        self.stage.tickets.raise_coverage(REF, "", END, NOW + 4 * SECOND, NOW + 4 * SECOND)
        return ticket

    def has_both_tickets(self) -> None:
        """The ticket in progress, and the deleted one."""
        self.has_ticket("10412", "JAS-26363")
        deleted = datetime(2026, 11, 2, 0, 0, 3, tzinfo=UTC)
        created = datetime(2026, 10, 2, 9, tzinfo=UTC)
        gone: dict[str, Any] = {"status": TO_DO, "absence": Absence.DELETED, "observed_at": deleted}
        self.has_ticket("10033", "JAS-26001", created_at=created, **gone)

    def call(self, method: str, path: str, body: object = None, **query: str) -> Answer:
        """What is answered to a call."""
        return InMemoryApi(self.stage, "https://api.example.com")(method, path, body, query=query)


@cache
def reports() -> dict[str, ConnectionReport]:
    """What trying a site finds, over HTTP: all well, refused credentials, a grant that lacks the last scope."""
    with SampleJira() as jira:
        jira.cloud.create("SEC", 1)
        bench = Bench(jira, JiraSettings(jira.atlassian_url, jira.atlassian_url, AddressRules(allow_loopback=True)))
        return {
            "well": bench.connector.check(bench.integration("cloud")),
            "refused": bench.connector.check(bench.integration("cloud", {"password": "wrong"})),
            "lacking": bench.connector.check(granted_with(bench, *REQUIRED_SCOPES[:-1])),
        }


# --- Where each example is the answer ---------------------------------------------------------------------------------

Case = Callable[[World], Answer]
CASES: dict[str, Case] = {}


def answers(*examples: str) -> Callable[[Case], Case]:
    """Mark a function that asks for these examples: operation, status and, where it has one, name."""

    def marked(case: Case) -> Case:
        CASES.update(dict.fromkeys(examples, case))
        return case

    return marked


def example_request(operation_id: str, name: str | None = None) -> Any:  # noqa: ANN401 - a document
    """The example of a body."""
    media = operation(operation_id)["requestBody"]["content"]["application/json"]
    return media["example"] if name is None else media["examples"][name]["value"]


@answers("list_integrations 200 one")
def _(_: World) -> Answer:
    world = World(last_run_id=RUN.run_id)
    world.stage.run_store.add(RUN)
    world.stage.integrations.add(replace(INTEGRATION, connection_name="dc-xyz", integration_ref="dc-xyz~1"))
    return world.call("GET", "/jira-integrations", limit="1")


@answers("create_integration 201 created")
def _(world: World) -> Answer:
    world.stage.integrations.stored.clear()
    world.stage.clock.now = NOW
    return world.call("POST", "/jira-integrations", example_request("create_integration", "cloud_basic"))


@answers("create_integration 422 jira_connection_failed")
def _(world: World) -> Answer:
    world.stage.integrations.stored.clear()
    world.stage.connections.reports[URL] = reports()["refused"]
    return world.call("POST", "/jira-integrations", example_request("create_integration", "cloud_basic"))


@answers("get_integration 200 integration")
def _(world: World) -> Answer:
    world.stage.run_store.add(RUN)
    return world.call("GET", ONE)


@answers("edit_integration 200 edited")
def _(world: World) -> Answer:
    world.stage.run_store.add(RUN)
    return world.call("PATCH", ONE, {"password": "another-api-token"})


@answers("get_integration_summary 200")
def _(world: World) -> Answer:
    tickets = world.stage.tickets
    counted = Counted({"indeterminate|In Progress": 700, "done|Done": 590}, NOW + 9 * SECOND)
    tickets.change_counted(REF, lambda *_: counted)
    world.stage.clock.now = NOW + 9 * SECOND
    for number, (days, absence) in enumerate([(10, None)] * 1292 + [(10, Absence.DELETED)] * 8 + [(400, None)] * 311):
        key = TicketKey(REF, str(number + 1))
        tickets.stored[key] = Ticket(key, f"JAS-{number + 1}", NOW - days * DAY, URL, absence=absence)
    return world.call("GET", f"{ONE}/summary")


@answers("list_past_summaries 200")
def _(world: World) -> Answer:
    tally = {"indeterminate|In Progress": 600, "indeterminate|In Review": 100, "done|Done": 590, "inaccessible": 2}
    passed = {"0": SliceProgress(Slice("", END, ("2026-11",)), done=True, tally=tally)}
    ended = NOW + 9 * SECOND
    world.stage.run_store.add(replace(RUN, state=RunState.SUCCEEDED, completed_at=ended, slices=passed))
    world.stage.run_store.add(PAUSED)
    return world.call("GET", f"{ONE}/summary/history")


@answers("get_integration_settings 200")
def _(world: World) -> Answer:
    return world.call("GET", f"{ONE}/settings")


@answers("set_integration_settings 200 switched_off")
def _(world: World) -> Answer:
    return world.call("PUT", f"{ONE}/settings", {"retrieve_jira_tickets": False})


@answers("set_integration_settings 200 switched_on")
def _(world: World) -> Answer:
    world.stage.clock.now = NOW
    world.call("PUT", f"{ONE}/settings", {"retrieve_jira_tickets": False})
    return world.call("PUT", f"{ONE}/settings", example_request("set_integration_settings"))


@answers("test_integration 200 healthy")
def _(world: World) -> Answer:
    world.stage.connections.reports[URL] = reports()["well"]
    world.stage.tickets.stored[TicketKey(REF, "1")] = Ticket(TicketKey(REF, "1"), "JAS-1", NOW - DAY, URL)
    return world.call("POST", f"{ONE}/test")


@answers("test_integration 200 missing_scopes")
def _(_: World) -> Answer:
    world = World(**OAUTH)
    world.stage.connections.reports[URL] = reports()["lacking"]
    return world.call("POST", f"{ONE}/test")


@answers("set_up_webhook 200")
def _(world: World) -> Answer:
    world.stage.jira_webhooks.browsable = ("OPS", "SEC")
    for number, project in enumerate(("OPS", "SEC"), start=1):
        key = TicketKey(REF, str(number))
        world.stage.tickets.stored[key] = Ticket(key, f"{project}-1", NOW - DAY, URL)
    return world.call("PUT", f"{ONE}/webhook", example_request("set_up_webhook"))


@answers("get_webhook 200")
def _(world: World) -> Answer:
    world.stage.clock.now = datetime(2026, 11, 28, 13, 40, 20, tzinfo=UTC)
    at = datetime(2026, 11, 28, 13, 40, 12, tzinfo=UTC)
    webhook = Webhook(REF, "cloud-abc", WebhookMode.REGISTER, Signing.HMAC, NOW, jira_id="1", live_since=NOW)
    counts = {Tally.ACCEPTED: 31, Tally.DUPLICATES: 1, Tally.UNKNOWN_ISSUE: 4}
    hours = {tally: {"2026112813": number} for tally, number in counts.items()}
    world.stage.webhooks.webhooks[REF] = replace(webhook, last_delivery_at=at, hours=hours)
    return world.call("GET", f"{ONE}/webhook")


@answers("start_oauth2_authorization 200")
def _(_: World) -> Answer:
    world = World(**OAUTH)
    dance = OAuth2(JiraSettings(), lambda: NOW)
    world.stage.oauth2.authorization_url = dance.authorization_url  # type: ignore[method-assign]  # makes no call
    world.stage.clock.now = NOW
    return world.call("POST", f"{ONE}/oauth2/authorization")


@answers("start_oauth1_authorization 200")
def _(_: World) -> Answer:
    server = {"installation_type": InstallationType.SERVER, "jira_server_url": "https://jira.xyz.example"}
    world = World(**server, auth_type=AuthType.OAUTH1, consumer_key="ticket-status")
    world.stage.secrets.write(REF, {"private_key": "private key"})
    world.stage.clock.now = NOW
    return world.call("POST", f"{ONE}/oauth1/authorization")


@answers("start_sync 202")
def _(world: World) -> Answer:
    world.stage.clock.now = NOW
    return world.call("POST", f"{ONE}/sync")


@answers("list_sync_runs 200 two")
def _(world: World) -> Answer:
    for run in (RUN, PAUSED):
        world.stage.run_store.add(run)
    return world.call("GET", f"{ONE}/sync-runs")


@answers("get_sync_run 200 running")
def _(world: World) -> Answer:
    world.stage.run_store.add(RUN)
    return world.call("GET", f"{ONE}/sync-runs/{RUN.run_id}")


@answers("get_sync_run 200 paused")
def _(world: World) -> Answer:
    world.stage.run_store.add(PAUSED)
    return world.call("GET", f"{ONE}/sync-runs/{PAUSED.run_id}")


@answers("recheck_ticket 200 active")
def _(world: World) -> Answer:
    world.stage.clock.now = NOW + 4 * SECOND
    ticket = world.has_ticket("10412", "JAS-26363", registered_at=NOW - DAY)
    world.stage.tickets.stored[ticket.key] = ticket
    site = world.stage.connections.sites["cloud-abc"] = FakeSite()
    site.put("10412", "JAS-26363", "In Progress")
    return world.call("POST", f"{ONE}/tickets/10412/recheck")


@answers("recheck_tickets 202")
def _(world: World) -> Answer:
    world.stage.clock.now = NOW
    return world.call("POST", f"{ONE}/tickets/recheck")


@answers("check_integration_status 200 healthy")
def _(world: World) -> Answer:
    return world.call("GET", "/integrations/status/check", integrationName="cloud-abc")


@answers("check_integration_status 200 faulty")
def _(_: World) -> Answer:
    trouble: Any = reports()["refused"].trouble
    world = World(health=Health(HealthStatus.FAULTY, NOW, NOW, ReasonCode.AUTHENTICATION_FAILED, trouble.reason))
    return world.call("GET", "/integrations/status/check", integrationName="cloud-abc")


@answers("check_integration_status 404")
def _(world: World) -> Answer:
    world.stage.integrations.stored.clear()
    return world.call("GET", "/integrations/status/check", integrationName="cloud-abc")


@answers("check_integration_status 500")
def _(world: World) -> Answer:
    world.stage.integrations.stored = None  # type: ignore[assignment]  # whatever is read of it fails
    return world.call("GET", "/integrations/status/check", integrationName="cloud-abc")


@answers("list_tickets 200 one")
def _(world: World) -> Answer:
    world.has_ticket("10412", "JAS-26363")
    world.has_ticket("10500", "JAS-26400", "XRAY-552900")
    return world.call("GET", "/tickets", integration_name="cloud-abc", limit="1")


@answers("register_tickets 200 all")
def _(world: World) -> Answer:
    return world.call("POST", "/tickets", example_request("register_tickets"))


@answers("register_tickets 200 one_rejected")
def _(world: World) -> Answer:
    [one] = example_request("register_tickets")["tickets"]
    return world.call("POST", "/tickets", {"tickets": [one, {**one, "integration_name": "cloud-abd"}]})


@answers("unregister_tickets 200 all")
def _(world: World) -> Answer:
    world.has_ticket("10412", "JAS-26363")
    return world.call("POST", "/tickets/unregister", example_request("unregister_tickets"))


@answers("get_violation_tickets 200 two")
def _(world: World) -> Answer:
    world.has_both_tickets()
    return world.call("GET", f"/violations/{VIOLATION}/tickets")


def _done_meanwhile(world: World) -> None:
    world.has_ticket("10412", "JAS-26363")
    world.stage.site.put("10412", "JAS-26363", DONE.name, DONE.category)
    world.stage.clock.now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@answers("refresh_violation_tickets 200 refreshed")
def _(world: World) -> Answer:
    _done_meanwhile(world)
    return world.call("POST", f"/violations/{VIOLATION}/tickets/refresh")


@answers("refresh_violations 200 refreshed")
def _(world: World) -> Answer:
    _done_meanwhile(world)
    return world.call("POST", "/violations/refresh", example_request("refresh_violations"))


@answers("get_ticket_statuses 200")
def _(world: World) -> Answer:
    world.has_both_tickets()
    return world.call("POST", "/violations/ticket-statuses", example_request("get_ticket_statuses"))


@answers("list_resources 200")
def _(world: World) -> Answer:
    new = Ticket(TicketKey(REF, "10412"), "JAS-26363", NOW, URL)
    builds = [*[Resource("build", "payments-ci", "117")] * 3, Resource("build", "shop-ci", None)]
    found = [Registration(new, f"XRAY-{number}", build) for number, build in enumerate(builds)]
    world.stage.violations.register(found, NOW)
    return world.call("GET", "/resources", type="build")


@answers("list_violations 200")
def _(world: World) -> Answer:
    world.has_both_tickets()
    world.has_ticket("10500", "JAS-26400", "XRAY-552900")
    query = {"resource_type": MANIFEST.type, "resource_name": MANIFEST.name, "resource_version": "1.4.2"}
    return world.call("GET", "/violations", **query, limit="1")


# --- The comparison ---------------------------------------------------------------------------------------------------


def operations() -> Iterator[Any]:
    """All operations of the document."""
    for item in document()["paths"].values():
        yield from (one for method, one in item.items() if method != "parameters")


def operation(operation_id: str) -> Any:  # noqa: ANN401 - a part of a document
    """The operation of this id."""
    return next(one for one in operations() if one["operationId"] == operation_id)


def referred(part: Any) -> Any:  # noqa: ANN401 - a part of a document
    """What a part refers to, or itself."""
    if "$ref" not in part:
        return part
    _, kind, name = part["$ref"].removeprefix("#/").split("/")
    return document()["components"][kind][name]


def documented() -> Iterator[tuple[str, Any]]:
    """The examples of all answers in JSON that a function gives, problems aside, by operation, status and name."""
    for one in operations():
        for status, response in one["responses"].items():
            media = referred(response).get("content", {}).get("application/json")
            if media is None or response.get("$ref", "").endswith("/Unauthorized"):
                continue  # the gateway's own
            place = f"{one['operationId']} {status}"
            assert "example" in media or media["examples"], place
            if "example" in media:
                yield place, media["example"]
            for name, example in media.get("examples", {}).items():
                yield f"{place} {name}", referred(example)["value"]


EXAMPLES = {
    **dict(documented()),
    "create_integration 422 jira_connection_failed": referred({"$ref": "#/components/examples/JiraConnectionFailed"})[
        "value"
    ],
}


def alike(example: Any, answer: Any, member: str = "") -> Any:  # noqa: ANN401 - documents
    """The example with what is random taken from the answer, where both have the form of it."""
    if isinstance(example, dict) and isinstance(answer, dict):
        return {name: alike(value, answer.get(name), name) for name, value in example.items()}
    if isinstance(example, list) and isinstance(answer, list) and len(example) == len(answer):
        return [alike(*pair) for pair in zip(example, answer, strict=True)]
    if member in RANDOM and isinstance(example, str) and isinstance(answer, str):
        made = re.search(RANDOM[member], answer)
        return example if made is None else re.sub(RANDOM[member], made.group(), example)
    return example


def test_every_example_is_asked_for() -> None:
    assert set(EXAMPLES) == set(CASES)


@pytest.mark.parametrize("place", sorted(EXAMPLES))
def test_an_example_is_what_the_service_answers(place: str) -> None:
    answer = CASES[place](World())
    assert answer.status == int(place.split()[1])
    assert answer.json == alike(EXAMPLES[place], answer.json)


def test_the_examples_of_a_callback_are_the_words_of_its_pages() -> None:
    world = World(**OAUTH, health=Health(HealthStatus.PENDING, NOW, NOW))
    begun = world.call("POST", f"{ONE}/oauth2/authorization").json["authorization_url"]
    state = parse_qs(urlsplit(begun).query)["state"][0]
    pages = [world.call("GET", "/oauth2/callback", state=state, code="a-code") for _ in range(2)]
    assert [page.status for page in pages] == [200, 400]
    for name, page in zip(("CallbackPage", "CallbackRefused"), pages, strict=True):
        example = document()["components"]["responses"][name]["content"]["text/html"]["example"]
        for words in re.findall(r"<(?:title|p)>[^<]+", example):
            assert words in page.text


BODIES = {
    f"{one['operationId']} {name}".strip(): (one["operationId"], value)
    for one in operations()
    if "requestBody" in one and one["operationId"] != "deliver"
    for media in [one["requestBody"]["content"]["application/json"]]
    for name, value in [
        *([("", media["example"])] if "example" in media else []),
        *((name, example["value"]) for name, example in media.get("examples", {}).items()),
    ]
}


@pytest.mark.parametrize("place", sorted(BODIES))
def test_an_example_of_a_body_is_taken(place: str) -> None:
    operation_id, body = BODIES[place]
    world = World(**(OAUTH if place.startswith(("edit_integration", "start_oauth2")) else {}))
    world.has_ticket("10412", "JAS-26363")
    world.stage.site.put("10412", "JAS-26363", DONE.name, DONE.category)
    if operation_id == "create_integration":
        world.stage.integrations.stored.clear()
    method, path = next(
        (method.upper(), path)
        for path, item in document()["paths"].items()
        for method, one in item.items()
        if method != "parameters" and one["operationId"] == operation_id
    )
    answer = world.call(method, path.replace("{connection_name}", "cloud-abc"), body)
    assert answer.status < 300, answer.text
    assert answer.json.get("rejected", []) == []
