"""The ``ViolationStore`` in memory, over the tickets in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from tests.fakes.tickets import InMemoryTicketStore
from ticket_status.core.model import Ticket, TicketKey
from ticket_status.core.violations import MOST_RESOURCES, Head, Link, Registration, Resource, head_of
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page


class InMemoryViolationStore:
    """Links, and the violations of each resource."""

    def __init__(self, tickets: InMemoryTicketStore) -> None:
        self._tickets = tickets

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {}
        for link in sorted(self._tickets.links.values(), key=lambda link: link.rank, reverse=True):
            if link.violation_id in set(violation_ids):
                found.setdefault(link.violation_id, []).append(link)
        return found

    def heads(self, violation_ids: Collection[str]) -> dict[str, Head]:
        return {violation_id: head_of(violation_id, links) for violation_id, links in self.links(violation_ids).items()}

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        found: dict[TicketKey, list[str]] = {}
        for violation_id, ticket in sorted(self._tickets.links):
            if ticket in set(tickets):
                found.setdefault(ticket, []).append(violation_id)
        return found

    def under_key(self, issue_key: str, limit: int, token: str | None) -> Page[TicketKey]:
        names = {
            f"{key.integration_ref}#{key.ticket_id}": key
            for key, ticket in self._tickets.stored.items()
            if issue_key in {ticket.issue_key, self._tickets.registered_keys.get(key)}
        }
        shown, following = _page(f"key {issue_key}", list(names), limit, token)
        return Page([names[name] for name in shown], following)

    def keep_keys(self, tickets: Sequence[Ticket]) -> None:
        """Tickets in memory are found by what they are."""

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        registered = {self._register(one, clock) for one in registrations}
        return frozenset(self._tickets.new & registered)

    def unregister(self, links: Sequence[Link]) -> None:
        for link in links:
            self._tickets.links.pop((link.violation_id, link.ticket), None)
            if not any(ticket == link.ticket for _, ticket in self._tickets.links):
                self._tickets.forget(link.ticket)

    def resources(self, type_: str | None, limit: int, token: str | None, now: datetime) -> Page[tuple[Resource, int]]:
        del now  # nothing expires here
        found_in = self._found_in()
        named = {_name(one): one for one in found_in if one is not None and type_ in {None, one.type}}
        names, following = _page(f"resources {type_}", list(named), limit, token)
        return Page([(named[name], len(found_in[named[name]])) for name in names], following)

    def of_resource(self, resource: Resource | None, limit: int, token: str | None) -> Page[str]:
        name = "none" if resource is None else _name(resource)
        return Page(*_page(name, list(self._found_in().get(resource, ())), limit, token))

    def _found_in(self) -> dict[Resource | None, set[str]]:
        """Violations by resource; by ``None`` those that have no resource at all."""
        found: dict[Resource | None, set[str]] = {}
        placed = {link.violation_id for link in self._tickets.links.values() if link.resources}
        for link in self._tickets.links.values():
            places = link.resources if link.violation_id in placed else (None,)
            for resource in places:
                found.setdefault(resource, set()).add(link.violation_id)
        return found

    def _register(self, registration: Registration, clock: datetime) -> TicketKey:
        key = self._tickets.current(registration.ticket.key)
        if key not in self._tickets.stored:
            self._tickets.add(replace(registration.ticket, key=key), clock)
        self._link(registration, key)
        return key

    def _link(self, registration: Registration, key: TicketKey) -> None:
        created_at = self._tickets.stored[key].created_at
        resources = () if registration.resource is None else (registration.resource,)
        link = Link(registration.violation_id, key, created_at, resources, registration.ticket.registered_at)
        stored = self._tickets.links.setdefault((link.violation_id, key), link)
        together = tuple(sorted({*stored.resources, *resources}, key=_name))
        self._tickets.links[link.violation_id, key] = replace(stored, resources=together[:MOST_RESOURCES])


def _name(resource: Resource) -> str:
    return "\n".join((resource.type, resource.name, repr(resource.version)))


def _page(of: str, names: list[str], limit: int, token: str | None) -> tuple[list[str], str | None]:
    last = "" if token is None else read_token(of, token)
    beyond = sorted(name for name in names if name > last)
    return beyond[:limit], write_token(of, beyond[limit - 1]) if len(beyond) > limit else None
