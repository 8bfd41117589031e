"""What readers see: tickets of violations, the status column, resources. Reads only; nothing here asks Jira."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from ticket_status.core.coverage import Coverage
from ticket_status.core.model import Integration, Ticket, TicketKey
from ticket_status.core.shown import Shown, shown
from ticket_status.core.violations import Link, Resource
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.paging import Page
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket as it is shown at a moment."""

    ticket: Ticket
    integration: Integration | None
    """``None`` when it was deleted, also when another one has its name now."""
    shown: Shown
    coverage: Coverage

    @property
    def ticket_url(self) -> str:
        """Where people open it; moved along when the site's address was edited."""
        site = self.integration.jira_server_url if self.integration is not None else self.ticket.site_url
        return f"{site.rstrip('/')}/browse/{self.ticket.issue_key}"


@dataclass(frozen=True, slots=True)
class LeadingTicket:
    """The "Ticket Status" column of a violation."""

    leading: ShownTicket
    tickets: int


class Reading:
    """Reads tickets as they are shown, in two round trips one after another, however many they are."""

    def __init__(self, integrations: IntegrationStore, tickets: TicketStore, violations: ViolationStore) -> None:
        self._integrations = integrations
        self._tickets = tickets
        self._violations = violations

    def violation(self, violation_id: str, now: datetime) -> list[ShownTicket]:
        """The tickets of a violation, the leading one first; none when it has no ticket."""
        return self._violations_shown([violation_id], now).get(violation_id, [])

    def statuses(self, violation_ids: Collection[str], now: datetime) -> dict[str, LeadingTicket]:
        """The status column of violations; those without tickets are left out."""
        shown_tickets = self._violations_shown(violation_ids, now)
        return {
            violation_id: LeadingTicket(tickets[0], len(tickets))
            for violation_id, tickets in shown_tickets.items()
            if tickets
        }

    def ticket(self, key: TicketKey, now: datetime) -> ShownTicket | None:
        """One ticket."""
        return self.show([key], now).get(key)

    def show(self, keys: Collection[TicketKey], now: datetime) -> dict[TicketKey, ShownTicket]:
        """Tickets as they are shown now, by the identity that was asked for."""
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(self._by_ref, {key.integration_ref: key.connection_name for key in keys})
            tickets, coverages = self._tickets.get_many(keys, {key.integration_ref for key in keys})
            integrations = reading.result()
        result = {}
        for key, ticket in tickets.items():
            integration = integrations.get(key.integration_ref)
            coverage = coverages.get(key.integration_ref, Coverage())
            result[key] = ShownTicket(ticket, integration, shown(ticket, integration, coverage, now), coverage)
        return result

    def resources(self, type_: str | None, limit: int, token: str | None) -> Page[tuple[Resource, int]]:
        """Resources with their numbers of violations."""
        return self._violations.resources(type_, limit, token)

    def of_resource(
        self, resource: Resource, limit: int, token: str | None, now: datetime
    ) -> Page[tuple[str, LeadingTicket]]:
        """The violations of a resource with their status column."""
        page = self._violations.of_resource(resource, limit, token)
        statuses = self.statuses(page.items, now)
        listed = [(violation_id, statuses[violation_id]) for violation_id in page.items if violation_id in statuses]
        return Page(listed, page.next_token)

    def _violations_shown(self, violation_ids: Collection[str], now: datetime) -> dict[str, list[ShownTicket]]:
        links = self._violations.links(violation_ids)
        keys = {link.ticket for found in links.values() for link in found}
        tickets = self.show(keys, now) if keys else {}
        return {violation_id: _in_order(found, tickets) for violation_id, found in links.items()}

    def _by_ref(self, names: Mapping[str, str]) -> dict[str, Integration]:
        """Integrations by ref; one that took a deleted one's name is another integration."""
        found = self._integrations.get_many(set(names.values()))
        return {ref: found[name] for ref, name in names.items() if name in found and found[name].integration_ref == ref}


def _in_order(links: Sequence[Link], tickets: Mapping[TicketKey, ShownTicket]) -> list[ShownTicket]:
    """Each ticket once, also when a link by its key is left beside the one by its id."""
    found = [tickets[link.ticket] for link in links if link.ticket in tickets]
    return list({one.ticket.key: one for one in found}.values())


def last_update(tickets: Sequence[ShownTicket]) -> datetime | None:
    """When the newest of these tickets was last retrieved."""
    return max((one.shown.last_update for one in tickets if one.shown.last_update is not None), default=None)
