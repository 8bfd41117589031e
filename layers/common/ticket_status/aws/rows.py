"""The items of the four tables as PynamoDB models, and what they say in the words of the core.

Names of a ticket's attributes are short because every row of its index bears them. Times are text of a fixed width, in
UTC and to the microsecond, so that they compare as times.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from ticket_status.core.model import (
    Absence,
    AuthType,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    PendingAuthorization,
    ReasonCode,
    Sighting,
    Site,
    Ticket,
    TicketKey,
    Trouble,
)
from ticket_status.core.sighting import read_sighting

RETRIEVAL_INDEX = "RetrievalIndex"
NEW_TICKETS_INDEX = "NewTicketsIndex"
BROKEN_INDEX = "BrokenIndex"
TICKET_LINKS_INDEX = "TicketLinksIndex"

BROKEN = "1"
"""The one partition of the index of broken integrations."""

COVERAGE_ID = "#coverage"
MONTH_PREFIX = "#month#"
"""Range keys beside the tickets of an integration; no ticket id starts with ``#``."""


class IntegrationRow(Model):
    """An integration; ``broken`` is there only while it is, for the sparse index."""

    connection_name = UnicodeAttribute(hash_key=True)
    integration_ref = UnicodeAttribute()
    installation_type = UnicodeAttribute()
    jira_server_url = UnicodeAttribute()
    auth_type = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    created_in_version = UnicodeAttribute(null=True)
    username = UnicodeAttribute(null=True)
    client_id = UnicodeAttribute(null=True)
    consumer_key = UnicodeAttribute(null=True)
    public_key = UnicodeAttribute(null=True)
    skip_proxy = BooleanAttribute()
    settings_version = NumberAttribute()
    site = JSONAttribute(null=True)
    retrieve_jira_tickets = BooleanAttribute()
    enabled_since = UTCDateTimeAttribute()
    healthy_since = UTCDateTimeAttribute()
    health_status = UnicodeAttribute()
    health_since = UTCDateTimeAttribute()
    health_checked_at = UTCDateTimeAttribute()
    health_reason_code = UnicodeAttribute(null=True)
    health_reason = UnicodeAttribute(null=True)
    broken = UnicodeAttribute(null=True)
    trouble = JSONAttribute(null=True)
    paused_until = UTCDateTimeAttribute(null=True)
    pause_seconds = NumberAttribute()
    active_run_id = UnicodeAttribute(null=True)
    new_tickets_at = UTCDateTimeAttribute(null=True)
    authorization_state = UnicodeAttribute(null=True)
    """The hash of the state, never the state."""
    authorization_expires_at = UTCDateTimeAttribute(null=True)
    authorization_callback = UnicodeAttribute(null=True)
    lease_holder = UnicodeAttribute(null=True)
    lease_until = UTCDateTimeAttribute(null=True)


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
    expires_at = TTLAttribute(null=True)


class CoverageRow(Model):
    """When ranges of an integration's tickets were last seen whole: ``[[position, microseconds], …]``."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    steps = JSONAttribute()
    version = NumberAttribute()
    expires_at = TTLAttribute(null=True)


class MonthRow(Model):
    """Active tickets per day of creation of one month, each day an attribute of its own: ``d07``."""

    integration_ref = UnicodeAttribute(hash_key=True, attr_name="i")
    ticket_id = UnicodeAttribute(range_key=True, attr_name="t")
    expires_at = TTLAttribute(null=True)


class ViolationRow(Model):
    """A link, a membership (of a violation in a resource) or a resource of the catalogue."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ticket = UnicodeAttribute(null=True)
    """Only on links, for the index from tickets to violations."""
    created_at = UTCDateTimeAttribute(null=True)
    resource = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()


class RunRow(Model):
    """A sync run. ``slices`` has a small map per slice, so that one update moves one slice."""

    integration_ref = UnicodeAttribute(hash_key=True)
    run_id = UnicodeAttribute(range_key=True)
    trigger = UnicodeAttribute()
    started_at = UTCDateTimeAttribute()
    state = UnicodeAttribute()
    updated_at = UTCDateTimeAttribute(null=True)
    completed_at = UTCDateTimeAttribute(null=True)
    paused_until = UTCDateTimeAttribute(null=True)
    error = UnicodeAttribute(null=True)
    tickets_total = NumberAttribute()
    asked = NumberAttribute()
    missing = NumberAttribute()
    jira_requests = NumberAttribute()
    changed = NumberAttribute()
    unchanged = NumberAttribute()
    deleted = NumberAttribute()
    inaccessible = NumberAttribute()
    failed = NumberAttribute()
    slices: MapAttribute[str, Any] = MapAttribute()
    slices_open = NumberAttribute()
    expires_at = TTLAttribute()


class MissingRow(Model):
    """Tickets that one step of a slice did not find."""

    integration_ref = UnicodeAttribute(hash_key=True)
    run_id = UnicodeAttribute(range_key=True)
    tickets = JSONAttribute()
    expires_at = TTLAttribute()


def integration_of(row: IntegrationRow) -> Integration:
    """The integration in a row."""
    values = row.attribute_values
    code = values.get("health_reason_code")
    return Integration(
        connection_name=row.connection_name,
        integration_ref=row.integration_ref,
        installation_type=InstallationType(row.installation_type),
        jira_server_url=row.jira_server_url,
        auth_type=AuthType(row.auth_type),
        created_at=row.created_at,
        retrieve_jira_tickets=row.retrieve_jira_tickets,
        enabled_since=row.enabled_since,
        healthy_since=row.healthy_since,
        health=Health(
            HealthStatus(row.health_status),
            row.health_since,
            row.health_checked_at,
            None if code is None else ReasonCode(code),
            values.get("health_reason"),
        ),
        site=_site_of(values.get("site")),
        username=values.get("username"),
        client_id=values.get("client_id"),
        consumer_key=values.get("consumer_key"),
        public_key=values.get("public_key"),
        skip_proxy=row.skip_proxy,
        created_in_version=values.get("created_in_version"),
        paused_until=values.get("paused_until"),
        pause_seconds=int(row.pause_seconds),
        trouble=_trouble_of(values.get("trouble")),
        active_run_id=values.get("active_run_id"),
        new_tickets_at=values.get("new_tickets_at"),
        settings_version=int(row.settings_version),
        authorization=_authorization_of(values),
    )


def site_members(site: Site | None) -> dict[str, object] | None:
    """What is stored of a site."""
    return None if site is None else {**asdict(site), "granted_scopes": sorted(site.granted_scopes)}


def trouble_members(trouble: Trouble | None) -> dict[str, object] | None:
    """What is stored of failing tries."""
    return None if trouble is None else {"since": trouble.since.isoformat(), "tries": trouble.tries}


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
    )


def month_attribute(day: int) -> NumberAttribute:
    """The counter of a day of the month."""
    return NumberAttribute(attr_name=f"d{day:02d}")


def _authorization_of(values: Mapping[str, Any]) -> PendingAuthorization | None:
    if values.get("authorization_state") is None:
        return None
    return PendingAuthorization(
        values["authorization_state"], values["authorization_expires_at"], values["authorization_callback"]
    )


def _site_of(stored: Mapping[str, Any] | None) -> Site | None:
    return None if stored is None else Site(**{**stored, "granted_scopes": frozenset(stored["granted_scopes"])})


def _trouble_of(stored: Mapping[str, Any] | None) -> Trouble | None:
    return None if stored is None else Trouble(datetime.fromisoformat(stored["since"]), stored["tries"])
