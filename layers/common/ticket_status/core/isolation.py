"""R9b: how a failing call for many issues is divided, down to the issue at fault.

Some Jira sites answer 500 because of one damaged issue among a thousand, cut off large responses, or have a firewall
that refuses large bodies, and yet answer for a single issue. So a failure of a large call proves nothing yet: the
site is asked for one issue that no ticket has. If it answers, the site is healthy and the call is divided. How many
issues are too many for one call is remembered for the site for a day.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from ticket_status.core.model import MOST_IDS_PER_CALL, Site

NO_ISSUE: Final = "9973"
"""An issue id that no ticket has, to ask for where it does not matter whether there is such an issue.

Real sites begin at 10000; and texts about an error have no such number for other reasons.
"""

_FAILURES_IN_A_ROW: Final = 3
"""After this many failures without a good response between them, the site is checked again."""

_SLOW_PARTS: Final = 10
"""The number of parts of a call that took its whole time-out, because each level costs another time-out."""


class Failure(Enum):
    """How a call failed."""

    STRAY = auto()
    """It may not happen again (5xx, cut off): the call is repeated once before it is divided."""
    LASTING = auto()
    """It will happen again (400, 413, refused by a firewall)."""
    SLOW = auto()
    """It took its whole time-out."""


class Part(Struct, eq=False):
    """Issues to ask for in one call."""

    issues: Sequence[str]
    whole: "Part | None" = None
    """The failed call that it is a part of."""
    repeated: bool = False
    part_size: int = 0
    """The most issues of its parts."""
    limited: bool = False
    """Whether that is a documented limit, so that one more is too many."""
    undecided: int = 0
    """Parts of it that were not answered yet."""
    at_fault: bool = False
    """Whether an issue in it is at fault by itself, so that the failure says nothing about the size."""


PROVE: Final = "prove"
"""The step that checks whether the site works."""


class Isolation(Struct):
    """Which of many issues are still to be asked for; updated with the outcome of each call."""

    pending: deque[Part]
    size: int
    """The most issues of the next calls."""
    suspects: list[str] = field(default_factory=list)
    """Issues whose calls fail while the site works."""
    too_many: int | None = None
    """The smallest number of issues that was too many for one call, although each of them was answered for."""
    slowed: int | None = None
    """The size that is used since a call took its whole time-out."""
    _vouched: bool = False
    _failures: int = 0

    @classmethod
    def of(cls, issues: Sequence[str], size: int, alone: Iterable[str] = ()) -> "Isolation":
        """``alone``: issues known to be at fault, each asked for by itself after all others."""
        apart = set(alone)
        together = [one for one in issues if one not in apart]
        parts = [Part(some) for some in _divided(together, size)]
        parts += [Part([one], repeated=True) for one in issues if one in apart]
        return cls(deque(parts), size)

    def next_step(self) -> Part | Literal["prove"] | None:
        """The call to make next, or ``PROVE``; ``None`` when everything has been asked for."""
        if self._failures and (not self._vouched or self._failures >= _FAILURES_IN_A_ROW):
            return PROVE
        if not self.pending:
            return None
        part = self.pending.popleft()
        if len(part.issues) <= self.size:
            return part
        self._divide_unasked(part)
        return self.next_step()

    def proven(self) -> None:
        """The site answered for an issue that no ticket has, so it is healthy."""
        self._vouched, self._failures = True, 0

    def answered(self, part: Part, *again: Sequence[str]) -> None:
        """A call was answered; ``again``: parts of it to ask for again, each in its own call."""
        self.proven()
        self.pending.extend(Part(issues) for issues in again if issues)
        self._decided(part)

    def failed(self, part: Part, failure: Failure, most: int | None = None) -> None:
        """A call failed; ``most``: a smaller number of issues that every site of this kind accepts."""
        self._failures += 1
        if failure is Failure.STRAY and not part.repeated and part.whole is None:
            part.repeated = True
            self.pending.appendleft(part)
        elif len(part.issues) == 1:
            self.suspects += part.issues
            part.at_fault = True
            self._decided(part)
        elif failure is Failure.SLOW:
            self.size = self.slowed = smaller(part)
            self._divide(part, self.size)
        else:
            part.limited = most is not None and most < len(part.issues)
            half = -(-len(part.issues) // 2)
            self._divide(part, most if most is not None and part.limited else half)

    def _divide(self, part: Part, size: int) -> None:
        """Depth first, so that a call that is far too large is not repeated for each of its parts."""
        parts = [Part(some, part) for some in _divided(part.issues, size)]
        part.part_size, part.undecided = len(parts[0].issues), len(parts)
        self.pending.extendleft(reversed(parts))

    def _divide_unasked(self, part: Part) -> None:
        parts = [Part(some, part.whole) for some in _divided(part.issues, self.size)]
        if part.whole is not None:
            part.whole.undecided += len(parts) - 1
        self.pending.extendleft(reversed(parts))

    def _decided(self, part: Part) -> None:
        """All of it was answered or at fault; if the whole failed with no issue at fault, it was too large."""
        whole = part.whole
        while whole is not None:
            whole.undecided -= 1
            whole.at_fault |= part.at_fault
            if whole.undecided:
                return
            if not whole.at_fault:
                too_many = whole.part_size + 1 if whole.limited else len(whole.issues)
                self.too_many = min(too_many, self.too_many or too_many)
                self.size = min(self.size, whole.part_size)
            part, whole = whole, whole.whole


def smaller(part: Part) -> int:
    """How many issues a call names after this one took its whole time-out."""
    return -(-len(part.issues) // _SLOW_PARTS)


def _divided(issues: Sequence[str], size: int) -> list[Sequence[str]]:
    """Split into calls of limited size."""
    each = max(1, size)
    return [issues[at : at + each] for at in range(0, len(issues), each)]


# --- How many issues one call names ---------------------------------------------------------------------------------

REMEMBERED: Final = timedelta(days=1)
"""How long a size that was too much is not tried again."""

MOST_ASKED_ALONE: Final = 50
"""Issues at fault that are remembered for a site; others are found again."""


def with_too_many(site: Site, too_many: int, works: int, now: datetime) -> Site:
    """The site after a call for this many issues failed and smaller calls answered for all of them."""
    return replace(site, ids_per_call=min(site.ids_per_call, works), ids_too_many=too_many, ids_too_many_at=now)


FEW: Final = 20
"""Calls this small are not made smaller on suspicion: finding the one issue that hangs takes only two more levels."""


def with_smaller_calls(site: Site, size: int) -> Site:
    """The site after a call took its whole time-out; whether its size was the cause is not known yet."""
    return replace(site, ids_per_call=min(site.ids_per_call, max(size, FEW)))


def with_call_size(site: Site, size: int) -> Site:
    """The site with this call size known to work; no size was found to be too large."""
    return replace(site, ids_per_call=size)


def with_larger_calls(site: Site, issues: int, now: datetime) -> Site:
    """The site after a call for this many issues worked: next, twice as many, up to half of what is too many."""
    if issues < site.ids_per_call or site.ids_per_call >= MOST_IDS_PER_CALL:
        return site
    if site.ids_too_many is not None and not _forgotten(site, now):
        most = max(site.ids_per_call, site.ids_too_many // 2)
        return replace(site, ids_per_call=min(2 * site.ids_per_call, most))
    larger = min(MOST_IDS_PER_CALL, 2 * site.ids_per_call)
    return replace(site, ids_per_call=larger, ids_too_many=None, ids_too_many_at=None)


def with_asked_alone(site: Site, at_fault: frozenset[str], well: frozenset[str]) -> Site:
    """The site after these issues were found at fault and those were answered."""
    kept = [one for one in site.asked_alone if one not in well and one not in at_fault]
    return replace(site, asked_alone=tuple([*sorted(at_fault), *kept][:MOST_ASKED_ALONE]))


def _forgotten(site: Site, now: datetime) -> bool:
    return site.ids_too_many_at is None or now - site.ids_too_many_at >= REMEMBERED
