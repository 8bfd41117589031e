"""R14: what becomes of new tickets that wait, when somebody is on the way to them."""

from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.health import pause_end
from ticket_status.core.model import NEW_TICKETS, HealthStatus, Integration, SyncRun
from ticket_status.core.runs import at_work, collected
from ticket_status.core.work import NewTicketsWork

GATHER = timedelta(seconds=10)
"""How long new tickets wait for others of their integration, so that a burst becomes a few Jira calls."""

FORGOTTEN_AFTER = timedelta(seconds=60)
"""A note that new tickets wait is made again by a registration after this, should its message have been lost."""

MAX_WAIT_FOR_RUN = timedelta(seconds=30)
"""How long new tickets wait for the run at work, which usually reaches them, before they get a slice of their own."""

LOOK_AGAIN_FOR_HINTS = timedelta(seconds=3)
"""The same for what a webhook named: it is to show within ten seconds, and the index lags behind by one or two."""

MOST_BESIDE_A_RUN = 50
"""Slices of tickets that waited, in one run: each is a part of the run's item, which must not grow without bound."""

LOOK_AGAIN = timedelta(seconds=10)
"""New tickets that cannot be retrieved yet are looked for again after this. The index that lists them lags behind, so
they are looked for once more after this, too, when they have been found."""


STORM = 100
"""Hints that are gathered at once in a storm, such as the fallout of a bulk change (R19)."""


class Postpone(Struct, frozen=True):
    """Everybody holds off from the site until then (R11)."""

    until: datetime


class LookAgain(Struct, frozen=True):
    """They are looked for again in a moment. ``note_again``: that they wait is noted anew meanwhile."""

    reason: str
    note_again: bool


class Leave(Struct, frozen=True):
    """Somebody else has them retrieved."""

    reason: str


class Retrieve(Struct, frozen=True):
    """They are retrieved now: with this run, or (``None``) by one of their own."""

    run: SyncRun | None


TakeUp: TypeAlias = Postpone | LookAgain | Leave | Retrieve


def how_to_take_up(integration: Integration, active: SyncRun | None, work: NewTicketsWork, now: datetime) -> TakeUp:
    """What becomes of the tickets that wait."""
    if not integration.retrieve_jira_tickets or integration.health.status is not HealthStatus.HEALTHY:
        return Leave("the run that follows switching on or recovery retrieves them")
    until = pause_end(integration, now)
    if until is not None:
        return Postpone(until)
    if integration.due is not None:
        return LookAgain("a run of all tickets is due", note_again=True)
    return Retrieve(None) if active is None or not at_work(active, now) else _beside(active, integration, work, now)


def _beside(active: SyncRun, integration: Integration, work: NewTicketsWork, now: datetime) -> LookAgain | Retrieve:
    if collected(active):
        return LookAgain("the active run is at its verdict", note_again=True)
    beside = [one for name, one in active.slices.items() if name.startswith(NEW_TICKETS)]
    if any(not one.done for one in beside) or len(beside) >= MOST_BESIDE_A_RUN:
        return LookAgain("new tickets are being retrieved", note_again=False)
    noted = integration.new_tickets_at
    if not work.hinted and noted is not None and now - noted < MAX_WAIT_FOR_RUN:
        return LookAgain("the active run may still reach them", note_again=False)
    return Retrieve(active)


def look_again_after(work: NewTicketsWork, tickets: int) -> timedelta:
    """When tickets that wait are looked for once more: soon for a hint, ever later in a storm (few calls for many)."""
    if _storm(work, tickets):
        return LOOK_AGAIN * 3 if work.again else LOOK_AGAIN
    return LOOK_AGAIN_FOR_HINTS if work.hinted else LOOK_AGAIN


def keeps_gathering(work: NewTicketsWork, tickets: int) -> bool:
    """Whether they are looked for once more: for what the index hid, and as long as a storm of hints goes on."""
    return not work.again or _storm(work, tickets)


def _storm(work: NewTicketsWork, tickets: int) -> bool:
    return work.hinted and tickets >= STORM


def stale_after(integration: Integration, now: datetime) -> datetime | None:
    """A note made after this has its message under way; ``None``: it has however old it is, since it waits (R11)."""
    return None if pause_end(integration, now) is not None else now - FORGOTTEN_AFTER
