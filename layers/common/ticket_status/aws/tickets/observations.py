"""R12: observations as conditional writes. Each changes one existing ticket, or nothing; none makes a ticket."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import assert_never

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import either, insist, side_by_side
from ticket_status.aws.tickets.item import TicketRow
from ticket_status.aws.tickets.table import (
    TicketTable,
    day_of,
    deleted_partition,
    is_not_deleted,
    is_older_than,
    is_ticket,
    month_partition,
)
from ticket_status.core.model import Absence, Sighting, TicketKey
from ticket_status.core.observations import Deleted, Missed, Observation, Observed, Unseen
from ticket_status.core.sighting import read_sighting
from ticket_status.core.window import position

_DELETED_TOGETHER = 80
"""Deletions of one transaction: room is left for the census of twenty months, more than a window has."""


class Recording:
    """Writes observations into the tickets table."""

    def __init__(self, table: TicketTable) -> None:
        self._table = table

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """The keys that were written. Deletions come one transaction after another: they meet in the census."""
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
        key, at = observation.key, observation.at
        observed_now = TicketRow.observed_at.set(at)
        newer = is_ticket() & is_not_deleted() & is_older_than(at)
        match observation:
            case Observed(sighting=seen, expected=expected):
                actions = [observed_now, TicketRow.sighting.set(seen), TicketRow.absence.remove()]
                changes = _changes_status(seen)
                if expected and self._update(
                    key, [*actions, TicketRow.new_in.remove()], newer & _not_named(at) & ~changes
                ):
                    return True
                return self._show(key, at, actions, newer, changes)
            case Unseen(absence=absence):
                hidden = TicketRow.absence.set(absence.value)
                actions = [observed_now, hidden]
                return self._show(key, at, actions, newer, TicketRow.absence.does_not_exist())
            case Missed(seen_at=seen_at):
                return self._miss(key, at, seen_at)
            case _:
                assert_never(observation)

    def _show(
        self, key: TicketKey, at: datetime, actions: Sequence[Action], newer: Condition, changes: Condition
    ) -> bool:
        """The ticket waits no more, unless a webhook named it after it was asked for (R19)."""
        waits_no_more = [*actions, TicketRow.new_in.remove()]
        return self._show_since(key, at, waits_no_more, newer & _not_named(at), changes) or self._show_since(
            key, at, actions, newer & (TicketRow.hinted_at > at), changes
        )

    def _show_since(
        self, key: TicketKey, at: datetime, actions: Sequence[Action], newer: Condition, changes: Condition
    ) -> bool:
        """Since when it shows this moves only when it changes: most do, so that is tried first."""
        since = TicketRow.status_since.set(at)
        return self._update(key, [*actions, since], newer & changes) or self._update(key, actions, newer)

    def _miss(self, key: TicketKey, at: datetime, seen_at: datetime | None) -> bool:
        """Both times only ever rise; so there are two writes to try, one for each order of what is stored."""
        missed = TicketRow.missed_at.set(at)
        newer = either(TicketRow.missed_at.does_not_exist(), TicketRow.missed_at < at)
        condition = is_ticket() & is_not_deleted() & newer
        if seen_at is not None:
            seen = TicketRow.observed_at.set(seen_at)
            if self._update(key, [missed, seen], condition & (TicketRow.observed_at < seen_at)):
                return True
        return self._update(key, [missed], condition)

    def _update(self, key: TicketKey, actions: Sequence[Action], condition: Condition) -> bool:
        row = self._table.tickets(key.integration_ref, key.ticket_id)
        return insist(lambda: self._table.dynamo.update(row, actions, condition), key)

    def _delete_together(self, deleted: Sequence[Deleted]) -> set[TicketKey]:
        """Those that were written: in one transaction, or one by one when any of them may not be written."""
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


def _not_named(at: datetime) -> Condition:
    """No webhook named the ticket since (R19)."""
    return either(TicketRow.hinted_at.does_not_exist(), TicketRow.hinted_at <= at)


def _changes_status(seen: Sighting) -> Condition:
    """What is stored shows another status than was seen now, or none; a moved issue may have the same one.

    Under the same key two statuses are the same when the sightings are. Under another key, the rest of the sighting is
    looked for in it.
    """
    stored, key_part = TicketRow.sighting, f"{read_sighting(seen)[0]}|"
    unknown = either(stored.does_not_exist(), TicketRow.absence.exists())
    same_key = stored.startswith(key_part)
    other_status = ~stored.contains(seen.removeprefix(key_part.removesuffix("|")))
    condition: Condition = either(unknown, either(same_key & (stored != seen), ~same_key & other_status))
    return condition
