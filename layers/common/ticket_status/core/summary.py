"""How many tickets of an integration show which status: counted by runs of all tickets, updated with each change.

Three things are counted, where it costs almost nothing. The *census* counts tickets per day of creation, in the
writes that create and delete them. A run of all tickets counts what each ticket shows as it passes: its *tally*.
Changes found by others (manual refreshes, verdicts, first statuses) *shift* the tally. Tickets never retrieved are
the difference between census and tally.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias, assert_never

from msgspec import Struct, field

from ticket_status.core.comparison import Comparison, Row
from ticket_status.core.judgement import Found
from ticket_status.core.model import (
    Absence,
    Category,
    Integration,
    RunState,
    Sighting,
    Status,
    SyncRun,
    Ticket,
    UnknownReason,
)
from ticket_status.core.observations import Deleted, Missed, Observation, Observed, Unseen
from ticket_status.core.runs import Census, of_all_tickets
from ticket_status.core.window import Coverage, position, window_start

Tally: TypeAlias = Mapping[str, int]
"""Tickets by what they show: ``category|status name``, or ``inaccessible``."""

INACCESSIBLE = "inaccessible"

MOST_STATUSES = 200
"""Statuses that a tally tells apart, so that it stays small whatever a Jira answers; the rest is one."""

LONGEST_RUN = timedelta(days=1)
"""Shifts before that are no longer behind any run."""

_NEVER = datetime.min.replace(tzinfo=UTC)

OTHERS = f"{Category.UNDEFINED}|Other"


class Shift(NamedTuple):
    """A ticket shows something other than before; ``None`` means something that a tally does not count."""

    before: str | None
    after: str | None
    position: str
    """Where the ticket stands: the coverage tells when a run last passed it."""


class Counted(Struct, frozen=True):
    """The stored counts of an integration."""

    tally: Tally = field(default_factory=dict)
    as_of: datetime | None = None
    """When the last run of all tickets ended, or the first ticket was counted."""
    shifted: Mapping[datetime, Tally] = field(default_factory=dict)
    """What shifted since, by the minute at which a run had last passed the tickets: a run that is under way takes
    along what shifted behind it."""
    version: int = 0
    """Counts what was written, for optimistic locking."""


class Summary(Struct, frozen=True):
    """How many tickets show what."""

    as_of: datetime
    by_status: tuple[tuple[Status, int], ...]
    """Those in the window that show a status, the most frequent first."""
    unknown: Mapping[UnknownReason, int]
    outside_window: int

    @property
    def tickets(self) -> int:
        """Those in the window that show a status."""
        return sum(number for _, number in self.by_status)


class PastSummary(Struct, frozen=True):
    """The window's tickets by status, as a run of all tickets passed them, before its verdicts."""

    run_id: str
    as_of: datetime
    """When the run ended."""
    by_category: Mapping[Category, int]
    inaccessible: int


def shown_in_row(seen: Sighting | None, absence: Absence | None) -> str | None:
    """How a tally counts a row of the retrieval index."""
    if absence is Absence.DELETED:
        return None
    if absence is not None:
        return INACCESSIBLE
    return None if seen is None else seen.partition("|")[2]


def shown_by(ticket: Ticket) -> str | None:
    """How a tally counts a ticket."""
    if ticket.absence is Absence.DELETED:
        return None
    if ticket.absence is not None:
        return INACCESSIBLE
    return None if ticket.status is None else f"{ticket.status.category}|{ticket.status.name}"


def passed(result: Comparison) -> Tally:
    """Count what the tickets of a response show. Hot path: runs once per ticket and run.

    Tickets that Jira did not show count as before; verdicts shift them.
    """
    unchanged = Counter(seen.partition("|")[2] for row in result.unchanged if (seen := row.sighting) is not None)
    changed = Counter(seen.partition("|")[2] for _, seen in result.changed)
    kept = (shown_in_row(row.sighting, row.absence) for row in (*result.missing, *result.failed))
    return unchanged + changed + Counter(shown for shown in kept if shown is not None)


def shift_of(row: Row, seen: Sighting) -> Shift:
    """The shift caused by a sighting of a ticket that no run of all tickets is counting."""
    return Shift(shown_in_row(row.sighting, row.absence), shown_in_row(seen, None), row.position)


