"""Integrations in DynamoDB. Breaking, recovering and switching are one update of one item (R5, R9)."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ticket_status.aws.dynamo import Dynamo, attempt, either, listed, same
from ticket_status.aws.integrations.table import (
    ATTENTION,
    ATTENTION_INDEX,
    IntegrationRow,
    IntegrationTable,
    due_members,
    health_of,
    integration_of,
    is_still,
    set_or_remove,
    settings_of,
    site_members,
    text,
    trouble_members,
)
from ticket_status.core.model import (
    Due,
    Health,
    HealthStatus,
    Integration,
    PendingAuthorization,
    Site,
    Trigger,
    Trouble,
)
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

_LIST = "integrations"


class DynamoIntegrationStore:
    """The ``IntegrationStore``, and the ``RefreshLease`` of each integration."""

    def __init__(self, dynamo: Dynamo, table_name: str) -> None:
        self._dynamo = dynamo
        self._table = IntegrationTable(dynamo, table_name)

    def get(self, connection_name: str) -> Integration | None:
        """One consistent GetItem."""
        return self._table.get(connection_name)

    def get_many(self, connection_names: Collection[str]) -> dict[str, Integration]:
        """One BatchGetItem per 100."""
        keys = [{"connection_name": {"S": name}} for name in set(connection_names)]
        found = self._dynamo.batch_get(self._table.name, keys)
        rows = [self._table.rows.from_raw_data(dict(item)) for item in found]
        return {row.connection_name: integration_of(row) for row in rows}

    def page(self, limit: int, token: str | None = None) -> Page[Integration]:
        """One page of a scan, in the table's own order."""
        request: dict[str, Any] = {"TableName": self._table.name, "Limit": limit + 1, "ConsistentRead": True}
        if token is not None:
            request["ExclusiveStartKey"] = {"connection_name": {"S": read_token(_LIST, token)}}
        items, more = listed(self._dynamo.client.scan(**request), limit)
        found = [integration_of(self._table.rows.from_raw_data(dict(item))) for item in items]
        return Page(found, write_token(_LIST, found[-1].connection_name) if more else None)

    def needing_attention(self) -> Iterator[str]:
        """One query of the sparse index, page after page."""
        items = self._dynamo.items(
            TableName=self._table.name,
            IndexName=ATTENTION_INDEX,
            KeyConditionExpression="broken = :attention",
            ExpressionAttributeValues={":attention": {"S": ATTENTION}},
        )
        return (item["connection_name"]["S"] for item in items)

    def let_rest(self, integration: Integration) -> None:
        """One update, unless something came up meanwhile."""
        row = IntegrationRow
        nothing_due = row.due.does_not_exist() & row.new_tickets_at.does_not_exist()
        nothing_wrong = row.active_run_id.does_not_exist() & (row.health_status != HealthStatus.FAULTY.value)
        self._table.update(integration, [row.attention.remove()], nothing_due & nothing_wrong)

    def add(self, integration: Integration) -> bool:
        """One put on the condition that the name is free."""
        row = self._table.row_of(integration)
        return attempt(lambda: row.save(IntegrationRow.connection_name.does_not_exist()))

    def remove(self, integration: Integration) -> bool:
        """One delete on the condition that it still is this one."""
        row = self._table.rows(integration.connection_name)
        return attempt(lambda: row.delete(is_still(integration)))

    def edit(self, before: Integration, after: Integration, *, afresh: bool) -> Integration | None:
        """Counts ``settings_version`` up by one."""
        edited = (
            "jira_server_url",
            "username",
            "client_id",
            "consumer_key",
            "public_key",
            "skip_proxy",
            "credential_expires_at",
            "warned_days",
        )
        attributes = IntegrationRow.get_attributes()
        actions: list[Action] = [set_or_remove(attributes[name], getattr(after, name)) for name in edited]
        actions.append(set_or_remove(IntegrationRow.site, site_members(after.site)))
        actions.append(IntegrationRow.settings_version.set(before.settings_version + 1))
        if afresh:
            actions += [IntegrationRow.paused_until.remove(), IntegrationRow.pause_seconds.set(0)]
            actions.append(IntegrationRow.trouble.remove())
        return self._table.update(before, actions, settings_of(before))

    def warned(self, integration: Integration, days: int) -> Integration | None:
        """One update on the condition that the date is the one that was read."""
        as_read = same(IntegrationRow.credential_expires_at, integration.credential_expires_at)
        return self._table.update(integration, [IntegrationRow.warned_days.set(days)], as_read)

    def learn_site(self, integration: Integration, site: Site) -> Integration | None:
        """Refused after an edit, because it may be about another address."""
        return self._table.update(
            integration, [set_or_remove(IntegrationRow.site, site_members(site))], settings_of(integration)
        )

    def switch(self, integration: Integration, *, on: bool, now: datetime) -> Integration | None:
        """One update, however many tickets there are (R5, R6)."""
        row = IntegrationRow
        since = row.enabled_since if on else row.disabled_since
        pending = integration.health.status is HealthStatus.PENDING
        due = _is_due(Due(Trigger.ENABLED, now)) if on and not pending else [row.due.remove()]
        return self._table.update(
            integration, [row.retrieve_jira_tickets.set(on), since.set(now), *due], row.retrieve_jira_tickets != on
        )

    def set_health(self, integration: Integration, health: Health, due: Due | None = None) -> Integration | None:
        """One update, however many tickets there are (R9, R10)."""
        actions: list[Action] = [
            IntegrationRow.health_status.set(health.status.value),
            IntegrationRow.health_since.set(health.since),
            IntegrationRow.health_checked_at.set(health.checked_at),
            set_or_remove(IntegrationRow.health_reason_code, text(health.reason_code)),
            set_or_remove(IntegrationRow.health_reason, health.reason),
        ]
        if health.status is HealthStatus.FAULTY and not integration.broken:
            actions.append(IntegrationRow.broken_since.set(health.since))
        if health.status is HealthStatus.HEALTHY:
            actions.append(IntegrationRow.trouble.remove())
            if integration.health.status is not HealthStatus.HEALTHY:
                actions.append(IntegrationRow.healthy_since.set(health.since))
        if due is not None:
            actions += _is_due(due)
        elif health.status is HealthStatus.FAULTY:
            actions.append(IntegrationRow.attention.set(ATTENTION))
        return self._table.update(integration, actions, health_of(integration) & settings_of(integration))

    def mark_due(self, integration: Integration, due: Due) -> Integration | None:
        """One update; returns what is stored if something was already due."""
        marked = self._table.update(integration, _is_due(due), IntegrationRow.due.does_not_exist())
        return marked or self._table.current(integration)

    def forget_due(self, integration: Integration) -> Integration | None:
        """One update on the condition that it still is what was read."""
        as_read = same(IntegrationRow.due, due_members(integration.due))
        return self._table.update(integration, [IntegrationRow.due.remove()], as_read)

    def set_trouble(self, integration: Integration, trouble: Trouble | None) -> Integration | None:
        """One update on the condition that it is what was read."""
        as_read = same(IntegrationRow.trouble, trouble_members(integration.trouble))
        actions = [set_or_remove(IntegrationRow.trouble, trouble_members(trouble))]
        return self._table.update(integration, actions, as_read & settings_of(integration))

    def pause(self, integration: Integration, until: datetime, pause_seconds: int) -> Integration | None:
        """Returns the stored pause if that is as long or longer."""
        paused_until = IntegrationRow.paused_until
        actions = [paused_until.set(until), IntegrationRow.pause_seconds.set(pause_seconds)]
        longer = either(paused_until.does_not_exist(), paused_until < until)
        return self._table.update(integration, actions, longer) or self._table.current(integration)

    def clear_pause(self, integration: Integration) -> Integration | None:
        """Returns the stored pause if it is not the one that was read."""
        actions = [IntegrationRow.paused_until.remove(), IntegrationRow.pause_seconds.set(0)]
        as_read = same(IntegrationRow.paused_until, integration.paused_until)
        return self._table.update(integration, actions, as_read) or self._table.current(integration)

    def release_run(self, integration_ref: str, run_id: str) -> None:
        """One conditional update."""
        condition = IntegrationRow.integration_ref == integration_ref
        self._table.change(
            integration_ref.rpartition("~")[0],
            [IntegrationRow.active_run_id.remove()],
            condition & (IntegrationRow.active_run_id == run_id),
        )

    def announce_new_tickets(self, integration: Integration, now: datetime, stale_after: datetime | None) -> bool:
        """One conditional update."""
        noted = IntegrationRow.new_tickets_at
        none = noted.does_not_exist()
        condition = none if stale_after is None else either(none, noted <= stale_after)
        actions = [noted.set(now), IntegrationRow.attention.set(ATTENTION)]
        return self._table.update(integration, actions, condition) is not None

    def announce_write(self, integration: Integration, now: datetime) -> None:
        """One update."""
        self._table.update(integration, [IntegrationRow.written_at.set(now)])

    def begin_confirming(self, integration: Integration, now: datetime, until: datetime) -> bool:
        """One conditional update."""
        confirming = IntegrationRow.confirming_until
        free = either(confirming.does_not_exist(), confirming <= now)
        return self._table.update(integration, [confirming.set(until)], free) is not None

    def take_new_tickets(self, integration: Integration) -> None:
        """One update."""
        self._table.update(integration, [IntegrationRow.new_tickets_at.remove()])

    def expect_authorization(self, integration: Integration, pending: PendingAuthorization) -> Integration | None:
        """One update."""
        actions = [
            IntegrationRow.authorization_state.set(pending.state_hash),
            IntegrationRow.authorization_expires_at.set(pending.expires_at),
            IntegrationRow.authorization_callback.set(pending.callback_url),
        ]
        return self._table.update(integration, actions)

    def take_authorization(self, integration: Integration, state_hash: str, now: datetime) -> Integration | None:
        """One conditional update: of two callbacks with the same state, one gets it."""
        actions = [
            IntegrationRow.authorization_state.remove(),
            IntegrationRow.authorization_expires_at.remove(),
            IntegrationRow.authorization_callback.remove(),
        ]
        expected = IntegrationRow.authorization_state == state_hash
        in_time = IntegrationRow.authorization_expires_at > now
        return self._table.update(integration, actions, expected & in_time)

    def take(self, integration: Integration, holder: str, now: datetime, until: datetime) -> bool:
        """The ``RefreshLease``: one conditional update."""
        holds, held_until = IntegrationRow.lease_holder, IntegrationRow.lease_until
        free = either(either(holds.does_not_exist(), held_until <= now), holds == holder)
        return self._table.update(integration, [holds.set(holder), held_until.set(until)], free) is not None

    def release(self, integration: Integration, holder: str) -> None:
        """The end of a ``RefreshLease``: one conditional update."""
        holds = IntegrationRow.lease_holder
        self._table.update(integration, [holds.remove(), IntegrationRow.lease_until.remove()], holds == holder)


def _is_due(due: Due) -> "list[Action]":
    return [IntegrationRow.due.set(due_members(due)), IntegrationRow.attention.set(ATTENTION)]
