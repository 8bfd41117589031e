"""Unregistration: removes a link, and whatever existed only because of it, in one transaction.

The last link of a ticket removes the ticket from the table, its indexes and its month's census. The last link of a
violation to a resource removes the violation from the resource's list. If another write conflicts, the transaction
fails, and everything is read and decided again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import ContendedWriteError, has_version, same, side_by_side, tries
from ticket_status.aws.tickets.table import TicketRow, TicketTable, day_of, served_by, serves, ticket_of
from ticket_status.aws.violations.table import (
    HeadRow,
    LinkRow,
    MembershipRow,
    StoredHead,
    ViolationTable,
    expiry_counter,
    expiry_of,
    membership_partition,
)
from ticket_status.core.model import Absence, TicketKey
from ticket_status.core.violations import Link, Resource, head_of

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action


class _Found(Struct, frozen=True):
    """What is stored of a link and of what depends on it."""

    link: Link
    others: tuple[Link, ...]
    """The violation's other links."""
    head: StoredHead | None
    ticket: TicketRow | None
    memberships: Mapping[Resource | None, datetime]
    """When the violation's memberships in the link's resources end; under ``None`` if it has no resource."""

    @property
    def left(self) -> set[Resource]:
        """The resources that the violation is still in when the link is gone."""
        return {resource for one in self.others for resource in one.resources}


class Unregistering:
    """Removes links from the tables of tickets and violations."""

    def __init__(self, tickets: TicketTable, violations: ViolationTable) -> None:
        self._tickets = tickets
        self._violations = violations

    def unregister(self, links: Sequence[Link]) -> None:
        """Remove links; it is fine if one does not exist."""
        side_by_side(self._unregister, links)

    def _unregister(self, link: Link) -> None:
        for _ in tries():
            found = self._find(link)
            if found is None or self._tickets.dynamo.transact_once(partial(self._remove, found)):
                return
        raise ContendedWriteError(f"{link.violation_id}: other writes were in the way of its link on every try")

    def _remove(self, found: _Found, write: TransactWrite) -> None:
        self._remove_link(write, found)
        self._leave_resources(write, found)
        self._release_ticket(write, found)

    def _find(self, link: Link) -> _Found | None:
        """The head is read before the links, because a link added in between changes its version."""
        table, violation_id = self._violations, link.violation_id
        head = table.heads([violation_id]).get(violation_id)
        links = {one.ticket: one for one in table.links(violation_id)}
        stored = links.pop(link.ticket, None)
        if stored is None:
            return None
        row = self._tickets.read_one(stored.ticket)
        if row is not None and row.became:
            row = self._tickets.read_one(TicketKey(row.integration_ref, row.became))
        return _Found(stored, tuple(links.values()), head, row, self._memberships(stored))

    def _memberships(self, link: Link) -> dict[Resource | None, datetime]:
        places: Sequence[Resource | None] = link.resources or (None,)
        keys = {resource: (membership_partition(resource), link.violation_id) for resource in places}
        items = self._violations.read(keys.values())
        return {resource: expiry_of(items[key]) for resource, key in keys.items() if key in items}

    def _remove_link(self, write: TransactWrite, found: _Found) -> None:
        write.delete(self._violations.link_row(found.link), LinkRow.pk.exists())
        version = 0 if found.head is None else found.head.version
        if found.others:
            head = head_of(found.link.violation_id, found.others)
            write.save(self._violations.head_row(head, version + 1), has_version(HeadRow.version, version))
        elif found.head is not None:
            write.delete(self._violations.head_row(found.head.head, version), has_version(HeadRow.version, version))

    def _leave_resources(self, write: TransactWrite, found: _Found) -> None:
        """Remove the violation from lists where it has no other link; list it without a resource if none is left."""
        violation_id, table = found.link.violation_id, self._violations
        unplaced = bool(found.others) and not found.left
        for resource, until in found.memberships.items():
            if resource in found.left or (resource is None and unplaced):
                continue
            write.delete(table.membership_row(resource, violation_id, until), same(MembershipRow.expires_at, until))
            if resource is not None:
                write.update(table.catalogue_row(resource), [expiry_counter(until).add(-1)])
        if unplaced and found.link.resources:
            until = table.shared_expiry(max(one.created_at for one in found.others))
            write.save(table.membership_row(None, violation_id, until))

    def _release_ticket(self, write: TransactWrite, found: _Found) -> None:
        row, violation_id = found.ticket, found.link.violation_id
        if row is None:
            return
        target = self._tickets.tickets(row.integration_ref, row.ticket_id)
        served = served_by(row)
        if served.total > 1:
            actions: list[Action] = [TicketRow.served.add(-1)]
            if violation_id in (row.violations or ()):
                actions.append(TicketRow.violations.delete({violation_id}))
            write.update(target, actions, serves(row))
            return
        write.delete(target, serves(row) & same(TicketRow.absence, row.absence))
        key = TicketKey(row.integration_ref, row.ticket_id)
        for issue_key in {row.issue_key, ticket_of(row).issue_key}:
            write.delete(self._violations.key_row(issue_key, key, row.created_at))
        day = [(day_of(row.created_at), -1)]
        if row.absence == Absence.DELETED.value:
            self._tickets.count(write, row.integration_ref, [], day)
        else:
            self._tickets.count(write, row.integration_ref, day)
