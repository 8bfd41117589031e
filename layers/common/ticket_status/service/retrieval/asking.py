"""Asks Jira for tickets and records the result: the same code for runs, manual refreshes and new tickets.

Ask, then record what changed, then judge what Jira did not show. The order of the writes makes a crash harmless: what
was not recorded is retrieved again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from msgspec import Struct

from ticket_status.core.comparison import Comparison, Row, against_stored, asked_as, compare, sighting_of
from ticket_status.core.judgement import Found
from ticket_status.core.missing import Judgement, consequence
from ticket_status.core.model import KEY_ONLY_PREFIX, Absence, Counts, Sighting, Ticket, TicketKey
from ticket_status.core.observations import Answered, Missed, Observation, Observed
from ticket_status.core.shown import last_seen
from ticket_status.core.summary import Shift, shift_by, shift_of, shifted
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.window import Coverage, read_position
from ticket_status.ports.jira import Jira
from ticket_status.ports.tickets import TicketStore

CALLS_IN_FLIGHT = 4
"""Concurrent Jira calls per worker; two slices make eight, below the ten that a site tolerates."""

_RESOLUTIONS_AT_ONCE = 4
"""Key-only tickets that get their issue ids concurrently; more would only conflict in the census."""

_NEVER = datetime.min.replace(tzinfo=UTC)

_RETRIES = 2
"""How often issues that Jira could not answer for (``issueErrors``) are asked for again at once."""


class Asked(Struct, frozen=True):
    """The result for the tickets of one call."""

    rows: Sequence[Row]
    at: datetime
    """Just before Jira was asked: the response is at least that recent (R12)."""
    result: Comparison | JiraTrouble
    ids: Mapping[str, str]
    """The numeric id of each key that was asked for and shown."""


class Retrieval:
    """Asks for, and records, tickets of one integration at a time."""

    def __init__(self, tickets: TicketStore, now: Callable[[], datetime]) -> None:
        self._tickets = tickets
        self._now = now

    def ask(self, jira: Jira, rows: Sequence[Row], not_before: datetime) -> Asked:
        """Ask Jira for these tickets in one call, and again for those that it could not answer for."""
        at = max(self._now(), not_before)
        answer = jira.ask([asked_as(row.ticket_id) for row in rows])
        for _ in range(_RETRIES):
            if not isinstance(answer, Answered) or not answer.retry:
                break
            answer = _merged(answer, jira.ask(sorted(answer.retry)))
        if not isinstance(answer, Answered):
            return Asked(rows, at, answer, {})
        return Asked(rows, at, compare(rows, answer.seen, answer.retry | answer.failed), answer.ids)

    def checked_against_stored(self, ref: str, result: Comparison) -> Comparison:
        """The comparison, checked against the stored tickets, because its rows lag behind."""
        keys = [TicketKey(ref, row.ticket_id) for row in result.unchanged]
        stored = self._tickets.get_many(keys)[0] if keys else {}
        return against_stored(result, {key.ticket_id: sighting_of(ticket) for key, ticket in stored.items()})

    def record_changes(
        self, ref: str, asked: Asked, changed: Sequence[tuple[Row, Sighting]], coverage: Coverage | None = None
    ) -> frozenset[str]:
        """Record what changed, each only if it is newer than everything known (R12); returns the ids as asked for.

        For an unchanged ticket, the newest knowledge is its range's coverage, so that is read again just before
        (unless given in ``coverage``, read after Jira's response); the ticket only if its range was covered since
        Jira was asked.
        """
        if not changed:
            return frozenset()
        found = {row.ticket_id: _found(row.ticket_id, seen, asked.ids) for row, seen in changed}
        coverage = coverage or self.coverage(ref)
        # A ticket need only be read if its range was covered after Jira was asked: only then may it be known better.
        covered = {row.ticket_id: coverage.at(row.position) for row, _ in changed}
        doubtful = {name: found[name].issue_id for name, at in covered.items() if at is not None and at >= asked.at}
        seen_at = self._last_seen(ref, doubtful.values()) if doubtful else {}
        newer = {name: one for name, one in found.items() if seen_at.get(doubtful.get(name, ""), _NEVER) < asked.at}
        revived = self._revive(ref, asked.at, [(row, seen) for row, seen in changed if row.absence is Absence.DELETED])
        expected = {row.ticket_id for row, seen in changed if row.sighting == seen and row.absence is None}
        return revived | self._record_sightings(ref, asked.at, newer, expected)

    def shift(self, ref: str, changed: Sequence[tuple[Row, Sighting]]) -> None:
        """Update the integration's summary with what changed, unless a run of all tickets is counting."""
        self._shift(ref, [shift_of(row, seen) for row, seen in changed])

    def _shift(self, ref: str, shifts: Sequence[Shift]) -> None:
        moved = [one for one in shifts if one.before != one.after]
        if moved:
            now = self._now()
            self._tickets.change_counted(ref, lambda counted, coverage: shifted(counted, coverage, moved, now))

    def record_missed(self, ref: str, asked: Asked, rows: Sequence[Row]) -> None:
        """Note tickets without a response before their range counts as seen, so that what they show stays the same.

        The time at which a ticket was last seen is written only if its own row does not have it.
        """
        if not rows:
            return
        stored, coverages = self._tickets.get_many([TicketKey(ref, row.ticket_id) for row in rows], [ref])
        coverage = coverages.get(ref, Coverage())
        self._tickets.record(
            [
                Missed(key, asked.at, None if seen_at == ticket.observed_at else seen_at)
                for key, ticket in stored.items()
                if (seen_at := last_seen(ticket, coverage)) is not None
            ]
        )

    def record_judgements(self, ref: str, judgements: Sequence[Judgement], *, by_hand: bool = False) -> Counts:
        """Record the conclusions about missing tickets, and count them; what was seen later stays.

        The tickets are read again together with their coverage, because either alone may be outdated.
        """
        stored, coverages = self._tickets.get_many([one.ticket.key for one in judgements], [ref])
        coverage = coverages.get(ref, Coverage())
        observations: list[Observation] = []
        shifts: dict[TicketKey, Shift] = {}
        counts = Counts()
        for one in judgements:
            ticket = stored.get(one.ticket.key)
            if ticket is None:
                continue
            judged = one._replace(ticket=ticket)
            written, counted = consequence(judged, last_seen(ticket, coverage), by_hand=by_hand)
            counts += counted
            if written is not None:
                shifts[ticket.key] = shift_by(ticket, written)
            if isinstance(written, Found):
                self._tickets.resolve(ticket.key, written.issue_id, written.sighting, one.at)
            elif written is not None:
                observations.append(written)
        recorded = self._tickets.record(observations)
        # A refused observation is older than what is stored, so it shifts no count.
        refused = {one.key for one in observations} - recorded
        self._shift(ref, [shift for key, shift in shifts.items() if key not in refused])
        return counts

    def record_found(self, ticket: Ticket, found: Found, at: datetime) -> None:
        """Record what Jira showed for a rechecked ticket, even one that was marked deleted."""
        if ticket.absence is Absence.DELETED:
            self._tickets.revive(ticket.key, ticket.created_at, found.sighting, at)
        ref = ticket.key.integration_ref
        self._record_sightings(ref, at, {ticket.key.ticket_id: found})
        self._shift(ref, [shift_by(ticket, found)])

    def coverage(self, ref: str) -> Coverage:
        """The coverage of an integration, as stored now."""
        return self._tickets.get_many((), [ref])[1].get(ref, Coverage())

    def _revive(self, ref: str, at: datetime, rows: Sequence[tuple[Row, Sighting]]) -> frozenset[str]:
        """Undo the deletion of tickets that an administrator rechecked and Jira shows."""
        return frozenset(
            row.ticket_id
            for row, seen in rows
            if self._tickets.revive(TicketKey(ref, row.ticket_id), read_position(row.position)[0], seen, at)
        )

    def _last_seen(self, ref: str, ticket_ids: Iterable[str]) -> dict[str, datetime]:
        """When each of these tickets was last seen, if known; those never seen are left out."""
        stored, coverages = self._tickets.get_many([TicketKey(ref, ticket_id) for ticket_id in ticket_ids], [ref])
        coverage = coverages.get(ref, Coverage())
        seen_at = {key.ticket_id: last_seen(ticket, coverage) for key, ticket in stored.items()}
        return {ticket_id: at for ticket_id, at in seen_at.items() if at is not None}

    def _record_sightings(
        self, ref: str, at: datetime, found: Mapping[str, Found], expected: AbstractSet[str] = frozenset()
    ) -> frozenset[str]:
        """Write sightings by ticket id; a ticket known only by its key also gets its issue id."""
        by_key = {ticket_id: one for ticket_id, one in found.items() if ticket_id.startswith(KEY_ONLY_PREFIX)}
        with ThreadPoolExecutor(_RESOLUTIONS_AT_ONCE) as pool:
            resolved = [
                pool.submit(self._tickets.resolve, TicketKey(ref, ticket_id), one.issue_id, one.sighting, at)
                for ticket_id, one in by_key.items()
            ]
        for resolution in resolved:
            resolution.result()
        written = self._tickets.record(
            [
                Observed(TicketKey(ref, name), at, one.sighting, name in expected)
                for name, one in found.items()
                if name not in by_key
            ]
        )
        return frozenset(by_key) | {key.ticket_id for key in written}


def _merged(answer: Answered, more: Answered | JiraTrouble) -> Answered | JiraTrouble:
    if not isinstance(more, Answered):
        return more
    failed = answer.failed | more.failed
    return Answered({**answer.seen, **more.seen}, {**answer.ids, **more.ids}, more.retry, failed)


def _found(ticket_id: str, seen: Sighting, ids: Mapping[str, str]) -> Found:
    return Found(ids.get(asked_as(ticket_id), ticket_id), seen)
