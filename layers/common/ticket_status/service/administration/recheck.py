"""Recheck: an administrator has a ticket looked at once more, above all one that was called deleted (R7)."""

from ticket_status.core.judgement import Found
from ticket_status.core.model import Absence, HealthStatus, Integration, Ticket, TicketKey
from ticket_status.core.observations import Observed
from ticket_status.core.throttle import paused
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.core.window import in_window
from ticket_status.service.administration.refusals import (
    IntegrationBroken,
    IntegrationNotFound,
    JiraUnavailable,
    OutsideWindow,
    PendingAuthorizationFirst,
    RateLimited,
    Refusal,
    RetrievalDisabled,
    TicketNotFound,
)
from ticket_status.service.administration.settings_ports import SettingsPorts
from ticket_status.service.retrieval.site_health import Broke, Paused, TryAgain
from ticket_status.service.tickets.reading import Reading, ShownTicket


class Rechecking:
    """Looks at single tickets again."""

    def __init__(self, ports: SettingsPorts, reading: Reading) -> None:
        self._ports = ports
        self._reading = reading

    def recheck(self, connection_name: str, issue_id: str) -> ShownTicket | Refusal:
        """Look at a ticket once more: active again when Jira shows it, as it was when Jira does not."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        key = TicketKey(integration.integration_ref, issue_id)
        ticket = self._ports.tickets.get_many([key])[0].get(key)
        refusal = TicketNotFound(issue_id) if ticket is None else self._not_asked(integration, ticket)
        if ticket is None or refusal is not None:
            return refusal or TicketNotFound(issue_id)
        trouble = self._look(integration, ticket)
        if trouble is not None:
            return self._met(integration, trouble)
        return self._reading.ticket(key, self._ports.now()) or TicketNotFound(issue_id)

    def _not_asked(self, integration: Integration, ticket: Ticket) -> Refusal | None:
        """R2, R5 and R11 hold for a single ticket, too."""
        now = self._ports.now()
        if not integration.retrieve_jira_tickets:
            return RetrievalDisabled(integration.connection_name)
        if integration.health.status is HealthStatus.PENDING:
            return PendingAuthorizationFirst(integration.connection_name)
        if not in_window(ticket.created_at, now):
            return OutsideWindow(ticket.key.ticket_id)
        if integration.paused_until is not None and paused(integration, now):
            return RateLimited(integration.paused_until)
        return None

    def _look(self, integration: Integration, ticket: Ticket) -> JiraTrouble | None:
        jira = self._ports.connections.open(integration, self._ports.deadline)
        if isinstance(jira, Throttled | Refused | Unavailable):
            return jira
        at = self._ports.now()
        found = jira.look_at(ticket.key.ticket_id)
        if isinstance(found, Throttled | Refused | Unavailable):
            return found
        if isinstance(found, Found):
            self._record(ticket, Observed(ticket.key, at, found.sighting))
        return None

    def _record(self, ticket: Ticket, observed: Observed) -> None:
        if ticket.absence is Absence.DELETED:
            self._ports.tickets.revive(ticket, observed.sighting, observed.at)
        else:
            self._ports.tickets.record([observed])

    def _met(self, integration: Integration, trouble: JiraTrouble) -> Refusal:
        match self._ports.health.met(integration, trouble):
            case Paused(until=until):
                return RateLimited(until)
            case Broke(reason=reason):
                return IntegrationBroken(reason)
            case TryAgain(reason=reason):
                return JiraUnavailable(reason)
