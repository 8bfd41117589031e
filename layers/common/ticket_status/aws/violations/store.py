"""Violations in DynamoDB: their links to tickets, and the resources that they were found in."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from ticket_status.aws.dynamo import Dynamo, listed, side_by_side
from ticket_status.aws.tickets.table import TicketTable
from ticket_status.aws.violations.registration import Registering
from ticket_status.aws.violations.table import (
    CATALOGUE,
    ViolationTable,
    read_resource,
    resource_partition,
)
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Link, Registration, Resource
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page


class DynamoViolationStore:
    """The ``ViolationStore``. It knows the table of tickets too, because a registration is whole or not at all."""

    def __init__(self, dynamo: Dynamo, violations_table: str, tickets_table: str, retention: timedelta) -> None:
        self._dynamo = dynamo
        self._table = ViolationTable(dynamo, violations_table, retention)
        self._registering = Registering(TicketTable(dynamo, tickets_table, retention), self._table)

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        """One query per violation, side by side."""
        wanted = list(dict.fromkeys(violation_ids))
        found = side_by_side(self._table.links, wanted)
        return {violation: links for violation, links in zip(wanted, found, strict=True) if links}

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        """One query of the index per ticket, side by side."""
        wanted = list(dict.fromkeys(tickets))
        found = side_by_side(self._table.violations_of, wanted)
        return {ticket: violations for ticket, violations in zip(wanted, found, strict=True) if violations}

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """At most 16 calls for 100 registrations that meet no rival."""
        return self._registering.register(registrations, clock)

    def resources(self, type_: str | None, limit: int, token: str | None) -> Page[tuple[Resource, int]]:
        """One query, and one count per resource, side by side: a number kept would be wrong once rows expire."""
        names, following = self._page(CATALOGUE, "" if type_ is None else f"{type_}#", limit, token)
        found = [read_resource(name) for name in names]
        numbers = side_by_side(self._violations_in, found)
        return Page(list(zip(found, numbers, strict=True)), following)

    def of_resource(self, resource: Resource, limit: int, token: str | None) -> Page[str]:
        """One query."""
        return Page(*self._page(resource_partition(resource), "", limit, token))

    def _violations_in(self, resource: Resource) -> int:
        return self._dynamo.count(
            TableName=self._table.name,
            KeyConditionExpression="pk = :resource",
            ExpressionAttributeValues={":resource": {"S": resource_partition(resource)}},
        )

    def _page(self, partition: str, prefix: str, limit: int, token: str | None) -> tuple[list[str], str | None]:
        """Range keys of a partition, and the token of the page that follows."""
        request: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
        }
        if prefix:
            request["KeyConditionExpression"] += " AND begins_with(sk, :prefix)"
            request["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
        if token is not None:
            last = read_token(f"{partition} {prefix}", token)
            request["ExclusiveStartKey"] = {"pk": {"S": partition}, "sk": {"S": last}}
        page = self._dynamo.client.query(TableName=self._table.name, Limit=limit + 1, **request)
        items, more = listed(page, limit)
        names = [item["sk"]["S"] for item in items]
        return names, write_token(f"{partition} {prefix}", names[-1]) if more else None
