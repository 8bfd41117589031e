"""R12: observations as conditional writes. Each changes one existing ticket, or nothing; none makes a ticket."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from ticket_status.aws.dynamo import ContendedWriteError, condition_failed, either, refused, side_by_side, tries
from ticket_status.aws.tickets.item import TicketRow
from ticket_status.aws.tickets.table import (
    TicketTable,
    day_of,
    is_not_deleted,
    is_older_than,
    is_ticket,
    month_partition,
)
from ticket_status.core.model import Absence, Sighting, Ticket, TicketKey
from ticket_status.core.observations import Deleted, Missed, Observation, Observed, Unseen
from ticket_status.core.window import position


class Recording:
    """Writes observations into the tickets table."""

    def __init__(self, table: TicketTable) -> None:
        self._table = table

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """The keys that were written. Deletions come one after another: they meet in the census."""
        deleted = [one for one in observations if isinstance(one, Deleted)]
        others = [one for one in observations if not isinstance(one, Deleted)]
        written = {one.key for one, done in zip(others, side_by_side(self._write, others), strict=True) if done}
        created = self._created_at([one.key for one in deleted])
        return frozenset(
            written | {one.key for one in deleted if one.key in created and self._delete(one, created[one.key])}
        )

    def revive(self, ticket: Ticket, seen: Sighting, at: datetime) -> bool:
        """Take a deletion back, in index, census and ticket at once."""
        ref, ticket_id = ticket.key.integration_ref, ticket.key.ticket_id
        actions = [
            TicketRow.absence.remove(),
            TicketRow.status_seen_at.remove(),
            TicketRow.sighting.set(seen),
            TicketRow.observed_at.set(at),
            TicketRow.month.set(month_partition(ref, ticket.created_at)),
            TicketRow.position.set(position(ticket.created_at, ticket_id)),
        ]
        condition = (TicketRow.absence == Absence.DELETED.value) & is_older_than(at)
        return self._counted(ticket.key, ticket.created_at, actions, condition, 1)

    def _write(self, observation: Observed | Unseen | Missed) -> bool:
        key, at = observation.key, observation.at
        observed_now = TicketRow.observed_at.set(at)
        newer = is_ticket() & is_not_deleted() & is_older_than(at)
        match observation:
            case Observed(sighting=seen):
                actions = [TicketRow.sighting.set(seen), TicketRow.absence.remove(), TicketRow.new_in.remove()]
                return self._update(key, [observed_now, *actions], newer)
            case Unseen():
                absence = TicketRow.absence.set(Absence.INACCESSIBLE.value)
                return self._update(key, [observed_now, absence, TicketRow.new_in.remove()], newer)
            case Missed(seen_at=seen_at):
                return self._miss(key, at, seen_at)
            case _:
                assert_never(observation)

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
        for _ in tries():
            try:
                self._table.tickets(key.integration_ref, key.ticket_id).update(list(actions), condition)
            except UpdateError as error:
                if condition_failed(error):
                    return False
                if not refused(error):
                    raise
            else:
                return True
        raise ContendedWriteError(f"{key}: a transaction was in the way on every try")

    def _created_at(self, keys: Sequence[TicketKey]) -> dict[TicketKey, datetime]:
        rows = self._table.read(keys)[0] if keys else {}
        return {key: row.created_at for key, row in rows.items() if row.issue_key}

    def _delete(self, observation: Deleted, created_at: datetime) -> bool:
        seen_at = observation.status_seen_at
        actions = [
            TicketRow.absence.set(Absence.DELETED.value),
            TicketRow.observed_at.set(observation.at),
            TicketRow.month.remove(),
            TicketRow.new_in.remove(),
            *([] if seen_at is None else [TicketRow.status_seen_at.set(seen_at)]),
        ]
        condition = is_ticket() & is_not_deleted() & is_older_than(observation.at)
        return self._counted(observation.key, created_at, actions, condition, -1)

    def _counted(
        self, key: TicketKey, created_at: datetime, actions: Sequence[Action], condition: Condition, by: int
    ) -> bool:
        """Change a ticket and the census in one transaction."""
        for _ in tries():
            try:
                with self._table.dynamo.transaction() as write:
                    write.update(self._table.tickets(key.integration_ref, key.ticket_id), list(actions), condition)
                    self._table.count(write, key.integration_ref, [(day_of(created_at), by)])
            except TransactWriteError as error:
                if condition_failed(error):
                    return False
                if not refused(error):
                    raise
            else:
                return True
        raise ContendedWriteError(f"{key}: another write was in the way on every try")
