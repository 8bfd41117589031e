"""What the rules say must be shown: a model of its own, written from the rules, that never asks the code.

For each ticket it keeps how new the *answer of Jira* behind what is shown must be at least. What is shown has to be
an answer that Jira really gave, not before the time it claims, and never an older one than was shown before (R12).
While work is under way the rules leave open which of several answers that is; a finished run or refresh closes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.model.evidence import Answer, Evidence, Face, Name
from ticket_status.api.presenters import present_ticket
from ticket_status.service.tickets.reading import ShownTicket

YEAR = timedelta(days=365)

THINNED = timedelta(days=10)
"""How far the last update of a ticket that has left the window may fall back, by decision (docs/decisions.md)."""


class Mismatch(AssertionError):  # noqa: N818 - what it is
    """Raised when something is not as the rules say."""


@dataclass(eq=False)
class IntegrationModel:
    """What an integration is, and between which moments it became so."""

    name: str
    ref: str
    on: bool
    well: bool
    on_since: tuple[datetime, datetime]
    well_since: tuple[datetime, datetime]
    gone: bool = False
    paused_until: datetime | None = None
    off_since: datetime | None = None
    paused_since: datetime | None = None
    rechecked_at: datetime | None = None
    """When an administrator last had all deleted tickets looked at again."""


@dataclass(eq=False)
class TicketModel:
    """What is known of a ticket that was registered."""

    name: Name
    created_at: datetime
    registered_at: datetime | None = None
    """When it was said that it is registered."""
    floor: int = -1
    """The least number of the answer behind what is shown."""
    face_floor: int = -1
    """The same of the last known status."""
    sure_at: datetime | None = None
    """When the newest answer was given that must have been recorded."""
    last_update: datetime | None = None
    deleted_at: datetime | None = None
    shown: tuple[object, ...] = ()

    def is_in(self, run_started_at: datetime) -> bool:
        """Whether a run that began then has to ask for it."""
        before = self.registered_at is not None and self.registered_at < run_started_at
        return before and self.in_window(run_started_at)

    def in_window(self, clock: datetime) -> bool:
        """R2, to the second."""
        return self.created_at >= (clock - YEAR).replace(microsecond=0)


@dataclass(frozen=True)
class Facts:
    """What one ticket shows, in the words of the rules."""

    key: str
    status: object
    category: object
    reason: object
    last_known: object
    last_update: datetime | None
    state: object

    @classmethod
    def of(cls, one: ShownTicket) -> "Facts":
        """As the API presents it, with its time in full."""
        shown = present_ticket(one)
        return cls(
            one.ticket.issue_key,
            shown["ticket_status"],
            shown["ticket_status_category"],
            shown["unknown_reason"],
            shown["last_known_status"],
            one.shown.last_update,
            shown["refresh_state"],
        )


@dataclass
class Oracle:
    """Judges what is shown of tickets."""

    evidence: Evidence
    integrations: dict[str, IntegrationModel] = field(default_factory=dict)
    """By reference."""
    tickets: dict[Name, TicketModel] = field(default_factory=dict)

    # --- One ticket -------------------------------------------------------------------------------------------------

    def check(self, ticket: TicketModel, one: ShownTicket, now: datetime) -> None:
        """Hold what is shown of a ticket against the rules."""
        facts = Facts.of(one)
        integration = self.integrations[ticket.name[0]]
        _expect("when it was created", one.ticket.created_at, ticket.created_at)
        self._check_time(ticket, facts, now)
        if integration.gone:
            _expect("shown", (facts.status, facts.reason), ("Unknown", "INTEGRATION_NOT_FOUND"))
            _expect("refresh_state", facts.state, "retrieval_disabled")
        elif not integration.on:
            _expect("R5: shown", (facts.status, facts.reason), (None, None))
            _expect("R5: refresh_state", facts.state, "retrieval_disabled")
        elif facts.reason == "DELETED" or (
            ticket.deleted_at is not None and not self._revived(ticket, integration, now)
        ):
            self._check_deleted(ticket, facts, now)
        else:
            state = "active" if ticket.in_window(now) else "outside_window"
            _expect("R2: refresh_state", facts.state, state)
            self._check_retrieved(ticket, integration, facts)
        self._check_last_known(ticket, facts)
        ticket.shown = (facts.status, facts.reason, facts.key)

    def _check_time(self, ticket: TicketModel, facts: Facts, now: datetime) -> None:
        least = ticket.last_update
        if least is not None and not ticket.in_window(now):
            least -= THINNED
        if least is not None and (facts.last_update is None or facts.last_update < least):
            raise Mismatch(f"R12: last_update went back from {ticket.last_update} to {facts.last_update}")
        if facts.last_update is not None and facts.last_update > now:
            raise Mismatch(f"last_update {facts.last_update} is yet to come")
        ticket.last_update = facts.last_update

    def _check_deleted(self, ticket: TicketModel, facts: Facts, now: datetime) -> None:
        _expect("R7: shown", (facts.status, facts.reason), ("Unknown", "DELETED"))
        _expect("R7: refresh_state", facts.state, "deleted")
        if ticket.name not in self.evidence.proven:
            raise Mismatch("R7: DELETED without proof")
        ticket.deleted_at = ticket.deleted_at or now

    def _revived(self, ticket: TicketModel, integration: IntegrationModel, now: datetime) -> bool:
        """Whether a deleted ticket may be active again: an administrator has all looked at, and Jira showed it."""
        rechecked_at, deleted_at = integration.rechecked_at, ticket.deleted_at
        if rechecked_at is None or deleted_at is None:
            return False
        if not any(answer.face and answer.at >= rechecked_at for answer in self.evidence.answers[ticket.name]):
            return False
        ticket.deleted_at, ticket.registered_at = None, now
        self.evidence.proven.pop(ticket.name, None)
        return True

    def _check_retrieved(self, ticket: TicketModel, integration: IntegrationModel, facts: Facts) -> None:
        """R6, R8, R9, R12 for a ticket that is not deleted, of an integration that is on."""
        if not integration.well:
            _expect("R9: shown", (facts.status, facts.reason), ("Unknown", "INTEGRATION_BROKEN"))
            return
        match facts.reason:
            case "NOT_RETRIEVED_YET" | "INTEGRATION_BROKEN":
                self._check_hidden(ticket, integration, facts)
            case "INACCESSIBLE" | None:
                self._check_since(integration, facts)
                face = None if facts.reason else Face(facts.key, str(facts.status), str(facts.category))
                at = facts.last_update if face is not None else None
                ticket.floor = self._support(ticket, ticket.floor, face, at)
            case _:
                raise Mismatch(f"shown: {facts.reason}")

    @staticmethod
    def _check_hidden(ticket: TicketModel, integration: IntegrationModel, facts: Facts) -> None:
        """A ticket that waits for being retrieved really was not, and gives the right reason."""
        (on_low, on_high), (_, well_high) = integration.on_since, integration.well_since
        if ticket.sure_at is not None:
            if facts.state == "outside_window":
                raise Mismatch(f"R9: {facts.reason} outside the window, although retrieved at {ticket.sure_at}")
            if ticket.sure_at >= max(on_high, well_high):
                raise Mismatch(f"{facts.reason}, although retrieved at {ticket.sure_at}")
        seen = facts.last_update
        if facts.reason == "NOT_RETRIEVED_YET" and seen is not None and seen >= on_high:
            raise Mismatch(f"R6: NOT_RETRIEVED_YET, although seen at {seen}, after switching on")
        if facts.reason == "INTEGRATION_BROKEN" and (seen is None or seen < on_low or seen >= well_high):
            raise Mismatch(f"R9: INTEGRATION_BROKEN, seen at {seen}, of an integration that is well")
        if facts.reason == "INTEGRATION_BROKEN" and facts.state == "outside_window":
            raise Mismatch("R9: INTEGRATION_BROKEN outside the window, of an integration that is well")

    @staticmethod
    def _check_since(integration: IntegrationModel, facts: Facts) -> None:
        since = max(integration.on_since[0], integration.well_since[0])
        if facts.state == "active" and (facts.last_update is None or facts.last_update < since):
            raise Mismatch(f"R6, R9: {facts.reason or facts.status} as of {facts.last_update}, before {since}")

    def _check_last_known(self, ticket: TicketModel, facts: Facts) -> None:
        if facts.reason is None and facts.status is not None:
            _expect("last_known_status", facts.last_known, facts.status)
            ticket.face_floor = max(ticket.face_floor, ticket.floor)
        elif facts.last_known is None:
            if ticket.face_floor >= 0:
                raise Mismatch("R9: last_known_status was lost")
        else:
            candidates = self._answers(ticket, ticket.face_floor)
            same = [a for a in candidates if a.face and (a.face.key, a.face.status) == (facts.key, facts.last_known)]
            if not same:
                raise Mismatch(f"R12: last_known_status {facts.last_known} of {facts.key} is old, or never was")
            ticket.face_floor = same[0].number

    def _support(self, ticket: TicketModel, floor: int, face: Face | None, at: datetime | None) -> int:
        """The number of the first answer that is as new as what is shown claims to be, if one bears it out."""
        for answer in self._answers(ticket, floor):
            if answer.face == face and (at is None or answer.at >= at):
                return next(one.number for one in self._answers(ticket, floor) if at is None or one.at >= at)
        given = [f"{answer.number}: {answer.face} at {answer.at:%H:%M:%S.%f}" for answer in self._answers(ticket, -1)]
        raise Mismatch(f"R12: {face or 'INACCESSIBLE'} as of {at} is older than answer {floor}, or never was: {given}")

    def _answers(self, ticket: TicketModel, floor: int) -> Iterable[Answer]:
        return (answer for answer in self.evidence.answers[ticket.name] if answer.number >= floor)

    # --- What finished work makes sure ------------------------------------------------------------------------------

    def make_sure(self, ticket: TicketModel, since: datetime) -> None:
        """What Jira said first after this moment has been recorded, or something newer."""
        first = next(answer for answer in self.evidence.answers[ticket.name] if answer.at >= since)
        ticket.floor = max(ticket.floor, first.number)
        ticket.sure_at = max(ticket.sure_at or first.at, first.at)


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Mismatch(f"{what} is {found}, not {expected}")
