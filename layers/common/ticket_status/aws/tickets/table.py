"""The tickets table: reading its items, and the census that goes with every ticket that comes or goes."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta

from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import Dynamo, either, same
from ticket_status.aws.tickets.item import (
    COVERAGE_ID,
    MONTH_PREFIX,
    CountedRow,
    CoverageRow,
    MonthRow,
    TicketRow,
    month_attribute,
)
from ticket_status.core.model import Absence, Ticket, TicketKey
from ticket_status.core.slices import DELETED_TICKETS
from ticket_status.core.window import in_window, month_of, position


class TicketTable:
    """The models of the tickets table, bound to it. ``retention`` is how long after its creation a ticket is kept."""

    def __init__(self, dynamo: Dynamo, name: str, retention: timedelta) -> None:
        self.dynamo = dynamo
        self.name = name
        self.retention = retention
        self.tickets = dynamo.bind(TicketRow, name)
        self.coverages = dynamo.bind(CoverageRow, name)
        self.counted = dynamo.bind(CountedRow, name)
        self._months = dynamo.bind(MonthRow, name)

    def read(
        self, keys: Collection[TicketKey], refs: Collection[str] = ()
    ) -> tuple[dict[TicketKey, TicketRow], list[CoverageRow]]:
        """Tickets, aliases among them, and the coverage of integrations, read consistently."""
        wanted = [(key.integration_ref, key.ticket_id) for key in set(keys)]
        wanted += [(ref, COVERAGE_ID) for ref in set(refs)]
        found = self.dynamo.batch_get(self.name, [{"i": {"S": ref}, "t": {"S": id_}} for ref, id_ in wanted])
        rows: dict[TicketKey, TicketRow] = {}
        coverages = []
        for item in found:
            if item["t"]["S"] == COVERAGE_ID:
                coverages.append(self.coverages.from_raw_data(dict(item)))
            else:
                row = self.tickets.from_raw_data(dict(item))
                rows[TicketKey(row.integration_ref, row.ticket_id)] = row
        return rows, coverages

    def read_one(self, key: TicketKey) -> TicketRow | None:
        """One ticket or alias, read consistently."""
        return self.read([key])[0].get(key)

    def new_row(self, ticket: Ticket, clock: datetime) -> TicketRow:
        """The row of a ticket that was never observed; within the window it waits in the index of new tickets."""
        ref = ticket.key.integration_ref
        return self.tickets(
            ref,
            ticket.key.ticket_id,
            month=month_partition(ref, ticket.created_at),
            position=position(ticket.created_at, ticket.key.ticket_id),
            new_in=ref if in_window(ticket.created_at, clock) else None,
            issue_key=ticket.issue_key,
            site_url=ticket.site_url,
            created_at=ticket.created_at,
            registered_at=ticket.registered_at or clock,
            expires_at=ticket.created_at + self.retention,
        )

    def alias(self, key: TicketKey, issue_id: str, created_at: datetime) -> TicketRow:
        """What stays at a key-only identity whose ticket got its issue id."""
        expires_at = created_at + self.retention
        return self.tickets(key.integration_ref, key.ticket_id, became=issue_id, expires_at=expires_at)

    def count(
        self,
        write: TransactWrite,
        ref: str,
        days: Iterable[tuple[date, int]],
        deleted: Iterable[tuple[date, int]] = (),
    ) -> None:
        """Add to the census of days of one month, as one item of a transaction."""
        counted, gone = list(days), list(deleted)
        first = (counted or gone)[0][0].replace(day=1)
        expires_at = datetime.combine(first + timedelta(days=31), time(), UTC)
        row = self._months(ref, f"{MONTH_PREFIX}{first:%Y-%m}")
        keep = MonthRow.expires_at.set(MonthRow.expires_at | (expires_at + self.retention))
        active = [month_attribute(day.day).add(by) for day, by in counted]
        write.update(row, [keep, *active, *(month_attribute(day.day, deleted=True).add(by) for day, by in gone)])


def month_partition(ref: str, created_at: datetime) -> str:
    """The partition of the retrieval index that a ticket is in."""
    return f"{ref}#{month_of(created_at)}"


def deleted_partition(ref: str) -> str:
    """The partition of the retrieval index that deleted tickets are in, for those who have them all rechecked."""
    return f"{ref}#{DELETED_TICKETS}"


def day_of(created_at: datetime) -> date:
    """The day of the census that a ticket counts for."""
    return created_at.astimezone(UTC).date()


def is_ticket() -> Condition:
    """The item exists and is not an alias."""
    return TicketRow.issue_key.exists()


def serves(row: TicketRow) -> Condition:
    """The ticket has as many violations as when it was read."""
    return same(TicketRow.served, row.served)


def is_not_deleted() -> Condition:
    """Deleted is for good (R7)."""
    return either(TicketRow.absence.does_not_exist(), TicketRow.absence != Absence.DELETED.value)


def is_older_than(at: datetime) -> Condition:
    """R12: what is stored was observed before."""
    return either(TicketRow.observed_at.does_not_exist(), TicketRow.observed_at < at)
