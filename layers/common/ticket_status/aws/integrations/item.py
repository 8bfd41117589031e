"""The item of an integration, as a PynamoDB model, and the integration that it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import asdict
from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from ticket_status.core.model import (
    AuthType,
    Due,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    PendingAuthorization,
    ReasonCode,
    Site,
    Trigger,
    Trouble,
)

ATTENTION_INDEX = "BrokenIndex"
ATTENTION = "1"
"""The one partition of the index of integrations that the probe has to look at."""


class IntegrationRow(Model):
    """An integration. ``attention`` is there only while the probe may have to do something, for the sparse index.

    Attribute and index bear the name of their first use, since an index cannot be renamed by one deployment.
    """

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
    attention = UnicodeAttribute(null=True, attr_name="broken")
    trouble = JSONAttribute(null=True)
    paused_until = UTCDateTimeAttribute(null=True)
    pause_seconds = NumberAttribute()
    active_run_id = UnicodeAttribute(null=True)
    due = JSONAttribute(null=True)
    written_at = UTCDateTimeAttribute(null=True)
    new_tickets_at = UTCDateTimeAttribute(null=True)
    disabled_since = UTCDateTimeAttribute(null=True)
    broken_since = UTCDateTimeAttribute(null=True)
    last_run_id = UnicodeAttribute(null=True)
    authorization_state = UnicodeAttribute(null=True)
    """The hash of the state, never the state."""
    authorization_expires_at = UTCDateTimeAttribute(null=True)
    authorization_callback = UnicodeAttribute(null=True)
    confirming_until = UTCDateTimeAttribute(null=True)
    """Until when somebody has a second call confirm a refusal."""
    credential_expires_at = UTCDateTimeAttribute(null=True)
    warned_days = NumberAttribute(null=True)
    lease_holder = UnicodeAttribute(null=True)
    lease_until = UTCDateTimeAttribute(null=True)


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
        due=_due_of(values.get("due")),
        written_at=values.get("written_at"),
        new_tickets_at=values.get("new_tickets_at"),
        settings_version=int(row.settings_version),
        authorization=_authorization_of(values),
        credential_expires_at=values.get("credential_expires_at"),
        warned_days=None if values.get("warned_days") is None else int(values["warned_days"]),
        disabled_since=values.get("disabled_since"),
        broken_since=values.get("broken_since"),
        last_run_id=values.get("last_run_id"),
    )


def site_members(site: Site | None) -> dict[str, object] | None:
    """What is stored of a site."""
    if site is None:
        return None
    too_many_at = None if site.ids_too_many_at is None else site.ids_too_many_at.isoformat()
    return {
        **asdict(site),
        "granted_scopes": sorted(site.granted_scopes),
        "asked_alone": list(site.asked_alone),
        "ids_too_many_at": too_many_at,
    }


def trouble_members(trouble: Trouble | None) -> dict[str, object] | None:
    """What is stored of failing tries."""
    if trouble is None:
        return None
    last = {} if trouble.last == trouble.since else {"last": trouble.last.isoformat()}
    return {"since": trouble.since.isoformat(), "tries": trouble.tries, **last}


def due_members(due: Due | None) -> dict[str, object] | None:
    """What is stored of a run that is due."""
    return None if due is None else {"trigger": due.trigger.value, "since": due.since.isoformat()}


def _due_of(stored: Mapping[str, Any] | None) -> Due | None:
    return None if stored is None else Due(Trigger(stored["trigger"]), datetime.fromisoformat(stored["since"]))


def _authorization_of(values: Mapping[str, Any]) -> PendingAuthorization | None:
    if values.get("authorization_state") is None:
        return None
    return PendingAuthorization(
        values["authorization_state"], values["authorization_expires_at"], values["authorization_callback"]
    )


def _site_of(stored: Mapping[str, Any] | None) -> Site | None:
    """Of an item that an older version wrote, or a newer one, as far as it is known here."""
    if stored is None:
        return None
    known = {name: value for name, value in stored.items() if name in Site.__struct_fields__}
    too_many_at = stored.get("ids_too_many_at")
    return Site(
        **{
            **known,
            "granted_scopes": frozenset(stored["granted_scopes"]),
            "asked_alone": tuple(stored.get("asked_alone", ())),
            "ids_too_many_at": None if too_many_at is None else datetime.fromisoformat(too_many_at),
        }
    )


def _trouble_of(stored: Mapping[str, Any] | None) -> Trouble | None:
    if stored is None:
        return None
    since, last = stored["since"], stored.get("last", stored["since"])
    return Trouble(datetime.fromisoformat(since), stored["tries"], datetime.fromisoformat(last))
