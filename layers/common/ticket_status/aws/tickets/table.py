"""The tickets' table: reading and writing its items, and the census that changes with them.

Names of a ticket's attributes are short because every row of its index has them. Times are strings of fixed width, in
UTC to the microsecond, so that they sort as times.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta

from pynamodb.attributes import (
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import Dynamo, either, same
from ticket_status.core.comparison import read_sighting
from ticket_status.core.model import (
    MOST_SHOWN_VIOLATIONS,
    Absence,
    ServedViolations,
    Sighting,
    Ticket,
    TicketKey,
)
from ticket_status.core.runs import DELETED_TICKETS
from ticket_status.core.window import in_window, month_of, position

RETRIEVAL_INDEX = "RetrievalIndex"


NEW_TICKETS_INDEX = "NewTicketsIndex"


COVERAGE_ID = "#coverage"


COUNTED_ID = "#counted"


MONTH_PREFIX = "#month#"
"""Range keys beside the tickets of an integration; no ticket id starts with ``#``."""


class TicketRow(Model):
    """A ticket; or, at a key-only identity, the alias of the ticket that it became (then it has no key)."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    month = UnicodeAttribute(null=True, attr_name="m")
    position = UnicodeAttribute(null=True, attr_name="c")
    new_in = UnicodeAttribute(null=True, attr_name="n")
    sighting = UnicodeAttribute(null=True, attr_name="o")
    absence = UnicodeAttribute(null=True, attr_name="x")
    became = UnicodeAttribute(null=True)
    issue_key = UnicodeAttribute(null=True)
    """As registered; the key seen since is in the sighting."""
    site_url = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    observed_at = UTCDateTimeAttribute(null=True)
    missed_at = UTCDateTimeAttribute(null=True)
    status_seen_at = UTCDateTimeAttribute(null=True)
    status_since = UTCDateTimeAttribute(null=True)
    registered_at = UTCDateTimeAttribute(null=True)
    violations = UnicodeSetAttribute(null=True, attr_name="v")
    """The first of those that it serves."""
    served = NumberAttribute(null=True, attr_name="s")
    """How many violations it serves."""
    made_of = UnicodeAttribute(null=True)
    """On a ticket made from a key-only one: the key-only id."""
    resolved_at = UTCDateTimeAttribute(null=True)
    """On an alias, and on a ticket made from a key-only one: when that got its issue id."""
    hinted_at = UTCDateTimeAttribute(null=True)
    expires_at = TTLAttribute(null=True)


class CoverageRow(Model):
    """When ranges of an integration's tickets were last seen completely: ``[[position, microseconds], …]``."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    steps = JSONAttribute()
    version = NumberAttribute()
    expires_at = TTLAttribute(null=True)


class CountedRow(Model):
    """An integration's tickets, counted by status."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    tally = JSONAttribute()
    as_of = UTCDateTimeAttribute(null=True)
    shifted = JSONAttribute()
    version = NumberAttribute()


class MonthRow(Model):
    """Tickets per day of creation in one month, each day in its own attribute.

    ``d07`` counts those that are not deleted, ``x07`` the deleted ones.
    """

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    expires_at = TTLAttribute(null=True)


def ticket_of(row: TicketRow) -> Ticket:
    """The ticket in a row that is not an alias."""
    values = row.attribute_values
    seen, absence = values.get("sighting"), values.get("absence")
    issue_key, status = read_sighting(Sighting(seen)) if seen else (row.issue_key, None)
    return Ticket(
        key=TicketKey(row.integration_ref, row.ticket_id),
        issue_key=issue_key,
        created_at=row.created_at,
        site_url=row.site_url,
        status=status,
        absence=Absence(absence) if absence else None,
        observed_at=values.get("observed_at"),
        missed_at=values.get("missed_at"),
        status_seen_at=values.get("status_seen_at"),
        status_since=values.get("status_since"),
        registered_at=values.get("registered_at"),
        serves=served_by(row),
        hinted_at=values.get("hinted_at"),
    )


def served_by(row: TicketRow) -> ServedViolations:
    """The violations that a row's ticket serves."""
    values = row.attribute_values
    named = sorted(values.get("violations") or ())
    return ServedViolations(tuple(named[:MOST_SHOWN_VIOLATIONS]), int(values.get("served") or 0))


def month_attribute(day: int, *, deleted: bool = False) -> NumberAttribute:
    """The counter of a day of the month."""
    return NumberAttribute(attr_name=f"{'x' if deleted else 'd'}{day:02d}")


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
        """The item that remains under a key-only identity after its ticket got its issue id."""
        expires_at = created_at + self.retention
        return self.tickets(key.integration_ref, key.ticket_id, became=issue_id, expires_at=expires_at)

    def count(
        self,
        write: TransactWrite,
        ref: str,
        days: Iterable[tuple[date, int]],
        deleted: Iterable[tuple[date, int]] = (),
    ) -> None:
        """Add to the census of one month, as one item of a transaction."""
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
    """The partition of the retrieval index with the deleted tickets, for rechecking them all."""
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
    """It is not deleted, which is permanent (R7)."""
    return either(TicketRow.absence.does_not_exist(), TicketRow.absence != Absence.DELETED.value)


def is_older_than(at: datetime) -> Condition:
    """R12: the stored observation is older."""
    return either(TicketRow.observed_at.does_not_exist(), TicketRow.observed_at < at)
