"""Registration: tickets, links and resources, each registration whole within one transaction, in few calls.

What is stored is read first and not written again. A write at the same time makes the transaction fail; then what it
held is read and planned anew.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition

from ticket_status.aws.dynamo import (
    ITEMS_PER_TRANSACTION,
    ContendedWriteError,
    Item,
    either,
    refused,
    tries,
)
from ticket_status.aws.tickets.item import TicketRow
from ticket_status.aws.tickets.table import TicketTable, day_of
from ticket_status.aws.violations.item import ViolationRow
from ticket_status.aws.violations.table import ViolationTable
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Link, Registration

ItemKey = tuple[str, str]
"""``pk`` and ``sk`` of an item of the violations table."""


@dataclass(slots=True)
class _Group:
    """What one transaction writes: no item twice, the days of a month as one item."""

    registrations: list[Registration] = field(default_factory=list)
    tickets: dict[TicketKey, TicketRow] = field(default_factory=dict)
    rows: dict[ItemKey, ViolationRow] = field(default_factory=dict)

    @property
    def months(self) -> dict[tuple[str, date], Counter[date]]:
        """New tickets per day, by integration and month."""
        months: dict[tuple[str, date], Counter[date]] = defaultdict(Counter)
        for row in self.tickets.values():
            day = day_of(row.created_at)
            months[row.integration_ref, day.replace(day=1)][day] += 1
        return months

    @property
    def items(self) -> int:
        """How many items the transaction has."""
        return len(self.tickets) + len(self.rows) + len(self.months)

    def with_(self, other: "_Group") -> "_Group":
        """Both in one transaction."""
        return _Group(
            self.registrations + other.registrations,
            {**other.tickets, **self.tickets},
            {**other.rows, **self.rows},
        )


@dataclass(slots=True)
class _Stored:
    """What is stored of what is to be registered."""

    tickets: dict[TicketKey, TicketRow]
    rows: dict[ItemKey, ViolationRow]

    @property
    def waiting(self) -> set[TicketKey]:
        """The tickets that nobody has retrieved yet."""
        return {key for key, row in self.tickets.items() if row.new_in}

    def learn(self, group: _Group) -> None:
        """Take what was just written as stored."""
        self.tickets |= group.tickets
        self.rows |= group.rows


class Registering:
    """Writes registrations into the tables of tickets and violations."""

    def __init__(self, tickets: TicketTable, violations: ViolationTable) -> None:
        self._tickets = tickets
        self._violations = violations

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """Register them; those of their tickets that wait to be retrieved."""
        waiting: set[TicketKey] = set()
        left = list(registrations)
        for _ in tries():
            left, stored = self._read(left)
            failed: list[Registration] = []
            for group in self._groups(left, stored, clock):
                if self._written(group):
                    stored.learn(group)
                else:
                    failed += group.registrations
            waiting |= stored.waiting
            left = failed
            if not left:
                return frozenset(waiting)
        raise ContendedWriteError(f"{len(left)} registrations: other writes were in the way on every try")

    def _read(self, registrations: Sequence[Registration]) -> tuple[list[Registration], _Stored]:
        """What is stored, and the registrations with aliases replaced by the tickets that they became."""
        known = self._tickets.read({one.ticket.key for one in registrations})[0]
        became = {key: TicketKey(key.integration_ref, row.became) for key, row in known.items() if row.became}
        if became:
            known |= self._tickets.read(set(became.values()))[0]
        current = [_renamed(one, became) for one in registrations]
        tickets = {key: row for key, row in known.items() if row.issue_key}
        return current, _Stored(tickets, self._read_rows(current))

    def _read_rows(self, registrations: Sequence[Registration]) -> dict[ItemKey, ViolationRow]:
        keys = {key for one in registrations for key in self._rows(one, one.ticket.created_at)}
        items: list[Item] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
        found = self._violations.dynamo.batch_get(self._violations.name, items)
        rows = [self._violations.rows.from_raw_data(dict(item)) for item in found]
        return {(row.pk, row.sk): row for row in rows}

    def _rows(self, registration: Registration, created_at: datetime) -> dict[ItemKey, ViolationRow]:
        """The link, and the resource's rows, of a registration."""
        resource, violation_id = registration.resource, registration.violation_id
        link = Link(violation_id, registration.ticket.key, created_at, resource)
        rows = [self._violations.link_row(link)]
        if resource is not None:
            rows.append(self._violations.membership_row(resource, violation_id, created_at))
            rows.append(self._violations.catalogue_row(resource, created_at))
        return {(row.pk, row.sk): row for row in rows}

    def _groups(self, registrations: Sequence[Registration], stored: _Stored, clock: datetime) -> Iterator[_Group]:
        """Transactions, one after another: each is planned when those before it were written."""
        group = _Group()
        for one in registrations:
            joined = group.with_(self._plan(one, stored, group, clock))
            if joined.items > ITEMS_PER_TRANSACTION:
                yield group
                joined = self._plan(one, stored, _Group(), clock)
            group = joined
        yield group

    def _plan(self, one: Registration, stored: _Stored, group: _Group, clock: datetime) -> _Group:
        """What has to be written for a registration beside what is stored or already in the group."""
        key = one.ticket.key
        ticket = stored.tickets.get(key)
        plan = _Group([one])
        if ticket is None:
            ticket = group.tickets.get(key) or self._tickets.new_row(one.ticket, clock)
            plan.tickets[key] = ticket
        known: Mapping[ItemKey, ViolationRow] = stored.rows | group.rows
        for item, row in self._rows(one, ticket.created_at).items():
            if _adds(row, known.get(item)):
                plan.rows[item] = row
        return plan

    def _written(self, group: _Group) -> bool:
        if not group.items:
            return True
        try:
            with self._tickets.dynamo.transaction() as write:
                for ticket in group.tickets.values():
                    write.save(ticket, TicketRow.ticket_id.does_not_exist())
                for (ref, _), days in group.months.items():
                    self._tickets.count(write, ref, days.items())
                for row in group.rows.values():
                    write.save(row, _still_adds(row))
        except TransactWriteError as error:
            if not refused(error):
                raise
            return False
        return True


def _renamed(registration: Registration, became: Mapping[TicketKey, TicketKey]) -> Registration:
    key = became.get(registration.ticket.key)
    return registration if key is None else replace(registration, ticket=replace(registration.ticket, key=key))


def _adds(row: ViolationRow, stored: ViolationRow | None) -> bool:
    """Whether a row says more than the one that is stored: a resource that was not named, or a later end."""
    if stored is None:
        return True
    if row.ticket:
        return bool(row.resource) and not stored.resource
    return row.expires_at > stored.expires_at


def _still_adds(row: ViolationRow) -> Condition:
    """The same as a condition, against what was written since it was read."""
    if not row.ticket:
        return either(ViolationRow.pk.does_not_exist(), ViolationRow.expires_at < row.expires_at)
    unnamed = ViolationRow.resource.does_not_exist()
    return unnamed if row.resource else ViolationRow.pk.does_not_exist()
