"""The integrations' table: reading, writing and changing the item of an integration, and conditions."""

from collections.abc import Mapping, Sequence
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
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from ticket_status.aws.dynamo import Dynamo, insist, same
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
"""The only partition of the index of integrations that need the probe's attention."""


class IntegrationRow(Model):
    """An integration. ``attention`` is set only while the probe may have to do something, for the sparse index.

    Attribute and index have the name of their first use, because an index cannot be renamed in one deployment.
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
    """Until when a worker is confirming a refusal with a second call."""
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
    """What is stored of failed tries."""
    if trouble is None:
        return None
    last = {} if trouble.last == trouble.since else {"last": trouble.last.isoformat()}
    return {"since": trouble.since.isoformat(), "tries": trouble.tries, **last}


def due_members(due: Due | None) -> dict[str, object] | None:
    """What is stored of a due run."""
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
    """The site in an item of any version, with the members known to this one."""
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


_IN_MEMBERS = {"site", "trouble", "due"}
_PLAIN = frozenset(IntegrationRow.get_attributes()) & set(Integration.__struct_fields__) - _IN_MEMBERS
"""Attributes that are the same in a row and an integration."""


class IntegrationTable:
    """The model of the integrations table, bound to it."""

    def __init__(self, dynamo: Dynamo, name: str) -> None:
        self.dynamo = dynamo
        self.name = name
        self.rows = dynamo.bind(IntegrationRow, name)

    def get(self, connection_name: str) -> Integration | None:
        """One consistent GetItem."""
        try:
            return integration_of(self.rows.get(connection_name, consistent_read=True))
        except DoesNotExist:
            return None

    def current(self, integration: Integration) -> Integration | None:
        """The integration as stored now, if it still is this one."""
        stored = self.get(integration.connection_name)
        return stored if stored is not None and stored.integration_ref == integration.integration_ref else None

    def row_of(self, integration: Integration) -> IntegrationRow:
        """The row of a new integration."""
        health = integration.health
        return self.rows(
            **{name: getattr(integration, name) for name in _PLAIN},
            site=site_members(integration.site),
            trouble=trouble_members(integration.trouble),
            due=due_members(integration.due),
            health_status=health.status.value,
            health_since=health.since,
            health_checked_at=health.checked_at,
            health_reason_code=text(health.reason_code),
            health_reason=health.reason,
            attention=ATTENTION if integration.broken or integration.due else None,
        )

    def update(
        self, integration: Integration, actions: Sequence[Action], condition: Condition | None = None
    ) -> Integration | None:
        """Change an integration as read: what is stored afterwards, ``None`` when the condition does not hold."""
        still = is_still(integration)
        return self.change(integration.connection_name, actions, still if condition is None else still & condition)

    def change(self, connection_name: str, actions: Sequence[Action], condition: Condition) -> Integration | None:
        """Change an integration by its name."""
        row = self.rows(connection_name)
        written = insist(lambda: row.update(list(actions), condition), connection_name)
        return integration_of(row) if written else None


def is_still(integration: Integration) -> Condition:
    """It exists, and no other integration took its name."""
    return IntegrationRow.integration_ref == integration.integration_ref


def settings_of(integration: Integration) -> Condition:
    """It was not edited since it was read."""
    return IntegrationRow.settings_version == integration.settings_version


def health_of(integration: Integration) -> Condition:
    """Its health is the one that was read."""
    status = IntegrationRow.health_status == integration.health.status.value
    code = same(IntegrationRow.health_reason_code, text(integration.health.reason_code))
    both: Condition = status & code
    return both


def set_or_remove(attribute: Any, value: object) -> Action:  # noqa: ANN401 - an attribute of any type
    """Store a value; ``None`` by removing the attribute."""
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def text(code: ReasonCode | None) -> str | None:
    """A reason code as it is stored."""
    return None if code is None else code.value
