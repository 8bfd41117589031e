"""``RefreshFunction``: tickets and violations."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from ticket_status.api.application import Api, Routes
from ticket_status.api.bodies import CONNECTION_NAME
from ticket_status.api.call import PAGING, Call, Reply, json_reply, page_reply
from ticket_status.api.presenters import present_column, present_listed_ticket, present_resource, present_violation
from ticket_status.api.problems import (
    FieldError,
    integration_not_found,
    invalid_request,
    no_integration,
    violation_not_found,
)
from ticket_status.api.scopes import Scope
from ticket_status.api.ticket_bodies import (
    FILTERS,
    OLD_TICKETS,
    REFRESHED,
    STATUSES,
    TICKET_FILTERS,
    TYPE,
    VIOLATION_ID,
    Rejected,
    Sorted,
    new_tickets,
    read_issue_key,
    read_resource,
)
from ticket_status.composition import refresh as composition
from ticket_status.composition.refresh import RefreshServices
from ticket_status.ports.paging import Page
from ticket_status.service.retrieval.refresh import RefreshedViolation
from ticket_status.service.tickets.reading import ShownTicket

MOST_TICKETS = 1_000
"""Tickets on one page of an integration's list."""

routes: Routes[RefreshServices] = Routes()


# --- Tickets --------------------------------------------------------------------------------------------------------


@routes.post("/tickets", Scope.REGISTER)
def register_tickets(call: Call, services: RefreshServices) -> Reply:
    """Register tickets; an invalid element is rejected with its index, the others are stored."""
    tickets = call.body(new_tickets(call.now, services.retention))["tickets"]
    unknown = services.registration.register(list(tickets.fitting.values()), call.now)
    return _sorted_reply("registered", tickets, unknown)


@routes.post("/tickets/unregister", Scope.REGISTER)
def unregister_tickets(call: Call, services: RefreshServices) -> Reply:
    """Remove tickets from violations; a ticket without a violation is deleted."""
    tickets = call.body(OLD_TICKETS)["tickets"]
    unknown = services.unregistration.unregister(list(tickets.fitting.values()))
    return _sorted_reply("unregistered", tickets, unknown)


@routes.get("/tickets", Scope.READ, query=("ticket_no", "integration_name", *TICKET_FILTERS.optional, *PAGING))
def list_tickets(call: Call, services: RefreshServices) -> Reply:
    """The tickets with an issue key, over all integrations; or those of an integration."""
    by_key, name = call.query("ticket_no") is not None, call.query("integration_name")
    if by_key == (name is not None):
        detail = "must be given, or integration_name, but not both"
        raise invalid_request(FieldError("ticket_no", detail))
    page = _tickets_with_key(call, services) if name is None else _tickets_of(name, call, services)
    shown = [present_listed_ticket(one) for one in page.items]
    return page_reply("tickets", shown, page.next_token)


# --- Violations -----------------------------------------------------------------------------------------------------


@routes.get("/violations/{violation_id}/tickets", Scope.READ)
def get_violation_tickets(call: Call, services: RefreshServices) -> Reply:
    """The tickets of a violation as they are shown now."""
    violation_id = _violation_id(call)
    found = services.reading.violations([violation_id], call.now).get(violation_id)
    if found is None:
        raise violation_not_found(violation_id)
    return json_reply(present_violation(violation_id, found.resources, found.tickets))


@routes.post("/violations/{violation_id}/tickets/refresh", Scope.REFRESH)
def refresh_violation_tickets(call: Call, services: RefreshServices) -> Reply:
    """Ask Jira now (R3), and show the result for each ticket."""
    violation_id = _violation_id(call)
    refreshed = services.refresh.violations([violation_id]).get(violation_id)
    if refreshed is None or not refreshed.tickets:
        raise violation_not_found(violation_id)
    return json_reply(_refreshed(violation_id, refreshed))


@routes.post("/violations/refresh", Scope.REFRESH)
def refresh_violations(call: Call, services: RefreshServices) -> Reply:
    """The same for several violations at once, with as few calls to Jira as for one."""
    violation_ids = call.body(REFRESHED)["violation_ids"]
    refreshed = services.refresh.violations(set(violation_ids))
    return json_reply({"violations": {name: _refreshed(name, one) for name, one in refreshed.items() if one.tickets}})


@routes.post("/violations/ticket-statuses", Scope.READ)
def get_ticket_statuses(call: Call, services: RefreshServices) -> Reply:
    """The *Ticket Status* column of a page of violations."""
    violation_ids = call.body(STATUSES)["violation_ids"]
    statuses = services.reading.statuses(set(violation_ids), call.now)
    return json_reply({"violations": {name: present_column(status) for name, status in statuses.items()}})


@routes.get("/resources", Scope.READ, query=("type", *PAGING))
def list_resources(call: Call, services: RefreshServices) -> Reply:
    """The scanned resources, with the number of violations of each."""
    page = services.reading.resources(call.query_as(TYPE).get("type"), *call.paging, call.now)
    found = [{**present_resource(one), "violations": violations} for one, violations in page.items]
    return page_reply("resources", found, page.next_token)


@routes.get(
    "/violations", Scope.READ, query=("resource_type", "resource_name", "resource_version", *FILTERS.optional, *PAGING)
)
def list_violations(call: Call, services: RefreshServices) -> Reply:
    """The violations of one resource, or those without a resource, with their *Ticket Status* column."""
    page = services.reading.of_resource(read_resource(call), call.query_as(FILTERS), *call.paging, call.now)
    found: list[dict[str, object]] = [{"violation_id": name, **present_column(status)} for name, status in page.items]
    return page_reply("violations", found, page.next_token)


@cache
def _api() -> Api[RefreshServices]:
    return Api(routes, *composition.refresh())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return _api().answer(event, context)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _tickets_with_key(call: Call, services: RefreshServices) -> Page[ShownTicket]:
    surplus = [name for name in TICKET_FILTERS.optional if call.query(name) is not None]
    if surplus:
        raise invalid_request(*(FieldError(name, "is allowed only with integration_name") for name in surplus))
    return services.reading.under_key(read_issue_key(call), *call.paging, call.now)


def _tickets_of(name: str, call: Call, services: RefreshServices) -> Page[ShownTicket]:
    filters, (limit, token) = call.query_as(TICKET_FILTERS), call.paging_up_to(MOST_TICKETS)
    fits = re.fullmatch(CONNECTION_NAME.pattern, name)
    page = services.reading.of_integration(name, filters, limit, token, call.now) if fits else None
    if page is None:
        raise integration_not_found(name)
    return page


def _violation_id(call: Call) -> str:
    return call.identifier("violation_id", VIOLATION_ID, violation_not_found)


def _sorted_reply(done: str, tickets: Sorted[Any], unknown: Sequence[object]) -> Reply:
    """How many were accepted, and which were not: invalid ones, and those of an unknown integration."""
    of_nobody: list[Rejected] = [
        Rejected(index, "integration_not_found", no_integration(one.integration_name))
        for index, one in tickets.fitting.items()
        if one in unknown
    ]
    rejected = sorted([*tickets.rejected, *of_nobody], key=lambda one: one.index)
    return json_reply({done: len(tickets.fitting) - len(of_nobody), "rejected": [asdict(one) for one in rejected]})


def _refreshed(violation_id: str, refreshed: RefreshedViolation) -> dict[str, object]:
    tickets = [one.ticket for one in refreshed.tickets]
    return present_violation(violation_id, refreshed.resources, tickets, [one.refresh for one in refreshed.tickets])
