"""The items of the tickets' table as PynamoDB models, and the tickets that they are.

Names of a ticket's attributes are short because every row of its index bears them. Times are text of a fixed width, in
UTC and to the microsecond, so that they compare as times.
"""

from pynamodb.attributes import (
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from ticket_status.core.model import (
    MOST_SHOWN_VIOLATIONS,
    Absence,
    ServedViolations,
    Sighting,
    Ticket,
    TicketKey,
)
from ticket_status.core.sighting import read_sighting

RETRIEVAL_INDEX = "RetrievalIndex"


NEW_TICKETS_INDEX = "NewTicketsIndex"


COVERAGE_ID = "#coverage"


COUNTED_ID = "#counted"


MONTH_PREFIX = "#month#"
"""Range keys beside the tickets of an integration; no ticket id starts with ``#``."""


class TicketRow(Model):
    """A ticket; or, at a key-only identity, the alias of the ticket that it became (then it has no key)."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    month = UnicodeAttribute(null=True, attr_name="m")
    position = UnicodeAttribute(null=True, attr_name="c")
    new_in = UnicodeAttribute(null=True, attr_name="n")
    sighting = UnicodeAttribute(null=True, attr_name="o")
    absence = UnicodeAttribute(null=True, attr_name="x")
    became = UnicodeAttribute(null=True)
    issue_key = UnicodeAttribute(null=True)
    """As registered; what was seen since is in the sighting."""
    site_url = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    observed_at = UTCDateTimeAttribute(null=True)
    missed_at = UTCDateTimeAttribute(null=True)
    status_seen_at = UTCDateTimeAttribute(null=True)
    status_since = UTCDateTimeAttribute(null=True)
    registered_at = UTCDateTimeAttribute(null=True)
    violations = UnicodeSetAttribute(null=True, attr_name="v")
    """The first of those that it serves."""
    served = NumberAttribute(null=True, attr_name="s")
    """How many violations it serves."""
    made_of = UnicodeAttribute(null=True)
    """On a ticket that was made of a key-only one: the id of that."""
    resolved_at = UTCDateTimeAttribute(null=True)
    """On an alias, and on a ticket that was made of a key-only one: when that got its issue id."""
    hinted_at = UTCDateTimeAttribute(null=True)
    expires_at = TTLAttribute(null=True)


class CoverageRow(Model):
    """When ranges of an integration's tickets were last seen whole: ``[[position, microseconds], …]``."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    steps = JSONAttribute()
    version = NumberAttribute()
    expires_at = TTLAttribute(null=True)


class CountedRow(Model):
    """How many tickets of an integration show what."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    tally = JSONAttribute()
    as_of = UTCDateTimeAttribute(null=True)
    shifted = JSONAttribute()
    version = NumberAttribute()


class MonthRow(Model):
    """Tickets per day of creation of one month, each day an attribute of its own.

    ``d07`` counts those that are not deleted, ``x07`` the deleted ones.
    """

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    expires_at = TTLAttribute(null=True)


def ticket_of(row: TicketRow) -> Ticket:
    """The ticket in a row that is not an alias."""
    values = row.attribute_values
    seen, absence = values.get("sighting"), values.get("absence")
    issue_key, status = read_sighting(Sighting(seen)) if seen else (row.issue_key, None)
    return Ticket(
        key=TicketKey(row.integration_ref, row.ticket_id),
        issue_key=issue_key,
        created_at=row.created_at,
        site_url=row.site_url,
        status=status,
        absence=Absence(absence) if absence else None,
        observed_at=values.get("observed_at"),
        missed_at=values.get("missed_at"),
        status_seen_at=values.get("status_seen_at"),
        status_since=values.get("status_since"),
        registered_at=values.get("registered_at"),
        serves=served_by(row),
        hinted_at=values.get("hinted_at"),
    )


def served_by(row: TicketRow) -> ServedViolations:
    """The violations that a row's ticket serves."""
    values = row.attribute_values
    named = sorted(values.get("violations") or ())
    return ServedViolations(tuple(named[:MOST_SHOWN_VIOLATIONS]), int(values.get("served") or 0))


def month_attribute(day: int, *, deleted: bool = False) -> NumberAttribute:
    """The counter of a day of the month."""
    return NumberAttribute(attr_name=f"{'x' if deleted else 'd'}{day:02d}")
