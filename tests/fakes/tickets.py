"""The ``TicketStore`` in memory."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from ticket_status.core.comparison import Row, read_sighting, sighting
from ticket_status.core.model import (
    MOST_SHOWN_VIOLATIONS,
    Absence,
    ServedViolations,
    Sighting,
    Slice,
    Ticket,
    TicketKey,
)
from ticket_status.core.observations import Deleted, Missed, Observation, Observed, Unseen
from ticket_status.core.runs import DELETED_TICKETS, Census
from ticket_status.core.summary import Counted
from ticket_status.core.window import Coverage, in_window, month_of, position, window_start
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page

if TYPE_CHECKING:
    from ticket_status.core.violations import Link

ROWS_PER_PAGE = 3
"""Small, so that every test with a few tickets has several pages."""


class InMemoryTicketStore:
    """Tickets by identity; and, because they move along when a ticket gets its issue id, their links."""

    def __init__(self) -> None:
        self.stored: dict[TicketKey, Ticket] = {}
        self.links: dict[tuple[str, TicketKey], Link] = {}
        self.writes = 0
        """Writes of tickets."""
        self.new: set[TicketKey] = set()
        self.registered_keys: dict[TicketKey, str] = {}
        self._made_of: dict[TicketKey, str] = {}
        """The key-only id of which a ticket was made."""
        self._became: dict[TicketKey, TicketKey] = {}
        self._counted: dict[str, Counted] = {}
        self._coverages: dict[str, Coverage] = {}

    def get_many(
        self, keys: Collection[TicketKey], refs: Collection[str] = ()
    ) -> tuple[dict[TicketKey, Ticket], dict[str, Coverage]]:
        found = {key: self.stored.get(self.current(key)) for key in keys}
        tickets = {key: self._serving(ticket) for key, ticket in found.items() if ticket is not None}
        return tickets, {ref: self._coverages.get(ref, Coverage()) for ref in refs}

    def census(self, integration_ref: str, clock: datetime) -> Census:
        first = month_of(window_start(clock))
        created = (ticket.created_at for ticket in self._active(integration_ref))
        return Counter(at.astimezone(UTC).date() for at in created if month_of(at) >= first)

    def count(self, integration_ref: str, start: str, end: str) -> int:
        return sum(start <= row.position < end for row in self._rows(integration_ref))

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        months = set(part.months)
        tickets = [ticket for ticket in self._active(integration_ref) if month_of(ticket.created_at) in months]
        if DELETED_TICKETS in months:
            tickets += [
                ticket
                for key, ticket in self.stored.items()
                if key.integration_ref == integration_ref and ticket.absence is Absence.DELETED
            ]
        rows = sorted(_row(ticket) for ticket in tickets)
        return _pages([row for row in rows if part.start <= row.position < part.end and row.position > after])

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        new = [key for key in self.new if key.integration_ref == integration_ref]
        return _pages(sorted(Row(_row(self.stored[key]).position, key.ticket_id, None, None) for key in new))

    def page(self, integration_ref: str, limit: int, token: str | None, now: datetime) -> Page[Ticket]:
        del now  # each has one place for ever
        last = "" if token is None else read_token(f"tickets {integration_ref}", token)
        places = {
            self._made_of.get(key, key.ticket_id): ticket
            for key, ticket in self.stored.items()
            if key.integration_ref == integration_ref
        }
        beyond = sorted(place for place in places if place > last)
        following = write_token(f"tickets {integration_ref}", beyond[limit - 1]) if len(beyond) > limit else None
        return Page([self._serving(places[place]) for place in beyond[:limit]], following)

    def whole_census(self, integration_ref: str) -> tuple[Census, int]:
        created = (ticket.created_at for ticket in self._active(integration_ref))
        deleted = [
            ticket
            for key, ticket in self.stored.items()
            if key.integration_ref == integration_ref and ticket.absence is Absence.DELETED
        ]
        return Counter(at.astimezone(UTC).date() for at in created), len(deleted)

    def counted(self, integration_ref: str) -> Counted:
        return self._counted.get(integration_ref, Counted())

    def change_counted(self, integration_ref: str, change: Callable[[Counted, Coverage], Counted]) -> None:
        stored = self.counted(integration_ref)
        changed = change(stored, self._coverages.get(integration_ref, Coverage()))
        if changed != stored:
            self._counted[integration_ref] = replace(changed, version=stored.version + 1)

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        return frozenset(one.key for one in observations if self._record(one))

    def revive(self, key: TicketKey, created_at: datetime, seen: Sighting, at: datetime) -> bool:
        stored = self.stored.get(key)
        assert stored is None or int(stored.created_at.timestamp()) == int(created_at.timestamp())
        if stored is None or stored.absence is not Absence.DELETED or not _older(stored.observed_at, at):
            return False
        self._store(replace(_sighted(stored, seen, at), status_seen_at=None))
        return True

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        stored = self.stored.get(key)
        known = self._became.get(key, TicketKey(key.integration_ref, issue_id))
        if stored is not None:
            if stored.absence is Absence.DELETED:
                return key
            if known not in self.stored:
                fresh = Ticket(
                    known,
                    stored.issue_key,
                    stored.created_at,
                    stored.site_url,
                    registered_at=stored.registered_at,
                )
                self.add(fresh, at)
                self._made_of[known] = key.ticket_id
            self._move_links(key, known)
            self._became[key] = known
            self.new.discard(key)
            del self.stored[key]
        self.record([Observed(known, at, seen)])
        return known

    def raise_coverage(self, integration_ref: str, start: str, end: str, seen_at: datetime, since: datetime) -> None:
        stored = self._coverages.get(integration_ref, Coverage())
        raised = stored.raised(start, end, seen_at, since).thinned(position(window_start(seen_at)))
        if raised.steps != stored.steps:
            self._coverages[integration_ref] = replace(raised, version=stored.version + 1)

    def add(self, ticket: Ticket, clock: datetime) -> None:
        """For the registration: a ticket that is not there yet."""
        self._store(replace(ticket, registered_at=ticket.registered_at or clock))
        self.registered_keys[ticket.key] = ticket.issue_key
        if in_window(ticket.created_at, clock):
            self.new.add(ticket.key)

    def forget(self, key: TicketKey) -> None:
        """For the opposite of registration: a ticket without a link."""
        current = self.current(key)
        self.stored.pop(current, None)
        self.new.discard(current)

    def hint(self, key: TicketKey, now: datetime) -> None:
        """For the store of hints: the ticket waits to be read."""
        self.stored[key] = replace(self.stored[key], hinted_at=now)
        self.new.add(key)

    def current(self, key: TicketKey) -> TicketKey:
        """The identity under which a ticket is stored now."""
        return self._became.get(key, key)

    def _record(self, observation: Observation) -> bool:
        stored = self.stored.get(observation.key)
        if stored is None or stored.absence is Absence.DELETED:
            return False
        changed = _applied(stored, observation)
        if changed is None:
            return False
        self._store(changed)
        hinted_later = changed.hinted_at is not None and changed.hinted_at > observation.at
        if not isinstance(observation, Missed) and not hinted_later:
            self.new.discard(observation.key)
        return True

    def _move_links(self, key: TicketKey, known: TicketKey) -> None:
        created_at = self.stored[known].created_at
        for (violation_id, ticket), link in list(self.links.items()):
            if ticket == key:
                del self.links[violation_id, ticket]
                moved = replace(link, ticket=known, created_at=created_at)
                joined = self.links.setdefault((violation_id, known), moved)
                resources = tuple(dict.fromkeys((*joined.resources, *link.resources)))
                self.links[violation_id, known] = replace(joined, resources=resources)

    def _serving(self, ticket: Ticket) -> Ticket:
        served = sorted(violation_id for violation_id, key in self.links if key == ticket.key)
        return replace(ticket, serves=ServedViolations(tuple(served[:MOST_SHOWN_VIOLATIONS]), len(served)))

    def _store(self, ticket: Ticket) -> None:
        self.writes += 1
        self.stored[ticket.key] = ticket

    def _active(self, integration_ref: str) -> list[Ticket]:
        return [
            ticket
            for key, ticket in self.stored.items()
            if key.integration_ref == integration_ref and ticket.absence is not Absence.DELETED
        ]

    def _rows(self, integration_ref: str) -> list[Row]:
        return [_row(ticket) for ticket in self._active(integration_ref)]


def _applied(stored: Ticket, observation: Observation) -> Ticket | None:
    """The ticket after an observation; ``None`` when that is not newer than what is stored (R12)."""
    at = observation.at
    if isinstance(observation, Missed):
        return _missed(stored, observation)
    if not _older(stored.observed_at, at):
        return None
    match observation:
        case Observed(sighting=seen):
            return _sighted(stored, seen, at)
        case Unseen(absence=absence):
            since = at if stored.absence is None else stored.status_since
            return replace(stored, observed_at=at, absence=absence, status_since=since)
        case Deleted(status_seen_at=seen_at):
            return replace(stored, observed_at=at, absence=Absence.DELETED, status_seen_at=seen_at)
        case _:
            assert_never(observation)


def _missed(stored: Ticket, missed: Missed) -> Ticket | None:
    if not _older(stored.missed_at, missed.at):
        return None
    observed_at = stored.observed_at
    if observed_at is not None and missed.seen_at is not None:
        observed_at = max(observed_at, missed.seen_at)
    return replace(stored, missed_at=missed.at, observed_at=observed_at)


def _sighted(stored: Ticket, seen: Sighting, at: datetime) -> Ticket:
    issue_key, status = read_sighting(seen)
    same = stored.absence is None and stored.status == status
    since = stored.status_since if same else at
    return replace(stored, issue_key=issue_key, status=status, absence=None, observed_at=at, status_since=since)


def _older(stored: datetime | None, at: datetime) -> bool:
    return stored is None or stored < at


def _row(ticket: Ticket) -> Row:
    seen = None if ticket.status is None else sighting(ticket.issue_key, ticket.status)
    at = position(ticket.created_at, ticket.key.ticket_id)
    return Row(at, ticket.key.ticket_id, seen, ticket.absence)


def _pages(rows: list[Row]) -> Iterator[Sequence[Row]]:
    return (rows[at : at + ROWS_PER_PAGE] for at in range(0, len(rows), ROWS_PER_PAGE))
