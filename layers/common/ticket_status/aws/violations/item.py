"""The items of the violations' table: links, memberships and the catalogue."""

from pynamodb.attributes import (
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

TICKET_LINKS_INDEX = "TicketLinksIndex"


class ViolationRow(Model):
    """A link, a membership (of a violation in a resource) or a resource of the catalogue."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ticket = UnicodeAttribute(null=True)
    """Only on links, for the index from tickets to violations."""
    created_at = UTCDateTimeAttribute(null=True)
    resource = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()
