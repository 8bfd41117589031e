"""R14: new tickets are stored with their violations, and get their first status within a minute."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from ticket_status.core.model import Integration, Ticket, TicketKey
from ticket_status.core.new_tickets import GATHER, stale_after
from ticket_status.core.violations import Registration, Resource
from ticket_status.core.work import NewTicketsWork
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.violations import ViolationStore


class NewTicket(Struct, frozen=True):
    """A valid element of a registration."""

    integration_name: str
    issue_key: str
    issue_id: str | None
    violation_id: str
    resource: Resource | None
    created_at: datetime


class RegisterTickets:
    """Registers tickets that the scanner opened."""

    def __init__(self, integrations: IntegrationStore, violations: ViolationStore, queue: WorkQueue) -> None:
        self._integrations = integrations
        self._violations = violations
        self._queue = queue

    def register(self, tickets: Sequence[NewTicket], now: datetime) -> list[NewTicket]:
        """Store tickets and have the new ones retrieved; returns those whose integration does not exist."""
        known = self._integrations.get_many({ticket.integration_name for ticket in tickets})
        # One after another within the request: of tickets created at the same moment the last one leads.
        accepted = [
            _registration(ticket, known[ticket.integration_name], now + timedelta(microseconds=number))
            for number, ticket in enumerate(tickets)
            if ticket.integration_name in known
        ]
        waiting = self._violations.register(accepted, now) if accepted else frozenset()
        self._announce({key.integration_ref for key in waiting}, list(known.values()), now)
        return [ticket for ticket in tickets if ticket.integration_name not in known]

    def _announce(self, refs: Collection[str], integrations: Sequence[Integration], now: datetime) -> None:
        """Queue the integrations of the new tickets, unless they are queued; if that fails, the next try does it."""
        noted = [
            integration
            for integration in integrations
            if integration.integration_ref in refs
            and integration.retrieve_jira_tickets
            and self._integrations.announce_new_tickets(integration, now, stale_after(integration, now))
        ]
        if not noted:
            return
        work = [NewTicketsWork(one.connection_name, one.integration_ref) for one in noted]
        try:
            self._queue.send(work, int(GATHER.total_seconds()))
        except Exception:
            for one in noted:
                self._integrations.take_new_tickets(one)
            raise


def _registration(new: NewTicket, integration: Integration, at: datetime) -> Registration:
    ticket = Ticket(
        key=TicketKey.of(integration.integration_ref, new.issue_id, new.issue_key),
        issue_key=new.issue_key,
        created_at=new.created_at,
        site_url=integration.jira_server_url,
        registered_at=at,
    )
    return Registration(ticket, new.violation_id, new.resource)
