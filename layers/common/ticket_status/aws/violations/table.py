"""The violations table: links from violations to tickets, violations of a resource, and the catalogue of resources."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ticket_status.aws.dynamo import Dynamo
from ticket_status.aws.violations.item import TICKET_LINKS_INDEX, ViolationRow
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Link, Resource

CATALOGUE = "resources"
"""The one partition of the catalogue."""

_VIOLATION = "violation#"
_RESOURCE = "resource#"
_ROUNDING = timedelta(days=30)
"""What many tickets share expires at the next full step, so that not every later ticket has to move its end."""

_EPOCH = datetime.fromtimestamp(0, UTC)


class ViolationTable:
    """The model of the violations table, bound to it."""

    def __init__(self, dynamo: Dynamo, name: str, retention: timedelta) -> None:
        self.dynamo = dynamo
        self.name = name
        self.rows = dynamo.bind(ViolationRow, name)
        self._retention = retention

    def link_row(self, link: Link) -> ViolationRow:
        """The row of a link; it ends with its ticket."""
        return self.rows(
            _VIOLATION + link.violation_id,
            ticket_name(link.ticket),
            ticket=ticket_name(link.ticket),
            created_at=link.created_at,
            resource=None if link.resource is None else resource_name(link.resource),
            expires_at=link.created_at + self._retention,
        )

    def membership_row(self, resource: Resource, violation_id: str, created_at: datetime) -> ViolationRow:
        """The row that has a violation among those of a resource, for as long as this ticket."""
        return self.rows(resource_partition(resource), violation_id, expires_at=self._shared_expiry(created_at))

    def catalogue_row(self, resource: Resource, created_at: datetime) -> ViolationRow:
        """The row of a resource in the catalogue, for as long as this ticket."""
        return self.rows(CATALOGUE, resource_name(resource), expires_at=self._shared_expiry(created_at))

    def links(self, violation_id: str) -> list[Link]:
        """The links of a violation, the leading ticket's first."""
        pages = self.dynamo.query(
            TableName=self.name,
            KeyConditionExpression="pk = :violation",
            ExpressionAttributeValues={":violation": {"S": _VIOLATION + violation_id}},
            ConsistentRead=True,
        )
        rows = [self.rows.from_raw_data(dict(item)) for page in pages for item in page]
        return sorted(map(link_of, rows), key=lambda link: link.rank, reverse=True)

    def read_links(self, violation_ids: Sequence[str], ticket: TicketKey) -> list[Link]:
        """The links of these violations to one ticket."""
        keys = [
            {"pk": {"S": _VIOLATION + violation_id}, "sk": {"S": ticket_name(ticket)}} for violation_id in violation_ids
        ]
        return [link_of(self.rows.from_raw_data(dict(item))) for item in self.dynamo.batch_get(self.name, keys)]

    def violations_of(self, ticket: TicketKey) -> list[str]:
        """Ids of the violations that a ticket serves, from the index."""
        pages = self.dynamo.query(
            TableName=self.name,
            IndexName=TICKET_LINKS_INDEX,
            KeyConditionExpression="ticket = :ticket",
            ExpressionAttributeValues={":ticket": {"S": ticket_name(ticket)}},
            ProjectionExpression="pk",
        )
        return [item["pk"]["S"].removeprefix(_VIOLATION) for page in pages for item in page]

    def _shared_expiry(self, created_at: datetime) -> datetime:
        steps = -((_EPOCH - created_at - self._retention) // _ROUNDING)
        return _EPOCH + steps * _ROUNDING


def ticket_name(key: TicketKey) -> str:
    """A ticket in one text. Refs have no ``#`` in them."""
    return f"{key.integration_ref}#{key.ticket_id}"


def resource_name(resource: Resource) -> str:
    """A resource in one text, sorted by type and name; whatever the names are, no two resources share one."""
    name = resource.name.replace("%", "%25").replace("#", "%23")
    version = "" if resource.version is None else f"#{resource.version}"
    return f"{resource.type}#{name}{version}"


def read_resource(text: str) -> Resource:
    """The resource that ``resource_name`` made a text of."""
    type_, _, rest = text.partition("#")
    name, mark, version = rest.partition("#")
    return Resource(type_, name.replace("%23", "#").replace("%25", "%"), version if mark else None)


def resource_partition(resource: Resource) -> str:
    """The partition of a resource's violations."""
    return _RESOURCE + resource_name(resource)


def link_of(row: ViolationRow) -> Link:
    """The link in a row."""
    ref, _, ticket_id = row.sk.partition("#")
    resource = row.attribute_values.get("resource")
    return Link(
        violation_id=row.pk.removeprefix(_VIOLATION),
        ticket=TicketKey(ref, ticket_id),
        created_at=row.created_at,
        resource=None if resource is None else read_resource(resource),
    )
