"""R13: when a range of an integration's tickets was last seen whole, kept once per range, not once per ticket.

Coverage is a step function from positions (see ``window.position``) to times. A ticket whose status did not change
costs no write: its ``last_update`` is the time at its position.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ticket_status.core.window import END

GRAIN = timedelta(days=10)
"""How exactly it is kept when tickets outside the window were last seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """From this position on, up to the next step, everything was last seen at ``seen_at`` (``None``: never)."""

    start: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Steps in ascending order of position; before the first of them nothing was ever seen."""

    steps: tuple[Step, ...] = ()
    version: int = 0
    """Counts what was written, for optimistic locking."""

    def at(self, position: str) -> datetime | None:
        """When the ticket at this position was last covered by a retrieval."""
        index = bisect_right(self.steps, position, key=lambda step: step.start)
        return self.steps[index - 1].seen_at if index else None

    def raised(self, start: str, end: str, seen_at: datetime) -> "Coverage":
        """This coverage with ``start <= p < end`` seen at ``seen_at`` or later."""
        bounds = sorted(({step.start for step in self.steps} | {start, end}) - {END})
        steps = []
        for low, _ in pairwise([*bounds, END]):
            known = self.at(low)
            inside = start <= low < end
            steps.append(Step(low, _later(known, seen_at) if inside else known))
        return Coverage(_coalesced(steps), self.version)

    def thinned(self, before: str) -> "Coverage":
        """This coverage with less detail before a position: tickets there left the window and are not retrieved again.

        Steps within ``GRAIN`` of each other become one, at the earlier time: what a ticket shows as its last update
        may fall back by that much once, and the record stays small.
        """
        kept: list[Step] = []
        for step in self.steps:
            last = kept[-1] if kept else None
            if last is None or step.start >= before or not _within_grain(last, step):
                kept.append(step)
        at_cut = Step(before, self.at(before))
        return Coverage(_coalesced(sorted({*kept, at_cut}, key=lambda step: step.start)), self.version)


def _within_grain(last: Step, step: Step) -> bool:
    if last.seen_at is None or step.seen_at is None:
        return False
    return timedelta() <= step.seen_at - last.seen_at < GRAIN


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or one < other else one


def _coalesced(steps: list[Step]) -> tuple[Step, ...]:
    result: list[Step] = []
    for step in steps:
        last = result[-1].seen_at if result else None
        if step.seen_at != last:
            result.append(step)
    return tuple(result)
