"""Bodies and queries of the routes about tickets and violations."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct

from ticket_status.api.bodies import Items, Members, OneOf, OrNull, Shape, Text, Time, free_text
from ticket_status.api.call import Call
from ticket_status.api.problems import FieldError, invalid_request
from ticket_status.api.times import parse_time
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

FILTERS = ("category", "status", "unknown_reason")
TICKET_FILTERS = (*FILTERS, "refresh_state")

_TYPES = OneOf(("artifact", "build", "release_bundle"))
_TYPES_OR_NONE = OneOf((*_TYPES.words, NO_RESOURCE))
_NAME = free_text(512)
_VERSION = free_text(128)
INTEGRATION_NAME = Text("the name of an integration", re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"))
_ISSUE_KEY = Text("a Jira issue key such as JAS-26363", re.compile(r"[A-Z][A-Z0-9_]{0,200}-[1-9][0-9]{0,18}"))
_NUMERIC = Text("a numeric Jira issue id, as a text", re.compile(r"[1-9][0-9]{0,18}"))


class _IssueId(Struct, frozen=True):
    """An issue id: a signed number of 64 bits. Jira rejects a whole call that names a larger one."""

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error when it is anything else."""
        yield from _NUMERIC.errors(value, pointer)
        if isinstance(value, str) and _NUMERIC.pattern.fullmatch(value) and int(value) > LARGEST_ISSUE_ID:
            yield FieldError(pointer, f"must be a Jira issue id, which is {LARGEST_ISSUE_ID} at most")


_ISSUE_ID = _IssueId()
VIOLATION_ID = Text("1 to 128 letters, digits or . _ : -", re.compile(r"[A-Za-z0-9._:-]{1,128}"))
_RESOURCE = Members({"type": _TYPES, "name": _NAME}, {"version": OrNull(_VERSION)})
_NEW_TICKET = Members(
    required={
        "integration_name": INTEGRATION_NAME,
        "issue_key": _ISSUE_KEY,
        "violation_id": VIOLATION_ID,
        "created_at": Time(),
    },
    optional={"issue_id": OrNull(_ISSUE_ID), "resource": OrNull(_RESOURCE)},
)
_OLD_TICKET = Members(
    required={"integration_name": INTEGRATION_NAME, "violation_id": VIOLATION_ID},
    optional={"issue_key": OrNull(_ISSUE_KEY), "issue_id": OrNull(_ISSUE_ID)},
)
TICKETS = Members({"tickets": Items(MOST_AT_ONCE, least=0)})
"""The body of registration and its opposite: elements that do not fit are rejected one by one."""

STATUSES = Members({"violation_ids": Items(MOST_AT_ONCE, VIOLATION_ID, least=0)})
REFRESHED = Members({"violation_ids": Items(MOST_REFRESHED, VIOLATION_ID, least=0)})

_FILTER_SHAPES: Mapping[str, Shape] = {
    "category": OneOf(tuple(Category)),
    "status": free_text(255),
    "unknown_reason": OneOf(tuple(UnknownReason)),
    "refresh_state": OneOf(tuple(RefreshState)),
}


class Rejected(Struct, frozen=True):
    """An element of a list that is left out, and why."""

    index: int
    code: str
    detail: str


def read_new_tickets(
    elements: Sequence[object], now: datetime, retention: timedelta
) -> tuple[dict[int, NewTicket], list[Rejected]]:
    """The tickets to register by their index, and the elements that do not fit."""

    def errors(element: object) -> list[FieldError]:
        created = _creation_errors(element, now, retention)
        return [*_NEW_TICKET.errors(element, ""), *_resource_errors(element), *created]

    return _sorted(elements, errors, _new_ticket)


def read_old_tickets(elements: Sequence[object]) -> tuple[dict[int, OldTicket], list[Rejected]]:
    """The tickets to take off violations by their index, and the elements that do not fit."""

    def errors(element: object) -> list[FieldError]:
        found = list(_OLD_TICKET.errors(element, ""))
        named = isinstance(element, dict) and (element.get("issue_key") or element.get("issue_id"))
        return found if found or named else [FieldError("", "must have an issue_key or an issue_id")]

    return _sorted(elements, errors, _old_ticket)


