"""Registration of tickets, links, heads and resources: each registration in one transaction, with few calls.

What is stored is read first and not written again. If another write conflicts, the transaction fails, and its
contents are read and planned again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import ITEMS_PER_TRANSACTION, ContendedWriteError, either, has_version, same, tries
from ticket_status.aws.tickets.table import TicketRow, TicketTable, day_of, is_ticket
from ticket_status.aws.violations.table import (
    CATALOGUE,
    HEAD,
    VIOLATION,
    CatalogueRow,
    HeadRow,
    ItemKey,
    LinkRow,
    MembershipRow,
    StoredHead,
    ViolationTable,
    expiry_counter,
    expiry_of,
    head_of_row,
    membership_partition,
    resource_name,
    resource_names,
    ticket_name,
)
from ticket_status.core.model import MOST_SHOWN_VIOLATIONS, TicketKey
from ticket_status.core.violations import MOST_RESOURCES, Head, Link, Registration, Resource, with_link

Membership = tuple[Resource | None, str]
"""A violation among those of a resource, or among those without one."""

LinkKey = tuple[str, TicketKey]


class _Group(Struct):
    """What one transaction writes: no item twice."""

    registrations: list[Registration] = field(default_factory=list)
    tickets: dict[TicketKey, TicketRow] = field(default_factory=dict)
    """New ones."""
    served: dict[TicketKey, tuple[str, ...]] = field(default_factory=dict)
    """The violations that each ticket, new or known, gains."""
    links: dict[LinkKey, Link] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    memberships: dict[Membership, datetime] = field(default_factory=dict)
    """When each ends."""
    placed: set[str] = field(default_factory=set)
    """Violations that had no resource and have one now."""

    @property
    def months(self) -> dict[tuple[str, date], Counter[date]]:
        """The number of new tickets per day, by integration and month."""
        months: dict[tuple[str, date], Counter[date]] = defaultdict(Counter)
        for row in self.tickets.values():
            day = day_of(row.created_at)
            months[row.integration_ref, day.replace(day=1)][day] += 1
        return months

    @property
    def resources(self) -> set[Resource]:
        """Those whose entries in the catalogue change."""
        return {resource for resource, _ in self.memberships if resource is not None}

    @property
    def items(self) -> int:
        """How many items the transaction has: a new ticket is one, and one more under its key."""
        tickets = len(self.served.keys() | self.tickets.keys()) + len(self.tickets) + len(self.months)
        violations = len(self.links) + len(self.heads) + len(self.memberships) + len(self.placed)
        return tickets + violations + len(self.resources)

    def with_(self, other: "_Group") -> "_Group":
        """Both in one transaction; the other one was planned after this one."""
        placed = self.placed | other.placed
        memberships = {**self.memberships, **other.memberships}
        gained = {key: self.served.get(key, ()) + more for key, more in other.served.items()}
        return _Group(
            self.registrations + other.registrations,
            {**self.tickets, **other.tickets},
            {**self.served, **gained},
            {**self.links, **other.links},
            {**self.heads, **other.heads},
            {key: until for key, until in memberships.items() if key[0] is not None or key[1] not in placed},
            placed,
        )


class _Stored(Struct):
    """What is already stored of the registrations."""

    tickets: dict[TicketKey, TicketRow]
    links: dict[LinkKey, Link]
    heads: dict[str, StoredHead]
    memberships: dict[Membership, datetime]
    catalogue: dict[Resource, datetime]
    """When the entry of each resource ends."""

    @property
    def waiting(self) -> set[TicketKey]:
        """The tickets that have not been retrieved yet."""
        return {key for key, row in self.tickets.items() if row.new_in}

    def learn(self, group: _Group) -> None:
        """Treat what was just written as stored."""
        self.tickets |= group.tickets
        self.links |= group.links
        for violation_id, head in group.heads.items():
            self.heads[violation_id] = StoredHead(head, self.version(violation_id) + 1)
        self.memberships |= group.memberships
        for (resource, _), until in group.memberships.items():
            if resource is not None:
                self.catalogue[resource] = max(until, self.catalogue.get(resource, until))

    def version(self, violation_id: str) -> int:
        """The version of a violation's head; zero while there is none."""
        stored = self.heads.get(violation_id)
        return 0 if stored is None else stored.version


