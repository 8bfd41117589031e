"""Violations, their tickets and the resources that they were found in."""

from dataclasses import dataclass
from datetime import datetime

from ticket_status.core.model import (
    Ticket,
    TicketKey,
)


@dataclass(frozen=True, slots=True)
class Resource:
    """What was scanned; ``type`` is ``artifact``, ``build`` or ``release_bundle``."""

    type: str
    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A violation has a ticket."""

    violation_id: str
    ticket: TicketKey
    created_at: datetime
    """When the ticket was created: the last one leads."""
    resource: Resource | None = None

    @property
    def rank(self) -> tuple[datetime, TicketKey]:
        """The highest leads; the identity decides between tickets that were created at the same moment."""
        return self.created_at, self.ticket


@dataclass(frozen=True, slots=True)
class Registration:
    """A ticket, the violation it was opened for, and the resource that it was found in."""

    ticket: Ticket
    violation_id: str
    resource: Resource | None
