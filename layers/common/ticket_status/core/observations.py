"""What Jira showed, and what a run did not find, as values for the rules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from ticket_status.core.model import (
    Absence,
    Counts,
    Sighting,
    TicketKey,
)


class Answered(Struct, frozen=True):
    """A response that passed the guard. Issues that were asked for and are in neither member are missing."""

    seen: Mapping[str, Sighting]
    """By what was asked for: the numeric id, or the key (upper case) of a ticket whose id is not known."""
    ids: Mapping[str, str]
    """The numeric id of each key that was asked for and shown."""
    retry: frozenset[str] = frozenset()
    """What Jira could not answer now (``issueErrors``): nothing is concluded from it."""
    failed: frozenset[str] = frozenset()
    """Issues that Jira fails on while it answers for others (R9b): each was asked for by itself."""


class Account(Struct, frozen=True):
    """Our account, according to Jira."""

    account_id: str
    name: str | None = None
    """On Data Center, what the account is called at present."""


class Observed(Struct, frozen=True):
    """A ticket that Jira showed. ``at`` is when it was asked for: the response is at least that recent (R12)."""

    key: TicketKey
    at: datetime
    sighting: Sighting
    expected: bool = False
    """Whether it showed what was known of it. What is stored by now decides; this says what to try first."""


class Unseen(Struct, frozen=True):
    """A ticket that Jira does not show, although it is not proven deleted (R8)."""

    key: TicketKey
    at: datetime
    absence: Literal[Absence.INACCESSIBLE, Absence.VANISHED]


class Deleted(Struct, frozen=True):
    """A ticket proven deleted (R7)."""

    key: TicketKey
    at: datetime
    status_seen_at: datetime | None
    created_at: datetime


class Missed(Struct, frozen=True):
    """A ticket that a retrieval covered without a response: what was known, and as of when, stays."""

    key: TicketKey
    at: datetime
    seen_at: datetime | None
    """When it was last seen, where its own row does not say so."""


Observation: TypeAlias = Observed | Unseen | Deleted | Missed


class SliceStep(Struct, frozen=True):
    """What a worker did of a slice since the previous step."""

    number: int
    """The step that is expected to be stored."""
    cursor: str
    done: bool
    counts: Counts
    asked: int
    """Tickets, not inaccessible before, that Jira answered for."""
    jira_requests: int
    vanished: tuple[str, ...] = ()
    """Ids of tickets to be judged: Jira showed them before, or was never asked for them."""
    hidden: tuple[str, ...] = ()
    """Ids of tickets to be judged that were inaccessible before."""
    tally: Mapping[str, int] | None = None
    """What all tickets of the slice that are done with showed; ``None`` where that is not counted."""
