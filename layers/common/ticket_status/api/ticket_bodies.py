"""Bodies and queries of the routes about tickets and violations."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from msgspec import Struct

from ticket_status.api.bodies import (
    CONNECTION_NAME,
    Component,
    Items,
    Members,
    MisfitError,
    OneOf,
    OrNull,
    Shape,
    Text,
    Time,
    free_text,
    list_of,
    misfit,
    parse,
)
from ticket_status.api.call import Call
from ticket_status.api.problems import FieldError, invalid_request
from ticket_status.core.model import LARGEST_ISSUE_ID, Category, RefreshState, UnknownReason
from ticket_status.core.shown import Filters
from ticket_status.core.violations import Resource
from ticket_status.service.tickets.registration import NewTicket
from ticket_status.service.tickets.unregistration import OldTicket

T = TypeVar("T")

MOST_AT_ONCE = 100
"""Tickets of one registration, violations of one page."""

MOST_REFRESHED = 50
"""Violations of one refresh."""

MOST_RESOURCE_BYTES = 900
"""Name and version together, in UTF-8, ``%`` and ``#`` counted thrice: part of a table key of at most 1,024 bytes."""

CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead of ours the clock of the program that created a ticket may be."""

NO_RESOURCE = "none"
"""The ``resource_type`` of violations that were registered without a resource."""


# --- Parts ----------------------------------------------------------------------------------------------------------


class _CreatedAt(Time, frozen=True):
    """When a ticket was created: not in the future, and within the retention."""

    now: datetime
    retention: timedelta

    def read(self, value: object) -> datetime:
        """The time, to the second."""
        created_at = super().read(value)
        if created_at - self.now > CLOCKS_DIFFER:
            raise misfit("is in the future")
        if self.now - created_at >= self.retention:
            raise misfit(f"is more than {self.retention.days} days ago: tickets are not kept longer than that")
        return created_at.replace(microsecond=0)


class Rejected(Struct, frozen=True):
    """A rejected element of a list, and why."""

    index: int
    code: str
    detail: str


class Sorted(Struct, Generic[T], frozen=True):
    """The valid elements of a list, by index, and the rejected ones."""

    fitting: dict[int, T]
    rejected: list[Rejected]


class Each(Component, Generic[T], frozen=True):
    """A list whose elements are accepted or rejected one by one."""

    element: Shape[T]
    most: int

    def read(self, value: object) -> Sorted[T]:
        """Its elements, sorted."""
        found: Sorted[T] = Sorted({}, [])
        for index, element in enumerate(list_of(value, self.most)):
            try:
                found.fitting[index] = self.element.read(element)
            except MisfitError as error:
                found.rejected.append(Rejected(index, "invalid_request", str(error)))
        return found


_TYPES = OneOf(("artifact", "build", "release_bundle"), component="ResourceType")
_ISSUE_KEY = Text("a Jira issue key such as JAS-26363", r"[A-Z][A-Z0-9_]{0,200}-[1-9][0-9]{0,18}", component="IssueKey")
# A signed number of 64 bits. Jira rejects a whole call that names a larger one.
_ISSUE_ID = Text(
    f"a Jira issue id: a number from 1 to {LARGEST_ISSUE_ID}, as a string",
    "[1-9][0-9]{0,18}",
    allows=lambda text: int(text) <= LARGEST_ISSUE_ID,
    component="IssueId",
)
VIOLATION_ID = Text("1 to 128 letters, digits or . _ : -", "[A-Za-z0-9._:-]{1,128}", component="ViolationId")


def _resource(**members: Any) -> Resource:  # noqa: ANN401 - each is what its shape makes of it
    """What was scanned; its name and version must fit into a key."""
    resource = Resource(**members)
    texts = f"{resource.name}{resource.version or ''}"
    if len(texts.encode()) + 2 * (texts.count("%") + texts.count("#")) > MOST_RESOURCE_BYTES:
        allowed = f"{MOST_RESOURCE_BYTES} bytes in UTF-8, % and # counted as three"
        raise MisfitError(FieldError("/name", f"must have, together with the version, at most {allowed}"))
    return resource


_RESOURCE = Members(
    _resource,
    {"type": _TYPES, "name": free_text(512, "ResourceName")},
    {"version": OrNull(free_text(128, "ResourceVersion"))},
    component="Resource",
)


# --- Bodies ---------------------------------------------------------------------------------------------------------


def new_tickets(now: datetime, retention: timedelta) -> Members[dict[str, Sorted[NewTicket]]]:
    """The body of a registration."""
    ticket = Members(
        partial(NewTicket, issue_id=None, resource=None),
        {
            "integration_name": CONNECTION_NAME,
            "issue_key": _ISSUE_KEY,
            "violation_id": VIOLATION_ID,
            "created_at": _CreatedAt(now, retention, component="TimeGiven"),
        },
        {"issue_id": OrNull(_ISSUE_ID), "resource": OrNull(_RESOURCE)},
        component="TicketRegistration",
    )
    return Members(dict, {"tickets": Each(ticket, MOST_AT_ONCE)}, component="RegisterTicketsBody")


def _old_ticket(**members: Any) -> OldTicket:  # noqa: ANN401 - each is what its shape makes of it
    ticket = OldTicket(**{"issue_key": None, "issue_id": None, **members})
    if ticket.issue_key is None and ticket.issue_id is None:
        raise misfit("must have an issue_key or an issue_id")
    return ticket


_OLD_TICKET = Members(
    _old_ticket,
    {"integration_name": CONNECTION_NAME, "violation_id": VIOLATION_ID},
    {"issue_key": OrNull(_ISSUE_KEY), "issue_id": OrNull(_ISSUE_ID)},
    component="TicketUnregistration",
)
OLD_TICKETS = Members(
    dict[str, Sorted[OldTicket]], {"tickets": Each(_OLD_TICKET, MOST_AT_ONCE)}, component="UnregisterTicketsBody"
)
"""The body that unregisters tickets."""


def _violations(most: int, component: str) -> Members[dict[str, list[str]]]:
    return Members(dict, {"violation_ids": Items(VIOLATION_ID, most)}, component=component)


STATUSES = _violations(MOST_AT_ONCE, "GetTicketStatusesBody")
REFRESHED = _violations(MOST_REFRESHED, "RefreshViolationsBody")


# --- Queries --------------------------------------------------------------------------------------------------------

FILTERS = Members(
    Filters,
    {},
    {"category": OneOf(tuple(Category)), "status": free_text(255), "unknown_reason": OneOf(tuple(UnknownReason))},
)
TICKET_FILTERS = Members(Filters, {}, {**FILTERS.optional, "refresh_state": OneOf(tuple(RefreshState))})
TYPE = Members(dict[str, str], {}, {"type": _TYPES})
_TYPES_OR_NONE = Members(dict[str, str], {"resource_type": OneOf((*_TYPES.words, NO_RESOURCE))})


def read_resource(call: Call) -> Resource | None:
    """The resource that a query names; ``None`` for violations without one."""
    if call.query_as(_TYPES_OR_NONE)["resource_type"] != NO_RESOURCE:
        return call.query_as(_RESOURCE, "resource_")
    surplus = [name for name in ("resource_name", "resource_version") if call.query(name)]
    if surplus:
        raise invalid_request(*(FieldError(name, "must be left out with resource_type none") for name in surplus))
    return None


def read_issue_key(call: Call) -> str:
    """The issue key in a query, in upper or lower case."""
    return parse((call.query("ticket_no") or "").strip().upper(), _ISSUE_KEY, "ticket_no")