def shift_by(ticket: Ticket, written: Observation | Found) -> Shift:
    """The shift caused by a judgement."""
    at = position(ticket.created_at, ticket.key.ticket_id)
    match written:
        case Observed(sighting=seen) | Found(sighting=seen):
            return Shift(shown_by(ticket), shown_in_row(seen, None), at)
        case Unseen(absence=absence):
            return Shift(shown_by(ticket), shown_in_row(None, absence), at)
        case Deleted():
            return Shift(shown_by(ticket), None, at)
        case Missed():
            return Shift(None, None, at)
        case _:
            assert_never(written)


def together(*tallies: Tally) -> Tally:
    """The sum of tallies, limited to the number of statuses that are kept apart."""
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally)
    ranked = sorted(total.items(), key=lambda one: (one[0] != INACCESSIBLE, -abs(one[1]), one[0]))
    kept = {name: number for name, number in ranked[:MOST_STATUSES] if number}
    rest = sum(number for _, number in ranked[MOST_STATUSES:])
    return {**kept, OTHERS: kept.get(OTHERS, 0) + rest} if rest else kept


def shifted(counted: Counted, coverage: Coverage, shifts: Iterable[Shift], now: datetime) -> Counted:
    """The counts after these shifts."""
    by_minute: dict[datetime, Counter[str]] = {}
    for before, after, at in shifts:
        # What no run ever passed is behind none: the next one counts it.
        change = by_minute.setdefault(_minute(coverage.at(at) or _NEVER), Counter())
        change.update({name: by for name, by in ((before, -1), (after, 1)) if name is not None})
    recent = {minute for minute in {*counted.shifted, *by_minute} if now - minute < LONGEST_RUN}
    moved = {minute: together(counted.shifted.get(minute, {}), by_minute.get(minute, {})) for minute in recent}
    tally = together(counted.tally, *by_minute.values())
    return Counted(tally, counted.as_of or now, moved, counted.version)


def concluded(counted: Counted, tally: Tally, started_at: datetime, now: datetime) -> Counted:
    """The counts after a run of all tickets: its tally, and what shifted behind it during the run."""
    behind = {minute: one for minute, one in counted.shifted.items() if minute >= _minute(started_at)}
    return Counted(together(tally, *behind.values()), now, behind, counted.version)


def summarise(
    integration: Integration, counted: Counted, numbers: tuple[Census, int], under_way: Tally, now: datetime
) -> Summary:
    """The tickets by status now.

    ``numbers`` are the census of all months and the number of deleted tickets; ``under_way`` is the tally of the
    active run of all tickets, if any.
    """
    census, deleted = numbers
    start = window_start(now).date()
    inside = sum(number for day, number in census.items() if day >= start)
    outside = sum(number for day, number in census.items() if day < start)
    as_of = counted.as_of or now
    if not integration.retrieve_jira_tickets:
        return Summary(as_of, (), {}, outside)
    gone = {UnknownReason.DELETED: deleted}
    if integration.broken:
        return Summary(as_of, (), _positive({**gone, UnknownReason.INTEGRATION_BROKEN: inside}), outside)
    valid = counted.as_of is not None and counted.as_of >= integration.counts_since
    tally = counted.tally if valid else under_way
    by_status = _statuses(tally)
    hidden = max(0, tally.get(INACCESSIBLE, 0))
    waiting = max(0, inside - sum(number for _, number in by_status) - hidden)
    recovered = not valid and integration.healthy_since > integration.enabled_since
    reason = UnknownReason.INTEGRATION_BROKEN if recovered else UnknownReason.NOT_RETRIEVED_YET
    return Summary(as_of, by_status, _positive({**gone, UnknownReason.INACCESSIBLE: hidden, reason: waiting}), outside)


def past_summary(run: SyncRun) -> PastSummary | None:
    """What a run counted; ``None`` if it did not cover or count all tickets."""
    tally = together(*(progress.tally for progress in run.slices.values()))
    whole = of_all_tickets(run.trigger) and run.state is RunState.SUCCEEDED
    if not whole or run.completed_at is None or (run.tickets_total and not tally):
        return None
    numbers = Counter(dict.fromkeys(Category, 0))
    for status, number in _statuses(tally):
        numbers[status.category] += number
    return PastSummary(run.run_id, run.completed_at, numbers, max(0, tally.get(INACCESSIBLE, 0)))


def _statuses(tally: Tally) -> tuple[tuple[Status, int], ...]:
    found = []
    for text, number in tally.items():
        category, mark, name = text.partition("|")
        if mark and number > 0:
            found.append((Status(name, Category.of(category)), number))
    return tuple(sorted(found, key=lambda one: (-one[1], one[0].name)))


def _positive(numbers: Mapping[UnknownReason, int]) -> dict[UnknownReason, int]:
    return {reason: number for reason, number in numbers.items() if number > 0}


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
