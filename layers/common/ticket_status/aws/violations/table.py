"""The violations' table: its models bound to it, and its reads."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from ticket_status.aws.dynamo import Dynamo, Item
from ticket_status.aws.violations.item import (
    CATALOGUE,
    HEAD,
    TICKET_KEY,
    TICKET_LINKS_INDEX,
    VIOLATION,
    CatalogueRow,
    HeadRow,
    LinkRow,
    MembershipRow,
    StoredHead,
    TicketKeyRow,
    head_of_row,
    head_values,
    link_of,
    link_values,
    membership_partition,
    resource_name,
    shared_expiry,
    ticket_name,
)
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Head, Link, Resource

ItemKey = tuple[str, str]
"""``pk`` and ``sk`` of an item."""


class ViolationTable:
    """The models of the violations' table, bound to it. ``retention`` is how long a ticket is kept."""

    def __init__(self, dynamo: Dynamo, name: str, retention: timedelta) -> None:
        self.dynamo = dynamo
        self.name = name
        self.retention = retention
        self.links_rows = dynamo.bind(LinkRow, name)
        self.head_rows = dynamo.bind(HeadRow, name)
        self.membership_rows = dynamo.bind(MembershipRow, name)
        self.catalogue_rows = dynamo.bind(CatalogueRow, name)
        self.key_rows = dynamo.bind(TicketKeyRow, name)

    # --- Rows to write ----------------------------------------------------------------------------------------------

    def link_row(self, link: Link) -> LinkRow:
        """The row of a link."""
        return self.links_rows(**link_values(link, self.retention))

    def head_row(self, head: Head, version: int) -> HeadRow:
        """The row of a head, at this version."""
        return self.head_rows(**head_values(head, version, self.retention))

    def membership_row(self, resource: Resource | None, violation_id: str, expires_at: datetime) -> MembershipRow:
        """The row that has a violation among those of a resource, or among those without one."""
        return self.membership_rows(membership_partition(resource), violation_id, expires_at=expires_at)

    def catalogue_row(self, resource: Resource) -> CatalogueRow:
        """The row of a resource in the catalogue, to be updated."""
        return self.catalogue_rows(CATALOGUE, resource_name(resource))

    def key_row(self, issue_key: str, ticket: TicketKey, created_at: datetime) -> TicketKeyRow:
        """The row that has a ticket under an issue key."""
        expires_at = created_at + self.retention
        return self.key_rows(TICKET_KEY + issue_key, ticket_name(ticket), expires_at=expires_at)

    def shared_expiry(self, created_at: datetime) -> datetime:
        """When what a ticket shares with others expires."""
        return shared_expiry(created_at, self.retention)

    # --- Reads ------------------------------------------------------------------------------------------------------

    def read(self, keys: Collection[ItemKey]) -> dict[ItemKey, Item]:
        """Those of these items that exist, read consistently."""
        wanted: list[Item] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in self.dynamo.batch_get(self.name, wanted)}

    def heads(self, violation_ids: Iterable[str]) -> dict[str, StoredHead]:
        """The heads of these violations."""
        found = self.read({(VIOLATION + violation_id, HEAD) for violation_id in violation_ids})
        heads = [head_of_row(self.head_rows.from_raw_data(dict(item))) for item in found.values()]
        return {stored.head.violation_id: stored for stored in heads}

    def links(self, violation_id: str) -> list[Link]:
        """The links of a violation, the highest rank first."""
        items = self.dynamo.items(
            TableName=self.name,
            KeyConditionExpression="pk = :violation AND sk > :head",
            ExpressionAttributeValues={":violation": {"S": VIOLATION + violation_id}, ":head": {"S": HEAD}},
            ConsistentRead=True,
        )
        return sorted((self.link(item) for item in items), key=lambda link: link.rank, reverse=True)

    def link(self, item: Item) -> Link:
        """The link in an item."""
        return link_of(self.links_rows.from_raw_data(dict(item)))

    def violations_of(self, ticket: TicketKey) -> list[str]:
        """Ids of the violations that a ticket serves, from the index, which may lag behind by seconds."""
        items = self.dynamo.items(
            TableName=self.name,
            IndexName=TICKET_LINKS_INDEX,
            KeyConditionExpression="ticket = :ticket",
            ExpressionAttributeValues={":ticket": {"S": ticket_name(ticket)}},
            ProjectionExpression="pk",
        )
        return [item["pk"]["S"].removeprefix(VIOLATION) for item in items]
