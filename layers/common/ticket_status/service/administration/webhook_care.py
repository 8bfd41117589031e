"""R19: what the probe does for webhooks every 15 minutes: renew, recreate, follow switches, publish changes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from ticket_status.core.health import pause_end
from ticket_status.core.model import Integration
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.webhooks import (
    Webhook,
    WebhookMode,
    WebhookState,
    due_for_renewal,
    reason_of,
    stale_hours,
    state_of,
)
from ticket_status.ports.events import BusEvent, EventBus, event_time
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.webhooks import Registered
from ticket_status.service.administration.webhook import WebhookPorts, name_in_jira

JIRA_TIME = timedelta(seconds=15)
"""How long one site has to answer."""

_DOUBTED = frozenset({WebhookState.SILENT, WebhookState.FAILING, WebhookState.EXPIRED})
"""States in which a registered webhook is checked in Jira, because somebody may have removed it."""


WEBHOOK_STATE_CHANGED = "Webhook State Changed"


class CareReport(Struct, frozen=True):
    """What a round found."""

    webhooks: int
    renewed: int
    troubled: int
    """Webhooks that are silent, failing or expired; an alarm watches this."""


class WebhookCare:
    """Maintains every webhook. Nothing here affects an integration's health."""

    def __init__(
        self, integrations: IntegrationStore, ports: WebhookPorts, bus: EventBus, now: Callable[[], datetime]
    ) -> None:
        self._integrations = integrations
        self._webhooks, self._keys, self._connections = ports.webhooks, ports.keys, ports.connections
        self._bus = bus
        self._now = now

    def round(self) -> CareReport:
        """Maintain each webhook once."""
        webhooks = renewed = troubled = 0
        for webhook in self._webhooks.all():
            integration = self._integrations.get(webhook.connection_name)
            if integration is None or integration.integration_ref != webhook.integration_ref:
                self._forget(webhook)
                continue
            webhooks += 1
            renewed += self._look_after(integration, webhook)
            troubled += self._tell(webhook) in _DOUBTED
        return CareReport(webhooks, renewed, troubled)

    def _look_after(self, integration: Integration, webhook: Webhook) -> bool:
        """Follow a missed switch, renew an expiring webhook, recreate a lost one; whether it was renewed."""
        if webhook.on != integration.retrieve_jira_tickets:
            self._webhooks.switch(webhook.integration_ref, on=integration.retrieve_jira_tickets)
            return False
        now = self._now()
        reachable = not integration.broken and pause_end(integration, now) is None
        registered = webhook.mode is WebhookMode.REGISTER and webhook.on and reachable
        if not registered or not (due_for_renewal(webhook, now) or state_of(webhook, now) in _DOUBTED):
            return False
        jira = self._connections.open_webhooks(integration, now + JIRA_TIME)
        if isinstance(jira, JiraTrouble) or webhook.jira_id is None:
            return False
        found = jira.renew(webhook.jira_id)
        if found is None:
            keys, name = self._keys.read(webhook.integration_ref), name_in_jira(integration)
            found = None if keys is None else jira.register(webhook.url, keys.current, webhook.jql, name)
        if not isinstance(found, Registered):
            return False
        self._webhooks.renewed(webhook, found.jira_id, found.expires_at)
        return True

    def _tell(self, webhook: Webhook) -> WebhookState:
        """The state now. If it has changed, it is published and stored; old counts are dropped with it."""
        now = self._now()
        current = self._webhooks.get(webhook.integration_ref) or webhook
        state = state_of(current, now)
        if state is not current.state:
            self._bus.publish([_state_changed(current, state, now)])
        if state is not current.state or stale_hours(current, now):
            self._webhooks.tell(current, state, now)
        return state

    def _forget(self, webhook: Webhook) -> None:
        """The integration was deleted, so its webhook is forgotten."""
        self._webhooks.remove(webhook.integration_ref)
        self._keys.destroy(webhook.integration_ref)


def _state_changed(webhook: Webhook, state: WebhookState, now: datetime) -> BusEvent:
    return BusEvent(
        WEBHOOK_STATE_CHANGED,
        {
            "integration_name": webhook.connection_name,
            "old": {"state": webhook.state},
            "new": {"state": state},
            "reason": reason_of(webhook, now),
            "at": event_time(now),
        },
    )