class Registering:
    """Writes registrations into the tables of tickets and violations."""

    def __init__(self, tickets: TicketTable, violations: ViolationTable) -> None:
        self._tickets = tickets
        self._violations = violations

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """Register them; returns their tickets that are waiting to be retrieved."""
        waiting: set[TicketKey] = set()
        left = list(registrations)
        for _ in tries():
            left, stored = self._read(left)
            failed: list[Registration] = []
            for group in self._groups(left, stored, clock):
                if self._written(group, stored):
                    stored.learn(group)
                else:
                    failed += group.registrations
            waiting |= stored.waiting
            left = failed
            if not left:
                return frozenset(waiting)
        raise ContendedWriteError(f"{len(left)} registrations: other writes were in the way on every try")

    # --- Gather -----------------------------------------------------------------------------------------------------

    def _read(self, registrations: Sequence[Registration]) -> tuple[list[Registration], _Stored]:
        """What is stored, and the registrations with aliases replaced by the tickets that they became."""
        known = self._tickets.read({one.ticket.key for one in registrations})[0]
        became = {key: TicketKey(key.integration_ref, row.became) for key, row in known.items() if row.became}
        if became:
            known |= self._tickets.read(set(became.values()))[0]
        current = [_renamed(one, became) for one in registrations]
        tickets = {key: row for key, row in known.items() if row.issue_key}
        return current, self._read_violations(current, tickets)

    def _read_violations(self, registrations: Sequence[Registration], tickets: dict[TicketKey, TicketRow]) -> _Stored:
        table = self._violations
        found = table.read({key for one in registrations for key in _item_keys(one)})
        links, heads, memberships, catalogue = {}, {}, {}, {}
        for one in registrations:
            link, head, membership, *entry = (found.get(key) for key in _item_keys(one))
            if link is not None:
                links[one.violation_id, one.ticket.key] = table.link(link)
            if head is not None:
                heads[one.violation_id] = head_of_row(table.head_rows.from_raw_data(dict(head)))
            if membership is not None:
                memberships[one.resource, one.violation_id] = expiry_of(membership)
            if one.resource is not None and entry[0] is not None:
                catalogue[one.resource] = expiry_of(entry[0])
        return _Stored(tickets, links, heads, memberships, catalogue)

    # --- Decide -----------------------------------------------------------------------------------------------------

    def _groups(self, registrations: Sequence[Registration], stored: _Stored, clock: datetime) -> Iterator[_Group]:
        """The transactions; each is planned after the previous ones were written."""
        group = _Group()
        for one in registrations:
            joined = group.with_(self._plan(one, stored, group, clock))
            if joined.items > ITEMS_PER_TRANSACTION:
                yield group
                joined = self._plan(one, stored, _Group(), clock)
            group = joined
        yield group

    def _plan(self, one: Registration, stored: _Stored, group: _Group, clock: datetime) -> _Group:
        """What to write for a registration, apart from what is stored or already in the group."""
        key, violation_id = one.ticket.key, one.violation_id
        plan = _Group([one])
        ticket = stored.tickets.get(key) or group.tickets.get(key)
        if ticket is None:
            ticket = self._tickets.new_row(one.ticket, clock)
            plan.tickets[key] = ticket
        link = Link(violation_id, key, ticket.created_at, _resources(one), one.ticket.registered_at)
        known = group.links.get((violation_id, key)) or stored.links.get((violation_id, key))
        head = group.heads.get(violation_id) or _head_in(stored, violation_id)
        if known is None:
            plan.links[violation_id, key] = link
            plan.served[key] = (violation_id,)
            plan.heads[violation_id] = with_link(head, link)
        elif one.resource is not None and one.resource not in known.resources:
            if len(known.resources) >= MOST_RESOURCES:
                return plan
            plan.links[violation_id, key] = replace(known, resources=(*known.resources, one.resource))
        if head is not None and not head.placed and one.resource is not None:
            plan.placed.add(violation_id)
            plan.heads[violation_id] = replace(plan.heads.get(violation_id, head), placed=True)
        if one.resource is not None or head is None or not head.placed:
            self._place(one, ticket.created_at, stored, group, plan)
        return plan

    def _place(self, one: Registration, created_at: datetime, stored: _Stored, group: _Group, plan: _Group) -> None:
        """List the violation under its resource at least for as long as this ticket is kept."""
        membership = one.resource, one.violation_id
        until = self._violations.shared_expiry(created_at)
        known = group.memberships.get(membership) or stored.memberships.get(membership)
        if known is None or until > known:
            plan.memberships[membership] = until

    # --- Write ------------------------------------------------------------------------------------------------------

    def _written(self, group: _Group, stored: _Stored) -> bool:
        return not group.items or self._tickets.dynamo.transact_once(partial(self._write, group, stored))

    def _write(self, group: _Group, stored: _Stored, write: TransactWrite) -> None:
        self._write_tickets(write, group, stored)
        self._write_links(write, group, stored)
        self._write_memberships(write, group, stored)

    def _write_tickets(self, write: TransactWrite, group: _Group, stored: _Stored) -> None:
        for key, row in group.tickets.items():
            serves = group.served[key]
            row.violations, row.served = set(serves[:MOST_SHOWN_VIOLATIONS]), len(serves)
            write.save(row, TicketRow.ticket_id.does_not_exist())
            write.save(self._violations.key_row(row.issue_key, key, row.created_at))
        for key in group.served.keys() - group.tickets.keys():
            row = stored.tickets[key]
            write.update(self._tickets.tickets(*_identity(key)), gains(row, group.served[key]), is_ticket())
        for (ref, _), days in group.months.items():
            self._tickets.count(write, ref, days.items())

    def _write_links(self, write: TransactWrite, group: _Group, stored: _Stored) -> None:
        for key, link in group.links.items():
            write.save(self._violations.link_row(link), _is_still(stored.links.get(key)))
        for violation_id, head in group.heads.items():
            version = stored.version(violation_id)
            write.save(self._violations.head_row(head, version + 1), has_version(HeadRow.version, version))

    def _write_memberships(self, write: TransactWrite, group: _Group, stored: _Stored) -> None:
        counted: dict[Resource, Counter[datetime]] = defaultdict(Counter)
        for (resource, violation_id), until in group.memberships.items():
            before = stored.memberships.get((resource, violation_id))
            write.save(
                self._violations.membership_row(resource, violation_id, until), same(MembershipRow.expires_at, before)
            )
            if resource is not None:
                counted[resource][until] += 1
                if before is not None:
                    counted[resource][before] -= 1
        for violation_id in group.placed:
            write.delete(self._violations.membership_row(None, violation_id, _EPOCH))
        for resource, steps in counted.items():
            actions, condition = _counting(steps, stored.catalogue.get(resource))
            write.update(self._violations.catalogue_row(resource), actions, condition)


