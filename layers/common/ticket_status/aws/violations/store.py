"""Violations in DynamoDB: their links to tickets, and the resources that they were found in."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from ticket_status.aws.dynamo import Dynamo, Item, listed, side_by_side
from ticket_status.aws.tickets.table import TicketTable
from ticket_status.aws.violations.registration import Registering
from ticket_status.aws.violations.table import (
    CATALOGUE,
    TICKET_KEY,
    ViolationTable,
    membership_partition,
    read_resource,
    read_ticket_name,
    violations_counted,
)
from ticket_status.aws.violations.unregistration import Unregistering
from ticket_status.core.model import Ticket, TicketKey
from ticket_status.core.violations import Head, Link, Registration, Resource
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import InvalidTokenError, Page


class DynamoViolationStore:
    """The ``ViolationStore``. It also writes the tickets' table, because a registration is all or nothing."""

    def __init__(self, dynamo: Dynamo, violations_table: str, tickets_table: str, retention: timedelta) -> None:
        self._dynamo = dynamo
        self._table = ViolationTable(dynamo, violations_table, retention)
        tickets = TicketTable(dynamo, tickets_table, retention)
        self._registering = Registering(tickets, self._table)
        self._unregistering = Unregistering(tickets, self._table)

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        """One query per violation, side by side."""
        wanted = list(dict.fromkeys(violation_ids))
        found = side_by_side(self._table.links, wanted)
        return {violation: links for violation, links in zip(wanted, found, strict=True) if links}

    def heads(self, violation_ids: Collection[str]) -> dict[str, Head]:
        """One batch per 100."""
        return {violation_id: stored.head for violation_id, stored in self._table.heads(violation_ids).items()}

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        """One query of the index per ticket, side by side."""
        wanted = list(dict.fromkeys(tickets))
        found = side_by_side(self._table.violations_of, wanted)
        return {ticket: violations for ticket, violations in zip(wanted, found, strict=True) if violations}

    def under_key(self, issue_key: str, limit: int, token: str | None) -> Page[TicketKey]:
        """One query."""
        items, following = self._page(TICKET_KEY + issue_key, "", limit, token)
        return Page([read_ticket_name(item["sk"]["S"]) for item in items], following)

    def keep_keys(self, tickets: Sequence[Ticket]) -> None:
        """One put each: issues are rarely moved."""
        side_by_side(lambda one: self._table.key_row(one.issue_key, one.key, one.created_at).save(), tickets)

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """At most 16 calls for 100 registrations without conflicts."""
        return self._registering.register(registrations, clock)

    def unregister(self, links: Sequence[Link]) -> None:
        """Four reads and a transaction each, side by side."""
        self._unregistering.unregister(links)

    def resources(self, type_: str | None, limit: int, token: str | None, now: datetime) -> Page[tuple[Resource, int]]:
        """One query: the catalogue counts each resource's violations by their expiry."""
        items, following = self._page(CATALOGUE, "" if type_ is None else f"{type_}#", limit, token)
        counted = [(read_resource(item["sk"]["S"]), violations_counted(item, now)) for item in items]
        return Page([(resource, violations) for resource, violations in counted if violations > 0], following)

    def of_resource(self, resource: Resource | None, limit: int, token: str | None) -> Page[str]:
        """One query."""
        items, following = self._page(membership_partition(resource), "", limit, token)
        return Page([item["sk"]["S"] for item in items], following)

    def _page(self, partition: str, prefix: str, limit: int, token: str | None) -> tuple[Sequence[Item], str | None]:
        """Items of a partition, read consistently, and the token of the page that follows."""
        request: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
        }
        if prefix:
            request["KeyConditionExpression"] += " AND begins_with(sk, :prefix)"
            request["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
        if token is not None:
            last = read_token(f"{partition} {prefix}", token)
            if not last.startswith(prefix):
                raise InvalidTokenError
            request["ExclusiveStartKey"] = {"pk": {"S": partition}, "sk": {"S": last}}
        page = self._dynamo.client.query(TableName=self._table.name, Limit=limit + 1, ConsistentRead=True, **request)
        items, more = listed(page, limit)
        return items, write_token(f"{partition} {prefix}", items[-1]["sk"]["S"]) if more else None
