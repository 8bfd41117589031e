"""Where the links between violations and tickets are kept."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from ticket_status.core.model import Ticket, TicketKey
from ticket_status.core.violations import Head, Link, Registration, Resource
from ticket_status.ports.paging import Page


class ViolationStore(Protocol):
    """Links between violations and tickets, and the resources that violations were found in."""

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        """The links of each violation that has any, highest rank first; read concurrently."""

    def heads(self, violation_ids: Collection[str]) -> dict[str, Head]:
        """What lists show of each violation with tickets: one read per hundred, however many tickets there are."""

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        """The violations that each ticket serves; those of the last seconds may be missing."""

    def under_key(self, issue_key: str, limit: int, token: str | None) -> Page[TicketKey]:
        """Tickets that have, or had, this issue key, over all integrations."""

    def keep_keys(self, tickets: Sequence[Ticket]) -> None:
        """Make tickets findable by their current keys too."""

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """Store tickets, links and resources, all or nothing for each registration.

        A known ticket keeps its ``created_at`` and gains links. What is already stored is not written again. New
        tickets within the window (at ``clock``) enter the index of new tickets; deleted ones stay deleted. Returns
        the tickets in that index, including known ones: they are waiting to be retrieved.
        """

    def unregister(self, links: Sequence[Link]) -> None:
        """Remove links, and whatever existed only because of them: a ticket without links is deleted."""

    def resources(self, type_: str | None, limit: int, token: str | None, now: datetime) -> Page[tuple[Resource, int]]:
        """Resources with their numbers of violations; those without any are left out."""

    def of_resource(self, resource: Resource | None, limit: int, token: str | None) -> Page[str]:
        """Ids of the violations found in a resource, or (``None``) registered without one."""
