"""The item that keeps how many tickets of an integration show what, written by the one that read its newest version."""

from collections.abc import Callable
from datetime import datetime

from ticket_status.aws.dynamo import ContendedWriteError, attempt, has_version, tries
from ticket_status.aws.tickets.item import COUNTED_ID, CountedRow
from ticket_status.aws.tickets.table import TicketTable
from ticket_status.core.summary import Counted

_TRIES = 20
"""Enough for workers and buttons that count at the same moment."""


def read_counted(table: TicketTable, ref: str) -> Counted:
    """What is kept of an integration, read consistently."""
    found = table.dynamo.batch_get(table.name, [{"i": {"S": ref}, "t": {"S": COUNTED_ID}}])
    if not found:
        return Counted()
    row = table.counted.from_raw_data(dict(found[0]))
    shifted = {datetime.fromisoformat(minute): tally for minute, tally in row.shifted.items()}
    return Counted(row.tally, row.attribute_values.get("as_of"), shifted, int(row.version))


def change_counted(table: TicketTable, ref: str, change: Callable[[Counted], Counted]) -> None:
    """Read, change, write if nobody else wrote meanwhile; again until it fits."""
    for _ in tries(_TRIES):
        stored = read_counted(table, ref)
        changed = change(stored)
        if changed == stored or _written(table, ref, changed):
            return
    raise ContendedWriteError(f"{ref}: what it counts was written by others on every try")


def _written(table: TicketTable, ref: str, counted: Counted) -> bool:
    row = table.counted(
        ref,
        COUNTED_ID,
        tally=dict(counted.tally),
        as_of=counted.as_of,
        shifted={minute.isoformat(): dict(tally) for minute, tally in counted.shifted.items()},
        version=counted.version + 1,
    )
    return attempt(lambda: row.save(has_version(CountedRow.version, counted.version)))
