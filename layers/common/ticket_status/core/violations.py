"""Violations, their tickets and resources, and which ticket of a violation leads."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.model import (
    Ticket,
    TicketKey,
)

T = TypeVar("T")

MOST_CANDIDATES = 10
"""Tickets created at the same moment that a violation's head names: the ones that were registered last."""

MOST_RESOURCES = 50
"""Resources of one link: so its item stays small. What is registered beyond is not taken."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Resource(Struct, frozen=True):
    """What was scanned; ``type`` is ``artifact``, ``build`` or ``release_bundle``."""

    type: str
    name: str
    version: str | None = None


class Link(Struct, frozen=True):
    """A violation has a ticket."""

    violation_id: str
    ticket: TicketKey
    created_at: datetime
    """When the ticket was created: the last one leads."""
    resources: tuple[Resource, ...] = ()
    """Those that it was registered with: ``MOST_RESOURCES`` at most."""
    registered_at: datetime | None = None
    """When the link was first registered: of tickets created at the same moment the last one leads."""

    @property
    def rank(self) -> tuple[datetime, datetime, TicketKey]:
        """The highest rank leads, if its integration exists; ids decide ties."""
        return self.created_at, self.registered_at or _LONG_AGO, self.ticket


class Registration(Struct, frozen=True):
    """A ticket, the violation it was opened for, and the resource that it was found in."""

    ticket: Ticket
    violation_id: str
    resource: Resource | None


class Head(Struct, frozen=True):
    """What lists show of a violation, without reading its links."""

    violation_id: str
    created_at: datetime
    """When the leading ticket was created."""
    candidates: tuple[TicketKey, ...]
    """The tickets created then, the one registered last first: the first whose integration lives leads."""
    tickets: int
    placed: bool
    """Whether any of its tickets was registered with a resource."""


def with_link(head: Head | None, link: Link) -> Head:
    """The head of a violation that gained a link."""
    placed = bool(link.resources)
    if head is None:
        return Head(link.violation_id, link.created_at, (link.ticket,), 1, placed)
    grown = replace(head, tickets=head.tickets + 1, placed=head.placed or placed)
    if link.created_at < head.created_at:
        return grown
    tied = head.candidates if link.created_at == head.created_at else ()
    return replace(grown, created_at=link.created_at, candidates=(link.ticket, *tied)[:MOST_CANDIDATES])


def head_of(violation_id: str, links: Iterable[Link]) -> Head:
    """The head of a violation with these links, at least one."""
    head: Head | None = None
    for link in sorted(links, key=lambda one: one.rank):
        head = with_link(head, link)
    if head is None:
        raise ValueError(f"{violation_id} has no link, and so no head")
    return head


def leading_first(tickets: Sequence[T], created_at: Callable[[T], datetime], lives: Callable[[T], bool]) -> list[T]:
    """Tickets by rank of their links; of those created together, ones with an existing integration come first."""
    return sorted(tickets, key=lambda one: (created_at(one), lives(one)), reverse=True)
