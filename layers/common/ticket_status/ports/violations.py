"""Where the links between violations and tickets are kept."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from ticket_status.core.model import (
    TicketKey,
)
from ticket_status.core.violations import Link, Registration, Resource
from ticket_status.ports.paging import Page


class ViolationStore(Protocol):
    """Links between violations and tickets, and the resources that violations were found in."""

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        """The links of each violation that has any, the leading ticket's first; read side by side."""

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        """The violations that each ticket serves."""

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """Store tickets, links and resources, all or nothing for each registration.

        A known ticket keeps its ``created_at`` and gains links. What is stored already is not written again. New
        tickets within the window (at ``clock``) enter the index of new tickets; deleted ones stay deleted. Answers
        which of the tickets are in that index, those that were known before among them: they wait to be retrieved.
        """

    def resources(self, type_: str | None, limit: int, token: str | None) -> Page[tuple[Resource, int]]:
        """Resources with their numbers of violations."""

    def of_resource(self, resource: Resource, limit: int, token: str | None) -> Page[str]:
        """Ids of the violations found in a resource."""