_EPOCH = datetime.fromtimestamp(0, UTC)


def _identity(key: TicketKey) -> tuple[str, str]:
    return key.integration_ref, key.ticket_id


def _item_keys(one: Registration) -> list[ItemKey]:
    """Link, head, membership and, with a resource, its entry in the catalogue."""
    violation = VIOLATION + one.violation_id
    keys = [
        (violation, ticket_name(one.ticket.key)),
        (violation, HEAD),
        (membership_partition(one.resource), one.violation_id),
    ]
    return keys if one.resource is None else [*keys, (CATALOGUE, resource_name(one.resource))]


def _head_in(stored: _Stored, violation_id: str) -> Head | None:
    found = stored.heads.get(violation_id)
    return None if found is None else found.head


def gains(row: TicketRow, violation_ids: Sequence[str]) -> list[Action]:
    """A known ticket gains violations; its item names the first of them."""
    named = len(row.violations or ())
    shown = set(violation_ids[: max(0, MOST_SHOWN_VIOLATIONS - named)])
    counted = TicketRow.served.add(len(violation_ids))
    return [counted, TicketRow.violations.add(shown)] if shown else [counted]


def _counting(steps: Mapping[datetime, int], known: datetime | None) -> tuple[list[Action], Condition]:
    """The catalogue's entry of a resource counts its violations, and expires with the last of them."""
    actions: list[Action] = [expiry_counter(until).add(by) for until, by in steps.items() if by]
    latest = max(steps)
    if known is not None and latest <= known:
        return actions, CatalogueRow.expires_at.exists()
    later = either(CatalogueRow.pk.does_not_exist(), CatalogueRow.expires_at < latest)
    return [*actions, CatalogueRow.expires_at.set(latest)], later


def _resources(one: Registration) -> tuple[Resource, ...]:
    return () if one.resource is None else (one.resource,)


def _is_still(link: Link | None) -> Condition:
    """The link is as it was read; ``None`` is none."""
    if link is None:
        condition: Condition = LinkRow.pk.does_not_exist()
        return condition
    names = resource_names(link.resources)
    # A link that 0.1 wrote has its resource elsewhere.
    absent: Condition = LinkRow.resources.does_not_exist()
    resources = absent if names is None else either(absent, LinkRow.resources == names)
    both: Condition = LinkRow.pk.exists() & resources
    return both


def _renamed(registration: Registration, became: Mapping[TicketKey, TicketKey]) -> Registration:
    key = became.get(registration.ticket.key)
    return registration if key is None else replace(registration, ticket=replace(registration.ticket, key=key))
