"""R12: observations as conditional writes. Each changes one existing ticket or nothing; none creates a ticket."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import assert_never

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import Statement, either, insist, side_by_side
from ticket_status.aws.tickets.table import (
    TicketRow,
    TicketTable,
    day_of,
    deleted_partition,
    is_not_deleted,
    is_older_than,
    is_ticket,
    month_partition,
)
from ticket_status.core.comparison import read_sighting
from ticket_status.core.model import Absence, Sighting, TicketKey
from ticket_status.core.observations import Deleted, Missed, Observation, Observed, Unseen
from ticket_status.core.window import position

_DELETED_TOGETHER = 80
"""Deletions per transaction; leaves room for the census of twenty months, more than a window has."""


class Recording:
    """Writes observations into the tickets table."""

    def __init__(self, table: TicketTable) -> None:
        self._table = table

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """The keys that were written. Deletions are separate transactions, because they share the census."""
        deleted = [one for one in observations if isinstance(one, Deleted)]
        others = [one for one in observations if not isinstance(one, Deleted)]
        written = {one.key for one, done in zip(others, side_by_side(self._write, others), strict=True) if done}
        for at in range(0, len(deleted), _DELETED_TOGETHER):
            written |= self._delete_together(deleted[at : at + _DELETED_TOGETHER])
        return frozenset(written)

    def revive(self, key: TicketKey, created_at: datetime, seen: Sighting, at: datetime) -> bool:
        """Take a deletion back, in index, census and ticket at once."""
        ref, ticket_id = key.integration_ref, key.ticket_id
        actions = [
            TicketRow.absence.remove(),
            TicketRow.status_seen_at.remove(),
            TicketRow.sighting.set(seen),
            TicketRow.observed_at.set(at),
            TicketRow.status_since.set(at),
            TicketRow.month.set(month_partition(ref, created_at)),
            TicketRow.position.set(position(created_at, ticket_id)),
        ]
        condition = (TicketRow.absence == Absence.DELETED.value) & is_older_than(at)
        return self._counted(key, created_at, actions, condition, 1)

    def _write(self, observation: Observed | Unseen | Missed) -> bool:
        """Try the statements until the condition of one holds."""
        given = {AT: TicketRow.observed_at.serialize(observation.at)}
        match observation:
            case Observed(sighting=seen, expected=expected):
                issue_key = read_sighting(seen)[0]
                given |= {SEEN: seen, SEEN_KEY: f"{issue_key}|", SEEN_STATUS: seen.removeprefix(issue_key)}
                statements = (*_expected(), *_observed()) if expected else _observed()
            case Unseen(absence=absence):
                given[ABSENCE] = absence.value
                statements = _unseen()
            case Missed(seen_at=None):
                statements = _missed()[1:]
            case Missed(seen_at=seen_at):
                given[SEEN_AT] = TicketRow.observed_at.serialize(seen_at)
                statements = _missed()
            case _:
                assert_never(observation)
        return any(self._update(observation.key, statement, given) for statement in statements)

    def _update(self, key: TicketKey, statement: Statement, given: Mapping[str, str]) -> bool:
        item = {"i": {"S": key.integration_ref}, "t": {"S": key.ticket_id}}
        return insist(lambda: self._table.dynamo.update(self._table.name, item, statement, given), key)

    def _delete_together(self, deleted: Sequence[Deleted]) -> set[TicketKey]:
        """Those that were written: in one transaction, or one by one if any of them is refused."""
        changes = {one.key: (one.created_at, *self._deletion(one)) for one in deleted}
        if len(changes) > 1 and self._counted_together(changes, -1):
            return set(changes)
        return {
            key
            for key, (created_at, actions, condition) in changes.items()
            if self._counted(key, created_at, actions, condition, -1)
        }

    @staticmethod
    def _deletion(observation: Deleted) -> tuple[Sequence[Action], Condition]:
        seen_at = observation.status_seen_at
        actions = [
            TicketRow.absence.set(Absence.DELETED.value),
            TicketRow.observed_at.set(observation.at),
            TicketRow.month.set(deleted_partition(observation.key.integration_ref)),
            TicketRow.new_in.remove(),
            *([] if seen_at is None else [TicketRow.status_seen_at.set(seen_at)]),
        ]
        return actions, is_ticket() & is_not_deleted() & is_older_than(observation.at)

    def _counted(
        self, key: TicketKey, created_at: datetime, actions: Sequence[Action], condition: Condition, by: int
    ) -> bool:
        return self._counted_together({key: (created_at, actions, condition)}, by)

    def _counted_together(
        self, changes: Mapping[TicketKey, tuple[datetime, Sequence[Action], Condition]], by: int
    ) -> bool:
        """Change tickets and the census in one transaction; ``False`` when any condition does not hold."""
        days: dict[tuple[str, date], Counter[date]] = defaultdict(Counter)
        for key, (created_at, _, _) in changes.items():
            day = day_of(created_at)
            days[key.integration_ref, day.replace(day=1)][day] += by

        def fill(write: TransactWrite) -> None:
            for key, (_, actions, condition) in changes.items():
                write.update(self._table.tickets(key.integration_ref, key.ticket_id), list(actions), condition)
            for (ref, _), counted in days.items():
                # A deletion moves a ticket from one counter of its day to the other, a revival back.
                self._table.count(write, ref, counted.items(), [(day, -by) for day, by in counted.items()])

        return self._table.dynamo.transact(fill, next(iter(changes)))


_AT, _SEEN_AT = datetime(1001, 1, 1, tzinfo=UTC), datetime(1002, 1, 1, tzinfo=UTC)
AT, SEEN_AT = TicketRow.observed_at.serialize(_AT), TicketRow.observed_at.serialize(_SEEN_AT)
SEEN, SEEN_KEY, SEEN_STATUS, ABSENCE = "?seen", "?key|", "|?status", "?absence"
"""Placeholders for values in statements."""


@cache
def _expected() -> tuple[Statement]:
    """The stored status is the one that was seen, so the time since when it shows stays."""
    actions = [*_sighting(), TicketRow.new_in.remove()]
    return (Statement(actions, _newer() & _not_named() & ~_changes_status()),)


@cache
def _observed() -> tuple[Statement, ...]:
    return _shown(_sighting(), _changes_status())


@cache
def _unseen() -> tuple[Statement, ...]:
    hidden = [TicketRow.observed_at.set(_AT), TicketRow.absence.set(ABSENCE)]
    return _shown(hidden, TicketRow.absence.does_not_exist())


@cache
def _missed() -> tuple[Statement, Statement]:
    """Both times only ever rise, so there are two statements, one for each order of the stored times."""
    missed = TicketRow.missed_at.set(_AT)
    newer = either(TicketRow.missed_at.does_not_exist(), TicketRow.missed_at < _AT)
    condition = is_ticket() & is_not_deleted() & newer
    seen = TicketRow.observed_at.set(_SEEN_AT)
    return Statement([missed, seen], condition & (TicketRow.observed_at < _SEEN_AT)), Statement([missed], condition)


def _shown(actions: Sequence[Action], changes: Condition) -> tuple[Statement, ...]:
    """The ticket no longer waits, unless a webhook named it after it was asked for (R19).

    The time since when it shows this moves only if the status changes; most do, so that is tried first.
    """
    since, waits_no_more = TicketRow.status_since.set(_AT), [*actions, TicketRow.new_in.remove()]
    waiting, named = _newer() & _not_named(), _newer() & (TicketRow.hinted_at > _AT)
    return (
        Statement([*waits_no_more, since], waiting & changes),
        Statement(waits_no_more, waiting),
        Statement([*actions, since], named & changes),
        Statement(actions, named),
    )


def _sighting() -> Sequence[Action]:
    return [TicketRow.observed_at.set(_AT), TicketRow.sighting.set(SEEN), TicketRow.absence.remove()]


def _newer() -> Condition:
    condition: Condition = is_ticket() & is_not_deleted() & is_older_than(_AT)
    return condition


def _not_named() -> Condition:
    """No webhook has named the ticket since (R19)."""
    return either(TicketRow.hinted_at.does_not_exist(), TicketRow.hinted_at <= _AT)


def _changes_status() -> Condition:
    """The stored status differs from the one seen, or there is none; a moved issue may have the same status.

    With the same key, the statuses are equal if the sightings are. With another key, the rest of the sighting is
    compared.
    """
    stored = TicketRow.sighting
    unknown = either(stored.does_not_exist(), TicketRow.absence.exists())
    same_key = stored.startswith(SEEN_KEY)
    other_status = ~stored.contains(SEEN_STATUS)
    condition: Condition = either(unknown, either(same_key & (stored != SEEN), ~same_key & other_status))
    return condition
