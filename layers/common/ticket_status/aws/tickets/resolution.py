"""Gives a key-only ticket its issue id: it becomes, or joins, the ticket with that id, and its links move too.

The links move first, so that the event of the first status includes its violations. Every step can be repeated, and
the key-only ticket leaves the retrieval index last, after all its links moved: the next run repeats what was
interrupted. An alias stays for links that were registered in between.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import ContendedWriteError, has_version, side_by_side, tries
from ticket_status.aws.tickets.observations import Recording
from ticket_status.aws.tickets.table import (
    TicketRow,
    TicketTable,
    day_of,
    is_not_deleted,
    is_ticket,
    served_by,
    serves,
    ticket_of,
)
from ticket_status.aws.violations.registration import gains
from ticket_status.aws.violations.table import HeadRow, ViolationTable
from ticket_status.core.model import Absence, Sighting, TicketKey
from ticket_status.core.observations import Observed
from ticket_status.core.violations import MOST_RESOURCES, Head, Link, head_of

LINKS_AT_ONCE = 30
"""Links moved per transaction: each is one item to put, one to delete, and the head of its violation."""


class _Move(Struct, frozen=True):
    """A link that moves, and the head that its violation then has."""

    old: Link
    new: Link
    joins: bool
    """Whether the violation already has a link to the ticket."""
    head: Head
    version: int


class Resolving:
    """Gives key-only tickets their issue ids."""

    def __init__(self, table: TicketTable, violations: ViolationTable, recording: Recording) -> None:
        self._table = table
        self._violations = violations
        self._recording = recording

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """The ticket that the key-only one became. A deleted one stays deleted (R7)."""
        for _ in tries():
            row = self._table.read_one(key)
            if row is None or row.became:
                known = TicketKey(key.integration_ref, issue_id if row is None else row.became)
                self._recording.record([Observed(known, at, seen)])
                return known
            if row.absence == Absence.DELETED.value:
                return key
            known = TicketKey(key.integration_ref, issue_id)
            ticket = self._made(row, known, at)
            self._move_links(row, ticket)
            self._recording.record([Observed(known, at, seen)])
            if self._alias(row, known, at):
                return known
            # A link was registered meanwhile: it has to move too.
        raise ContendedWriteError(f"{key}: other writes were in the way on every try")

    def _made(self, row: TicketRow, known: TicketKey, at: datetime) -> TicketRow:
        """The ticket, created from the key-only one unless it exists."""
        new = self._table.new_row(replace(ticket_of(row), key=known), at)
        new.made_of, new.resolved_at = row.ticket_id, at

        def fill(write: TransactWrite) -> None:
            write.save(new, TicketRow.ticket_id.does_not_exist())
            write.save(self._violations.key_row(row.issue_key, known, row.created_at))
            self._table.count(write, known.integration_ref, [(day_of(row.created_at), 1)])

        for _ in tries():
            stored = self._table.read_one(known)
            if stored is not None:
                return stored
            if self._table.dynamo.transact_once(fill):
                return new
        raise ContendedWriteError(f"{known}: another write was in the way on every try")

    # --- Links ------------------------------------------------------------------------------------------------------

    def _move_links(self, row: TicketRow, ticket: TicketRow) -> None:
        violations = self._violations_of(row)
        chunks = [violations[at : at + LINKS_AT_ONCE] for at in range(0, len(violations), LINKS_AT_ONCE)]
        for chunk in chunks:  # one after another: they meet in the ticket's item
            self._move(chunk, row, ticket)

    def _violations_of(self, row: TicketRow) -> Sequence[str]:
        """The violations of a key-only ticket, from its own item if that names them all.

        The index lags behind by seconds, so it is read again until it has as many as the item counts.
        """
        served = served_by(row)
        if served.total <= len(served.first):
            return served.first
        found: Sequence[str] = ()
        for _ in tries():
            found = self._violations.violations_of(_key(row))
            if len(found) >= served.total:
                break
        return found

    def _move(self, violations: Sequence[str], row: TicketRow, ticket: TicketRow) -> None:
        for _ in tries():
            found = side_by_side(lambda violation_id: self._planned(violation_id, row, ticket), violations)
            moves = [move for move in found if move is not None]
            if not moves or self._table.dynamo.transact_once(partial(self._write_moves, moves, ticket)):
                return
        raise ContendedWriteError(f"{_key(row)}: another write was in the way of its links on every try")

    def _write_moves(self, moves: Sequence[_Move], ticket: TicketRow, write: TransactWrite) -> None:
        for move in moves:
            write.save(self._violations.link_row(move.new))
            write.delete(self._violations.link_row(move.old))
            head = self._violations.head_row(move.head, move.version + 1)
            write.save(head, has_version(HeadRow.version, move.version))
        gained = [move.new.violation_id for move in moves if not move.joins]
        if gained:
            target = self._table.tickets(ticket.integration_ref, ticket.ticket_id)
            write.update(target, gains(ticket, gained), is_ticket())

    def _planned(self, violation_id: str, row: TicketRow, ticket: TicketRow) -> _Move | None:
        """How to move a violation's link; ``None`` if it has already moved. The head is read before the links."""
        old, known = _key(row), _key(ticket)
        stored = self._violations.heads([violation_id]).get(violation_id)
        links = {link.ticket: link for link in self._violations.links(violation_id)}
        leaving = links.pop(old, None)
        if leaving is None:
            return None
        joined = links.get(known)
        moved = replace(leaving, ticket=known, created_at=ticket.created_at)
        if joined is not None:
            moved = replace(
                joined, resources=tuple(dict.fromkeys((*joined.resources, *leaving.resources)))[:MOST_RESOURCES]
            )
        head = head_of(violation_id, [*(links | {known: moved}).values()])
        return _Move(leaving, moved, joined is not None, head, 0 if stored is None else stored.version)

    def _alias(self, row: TicketRow, known: TicketKey, at: datetime) -> bool:
        """Replace the ticket with its alias; ``False`` if the ticket changed since its links were read."""
        alias = self._table.alias(_key(row), known.ticket_id, row.created_at)
        alias.resolved_at = at

        def fill(write: TransactWrite) -> None:
            write.save(alias, is_ticket() & is_not_deleted() & serves(row))
            write.delete(self._violations.key_row(row.issue_key, _key(row), row.created_at))
            self._table.count(write, row.integration_ref, [(day_of(row.created_at), -1)])

        return self._table.dynamo.transact_once(fill)


def _key(row: TicketRow) -> TicketKey:
    return TicketKey(row.integration_ref, row.ticket_id)
