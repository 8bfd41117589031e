"""Tickets in DynamoDB: identity and state, the retrieval index, and an integration's census, coverage and counts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from ticket_status.aws.dynamo import ContendedWriteError, Dynamo, Item, attempt, has_version, read_ahead, tries
from ticket_status.aws.tickets.observations import Recording
from ticket_status.aws.tickets.resolution import Resolving
from ticket_status.aws.tickets.table import (
    COUNTED_ID,
    COVERAGE_ID,
    MONTH_PREFIX,
    NEW_TICKETS_INDEX,
    RETRIEVAL_INDEX,
    CountedRow,
    CoverageRow,
    TicketRow,
    TicketTable,
    ticket_of,
)
from ticket_status.aws.tickets.walk import TicketWalk
from ticket_status.aws.violations.table import ViolationTable
from ticket_status.core.comparison import Row
from ticket_status.core.model import Absence, Sighting, Slice, Ticket, TicketKey
from ticket_status.core.observations import Observation
from ticket_status.core.runs import Census
from ticket_status.core.summary import Counted
from ticket_status.core.window import Coverage, Step, month_of, position, read_position, window_start
from ticket_status.ports.paging import Page

_FIRST = position(datetime.fromtimestamp(0, UTC))
_EPOCH = datetime.fromtimestamp(0, UTC)

_TRIES = 20
"""Enough for slices and manual refreshes that finish at the same moment."""


class DynamoTicketStore:
    """The ``TicketStore``. It also writes the links' table: links move with a ticket that gets its issue id."""

    def __init__(self, dynamo: Dynamo, tickets_table: str, violations_table: str, retention: timedelta) -> None:
        self._dynamo = dynamo
        self._table = TicketTable(dynamo, tickets_table, retention)
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
        coverages.update({row.integration_ref: _coverage_of(row) for row in found})
        return {key: ticket_of(row) for key, row in rows.items() if row.issue_key}, coverages

    def page(self, integration_ref: str, limit: int, token: str | None, now: datetime) -> Page[Ticket]:
        """One query; one more batch if tickets got their ids while the list was read."""
        return self._walk.page(integration_ref, limit, token, now)

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """One conditional write each, a bounded number of them side by side."""
        return self._recording.record(observations)

    def revive(self, key: TicketKey, created_at: datetime, seen: Sighting, at: datetime) -> bool:
        """One transaction over ticket and census."""
        return self._recording.revive(key, created_at, seen, at)

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """Three transactions and one per 30 links; repeatable at each."""
        return self._resolving.resolve(key, issue_id, seen, at)

    # --- The retrieval index: the hot path builds no objects beside the rows ------------------------------------------

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        """Pages of a slice beyond ``after``, month by month."""
        # No text lies between a position and the same with a zero character behind it.
        start = max(part.start, after + "\0" if after else _FIRST)
        if start >= part.end:
            return
        first = month_of(read_position(start)[0])
        months = [month for month in part.months if month >= first]
        yield from read_ahead(self._pages(integration_ref, months, start, part.end))

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        """Pages of the waiting tickets."""
        pages = self._dynamo.query(
            TableName=self._table.name,
            IndexName=NEW_TICKETS_INDEX,
            KeyConditionExpression="n = :ref",
            ExpressionAttributeValues={":ref": {"S": integration_ref}},
            ProjectionExpression="t,c",
        )
        yield from ([_row(item) for item in page] for page in pages if page)

    def count(self, integration_ref: str, start: str, end: str) -> int:
        """Tickets between two positions of one month."""
        if start >= end:
            return 0
        month = month_of(read_position(start)[0])
        return self._dynamo.count(**self._between(integration_ref, month, start, end))

    def _pages(self, integration_ref: str, months: Sequence[str], start: str, end: str) -> Iterator[Sequence[Row]]:
        for month in months:
            request = self._between(integration_ref, month, start, end)
            for page in self._dynamo.query(**request, ProjectionExpression="t,c,o,x"):
                if page:
                    yield [_row(item) for item in page]

    def _between(self, integration_ref: str, month: str, start: str, end: str) -> dict[str, object]:
        """A query of one month. ``end`` is never a ticket's position, so including it changes nothing."""
        return {
            "TableName": self._table.name,
            "IndexName": RETRIEVAL_INDEX,
            "KeyConditionExpression": "m = :month AND c BETWEEN :start AND :end",
            "ExpressionAttributeValues": {
                ":month": {"S": f"{integration_ref}#{month}"},
                ":start": {"S": start},
                ":end": {"S": end},
            },
        }

    # --- The census, what is counted, and the coverage (R13) ----------------------------------------------------------

    def census(self, integration_ref: str, clock: datetime) -> Census:
        """One query for the months of the window."""
        items = self._dynamo.items(
            TableName=self._table.name,
            KeyConditionExpression="i = :ref AND t BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":ref": {"S": integration_ref},
                ":first": {"S": MONTH_PREFIX + month_of(window_start(clock))},
                ":last": {"S": MONTH_PREFIX + "9999-12"},
            },
            ConsistentRead=True,
        )
        return {day: tickets for item in items for day, tickets in _days(item, "d")}

    def whole_census(self, integration_ref: str) -> tuple[Census, int]:
        """One query of up to 37 items."""
        items = [
            *self._dynamo.items(
                TableName=self._table.name,
                KeyConditionExpression="i = :ref AND begins_with(t, :month)",
                ExpressionAttributeValues={":ref": {"S": integration_ref}, ":month": {"S": MONTH_PREFIX}},
                ConsistentRead=True,
            )
        ]
        active = {day: tickets for item in items for day, tickets in _days(item, "d")}
        return active, sum(tickets for item in items for _, tickets in _days(item, "x"))

    def counted(self, integration_ref: str) -> Counted:
        """One consistent read."""
        return self._counted_of(self._kept(integration_ref, [COUNTED_ID]))

    def change_counted(self, integration_ref: str, change: Callable[[Counted, Coverage], Counted]) -> None:
        """One read and one conditional write."""
        for _ in tries(_TRIES):
            kept = self._kept(integration_ref, [COUNTED_ID, COVERAGE_ID])
            stored, item = self._counted_of(kept), kept.get(COVERAGE_ID)
            coverage = Coverage() if item is None else _coverage_of(self._table.coverages.from_raw_data(dict(item)))
            changed = change(stored, coverage)
            if changed == stored or self._counted_written(integration_ref, changed):
                return
        raise ContendedWriteError(f"{integration_ref}: what it counts was written by others on every try")

    def _kept(self, integration_ref: str, names: Sequence[str]) -> dict[str, Item]:
        """The integration's other items with these names, read consistently."""
        keys = [{"i": {"S": integration_ref}, "t": {"S": name}} for name in names]
        return {item["t"]["S"]: item for item in self._dynamo.batch_get(self._table.name, keys)}

    def _counted_of(self, kept: Mapping[str, Item]) -> Counted:
        item = kept.get(COUNTED_ID)
        if item is None:
            return Counted()
        row = self._table.counted.from_raw_data(dict(item))
        shifted = {datetime.fromisoformat(minute): tally for minute, tally in row.shifted.items()}
        return Counted(row.tally, row.attribute_values.get("as_of"), shifted, int(row.version))

    def _counted_written(self, integration_ref: str, counted: Counted) -> bool:
        row = self._table.counted(
            integration_ref,
            COUNTED_ID,
            tally=dict(counted.tally),
            as_of=counted.as_of,
            shifted={minute.isoformat(): dict(tally) for minute, tally in counted.shifted.items()},
            version=counted.version + 1,
        )
        return attempt(lambda: row.save(has_version(CountedRow.version, counted.version)))

    def raise_coverage(self, integration_ref: str, start: str, end: str, seen_at: datetime, since: datetime) -> None:
        """One read and one conditional write, whatever the number of tickets."""
        for _ in tries(_TRIES):
            stored = self.get_many((), [integration_ref])[1][integration_ref]
            raised = stored.raised(start, end, seen_at, since).thinned(position(window_start(seen_at)))
            if raised.steps == stored.steps or self._coverage_written(integration_ref, raised, seen_at):
                return
        raise ContendedWriteError(f"{integration_ref}: the coverage was written by others on every try")

    def _coverage_written(self, integration_ref: str, coverage: Coverage, seen_at: datetime) -> bool:
        row = self._table.coverages(
            integration_ref,
            COVERAGE_ID,
            steps=[[step.start, _microseconds(step.seen_at), _microseconds(step.since)] for step in coverage.steps],
            version=coverage.version + 1,
            expires_at=seen_at + self._table.retention,
        )
        return attempt(lambda: row.save(has_version(CoverageRow.version, coverage.version)))


def _under_old_names(
    became: dict[TicketKey, TicketKey], rows: dict[TicketKey, TicketRow]
) -> dict[TicketKey, TicketRow]:
    return {old: rows[new] for old, new in became.items() if new in rows}


def _row(item: Item) -> Row:
    seen: Sighting | None = item["o"]["S"] if "o" in item else None
    return Row(item["c"]["S"], item["t"]["S"], seen, Absence(item["x"]["S"]) if "x" in item else None)


def _days(item: Item, kind: str) -> Iterable[tuple[date, int]]:
    year, month = item["t"]["S"].removeprefix(MONTH_PREFIX).split("-")
    for name, value in item.items():
        if name[0] == kind and name[1:].isdigit() and int(value["N"]) > 0:
            yield date(int(year), int(month), int(name[1:])), int(value["N"])


def _coverage_of(row: CoverageRow) -> Coverage:
    steps = tuple(Step(start, _time(seen), _time(since)) for start, seen, since in row.steps)
    return Coverage(steps, int(row.version))


def _microseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // timedelta(microseconds=1)


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
