"""The tickets that a run asked for and Jira did not show: how they are stored, and what a judgement changes.

Vanished tickets (shown before, or never asked for before) are judged before those that have long been hidden.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from ticket_status.core.comparison import Row, sighting_of
from ticket_status.core.judgement import Found, Verdict
from ticket_status.core.model import Absence, Counts, Ticket
from ticket_status.core.observations import Deleted, Observation, Observed, Unseen

_ABSENCES: Final[Mapping[Verdict, Literal[Absence.INACCESSIBLE, Absence.VANISHED]]] = {
    Verdict.INACCESSIBLE: Absence.INACCESSIBLE,
    Verdict.VANISHED: Absence.VANISHED,
}

_PROVEN_VERDICTS = frozenset({Verdict.DELETED, Verdict.INACCESSIBLE, Verdict.VANISHED})


class MissingRows(Struct):
    """The missing tickets of a response, by what has to be done about them."""

    vanished: list[str] = field(default_factory=list)
    """To be judged, first of all: their ids."""
    hidden: list[str] = field(default_factory=list)
    """Inaccessible before, to be judged last."""
    counts: Counts = field(default_factory=Counts)
    """Of those that stay as they are without being judged."""


def sort_missing(rows: Iterable[Row], *, recheck: bool) -> MissingRows:
    """Which missing tickets are to be judged (R7, R8).

    A ticket that vanished in a mass stays inaccessible unless an administrator rechecks it; a deleted one stays
    deleted.
    """
    result = MissingRows()
    for row in rows:
        match row.absence:
            case None:
                result.vanished.append(row.ticket_id)
            case Absence.DELETED:
                result.counts += Counts(deleted=1)
            case Absence.VANISHED if not recheck:
                result.counts += Counts(inaccessible=1)
            case Absence.VANISHED | Absence.INACCESSIBLE:
                result.hidden.append(row.ticket_id)
    return result


def shown_before(rows: Iterable[Row]) -> int:
    """How many of these tickets count for R8: those that were not inaccessible before."""
    return sum(row.absence is None for row in rows)


class Judgement(NamedTuple):
    """What was concluded about a missing ticket."""

    ticket: Ticket
    """As it was stored."""
    verdict: Verdict | Found
    at: datetime
    """When Jira was asked for it: nothing that was seen later is contradicted (R12)."""


def needs_proof(judged: Judgement) -> bool:
    """Whether it is valid only once our account is proven again; what Jira showed, or failed on, needs no proof."""
    return judged.verdict in _PROVEN_VERDICTS and judged.ticket.absence is not Absence.DELETED


class UnprovenVerdict(NamedTuple):
    """A verdict that becomes valid when our account is proven again."""

    ticket_id: str
    verdict: Verdict
    at: datetime


class Unproven(Struct, frozen=True):
    """Verdicts of a message that had to end or pause before the account could be proven again."""

    account_id: str
    """The account that was proven before them."""
    settings_version: int
    """The integration's, at that time."""
    verdicts: tuple[UnprovenVerdict, ...] = ()

    def proven_with(self, now: "Unproven") -> bool:
        """Whether they are valid now that the same account, with the same settings, is proven by ``now``."""
        return (self.account_id, self.settings_version) == (now.account_id, now.settings_version)

    def with_verdicts(self, judgements: Mapping[str, Judgement]) -> "Unproven":
        """These verdicts, by ticket id."""
        verdicts = (
            UnprovenVerdict(ticket_id, one.verdict, one.at)
            for ticket_id, one in judgements.items()
            if isinstance(one.verdict, Verdict)
        )
        return replace(self, verdicts=tuple(verdicts))


class MissingTickets(Struct, frozen=True):
    """A part of a run's missing tickets; ``part`` names it within the run."""

    part: str
    ticket_ids: tuple[str, ...]
    unproven: Unproven | None = None
    version: int = 0
    """Counts how often the part was written, so that only one of two workers concludes it."""


def consequence(
    judged: Judgement, seen_at: datetime | None, *, by_hand: bool = False
) -> tuple[Observation | Found | None, Counts]:
    """What a judgement writes, and what it counts as; ``seen_at`` is when the ticket was last seen.

    ``Found`` also gives a ticket that is known only by its key its issue id. A ticket refreshed ``by_hand`` is
    written even if nothing changed, because no run's coverage says when it was last retrieved. If something newer is
    known, for example from a worker that ended before it could count, the ticket counts as that.
    """
    ticket, verdict, at = judged
    if seen_at is not None and seen_at > at:
        return None, _as_it_is(ticket)
    match verdict:
        case Found(sighting=shown):
            same = ticket.absence is None and shown == sighting_of(ticket)
            seen = verdict if ticket.key.issue_id is None else Observed(ticket.key, at, shown)
            return seen, Counts(unchanged=1) if same else Counts(changed=1)
        case Verdict.DELETED:
            shown_at = seen_at if ticket.absence is None and ticket.status is not None else None
            deleted = Deleted(ticket.key, at, shown_at, ticket.created_at)
            return (None if ticket.absence is Absence.DELETED else deleted), Counts(deleted=1)
        case Verdict.INACCESSIBLE | Verdict.VANISHED:
            unseen = Unseen(ticket.key, at, _ABSENCES[verdict])
            same = ticket.absence is unseen.absence and not by_hand
            return (None if same else unseen), Counts(inaccessible=1)
        case Verdict.UNDECIDED:
            return None, Counts(failed=1)


def _as_it_is(ticket: Ticket) -> Counts:
    match ticket.absence:
        case None:
            return Counts(unchanged=1)
        case Absence.DELETED:
            return Counts(deleted=1)
        case Absence.VANISHED | Absence.INACCESSIBLE:
            return Counts(inaccessible=1)
