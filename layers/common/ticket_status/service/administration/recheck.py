"""Recheck: an administrator has tickets checked in Jira again, above all deleted ones (R7, R8)."""

import re

from ticket_status.core.comparison import asked_as
from ticket_status.core.health import Broke, OutOfTime, Paused, TryAgain, pause_end, recovers
from ticket_status.core.judgement import Found, Verdict
from ticket_status.core.model import Absence, Integration, Ticket, TicketKey
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.window import in_window
from ticket_status.service.administration.refusals import (
    IntegrationBroken,
    IntegrationNotFound,
    JiraUnavailable,
    OutsideWindow,
    RateLimited,
    Refusal,
    TicketNotFound,
    not_to_be_asked,
)
from ticket_status.service.administration.settings_ports import SettingsPorts
from ticket_status.service.retrieval.asking import Retrieval
from ticket_status.service.retrieval.careful import CarefulJira
from ticket_status.service.retrieval.proof import Proof
from ticket_status.service.tickets.reading import Reading, ShownTicket

_ISSUE_ID = re.compile(r"[0-9]{1,30}")
_ISSUE_KEY = re.compile(r"[^\s#/\x00-\x1f\x7f]{1,220}-[0-9]{1,19}")


class Rechecking:
    """Checks tickets in Jira again."""

    def __init__(self, ports: SettingsPorts, reading: Reading) -> None:
        self._ports = ports
        self._reading = reading
        self._retrieval = Retrieval(ports.tickets, ports.now)

    def recheck(self, connection_name: str, issue: str) -> ShownTicket | Refusal:
        """Check the ticket with this issue id or, while only that is known, with this key.

        It is active again if Jira shows it; if not, it is judged by itself.
        """
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        key = _key_of(integration, issue)
        ticket = None if key is None else self._ports.tickets.get_many([key])[0].get(key)
        if ticket is None:
            return TicketNotFound(issue)
        refusal = self._not_now(integration)
        if refusal is None and not in_window(ticket.created_at, self._ports.now()):
            refusal = OutsideWindow(ticket.key.ticket_id)
        refusal = refusal or self._look(integration, ticket)
        if refusal is not None:
            return refusal
        return self._reading.ticket(ticket.key, self._ports.now()) or TicketNotFound(issue)

    def recheck_all(self, connection_name: str) -> str | Refusal:
        """Start a run of all deleted and inaccessible tickets in the window; its id."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        return not_to_be_asked(integration) or self._ports.runs.start_recheck(integration, self._ports.now()).run_id

    def _not_now(self, integration: Integration) -> Refusal | None:
        """R2, R5 and R11 hold for a single ticket, too."""
        until = pause_end(integration, self._ports.now())
        return not_to_be_asked(integration) or (None if until is None else RateLimited(until))

    def _look(self, integration: Integration, ticket: Ticket) -> Refusal | None:
        jira = self._ports.connector.open(integration, self._ports.deadline)
        if isinstance(jira, JiraTrouble):
            return self._met(integration, jira)
        at = self._ports.now()
        found = jira.look_at(asked_as(ticket.key.ticket_id))
        if isinstance(found, JiraTrouble):
            return self._met(integration, found, jira)
        # R15: another site under the address has issues of the same ids, and does not have ours.
        elsewhere = jira.same_site()
        if elsewhere is not None:
            return self._met(integration, elsewhere, jira)
        if not recovers(integration):
            self._ports.health.succeeded(integration)
        if isinstance(found, Found):
            self._ports.integrations.announce_write(integration, at)
            self._retrieval.record_found(ticket, found, at)
        elif ticket.absence is not Absence.DELETED:
            return self._judge(integration, jira, ticket)
        return None

    def _judge(self, integration: Integration, jira: CarefulJira, ticket: Ticket) -> Refusal | None:
        """The proof of R7 for one ticket that Jira did not show."""
        proven = Proof(jira, self._ports.now, self._ports.now(), stop=lambda: None, recheck=True).prove(
            lambda _account: [ticket]
        )
        self._retrieval.record_judgements(ticket.key.integration_ref, proven.settled, by_hand=True)
        if isinstance(proven.ended, JiraTrouble):
            return self._met(integration, proven.ended, jira)
        if any(one.verdict is Verdict.UNDECIDED for one in proven.settled):
            return JiraUnavailable("Jira answers for other issues, but fails on this one or on its project")
        return None

    def _met(self, integration: Integration, trouble: JiraTrouble, jira: CarefulJira | None = None) -> Refusal:
        match self._ports.health.met(integration, trouble, None if jira is None else jira.good_at):
            case Paused(until=until):
                return RateLimited(until)
            case Broke(reason=reason):
                return IntegrationBroken(reason)
            case TryAgain(reason=reason) | OutOfTime(reason=reason):
                return JiraUnavailable(reason)


def _key_of(integration: Integration, issue: str) -> TicketKey | None:
    """The identity of the ticket; ``None`` for text that is neither an issue id nor a key."""
    if _ISSUE_ID.fullmatch(issue):
        return TicketKey(integration.integration_ref, issue)
    return TicketKey.of(integration.integration_ref, None, issue.upper()) if _ISSUE_KEY.fullmatch(issue) else None
