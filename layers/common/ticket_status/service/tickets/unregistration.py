"""Removes tickets from violations: deletes the link, and a ticket without links."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ticket_status.core.model import Ticket, TicketKey
from ticket_status.core.violations import Link
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore

_TICKETS_OF_A_KEY = 100
"""No more tickets than this ever had the same issue key."""


class OldTicket(Struct, frozen=True):
    """A ticket to remove from a violation, by its issue id or by a key that it has or had."""

    integration_name: str
    issue_id: str | None
    issue_key: str | None
    violation_id: str


class UnregisterTickets:
    """Removes tickets from violations."""

    def __init__(self, integrations: IntegrationStore, tickets: TicketStore, violations: ViolationStore) -> None:
        self._integrations = integrations
        self._tickets = tickets
        self._violations = violations

    def unregister(self, tickets: Sequence[OldTicket]) -> list[OldTicket]:
        """Remove the links; returns those of integrations that neither exist nor left tickets behind.

        A link that does not exist counts as removed, so repeating the call changes nothing.
        """
        links = self._violations.links({one.violation_id for one in tickets})
        candidates = {one: _of_integration(links.get(one.violation_id, []), one.integration_name) for one in tickets}
        stored = self._tickets.get_many({link.ticket for found in candidates.values() for link in found})[0]
        removed = {one: self._meant(one, found, stored) for one, found in candidates.items()}
        self._violations.unregister(list(dict.fromkeys(link for found in removed.values() for link in found)))
        known = self._integrations.get_many({one.integration_name for one in tickets})
        return [one for one in tickets if not removed[one] and one.integration_name not in known]

    def _meant(self, one: OldTicket, links: Sequence[Link], stored: Mapping[TicketKey, Ticket]) -> list[Link]:
        """The links of an element; its key can be one from before the issue was moved."""
        found = [link for link in links if _is(one, link, stored.get(link.ticket))]
        if found or not links or one.issue_id is not None or one.issue_key is None:
            return found
        had_it = set(self._violations.under_key(one.issue_key, _TICKETS_OF_A_KEY, None).items)
        return [link for link in links if link.ticket in had_it]


def _of_integration(links: Sequence[Link], connection_name: str) -> list[Link]:
    """Including those of a deleted integration with that name."""
    return [link for link in links if link.ticket.connection_name == connection_name]


def _is(one: OldTicket, link: Link, ticket: Ticket | None) -> bool:
    current = link.ticket if ticket is None else ticket.key
    if one.issue_id is not None:
        return one.issue_id in {link.ticket.issue_id, current.issue_id}
    by_key = one.issue_key is not None and link.ticket == TicketKey.of(link.ticket.integration_ref, None, one.issue_key)
    return by_key or (ticket is not None and ticket.issue_key == one.issue_key)
