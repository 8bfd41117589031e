"""Telling the stack's bus of changes (contract, section 5), from what the tables' streams say was written.

Reading the streams is what makes it at least once and never before the write.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ticket_status.core.changes import face, health_changed, ticket_changed
from ticket_status.core.model import Health, Integration, Ticket
from ticket_status.ports.events import BusEvent, EventBus
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.violations import ViolationStore

TICKET_STATUS_CHANGED = "Ticket Status Changed"
INTEGRATION_HEALTH_CHANGED = "Integration Health Changed"

MOST_VIOLATIONS = 1_000
"""Violations of one event: an event has at most 256 KB. A ticket that serves more has several events."""


@dataclass(frozen=True, slots=True)
class TicketWrite:
    """A ticket before and after a write."""

    old: Ticket
    new: Ticket


@dataclass(frozen=True, slots=True)
class IntegrationWrite:
    """An integration before and after a write."""

    old: Integration
    new: Integration


class Publishing:
    """Publishes what changed for readers."""

    def __init__(self, integrations: IntegrationStore, violations: ViolationStore, bus: EventBus) -> None:
        self._integrations = integrations
        self._violations = violations
        self._bus = bus

    def publish(self, writes: Sequence[TicketWrite | IntegrationWrite], now: datetime) -> int:
        """Publish the changes among these writes, in their order; the number of events."""
        tickets = self._shown_changes([write for write in writes if isinstance(write, TicketWrite)])
        integrations = [write for write in writes if isinstance(write, IntegrationWrite)]
        events = self._ticket_events(tickets, now) + [
            _health_event(write, now) for write in integrations if health_changed(write.old, write.new)
        ]
        if events:
            self._bus.publish(events)
        return len(events)

    def _shown_changes(self, writes: Sequence[TicketWrite]) -> list[tuple[TicketWrite, Integration]]:
        """Changes that somebody sees: not those of a ticket whose integration is gone or switched off (R5)."""
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
        violations = self._violations.violations_of([write.new.key for write, _ in writes]) if writes else {}
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
                    "observed_at": _time(write.new.observed_at or now),
                },
            )
            for write, integration in writes
            for served in _parts(violations.get(write.new.key, []))
        ]


def _parts(violations: list[str]) -> list[list[str]]:
    return [violations[at : at + MOST_VIOLATIONS] for at in range(0, len(violations), MOST_VIOLATIONS)] or [[]]


def _health_event(write: IntegrationWrite, now: datetime) -> BusEvent:
    """Old and new are equal when retrieval was switched: every ticket then shows something else."""
    switched = write.old.retrieve_jira_tickets != write.new.retrieve_jira_tickets
    at = now if switched else write.new.health.since
    return BusEvent(
        INTEGRATION_HEALTH_CHANGED,
        {
            "integration_name": write.new.connection_name,
            "old": _health(write.old.health),
            "new": _health(write.new.health),
            "at": _time(at),
        },
    )


def _health(health: Health) -> dict[str, object]:
    return {"status": health.status, "reason_code": health.reason_code}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
