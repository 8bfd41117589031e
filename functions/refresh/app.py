"""``RefreshFunction``: tickets and violations (contract, section 3.2)."""

import re
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ticket_status.api.application import Api
from ticket_status.api.bodies import Items, Members, OneOf, OrNull, Text, Time, free_text
from ticket_status.api.call import Call, Reply, json_reply, page_reply
from ticket_status.api.presenters import present_status, present_ticket
from ticket_status.api.problems import Misfit, ProblemError, invalid_request
from ticket_status.api.routes import Routes
from ticket_status.api.scopes import Scope
from ticket_status.api.times import parse_time, present_optional_time
from ticket_status.composition import refresh as composition
from ticket_status.composition.refresh import RefreshServices
from ticket_status.core.violations import Resource
from ticket_status.service.tickets.reading import LeadingTicket, ShownTicket, last_update
from ticket_status.service.tickets.registration import NewTicket

MOST_AT_ONCE = 100
"""Tickets of one registration, violations of one page."""

MOST_RESOURCE_BYTES = 900
"""Name and version together, in UTF-8, ``%`` and ``#`` counted thrice: part of a table key of at most 1,024 bytes."""

CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead of ours the clock of whoever created a ticket may be."""

_TYPES = OneOf(("artifact", "build", "release_bundle"))
_VIOLATION = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_VIOLATION_ID = Text("1 to 128 letters, digits or . _ : -", _VIOLATION)
_RESOURCE = Members({"type": _TYPES, "name": free_text(512)}, {"version": OrNull(free_text(128))})
_TICKET = Members(
    required={
        "integration_name": Text("the name of an integration", re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")),
        "issue_key": Text("a Jira issue key such as JAS-26363", re.compile(r"[A-Z][A-Z0-9_]{0,200}-[1-9][0-9]{0,18}")),
        "violation_id": _VIOLATION_ID,
        "created_at": Time(),
    },
    optional={
        "issue_id": OrNull(Text("a numeric Jira issue id, as a text", re.compile(r"[1-9][0-9]{0,18}"))),
        "resource": OrNull(_RESOURCE),
    },
)
_REGISTRATION = Members({"tickets": Items(MOST_AT_ONCE, least=0)})
_STATUSES = Members({"violation_ids": Items(MOST_AT_ONCE, _VIOLATION_ID, least=0)})

routes: Routes[RefreshServices] = Routes()


@routes.post("/tickets", Scope.REGISTER)
def register_tickets(call: Call, services: RefreshServices) -> Reply:
    """Register tickets; an element that does not fit is rejected with its index, the others are stored."""
    elements = call.body(_REGISTRATION)["tickets"]
    rejected = []
    fitting: dict[int, NewTicket] = {}
    for index, element in enumerate(elements):
        misfits = [*_TICKET.misfits(element, ""), *_too_long(element), *_in_future(element, call.now)]
        if misfits:
            detail = "; ".join(f"{misfit.pointer} {misfit.detail}".strip() for misfit in misfits)
            rejected.append({"index": index, "code": "invalid_request", "detail": detail})
        else:
            fitting[index] = _new_ticket(element)
    unknown = services.registration.register(list(fitting.values()), call.now)
    for index, ticket in fitting.items():
        if ticket in unknown:
            detail = f"there is no integration named {ticket.integration_name!r}"
            rejected.append({"index": index, "code": "integration_not_found", "detail": detail})
    rejected.sort(key=lambda one: int(str(one["index"])))
    return json_reply({"registered": len(elements) - len(rejected), "rejected": rejected})


@routes.get("/violations/{violation_id}/tickets", Scope.READ)
def get_violation_tickets(call: Call, services: RefreshServices) -> Reply:
    """The tickets of a violation as they are shown now."""
    violation_id = call.path("violation_id")
    tickets = services.reading.violation(violation_id, call.now) if _VIOLATION.fullmatch(violation_id) else []
    return _violation(violation_id, tickets, [_present(one) for one in tickets])


@routes.post("/violations/{violation_id}/tickets/refresh", Scope.REFRESH)
def refresh_violation_tickets(call: Call, services: RefreshServices) -> Reply:
    """Ask Jira now (R3), and show what became of each ticket."""
    violation_id = call.path("violation_id")
    refreshed = services.refresh.violation(violation_id) if _VIOLATION.fullmatch(violation_id) else []
    presented = [
        {**_present(one.ticket), "refresh": {"outcome": one.refresh[0], "reason": one.refresh[1]}} for one in refreshed
    ]
    return _violation(violation_id, [one.ticket for one in refreshed], presented)


@routes.post("/violations/ticket-statuses", Scope.READ)
def get_ticket_statuses(call: Call, services: RefreshServices) -> Reply:
    """The *Ticket Status* column of a page of violations."""
    violation_ids = call.body(_STATUSES)["violation_ids"]
    statuses = services.reading.statuses(set(violation_ids), call.now)
    return json_reply({"violations": {name: _column(status) for name, status in statuses.items()}})


@routes.get("/resources", Scope.READ)
def list_resources(call: Call, services: RefreshServices) -> Reply:
    """What was scanned, with the number of violations of each."""
    type_ = call.query("type")
    if type_ is not None:
        _fits(_TYPES, type_, "type")
    page = services.reading.resources(type_, *call.paging)
    found: list[dict[str, object]] = [
        {"type": one.type, "name": one.name, "version": one.version, "violations": violations}
        for one, violations in page.items
    ]
    return page_reply("resources", found, page.next_token)


@routes.get("/violations", Scope.READ)
def list_violations(call: Call, services: RefreshServices) -> Reply:
    """The violations of one resource, with their *Ticket Status* column."""
    type_, name = call.query("resource_type"), call.query("resource_name")
    _fits(_TYPES, type_, "resource_type")
    _fits(free_text(512), name, "resource_name")
    version = call.query("resource_version")
    if version is not None:
        _fits(free_text(128), version, "resource_version")
    resource = Resource(str(type_), str(name), version)
    page = services.reading.of_resource(resource, *call.paging, call.now)
    found: list[dict[str, object]] = [{"violation_id": name, **_column(status)} for name, status in page.items]
    return page_reply("violations", found, page.next_token)


@cache
def _api() -> Api[RefreshServices]:
    return Api(routes, *composition.refresh())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return _api().answer(event, context)


def _new_ticket(element: dict[str, Any]) -> NewTicket:
    created_at = parse_time(element["created_at"])
    if created_at is None:
        message = "created_at was held against its shape before"
        raise AssertionError(message)
    resource = element.get("resource")
    return NewTicket(
        integration_name=element["integration_name"],
        issue_key=element["issue_key"],
        issue_id=element.get("issue_id"),
        violation_id=element["violation_id"],
        resource=None if resource is None else Resource(resource["type"], resource["name"], resource.get("version")),
        created_at=created_at.replace(microsecond=0),
    )


def _too_long(element: object) -> list[Misfit]:
    resource = element.get("resource") if isinstance(element, dict) else None
    if not isinstance(resource, dict):
        return []
    texts = [text for text in (resource.get("name"), resource.get("version")) if isinstance(text, str)]
    if sum(map(_key_bytes, texts)) <= MOST_RESOURCE_BYTES:
        return []
    detail = f"name and version together have at most {MOST_RESOURCE_BYTES} bytes in UTF-8, % and # counted as three"
    return [Misfit("/resource", detail)]


def _key_bytes(text: str) -> int:
    """What a text takes of a table key, where ``%`` and ``#`` are written as three characters."""
    return len(text.encode("utf-8", "replace")) + 2 * (text.count("%") + text.count("#"))


