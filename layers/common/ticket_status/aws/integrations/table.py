"""The integrations table: conditional changes of one integration, and the conditions that they are made on."""

from collections.abc import Sequence
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from ticket_status.aws.dynamo import Dynamo, insist, same
from ticket_status.aws.integrations.item import (
    ATTENTION,
    IntegrationRow,
    due_members,
    integration_of,
    site_members,
    trouble_members,
)
from ticket_status.core.model import Integration, ReasonCode

_IN_MEMBERS = {"site", "trouble", "due"}
_PLAIN = frozenset(IntegrationRow.get_attributes()) & set(Integration.__struct_fields__) - _IN_MEMBERS
"""Attributes that a row and an integration have alike."""


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
    """It is there, and no other one took its name."""
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