def read_filters(call: Call) -> Filters:
    """The filters in a query; raises the 422 that names what does not fit."""
    given = {name: value for name in TICKET_FILTERS if (value := call.query(name)) is not None}
    errors = [error for name, value in given.items() for error in _FILTER_SHAPES[name].errors(value, name)]
    if errors:
        raise invalid_request(*errors)
    return Filters(
        _as(Category, given.get("category")),
        given.get("status"),
        _as(UnknownReason, given.get("unknown_reason")),
        _as(RefreshState, given.get("refresh_state")),
    )


def read_resource_type(call: Call) -> str | None:
    """The type of resources to list, if one is named."""
    type_ = call.query("type")
    return None if type_ is None else _fits(_TYPES, type_, "type")


def read_resource(call: Call) -> Resource | None:
    """The resource that a query names; ``None`` for violations without one."""
    type_ = _fits(_TYPES_OR_NONE, call.query("resource_type"), "resource_type")
    name, version = call.query("resource_name"), call.query("resource_version")
    if type_ == NO_RESOURCE:
        given = {"resource_name": name, "resource_version": version}
        surplus = [FieldError(one, "must be left out with resource_type none") for one, value in given.items() if value]
        if surplus:
            raise invalid_request(*surplus)
        return None
    found = Resource(
        type_,
        _fits(_NAME, name, "resource_name"),
        None if version is None else _fits(_VERSION, version, "resource_version"),
    )
    if _resource_bytes(found.name, found.version) > MOST_RESOURCE_BYTES:
        raise invalid_request(FieldError("resource_name", _TOO_LONG))
    return found


def read_issue_key(call: Call) -> str:
    """The issue key in a query; people type it in lower case, too."""
    given = call.query("ticket_no")
    return _fits(_ISSUE_KEY, None if given is None else given.strip().upper(), "ticket_no")


def _sorted(
    elements: Sequence[object], errors: Callable[[object], list[FieldError]], read: Callable[[dict[str, Any]], T]
) -> tuple[dict[int, T], list[Rejected]]:
    fitting: dict[int, T] = {}
    rejected = []
    for index, element in enumerate(elements):
        found = errors(element)
        if found or not isinstance(element, dict):
            detail = "; ".join(f"{error.pointer} {error.detail}".strip() for error in found)
            rejected.append(Rejected(index, "invalid_request", detail))
        else:
            fitting[index] = read(element)
    return fitting, rejected


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


def _old_ticket(element: dict[str, Any]) -> OldTicket:
    return OldTicket(
        element["integration_name"], element.get("issue_id"), element.get("issue_key"), element["violation_id"]
    )


_TOO_LONG = f"name and version together have at most {MOST_RESOURCE_BYTES} bytes in UTF-8, % and # counted as three"


def _resource_errors(element: object) -> list[FieldError]:
    resource = element.get("resource") if isinstance(element, dict) else None
    if not isinstance(resource, dict):
        return []
    texts = [text for text in (resource.get("name"), resource.get("version")) if isinstance(text, str)]
    return [FieldError("/resource", _TOO_LONG)] if _resource_bytes(*texts) > MOST_RESOURCE_BYTES else []


def _resource_bytes(*texts: str | None) -> int:
    """What texts take of a table key, where ``%`` and ``#`` are written as three characters."""
    return sum(len(text.encode("utf-8", "replace")) + 2 * (text.count("%") + text.count("#")) for text in texts if text)


def _creation_errors(element: object, now: datetime, retention: timedelta) -> list[FieldError]:
    text = element.get("created_at") if isinstance(element, dict) else None
    created_at = parse_time(text) if isinstance(text, str) else None
    if created_at is None:
        return []
    if created_at - now > CLOCKS_DIFFER:
        return [FieldError("/created_at", "is in the future")]
    if now - created_at >= retention:
        return [FieldError("/created_at", f"is more than {retention.days} days ago: tickets are kept no longer")]
    return []


def _fits(shape: Shape, value: str | None, name: str) -> str:
    errors = [FieldError(name, "is missing")] if value is None else [*shape.errors(value, name)]
    if errors or value is None:
        raise invalid_request(*errors)
    return value


E = TypeVar("E", Category, UnknownReason, RefreshState)


def _as(words: type[E], word: str | None) -> E | None:
    return None if word is None else words(word)
