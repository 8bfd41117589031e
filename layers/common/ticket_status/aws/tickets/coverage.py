"""R13: the coverage of an integration as one item, written by the one that read its newest version."""

from datetime import UTC, datetime, timedelta

from ticket_status.aws.dynamo import ContendedWriteError, attempt, has_version, tries
from ticket_status.aws.tickets.item import COVERAGE_ID, CoverageRow
from ticket_status.aws.tickets.table import TicketTable
from ticket_status.core.coverage import Coverage, Step
from ticket_status.core.window import position, window_start

_EPOCH = datetime.fromtimestamp(0, UTC)
_TRIES = 20
"""Enough for the slices that run side by side and end at the same moment."""


def coverage_of(row: CoverageRow) -> Coverage:
    """The coverage in a row."""
    steps = tuple(Step(start, _time(seen), _time(since)) for start, seen, since in row.steps)
    return Coverage(steps, int(row.version))


def raise_coverage(table: TicketTable, ref: str, seen: Step, end: str) -> None:
    """Read, raise, write if nobody else wrote meanwhile; again until it fits."""
    seen_at = seen.seen_at
    if seen_at is None:
        return
    for _ in tries(_TRIES):
        found = table.read((), [ref])[1]
        stored = coverage_of(found[0]) if found else Coverage()
        raised = stored.raised(seen.start, end, seen_at, seen.since).thinned(position(window_start(seen_at)))
        if raised.steps == stored.steps or _written(table, ref, raised, seen_at):
            return
    raise ContendedWriteError(f"{ref}: the coverage was written by others on every try")


def _written(table: TicketTable, ref: str, coverage: Coverage, seen_at: datetime) -> bool:
    row = table.coverages(
        ref,
        COVERAGE_ID,
        steps=[[step.start, _microseconds(step.seen_at), _microseconds(step.since)] for step in coverage.steps],
        version=coverage.version + 1,
        expires_at=seen_at + table.retention,
    )
    return attempt(lambda: row.save(has_version(CoverageRow.version, coverage.version)))


def _microseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // timedelta(microseconds=1)


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
