"""Where tickets are kept."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from ticket_status.core.comparison import Row
from ticket_status.core.model import (
    Sighting,
    Slice,
    Ticket,
    TicketKey,
)
from ticket_status.core.observations import Observation
from ticket_status.core.runs import Census
from ticket_status.core.summary import Counted
from ticket_status.core.window import Coverage
from ticket_status.ports.paging import Page


class TicketStore(Protocol):
    """Tickets, their retrieval index, their census and coverage."""

    def get_many(
        self, keys: Collection[TicketKey], refs: Collection[str] = ()
    ) -> tuple[dict[TicketKey, Ticket], dict[str, Coverage]]:
        """Tickets, and coverage of these integrations, in one consistent round trip per 100.

        A ``key#`` identity whose issue id became known meanwhile is answered with the ticket that it became, under
        the identity that was asked for.
        """

    def census(self, integration_ref: str, clock: datetime) -> Census:
        """Tickets per day of creation, of the months that the window touches. One read of about a kilobyte."""

    def count(self, integration_ref: str, start: str, end: str) -> int:
        """Tickets at ``start <= position < end`` within one month, counted in the index."""

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        """Pages of the index in ascending position, beyond ``after``; the next page is read ahead.

        A part whose only month is ``DELETED_TICKETS`` has the deleted tickets, which no other part has.
        """

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        """Pages of the tickets that were never observed, from their sparse index."""

    def page(self, integration_ref: str, limit: int, token: str | None, now: datetime) -> Page[Ticket]:
        """A page of all tickets: each is on exactly one, however long reading the list takes and whatever is written.

        A page may have fewer than ``limit`` and yet not be the last. Raises ``InvalidTokenError``.
        """

    def whole_census(self, integration_ref: str) -> tuple[Census, int]:
        """Tickets per day of creation, of all months; and how many tickets were deleted."""

    def counted(self, integration_ref: str) -> Counted:
        """How many tickets show what, as it was counted."""

    def change_counted(self, integration_ref: str, change: Callable[[Counted, Coverage], Counted]) -> None:
        """Store what a pure function makes of that and of the coverage, both as they are now.

        Retried when somebody else wrote meanwhile.
        """

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """Write observations, each only if it is newer than what is stored (R12); the keys that were written.

        ``Observed`` clears an absence only if it is ``INACCESSIBLE``: deleted is for good (R7). ``Deleted`` leaves the
        index and the census in the same write.
        """

    def revive(self, key: TicketKey, created_at: datetime, seen: Sighting, at: datetime) -> bool:
        """Make a deleted ticket active again, because an administrator had it looked at and Jira shows it."""

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """Give a key-only ticket its issue id: it becomes, or joins, that ticket, together with its links."""

    def raise_coverage(self, integration_ref: str, start: str, end: str, seen_at: datetime, since: datetime) -> None:
        """Note that ``start <= p < end``, as it was known at ``since``, was seen whole at ``seen_at``.

        Retried on concurrent writes, since ranges are disjoint.
        """
