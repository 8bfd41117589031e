"""R14: what happens to waiting new tickets while another run or message may retrieve them."""

from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.health import pause_end
from ticket_status.core.model import NEW_TICKETS, HealthStatus, Integration, SyncRun
from ticket_status.core.runs import at_work, collected
from ticket_status.core.work import NewTicketsWork

GATHER = timedelta(seconds=10)
"""How long new tickets wait for others of their integration, so that a burst takes few Jira calls."""

FORGOTTEN_AFTER = timedelta(seconds=60)
"""After this, a registration notes again that new tickets are waiting, in case the message was lost."""

MAX_WAIT_FOR_RUN = timedelta(seconds=30)
"""How long new tickets wait for the active run, which usually reaches them, before they get their own slice."""

LOOK_AGAIN_FOR_HINTS = timedelta(seconds=3)
"""The same for hints: a status must show within ten seconds, and the index lags behind by one or two."""

MOST_BESIDE_A_RUN = 50
"""Most slices of waiting tickets in one run: each is stored in the run's item, which must stay small."""

LOOK_AGAIN = timedelta(seconds=10)
"""New tickets that cannot be retrieved yet are looked for again after this; so are others after a find, because the
index that lists them lags behind."""


STORM = 100
"""This many hints gathered at once are a storm, such as the effects of a bulk change (R19)."""


class Postpone(Struct, frozen=True):
    """All work on the site waits until then (R11)."""

    until: datetime


class LookAgain(Struct, frozen=True):
    """Look for them again in a moment. ``note_again``: note again that they are waiting."""

    reason: str
    note_again: bool


class Leave(Struct, frozen=True):
    """Another run retrieves them."""

    reason: str


class Retrieve(Struct, frozen=True):
    """Retrieve them now, in this run, or (``None``) in a run of their own."""

    run: SyncRun | None


TakeUp: TypeAlias = Postpone | LookAgain | Leave | Retrieve


def how_to_take_up(integration: Integration, active: SyncRun | None, work: NewTicketsWork, now: datetime) -> TakeUp:
    """Decide what happens to the waiting tickets."""
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
    """When to look for waiting tickets again: soon for a hint, later and later in a storm, to save calls."""
    if _storm(work, tickets):
        return LOOK_AGAIN * 3 if work.again else LOOK_AGAIN
    return LOOK_AGAIN_FOR_HINTS if work.hinted else LOOK_AGAIN


def keeps_gathering(work: NewTicketsWork, tickets: int) -> bool:
    """Whether to look for them again: for what the index did not show yet, and as long as a storm of hints lasts."""
    return not work.again or _storm(work, tickets)


def _storm(work: NewTicketsWork, tickets: int) -> bool:
    return work.hinted and tickets >= STORM


def stale_after(integration: Integration, now: datetime) -> datetime | None:
    """A note made after this has a message under way; ``None``: any note has, since work is paused (R11)."""
    return None if pause_end(integration, now) is not None else now - FORGOTTEN_AFTER