def _in_future(element: object, now: datetime) -> list[Misfit]:
    text = element.get("created_at") if isinstance(element, dict) else None
    created_at = parse_time(text) if isinstance(text, str) else None
    if created_at is None or created_at - now <= CLOCKS_DIFFER:
        return []
    return [Misfit("/created_at", "is in the future")]


def _fits(shape: OneOf | Text, value: str | None, name: str) -> None:
    misfits = [Misfit(name, "is missing")] if value is None else [*shape.misfits(value, name)]
    if misfits:
        raise invalid_request(*misfits)


def _present(one: ShownTicket) -> dict[str, object]:
    return present_ticket(one.ticket, one.shown, one.integration)


def _column(status: LeadingTicket) -> dict[str, object]:
    ticket_no = status.leading.ticket.issue_key
    return {"ticket_no": ticket_no, **present_status(status.leading.shown), "tickets": status.tickets}


def _violation(violation_id: str, tickets: list[ShownTicket], presented: list[dict[str, object]]) -> Reply:
    if not tickets:
        raise ProblemError(HTTPStatus.NOT_FOUND, "violation_not_found", "no ticket is known for this violation")
    update = present_optional_time(last_update(tickets))
    return json_reply({"violation_id": violation_id, "tickets": presented, "last_update": update})
