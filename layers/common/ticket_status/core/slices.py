"""How a run is cut into slices, so that Jira calls are full and large integrations are worked on side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import accumulate, groupby
from typing import TypeAlias

from ticket_status.core.model import Slice
from ticket_status.core.window import END, position, window_start

SLICE_TICKETS = 20_000
"""Tickets of a slice, about: twenty full calls, so that the last, partly filled one weighs little."""

MOST_SLICES = 50
"""More tickets make larger slices, not more: the run's record and its coverage stay small."""

SLICES_AT_ONCE = 2
"""Slices of one run that are worked on side by side; with four calls each, Jira sees at most eight at once."""

DELETED_TICKETS = "deleted"
"""Stands in a slice where others name months: the tickets that were proven deleted, whatever their month."""

Census: TypeAlias = Mapping[date, int]
"""Tickets that are asked for, per day of creation (UTC)."""


def plan_slices(census: Census, clock: datetime, slice_tickets: int = SLICE_TICKETS) -> tuple[Slice, ...]:
    """Slices that together cover the window (R2). There is always one, even if empty: every run ends somewhere.

    The first day of the window counts whole: the exact cut is the slice's start.
    """
    start = window_start(clock)
    days = sorted(day for day, tickets in census.items() if tickets > 0 and day >= start.date())
    size = max(slice_tickets, -(-sum(census[day] for day in days) // MOST_SLICES))
    groups = list(_grouped(days, census, size)) or [[]]
    starts = [position(start), *(_midnight(group[0]) for group in groups[1:])]
    ends = [*starts[1:], END]
    return tuple(Slice(low, high, _months(group)) for low, high, group in zip(starts, ends, groups, strict=True))


def _grouped(days: Sequence[date], census: Census, size: int) -> Iterator[list[date]]:
    """Cut where the tickets up to a day fill another slice: so there are never more slices than fill."""
    before = accumulate((census[day] for day in days), initial=0)
    for _, group in groupby(zip(days, before, strict=False), key=lambda one: one[1] // size):
        yield [day for day, _ in group]


def _midnight(day: date) -> str:
    return position(datetime.combine(day, time(), UTC))


def _months(days: Iterable[date]) -> tuple[str, ...]:
    return tuple(sorted({day.strftime("%Y-%m") for day in days}))
