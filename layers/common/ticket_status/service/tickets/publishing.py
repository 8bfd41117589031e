"""Publishes changes on the stack's bus, from the tables' streams.

Because it reads the streams, each change is published at least once and never before it is written.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from ticket_status.core.changes import face, health_changed, ticket_changed, warned
from ticket_status.core.model import Health, Integration, Ticket, TicketKey
from ticket_status.ports.events import BusEvent, EventBus, event_time
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.violations import ViolationStore

TICKET_STATUS_CHANGED = "Ticket Status Changed"
CREDENTIAL_EXPIRING = "Credential Expiring"
INTEGRATION_HEALTH_CHANGED = "Integration Health Changed"

MOST_VIOLATIONS = 1_000
"""Violations of one event: an event has at most 256 KB. A ticket that serves more has several events."""


_INDEX_TRIES = 6
"""The index of a ticket's violations lags behind by about a second; it is read once a second."""


class TicketWrite(Struct, frozen=True):
    """A ticket before and after a write."""

    old: Ticket
    new: Ticket


class IntegrationWrite(Struct, frozen=True):
    """An integration before and after a write."""

    old: Integration
    new: Integration


class Publishing:
    """Publishes what changed for readers."""

    def __init__(
        self,
        integrations: IntegrationStore,
        violations: ViolationStore,
        bus: EventBus,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._integrations = integrations
        self._violations = violations
        self._bus = bus
        self._sleep = sleep

    def publish(self, writes: Sequence[TicketWrite | IntegrationWrite], now: datetime) -> int:
        """Publish the changes among these writes, in order; returns the number of events.

        From then on, tickets whose issues were moved are found by their new keys.
        """
        of_tickets = [write for write in writes if isinstance(write, TicketWrite)]
        self._violations.keep_keys([one.new for one in of_tickets if one.new.issue_key != one.old.issue_key])
        tickets = self._shown_changes(of_tickets)
        integrations = [write for write in writes if isinstance(write, IntegrationWrite)]
        events = self._ticket_events(tickets, now) + [
            _health_event(write, now) for write in integrations if health_changed(write.old, write.new)
        ]
        events += [_expiry_event(write.new, now) for write in integrations if warned(write.old, write.new)]
        if events:
            self._bus.publish(events)
        return len(events)

    def _shown_changes(self, writes: Sequence[TicketWrite]) -> list[tuple[TicketWrite, Integration]]:
        """Visible changes: not those of tickets whose integration is deleted or switched off (R5)."""
        changed = [write for write in writes if ticket_changed(write.old, write.new)]
        names = {write.new.key.connection_name for write in changed}
        integrations = self._integrations.get_many(names) if names else {}
        found = [(write, integrations.get(write.new.key.connection_name)) for write in changed]
        return [
            (write, integration)
            for write, integration in found
            if integration is not None
            and integration.integration_ref == write.new.key.integration_ref
            and integration.retrieve_jira_tickets
        ]

    def _ticket_events(self, writes: Sequence[tuple[TicketWrite, Integration]], now: datetime) -> list[BusEvent]:
        violations = self._served_by([write.new for write, _ in writes])
        return [
            BusEvent(
                TICKET_STATUS_CHANGED,
                {
                    "integration_name": integration.connection_name,
                    "issue_id": write.new.key.issue_id,
                    "ticket_no": write.new.issue_key,
                    "ticket_url": integration.browse_url + write.new.issue_key,
                    "violation_ids": served,
                    "old": asdict(face(write.old)),
                    "new": asdict(face(write.new)),
                    "observed_at": event_time(write.new.observed_at or now),
                },
            )
            for write, integration in writes
            for served in _parts(violations[write.new.key])
        ]

    def _served_by(self, tickets: Sequence[Ticket]) -> dict[TicketKey, list[str]]:
        """The violations of each ticket, from its own item if that names them all."""
        served = {ticket.key: list(ticket.serves.first) for ticket in tickets}
        expected = {one.key: one.serves.total for one in tickets if not one.serves.complete}
        short = list(expected)
        for number in range(_INDEX_TRIES):
            if not short:
                break
            if number:
                self._sleep(1)
            for key, found in self._violations.violations_of(short).items():
                served[key] = sorted({*served[key], *found})
            # An item from before violations were counted counts none: then what the index has is taken for all.
            short = [key for key in short if len(served[key]) < expected[key]]
        return served


def _parts(violations: list[str]) -> list[list[str]]:
    return [violations[at : at + MOST_VIOLATIONS] for at in range(0, len(violations), MOST_VIOLATIONS)] or [[]]


def _expiry_event(integration: Integration, now: datetime) -> BusEvent:
    expires_at = integration.credential_expires_at
    return BusEvent(
        CREDENTIAL_EXPIRING,
        {
            "integration_name": integration.connection_name,
            "expires_at": None if expires_at is None else event_time(expires_at),
            "days": integration.warned_days,
            "at": event_time(now),
        },
    )


def _health_event(write: IntegrationWrite, now: datetime) -> BusEvent:
    """Old and new are equal if retrieval was switched, which changes what every ticket shows."""
    switched = write.old.retrieve_jira_tickets != write.new.retrieve_jira_tickets
    at = now if switched else write.new.health.since
    return BusEvent(
        INTEGRATION_HEALTH_CHANGED,
        {
            "integration_name": write.new.connection_name,
            "old": _health(write.old.health),
            "new": _health(write.new.health),
            "at": event_time(at),
        },
    )


def _health(health: Health) -> dict[str, object]:
    return {"status": health.status, "reason_code": health.reason_code}
