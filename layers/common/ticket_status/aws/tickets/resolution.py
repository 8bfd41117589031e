"""A key-only ticket gets its issue id: it becomes, or joins, the ticket with that id, and its links move along.

Every step can be repeated, and the key-only ticket leaves the retrieval index last: what is interrupted is done again
by the next run. The alias that stays answers for links that were registered in between.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pynamodb.exceptions import TransactWriteError

from ticket_status.aws.dynamo import ContendedWriteError, refused, side_by_side, tries
from ticket_status.aws.tickets.item import TicketRow, ticket_of
from ticket_status.aws.tickets.observations import Recording
from ticket_status.aws.tickets.table import TicketTable, day_of, is_not_deleted, is_ticket
from ticket_status.aws.violations.table import ViolationTable
from ticket_status.core.model import Absence, Sighting, TicketKey
from ticket_status.core.observations import Observed

LINKS_AT_ONCE = 50
"""Links that one transaction moves: each is one item to put and one to delete."""


class Resolving:
    """Gives key-only tickets their issue ids."""

    def __init__(self, table: TicketTable, violations: ViolationTable, recording: Recording) -> None:
        self._table = table
        self._violations = violations
        self._recording = recording

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """The ticket that the key-only one became. A deleted one stays what it is (R7)."""
        row = self._table.read_one(key)
        known = TicketKey(key.integration_ref, issue_id if row is None else row.became or issue_id)
        if row is not None and not row.became:
            if row.absence == Absence.DELETED.value:
                return key
            created_at = self._made(row, known, at)
            self._recording.record([Observed(known, at, seen)])
            self._move_links(key, known, created_at)
            self._alias(row, known)
        else:
            self._recording.record([Observed(known, at, seen)])
        return known

    def _made(self, row: TicketRow, known: TicketKey, at: datetime) -> datetime:
        """Make the ticket unless it exists; when it was created, as stored first."""
        new = self._table.new_row(replace(ticket_of(row), key=known), at)
        for _ in tries():
            stored = self._table.read_one(known)
            if stored is not None:
                return stored.created_at
            try:
                with self._table.dynamo.transaction() as write:
                    write.save(new, TicketRow.ticket_id.does_not_exist())
                    self._table.count(write, known.integration_ref, [(day_of(row.created_at), 1)])
            except TransactWriteError as error:
                if not refused(error):
                    raise
            else:
                return row.created_at
        raise ContendedWriteError(f"{known}: another write was in the way on every try")

    def _move_links(self, key: TicketKey, known: TicketKey, created_at: datetime) -> None:
        violations = self._violations.violations_of(key)
        chunks = [violations[at : at + LINKS_AT_ONCE] for at in range(0, len(violations), LINKS_AT_ONCE)]
        side_by_side(lambda chunk: self._move(chunk, key, known, created_at), chunks)

    def _move(self, violations: Sequence[str], key: TicketKey, known: TicketKey, created_at: datetime) -> None:
        links = self._violations.read_links(violations, key)
        if not links:
            return
        for _ in tries():
            try:
                with self._table.dynamo.transaction() as write:
                    for link in links:
                        moved = replace(link, ticket=known, created_at=created_at)
                        write.save(self._violations.link_row(moved))
                        write.delete(self._violations.link_row(link))
            except TransactWriteError as error:
                if not refused(error):
                    raise
            else:
                return
        raise ContendedWriteError(f"{key}: another write was in the way of its links on every try")

    def _alias(self, row: TicketRow, known: TicketKey) -> None:
        """Leave the alias in place of the ticket, unless another worker did so or it was deleted meanwhile."""
        key = TicketKey(row.integration_ref, row.ticket_id)
        for _ in tries():
            stored = self._table.read_one(key)
            if stored is None or stored.became or stored.absence == Absence.DELETED.value:
                return
            try:
                with self._table.dynamo.transaction() as write:
                    alias = self._table.alias(key, known.ticket_id, row.created_at)
                    write.save(alias, is_ticket() & is_not_deleted())
                    self._table.count(write, key.integration_ref, [(day_of(row.created_at), -1)])
            except TransactWriteError as error:
                if not refused(error):
                    raise
            else:
                return
        raise ContendedWriteError(f"{key}: another write was in the way on every try")
