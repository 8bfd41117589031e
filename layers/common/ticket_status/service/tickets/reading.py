"""What readers see: tickets of violations, the status column, resources. Only reads; never asks Jira."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from msgspec import Struct

from ticket_status.core.model import Integration, Ticket, TicketKey
from ticket_status.core.shown import Filters, Shown, shown
from ticket_status.core.violations import Link, Resource, leading_first
from ticket_status.core.window import Coverage
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.paging import Page
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore


class ShownTicket(Struct, frozen=True):
    """A ticket as shown at a moment."""

    ticket: Ticket
    integration: Integration | None
    """``None`` if it was deleted, even if another one has its name now."""
    shown: Shown
    coverage: Coverage


class LeadingTicket(Struct, frozen=True):
    """The "Ticket Status" column of a violation."""

    leading: ShownTicket
    tickets: int


class ViolationTickets(Struct, frozen=True):
    """A violation with its resources and tickets."""

    resources: tuple[Resource, ...]
    """Those that it was found in."""
    tickets: tuple[ShownTicket, ...]
    """The leading one first."""


MOST_EXAMINED = 1_000
"""Tickets read for one page of a filtered list: about 90 read units."""


class Reading:
    """Reads tickets as shown, in two successive round trips, however many there are."""

    def __init__(self, integrations: IntegrationStore, tickets: TicketStore, violations: ViolationStore) -> None:
        self._integrations = integrations
        self._tickets = tickets
        self._violations = violations

    # --- Violations -------------------------------------------------------------------------------------------------

    def violations(self, violation_ids: Collection[str], now: datetime) -> dict[str, ViolationTickets]:
        """Violations with all their tickets; those without any are left out."""
        links = self._violations.links(violation_ids)
        keys = {link.ticket for found in links.values() for link in found}
        tickets = self.show(keys, now) if keys else {}
        whole = {
            violation_id: ViolationTickets(_resources_of(found), tuple(_in_order(found, tickets)))
            for violation_id, found in links.items()
        }
        return {violation_id: one for violation_id, one in whole.items() if one.tickets}

    def statuses(self, violation_ids: Collection[str], now: datetime) -> dict[str, LeadingTicket]:
        """The status column of violations; those without tickets are left out. Only leading tickets are read."""
        heads = self._violations.heads(violation_ids)
        keys = {key for head in heads.values() for key in head.candidates}
        tickets = self.show(keys, now) if keys else {}
        leading = {
            violation_id: _leading([tickets[key] for key in head.candidates if key in tickets])
            for violation_id, head in heads.items()
        }
        return {
            violation_id: LeadingTicket(one, heads[violation_id].tickets)
            for violation_id, one in leading.items()
            if one is not None
        }

    def resources(self, type_: str | None, limit: int, token: str | None, now: datetime) -> Page[tuple[Resource, int]]:
        """Resources with their numbers of violations."""
        return self._violations.resources(type_, limit, token, now)

    def of_resource(
        self, resource: Resource | None, filters: Filters, limit: int, token: str | None, now: datetime
    ) -> Page[tuple[str, LeadingTicket]]:
        """The violations of a resource (``None``: those without one) with their status column."""
        page = self._violations.of_resource(resource, limit, token)
        statuses = self.statuses(page.items, now)
        listed = [(violation_id, statuses[violation_id]) for violation_id in page.items if violation_id in statuses]
        return Page([one for one in listed if filters.admit(one[1].leading.shown)], page.next_token)

    # --- Tickets ----------------------------------------------------------------------------------------------------

    def ticket(self, key: TicketKey, now: datetime) -> ShownTicket | None:
        """One ticket."""
        return self.show([key], now).get(key)

    def show(self, keys: Collection[TicketKey], now: datetime) -> dict[TicketKey, ShownTicket]:
        """Tickets as shown now, by the identity that was asked for."""
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(self._by_ref, {key.integration_ref: key.connection_name for key in keys})
            tickets, coverages = self._tickets.get_many(keys, {key.integration_ref for key in keys})
            integrations = reading.result()
        result = {}
        for key, ticket in tickets.items():
            integration = integrations.get(key.integration_ref)
            coverage = coverages.get(key.integration_ref, Coverage())
            result[key] = ShownTicket(ticket, integration, shown(ticket, integration, coverage, now), coverage)
        return result

    def under_key(self, issue_key: str, limit: int, token: str | None, now: datetime) -> Page[ShownTicket]:
        """Tickets that have, or had, this issue key."""
        page = self._violations.under_key(issue_key, limit, token)
        found = self.show(page.items, now) if page.items else {}
        return Page(list({one.ticket.key: one for one in found.values()}.values()), page.next_token)

    def of_integration(
        self, connection_name: str, filters: Filters, limit: int, token: str | None, now: datetime
    ) -> Page[ShownTicket] | None:
        """Tickets of an integration, each on exactly one page; ``None`` if there is no such integration."""
        integration = self._integrations.get(connection_name)
        if integration is None:
            return None
        ref = integration.integration_ref
        coverage = self._tickets.get_many((), [ref])[1].get(ref, Coverage())
        found: list[ShownTicket] = []
        examined, at_end = 0, False
        while not at_end and len(found) < limit and examined < MOST_EXAMINED:
            asked = min(limit - len(found), MOST_EXAMINED - examined)
            page = self._tickets.page(ref, asked, token, now)
            shown_tickets = [
                ShownTicket(one, integration, shown(one, integration, coverage, now), coverage) for one in page.items
            ]
            found += [one for one in shown_tickets if filters.admit(one.shown)]
            examined, token, at_end = examined + asked, page.next_token, page.next_token is None
        return Page(found, token)

    def _by_ref(self, names: Mapping[str, str]) -> dict[str, Integration]:
        """Integrations by ref, since one that reuses a deleted one's name is another integration."""
        found = self._integrations.get_many(set(names.values()))
        return {ref: found[name] for ref, name in names.items() if name in found and found[name].integration_ref == ref}


def _in_order(links: Sequence[Link], tickets: Mapping[TicketKey, ShownTicket]) -> list[ShownTicket]:
    """Each ticket once, even if a link by its key remains beside the one by its id."""
    found = [tickets[link.ticket] for link in links if link.ticket in tickets]
    once = list({one.ticket.key: one for one in found}.values())
    return leading_first(once, lambda one: one.ticket.created_at, lambda one: one.integration is not None)


def _leading(candidates: Sequence[ShownTicket]) -> ShownTicket | None:
    living = (one for one in candidates if one.integration is not None)
    return next(living, candidates[0] if candidates else None)


def _resources_of(links: Sequence[Link]) -> tuple[Resource, ...]:
    return tuple(dict.fromkeys(resource for link in links for resource in link.resources))


def last_update(tickets: Sequence[ShownTicket]) -> datetime | None:
    """When the newest of these tickets was last retrieved."""
    return max((one.shown.last_update for one in tickets if one.shown.last_update is not None), default=None)
