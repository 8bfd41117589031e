"""Tickets in DynamoDB: identity and state, the retrieval index, the census and the coverage of their integration."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from ticket_status.aws.dynamo import Dynamo
from ticket_status.aws.tickets.counted import change_counted, read_counted
from ticket_status.aws.tickets.coverage import coverage_of, raise_coverage
from ticket_status.aws.tickets.item import TicketRow, ticket_of
from ticket_status.aws.tickets.observations import Recording
from ticket_status.aws.tickets.resolution import Resolving
from ticket_status.aws.tickets.retrieval_index import RetrievalIndex
from ticket_status.aws.tickets.table import TicketTable
from ticket_status.aws.tickets.walk import TicketWalk
from ticket_status.aws.violations.table import ViolationTable
from ticket_status.core.comparison import Row
from ticket_status.core.coverage import Coverage, Step
from ticket_status.core.model import Sighting, Slice, Ticket, TicketKey
from ticket_status.core.observations import Observation
from ticket_status.core.slices import Census
from ticket_status.core.summary import Counted
from ticket_status.ports.paging import Page


class DynamoTicketStore:
    """The ``TicketStore``. It knows the table of links too, because they move with a ticket that gets its issue id."""

    def __init__(self, dynamo: Dynamo, tickets_table: str, violations_table: str, retention: timedelta) -> None:
        self._table = TicketTable(dynamo, tickets_table, retention)
        self._index = RetrievalIndex(dynamo, tickets_table)
        self._walk = TicketWalk(self._table)
        self._recording = Recording(self._table)
        violations = ViolationTable(dynamo, violations_table, retention)
        self._resolving = Resolving(self._table, violations, self._recording)

    def get_many(
        self, keys: Collection[TicketKey], refs: Collection[str] = ()
    ) -> tuple[dict[TicketKey, Ticket], dict[str, Coverage]]:
        """One round trip per 100; one more when an alias is among them."""
        rows, found = self._table.read(keys, refs)
        became = {key: TicketKey(key.integration_ref, row.became) for key, row in rows.items() if row.became}
        if became:
            rows.update(_under_old_names(became, self._table.read(became.values())[0]))
        coverages = dict.fromkeys(refs, Coverage())
        coverages.update({row.integration_ref: coverage_of(row) for row in found})
        return {key: ticket_of(row) for key, row in rows.items() if row.issue_key}, coverages

    def census(self, integration_ref: str, clock: datetime) -> Census:
        """One query for the months of the window."""
        return self._table.census(integration_ref, clock)

    def count(self, integration_ref: str, start: str, end: str) -> int:
        """Counted by DynamoDB; no row travels."""
        return self._index.count(integration_ref, start, end)

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        """Pages of up to a megabyte, the next one under way."""
        return self._index.rows(integration_ref, part, after)

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        """Pages of the sparse index of tickets that were never observed."""
        return self._index.new_rows(integration_ref)

    def page(self, integration_ref: str, limit: int, token: str | None, now: datetime) -> Page[Ticket]:
        """One query; one batch more where tickets got their ids while the list was read."""
        return self._walk.page(integration_ref, limit, token, now)

    def whole_census(self, integration_ref: str) -> tuple[Census, int]:
        """One query of up to 37 items."""
        return self._table.whole_census(integration_ref)

    def counted(self, integration_ref: str) -> Counted:
        """One consistent read."""
        return read_counted(self._table, integration_ref)

    def change_counted(self, integration_ref: str, change: Callable[[Counted], Counted]) -> None:
        """One read and one conditional write."""
        change_counted(self._table, integration_ref, change)

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """One conditional write each, a bounded number of them side by side."""
        return self._recording.record(observations)

    def revive(self, key: TicketKey, created_at: datetime, seen: Sighting, at: datetime) -> bool:
        """One transaction over ticket and census."""
        return self._recording.revive(key, created_at, seen, at)

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """Three transactions and one per 30 links; repeatable at each."""
        return self._resolving.resolve(key, issue_id, seen, at)

    def raise_coverage(self, integration_ref: str, start: str, end: str, seen_at: datetime, since: datetime) -> None:
        """One read and one conditional write, whatever the number of tickets."""
        raise_coverage(self._table, integration_ref, Step(start, seen_at, since), end)


def _under_old_names(
    became: dict[TicketKey, TicketKey], rows: dict[TicketKey, TicketRow]
) -> dict[TicketKey, TicketRow]:
    return {old: rows[new] for old, new in became.items() if new in rows}
