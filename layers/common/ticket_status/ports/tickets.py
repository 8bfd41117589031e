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

        For a ``key#`` identity whose issue id became known, the result has the ticket that it became, under the
        identity that was asked for.
        """

    def census(self, integration_ref: str, clock: datetime) -> Census:
        """Tickets per day of creation, for the months of the window. One read of about a kilobyte."""

    def count(self, integration_ref: str, start: str, end: str) -> int:
        """Tickets at ``start <= position < end`` within one month, counted in the index."""

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        """Pages of the index in ascending position, beyond ``after``; the next page is read ahead.

        A part whose only month is ``DELETED_TICKETS`` has the deleted tickets; no other part has them.
        """

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        """Pages of the waiting tickets (never observed, or named by a webhook), from their sparse index."""

    def page(self, integration_ref: str, limit: int, token: str | None, now: datetime) -> Page[Ticket]:
        """A page of all tickets: each is on exactly one page, however long reading takes and whatever is written.

        A page may have fewer than ``limit`` without being the last. Raises ``InvalidTokenError``.
        """

    def whole_census(self, integration_ref: str) -> tuple[Census, int]:
        """Tickets per day of creation, of all months; and how many tickets were deleted."""

    def counted(self, integration_ref: str) -> Counted:
        """The stored counts of tickets by status."""

    def change_counted(self, integration_ref: str, change: Callable[[Counted, Coverage], Counted]) -> None:
        """Apply a pure function to the current counts and coverage, and store the new counts.

        Retried if another writer was faster.
        """

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """Write observations, each only if it is newer than what is stored (R12); returns the keys written.

        ``Observed`` clears an absence only if it is ``INACCESSIBLE``: deletion is permanent (R7). ``Deleted``
        leaves the index and the census in the same write.
        """

    def revive(self, key: TicketKey, created_at: datetime, seen: Sighting, at: datetime) -> bool:
        """Make a deleted ticket active again, after an administrator's recheck in which Jira shows it."""

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """Give a key-only ticket its issue id: it becomes, or joins, that ticket, with its links."""

    def raise_coverage(self, integration_ref: str, start: str, end: str, seen_at: datetime, since: datetime) -> None:
        """Note that ``start <= p < end``, as known at ``since``, was seen completely at ``seen_at``.

        Retried on concurrent writes, because ranges are disjoint.
        """
