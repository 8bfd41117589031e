"""R19: changes that the webhook missed, counted by runs of all tickets. One read per changed ticket only."""

from collections.abc import Callable, Collection
from datetime import datetime

from ticket_status.core.model import TicketKey, Trigger
from ticket_status.core.webhooks import Tally, announced, misses_count, unheard
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.webhooks import WebhookStore

MEASURING = frozenset({Trigger.SCHEDULE, Trigger.ON_CALL, Trigger.API})
"""Runs that measure. No delivery could have announced what a run after a break or switch finds."""


class WebhookLosses:
    """Counts changes that no delivery announced. Does not affect the integration's health."""

    def __init__(self, webhooks: WebhookStore, tickets: TicketStore, now: Callable[[], datetime]) -> None:
        self._webhooks = webhooks
        self._tickets = tickets
        self._now = now

    def measure(self, integration_ref: str, changed: Collection[str]) -> None:
        """Check tickets whose status a run found changed, by ticket id, before the change is recorded."""
        webhook = self._webhooks.get(integration_ref) if changed else None
        if webhook is None:
            return
        now = self._now()
        if not (misses_count(webhook, now) or unheard(webhook, now)):
            return
        stored, _ = self._tickets.get_many([TicketKey(integration_ref, ticket_id) for ticket_id in changed])
        missed = sum(not announced(ticket) for ticket in stored.values())
        if missed and misses_count(webhook, now):
            self._webhooks.count(integration_ref, {Tally.MISSED: missed}, now, delivered=False)
        if missed and unheard(webhook, now):
            self._webhooks.unheard(integration_ref, now)
