"""R2 and R13: the window, the position of a ticket in it, and when its ranges were last retrieved completely.

Tickets are ordered by creation; the place of a ticket is its *position*. *Coverage* is a step function from positions
to times, stored per range, not per ticket. So a ticket whose status did not change costs no write: its
``last_update`` is the time at its position.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

WINDOW = timedelta(days=365)
"""The last year, to the second."""

END = "9999999999#"
"""A position after every ticket."""


def window_start(clock: datetime) -> datetime:
    """The oldest creation time, inclusive, that a run with this clock retrieves."""
    return (clock - WINDOW).replace(microsecond=0)


def in_window(created_at: datetime, clock: datetime) -> bool:
    """Whether a ticket created then is retrieved now."""
    return created_at >= window_start(clock)


def position(created_at: datetime, ticket_id: str = "") -> str:
    """The position of a ticket in its integration; without an id, the position before all of that second."""
    return f"{int(created_at.timestamp()):010d}#{ticket_id}"


def read_position(at: str) -> tuple[datetime, str]:
    """The creation time and ticket id of a position."""
    seconds, _, ticket_id = at.partition("#")
    return datetime.fromtimestamp(int(seconds), UTC), ticket_id


def month_of(created_at: datetime) -> str:
    """The month of creation, ``YYYY-MM`` in UTC."""
    return created_at.astimezone(UTC).strftime("%Y-%m")


# --- Coverage (R13) -------------------------------------------------------------------------------------------------

GRAIN = timedelta(days=10)
"""How exactly it is kept when tickets outside the window were last seen."""


class Step(Struct, frozen=True):
    """From this position up to the next step, everything was last seen at ``seen_at`` (``None``: never)."""

    start: str
    seen_at: datetime | None
    since: datetime | None = None
    """What was compared there is what was known then (``None``: at ``seen_at``). It says nothing of a ticket that came,
    or was observed otherwise, after that."""


class Coverage(Struct, frozen=True):
    """Steps in ascending order of position; before the first, nothing was ever seen."""

    steps: tuple[Step, ...] = ()
    version: int = 0
    """Counts what was written, for optimistic locking."""

    def at(self, position: str) -> datetime | None:
        """When the ticket at this position was last covered by a retrieval."""
        return self.step_at(position).seen_at

    def step_at(self, position: str) -> Step:
        """The step that contains a position, starting from that position."""
        index = bisect_right(self.steps, position, key=lambda step: step.start)
        return replace(self.steps[index - 1], start=position) if index else Step(position, None)

    def raised(self, start: str, end: str, seen_at: datetime, since: datetime | None = None) -> "Coverage":
        """This coverage with ``start <= p < end`` seen at ``seen_at`` or later.

        A retrieval that saw them later, but compared with an earlier state, says nothing about changes in between.
        """
        bounds = sorted(({step.start for step in self.steps} | {start, end}) - {END})
        steps = []
        for low, _ in pairwise([*bounds, END]):
            known = self.step_at(low)
            raises = start <= low < end and _is_newer(seen_at, since, known)
            steps.append(Step(low, seen_at, since) if raises else known)
        return Coverage(_coalesced(steps), self.version)

    def thinned(self, before: str) -> "Coverage":
        """This coverage with less detail before a position, where tickets have left the window.

        Steps within ``GRAIN`` of each other become one, at the earlier time. A ticket's last update may once go back
        by that much, but the record stays small.
        """
        kept: list[Step] = []
        for step in self.steps:
            last = kept[-1] if kept else None
            if last is None or step.start >= before or not _within_grain(last, step):
                kept.append(step)
        at_cut = self.step_at(before)
        return Coverage(_coalesced(sorted({*kept, at_cut}, key=lambda step: step.start)), self.version)


def _is_newer(seen_at: datetime, since: datetime | None, known: Step) -> bool:
    if known.seen_at is None:
        return True
    return known.seen_at < seen_at and (since or seen_at) >= (known.since or known.seen_at)


def _within_grain(last: Step, step: Step) -> bool:
    if last.seen_at is None or step.seen_at is None:
        return False
    return last.seen_at <= step.seen_at < (last.since or last.seen_at) + GRAIN


def _coalesced(steps: list[Step]) -> tuple[Step, ...]:
    result: list[Step] = []
    for step in steps:
        last = result[-1] if result else Step("", None)
        if (step.seen_at, step.since) != (last.seen_at, last.since):
            result.append(step)
    return tuple(result)
