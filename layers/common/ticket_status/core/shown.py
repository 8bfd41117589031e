"""What a ticket shows (R2, R5 to R9, R13), derived when it is read, never stored.

Therefore breaking, recovering or switching an integration is one write, however many tickets it has.
"""

from datetime import datetime

from msgspec import Struct

from ticket_status.core.model import (
    UNKNOWN,
    Absence,
    Category,
    Integration,
    RefreshState,
    Status,
    Ticket,
    UnknownReason,
)
from ticket_status.core.window import Coverage, in_window, position


class Shown(Struct, frozen=True):
    """What a reader sees of a ticket. If it has neither status nor reason, retrieval is off (R5)."""

    status: Status | None
    unknown_reason: UnknownReason | None
    refresh_state: RefreshState
    last_update: datetime | None
    """When Jira was last seen to hold what is known of the ticket."""
    since: datetime | None = None
    """Since when it shows this; ``None`` when that is not known."""

    @property
    def text(self) -> str | None:
        """The status to display: Jira's name, or ``Unknown``; ``None`` while retrieval is off."""
        if self.unknown_reason is not None:
            return UNKNOWN
        return None if self.status is None else self.status.name


class Filters(Struct, frozen=True):
    """What the tickets of a list must show; ``None`` means anything."""

    category: Category | None = None
    status: str | None = None
    unknown_reason: UnknownReason | None = None
    refresh_state: RefreshState | None = None

    def admit(self, shown: Shown) -> bool:
        """Whether a ticket that shows this belongs to the list."""
        category = None if shown.status is None else shown.status.category
        return (
            self.category in {None, category}
            and self.status in {None, shown.text}
            and self.unknown_reason in {None, shown.unknown_reason}
            and self.refresh_state in {None, shown.refresh_state}
        )


def last_seen(ticket: Ticket, coverage: Coverage) -> datetime | None:
    """When a retrieval last got a response for the ticket, even if nothing had changed (R13).

    Deleted tickets are not retrieved again (R7), so a run that covered their range says nothing about them.
    """
    if ticket.observed_at is None or ticket.absence is Absence.DELETED:
        return ticket.observed_at
    step = coverage.step_at(position(ticket.created_at, ticket.key.ticket_id))
    if step.seen_at is None or ticket.observed_at > (step.since or step.seen_at):
        return ticket.observed_at
    missed = ticket.missed_at is not None and step.seen_at <= ticket.missed_at
    return ticket.observed_at if missed else step.seen_at


def shown(ticket: Ticket, integration: Integration | None, coverage: Coverage, clock: datetime) -> Shown:
    """What the ticket shows now; ``integration`` is ``None`` if it was deleted."""
    seen_at = last_seen(ticket, coverage)
    state = refresh_state(ticket, integration, clock)
    if integration is not None and not integration.retrieve_jira_tickets:
        return Shown(None, None, state, seen_at, integration.disabled_since)
    reason = _unknown_reason(ticket, integration, seen_at, state)
    since = None if integration is None else _since(ticket, integration, reason)
    return Shown(ticket.status if reason is None else None, reason, state, seen_at, since)


def refresh_state(ticket: Ticket, integration: Integration | None, clock: datetime) -> RefreshState:
    """Whether the ticket is still retrieved; no ticket of a deleted integration is."""
    if integration is None or not integration.retrieve_jira_tickets:
        return RefreshState.RETRIEVAL_DISABLED
    if ticket.absence is Absence.DELETED:
        return RefreshState.DELETED
    return RefreshState.ACTIVE if in_window(ticket.created_at, clock) else RefreshState.OUTSIDE_WINDOW


def _unknown_reason(
    ticket: Ticket, integration: Integration | None, seen_at: datetime | None, state: RefreshState
) -> UnknownReason | None:
    if integration is None:
        return UnknownReason.INTEGRATION_NOT_FOUND
    own = own_reason(ticket)
    if own is UnknownReason.DELETED:
        return own
    if integration.broken:
        return UnknownReason.INTEGRATION_BROKEN
    if state is RefreshState.ACTIVE:
        reason = _not_seen_since(integration, seen_at)
        if reason is not None:
            return reason
    return own


def own_reason(ticket: Ticket) -> UnknownReason | None:
    """Why the status of a ticket is unknown although its integration is healthy; events report this."""
    match ticket.absence:
        case Absence.DELETED:
            return UnknownReason.DELETED
        case Absence.INACCESSIBLE | Absence.VANISHED:
            return UnknownReason.INACCESSIBLE
        case None:
            return UnknownReason.NOT_RETRIEVED_YET if ticket.status is None else None


def _not_seen_since(integration: Integration, seen_at: datetime | None) -> UnknownReason | None:
    """R6 and R9: a status counts only if it was retrieved after switching on and after the last recovery."""
    if seen_at is None or seen_at < integration.enabled_since:
        return UnknownReason.NOT_RETRIEVED_YET
    return UnknownReason.INTEGRATION_BROKEN if seen_at < integration.healthy_since else None


def _since(ticket: Ticket, integration: Integration, reason: UnknownReason | None) -> datetime | None:
    """Since when the ticket shows this: a break and its recovery do not change since when a status is shown."""
    match reason:
        case UnknownReason.INTEGRATION_BROKEN:
            return integration.broken_since or integration.health.since
        case UnknownReason.NOT_RETRIEVED_YET:
            return max(integration.enabled_since, ticket.registered_at or ticket.created_at)
        case UnknownReason.DELETED:
            return ticket.observed_at
        case _:
            return ticket.status_since or ticket.observed_at
