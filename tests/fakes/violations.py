"""The ``ViolationStore`` in memory, over the tickets in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from tests.fakes.tickets import InMemoryTicketStore
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Link, Registration, Resource
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page


class InMemoryViolationStore:
    """Links, and the violations of each resource."""

    def __init__(self, tickets: InMemoryTicketStore) -> None:
        self._tickets = tickets
        self._found_in: dict[Resource, set[str]] = {}

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {}
        for link in sorted(self._tickets.links.values(), key=lambda link: link.rank, reverse=True):
            if link.violation_id in set(violation_ids):
                found.setdefault(link.violation_id, []).append(link)
        return found

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        found: dict[TicketKey, list[str]] = {}
        for violation_id, ticket in sorted(self._tickets.links):
            if ticket in set(tickets):
                found.setdefault(ticket, []).append(violation_id)
        return found

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        registered = {self._register(one, clock) for one in registrations}
        return frozenset(self._tickets.new & registered)

    def resources(self, type_: str | None, limit: int, token: str | None) -> Page[tuple[Resource, int]]:
        named = {_name(one): one for one in self._found_in if type_ in {None, one.type}}
        names, following = _page(f"resources {type_}", list(named), limit, token)
        return Page([(named[name], len(self._found_in[named[name]])) for name in names], following)

    def of_resource(self, resource: Resource, limit: int, token: str | None) -> Page[str]:
        return Page(*_page(_name(resource), list(self._found_in.get(resource, ())), limit, token))

    def _register(self, registration: Registration, clock: datetime) -> TicketKey:
        key = self._tickets.current(registration.ticket.key)
        if key not in self._tickets.stored:
            self._tickets.add(replace(registration.ticket, key=key), clock)
        self._link(registration, key)
        if registration.resource is not None:
            self._found_in.setdefault(registration.resource, set()).add(registration.violation_id)
        return key

    def _link(self, registration: Registration, key: TicketKey) -> None:
        created_at = self._tickets.stored[key].created_at
        link = Link(registration.violation_id, key, created_at, registration.resource)
        stored = self._tickets.links.setdefault((link.violation_id, key), link)
        if stored.resource is None:
            self._tickets.links[link.violation_id, key] = link


def _name(resource: Resource) -> str:
    return "\n".join((resource.type, resource.name, repr(resource.version)))


def _page(of: str, names: list[str], limit: int, token: str | None) -> tuple[list[str], str | None]:
    last = "" if token is None else read_token(of, token)
    beyond = sorted(name for name in names if name > last)
    return beyond[:limit], write_token(of, beyond[limit - 1]) if len(beyond) > limit else None
