"""The violations' table: reading and writing its kinds of items."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from ticket_status.aws.dynamo import Dynamo, Item
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Head, Link, Resource

TICKET_LINKS_INDEX = "TicketLinksIndex"

VIOLATION = "violation#"
"""Prefix of the partition of a violation: its head and its links."""

HEAD = "#head"
"""Range key of a violation's head; names of tickets begin with a letter or digit, so it comes before its links."""

RESOURCE = "resource#"
"""Prefix of the partition of a resource's violations."""

UNPLACED = "unplaced"
"""The partition of the violations that were registered without a resource."""

CATALOGUE = "resources"
"""The one partition of the catalogue of resources."""

TICKET_KEY = "key#"
"""Prefix of the partition of the tickets with an issue key."""

_STEP = timedelta(days=30)
"""Items shared by many tickets expire at the next full step, so that not every new ticket must extend them."""

_EPOCH = datetime.fromtimestamp(0, UTC)


class LinkRow(Model):
    """A link between a violation and a ticket."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ticket = UnicodeAttribute(null=True)
    """For the index from tickets to violations."""
    created_at = UTCDateTimeAttribute(null=True)
    registered_at = UTCDateTimeAttribute(null=True)
    resources = UnicodeSetAttribute(null=True)
    resource = UnicodeAttribute(null=True)
    """As 0.1 wrote it, which is still read."""
    expires_at = TTLAttribute()


class HeadRow(Model):
    """What lists show of a violation."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    candidates = JSONAttribute()
    created_at = UTCDateTimeAttribute()
    tickets = NumberAttribute()
    placed = BooleanAttribute()
    version = NumberAttribute()
    """Counts its writes, for optimistic locking."""
    expires_at = TTLAttribute()


class MembershipRow(Model):
    """A violation among those of a resource, or among those without one."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires_at = TTLAttribute()


class CatalogueRow(Model):
    """A resource; its violations are counted by the step at which they expire, each in an attribute: ``s685``."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires_at = TTLAttribute()


class TicketKeyRow(Model):
    """A ticket under an issue key that it has, or had."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires_at = TTLAttribute()


class StoredHead(Struct, frozen=True):
    """A head as it was read."""

    head: Head
    version: int


def ticket_name(key: TicketKey) -> str:
    """A ticket as one string. Refs contain no ``#``."""
    return f"{key.integration_ref}#{key.ticket_id}"


def read_ticket_name(text: str) -> TicketKey:
    """The inverse of ``ticket_name``."""
    ref, _, ticket_id = text.partition("#")
    return TicketKey(ref, ticket_id)


def resource_name(resource: Resource) -> str:
    """A resource as one string that sorts by type and name, and is unique whatever the names are."""
    name = resource.name.replace("%", "%25").replace("#", "%23")
    version = "" if resource.version is None else f"#{resource.version}"
    return f"{resource.type}#{name}{version}"


def resource_names(resources: Sequence[Resource]) -> set[str] | None:
    """Resources as stored in a link."""
    return {resource_name(resource) for resource in resources} or None


def read_resource(text: str) -> Resource:
    """The inverse of ``resource_name``."""
    type_, _, rest = text.partition("#")
    name, mark, version = rest.partition("#")
    return Resource(type_, name.replace("%23", "#").replace("%25", "%"), version if mark else None)


def membership_partition(resource: Resource | None) -> str:
    """The partition of a resource's violations, or of those without a resource."""
    return UNPLACED if resource is None else RESOURCE + resource_name(resource)


def link_values(link: Link, retention: timedelta) -> dict[str, Any]:
    """The attributes of a link; it expires with its ticket."""
    name = ticket_name(link.ticket)
    return {
        "pk": VIOLATION + link.violation_id,
        "sk": name,
        "ticket": name,
        "created_at": link.created_at,
        "registered_at": link.registered_at,
        "resources": resource_names(link.resources),
        "expires_at": link.created_at + retention,
    }


def link_of(row: LinkRow) -> Link:
    """The link in a row."""
    values = row.attribute_values
    return Link(
        violation_id=row.pk.removeprefix(VIOLATION),
        ticket=read_ticket_name(row.sk),
        created_at=row.created_at,
        resources=tuple(read_resource(name) for name in sorted(_resource_names(values))),
        registered_at=values.get("registered_at"),
    )


def _resource_names(values: Mapping[str, Any]) -> set[str]:
    single = values.get("resource")
    return set(values.get("resources") or ()) | ({single} if single else set())


def head_values(head: Head, version: int, retention: timedelta) -> dict[str, Any]:
    """The attributes of a head; it expires with its leading ticket."""
    return {
        "pk": VIOLATION + head.violation_id,
        "sk": HEAD,
        "candidates": [ticket_name(key) for key in head.candidates],
        "created_at": head.created_at,
        "tickets": head.tickets,
        "placed": head.placed,
        "version": version,
        "expires_at": head.created_at + retention,
    }


def head_of_row(row: HeadRow) -> StoredHead:
    """The head in a row."""
    head = Head(
        violation_id=row.pk.removeprefix(VIOLATION),
        created_at=row.created_at,
        candidates=tuple(read_ticket_name(name) for name in row.candidates),
        tickets=int(row.tickets),
        placed=row.placed,
    )
    return StoredHead(head, int(row.version))


def expiry_of(item: Mapping[str, Mapping[str, Any]]) -> datetime:
    """When an item expires."""
    return datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)


def shared_expiry(created_at: datetime, retention: timedelta) -> datetime:
    """When what a ticket shares with others expires: the next full step after the ticket's own end."""
    steps = -((_EPOCH - created_at - retention) // _STEP)
    return _EPOCH + steps * _STEP


def expiry_counter(expires_at: datetime) -> NumberAttribute:
    """The counter in the catalogue of the violations that expire then."""
    return NumberAttribute(attr_name=f"s{(expires_at - _EPOCH) // _STEP}")


def violations_counted(item: Mapping[str, Mapping[str, Any]], now: datetime) -> int:
    """The violations of a resource of the catalogue, without those that have expired."""
    current = (now - _EPOCH) // _STEP
    counted = ((name[1:], value) for name, value in item.items() if name[0] == "s" and name[1:].isdigit())
    return sum(int(value["N"]) for step, value in counted if int(step) > current)


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
