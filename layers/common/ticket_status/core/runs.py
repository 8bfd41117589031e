"""The life of a sync run: when it is due, which run replaces which, its slices, how it continues, when it is lost.

A run is stored as *due* in the same write as the switch, recovery or schedule that requires it, and the transaction
that begins it clears that. So no crash in between loses it; and while a run is due because of a recovery or switching
on, any active run began before that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, groupby
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.health import pause_end
from ticket_status.core.model import HealthStatus, Integration, RunState, Slice, SyncRun, Trigger
from ticket_status.core.window import END, position, window_start

LOST_AFTER = timedelta(minutes=20)
"""A run that made no progress for this long, not counting pauses, has lost its work (R1)."""

LOST = "The run made no progress for 20 minutes: its work was lost."
MADE_WAY = "The run was replaced by a run of all tickets."
BEGAN_BEFORE = "The run began before the integration recovered or was switched on again; a new run replaces it."

_OF_ALL_TICKETS = frozenset({Trigger.SCHEDULE, Trigger.ON_CALL, Trigger.API, Trigger.ENABLED, Trigger.RECOVERED})
_NEVER_STOOD_IN_FOR = frozenset({Trigger.ENABLED, Trigger.RECOVERED})


def of_all_tickets(trigger: Trigger) -> bool:
    """Whether a run with this trigger retrieves all tickets of its integration."""
    return trigger in _OF_ALL_TICKETS


def lost(run: SyncRun, now: datetime) -> bool:
    """Whether an open run lost its work. Pauses do not count: the time starts at their end."""
    moved = max(run.updated_at or run.started_at, run.paused_until or run.started_at)
    return run.state.open and now - moved >= LOST_AFTER


def at_work(run: SyncRun | None, now: datetime) -> bool:
    """Whether a run is open and has not lost its work."""
    return run is not None and run.state.open and not lost(run, now)


# --- Who stands in for whom -----------------------------------------------------------------------------------------


class Begin(Struct, frozen=True):
    """No other run is in the way."""


class StandIn(Struct, frozen=True):
    """The active run does what is due."""

    run: SyncRun


class Replace(Struct, frozen=True):
    """The active run is closed with this state and error, and a new one begins."""

    run: SyncRun
    state: RunState
    error: str


Start: TypeAlias = Begin | StandIn | Replace


def how_to_start(trigger: Trigger, active: SyncRun | None, now: datetime) -> Start:
    """What happens to a run of all tickets that is due while this run is active (R1, R10)."""
    if active is None or not active.state.open:
        return Begin()
    if lost(active, now):
        return Replace(active, RunState.FAILED, LOST)
    if not of_all_tickets(active.trigger):
        return Replace(active, RunState.CANCELLED, MADE_WAY)
    if trigger in _NEVER_STOOD_IN_FOR:
        return Replace(active, RunState.CANCELLED, BEGAN_BEFORE)
    return StandIn(active)


# --- How a message of a run goes on ---------------------------------------------------------------------------------


class GoOn(Struct, frozen=True):
    """There is work, and nothing prevents it."""

    run: SyncRun
    integration: Integration


class Drop(Struct, frozen=True):
    """There is nothing to do: the message came twice, or its run is closed."""

    reason: str


class End(Struct, frozen=True):
    """The run ends here."""

    run: SyncRun
    state: RunState
    reason: str


class Wait(Struct, frozen=True):
    """The site is paused until then; the work waits in the queue."""

    run: SyncRun
    until: datetime


Standing: TypeAlias = GoOn | Drop | End | Wait


def how_to_go_on(run: SyncRun | None, integration: Integration | None, now: datetime) -> Standing:
    """What to do with a message of this run, before Jira is asked. ``integration`` is ``None`` if it was deleted."""
    if run is None or not run.state.open:
        return Drop("the run is closed")
    if integration is None or not integration.retrieve_jira_tickets:
        return End(run, RunState.CANCELLED, "retrieval was switched off or the integration deleted")
    if integration.broken and integration.health.since > run.started_at:
        return End(run, RunState.FAILED, integration.health.reason or "the integration broke during the run")
    until = pause_end(integration, now)
    return GoOn(run, integration) if until is None else Wait(run, until)


def still_asks(current: Integration | None, known: Integration, now: datetime) -> bool:
    """Whether work that began with ``known`` may continue to ask the site.

    Not if the integration was switched off, deleted, edited, broken or paused meanwhile.
    """
    if current is None or not same_settings(current, known):
        return False
    broke = current.broken and not known.broken
    return current.retrieve_jira_tickets and not broke and pause_end(current, now) is None


def same_settings(one: Integration, other: Integration) -> bool:
    """Whether this is the same integration with the same address and credentials."""
    return (one.integration_ref, one.settings_version) == (other.integration_ref, other.settings_version)


def collected(run: SyncRun) -> bool:
    """Whether every slice has been retrieved, so that only the verdict on missing tickets is left."""
    return all(progress.done for progress in run.slices.values())


def next_slice(run: SyncRun, name: str, at_once: int) -> str | None:
    """Name of the slice to queue when this one is done, so that ``at_once`` slices are under way."""
    if not name.isdigit():
        return None
    following = str(int(name) + at_once)
    progress = run.slices.get(following)
    return following if progress is not None and not progress.done else None


def beside_the_first(run: SyncRun, name: str, at_once: int) -> tuple[str, ...]:
    """Slices to queue after the first good response to the first slice, which runs alone until then.

    So a credential that no longer works is refused to only one worker.
    """
    first = name == "0" and not run.slices[name].cursor
    beside = (str(number) for number in range(1, at_once))
    return tuple(other for other in beside if first and other in run.slices and not run.slices[other].done)


def slices_under_way(run: SyncRun, at_once: int) -> tuple[str, ...]:
    """Slices of an open run that are being worked on or are in the queue."""
    numbered = sorted(int(name) for name in run.slices if name.isdigit())
    places = [[str(number) for number in numbered if number % at_once == place] for place in range(at_once)]
    first = run.slices.get("0")
    begun = places if first is None or first.done or first.cursor else places[:1]
    open_ = [next((name for name in names if not run.slices[name].done), None) for names in begun]
    new = [name for name, progress in run.slices.items() if not name.isdigit() and not progress.done]
    return (*(name for name in open_ if name is not None), *new)


def tickets_total(run: SyncRun) -> int:
    """How many tickets a run covers: as planned, corrected by registrations and deletions meanwhile."""
    done = run.counts.total
    return done if run.state is RunState.SUCCEEDED else max(run.tickets_total, done)


# --- What the probe attends to --------------------------------------------------------------------------------------

NEW_TICKETS_FORGOTTEN_AFTER = timedelta(minutes=2)
"""New tickets that nothing has come for after this long, not counting pauses, have lost their message."""


def to_be_probed(integration: Integration) -> bool:
    """Whether to check if its site works again (R10)."""
    return integration.broken and integration.retrieve_jira_tickets


def to_be_begun(integration: Integration) -> bool:
    """Whether the run that is due begins now. That of a broken integration begins with its recovery."""
    well = integration.health.status is HealthStatus.HEALTHY
    return integration.due is not None and integration.retrieve_jira_tickets and well


def new_tickets_forgotten(integration: Integration, now: datetime) -> bool:
    """Whether new tickets are waiting and their message must have been lost."""
    well = integration.health.status is HealthStatus.HEALTHY
    if integration.new_tickets_at is None or not integration.retrieve_jira_tickets or not well:
        return False
    since = max(integration.new_tickets_at, integration.paused_until or integration.new_tickets_at)
    return now - since >= NEW_TICKETS_FORGOTTEN_AFTER


# --- Slices: Jira calls are full, and large integrations are worked on side by side -----------------------------------

SLICE_TICKETS = 20_000
"""Tickets of a slice, about: twenty full calls, so that the last, partly filled one weighs little."""

MOST_SLICES = 50
"""More tickets make larger slices, not more: the run's record and its coverage stay small."""

SLICES_AT_ONCE = 2
"""Slices of one run that are worked on side by side; with four calls each, Jira sees at most eight at once."""

DELETED_TICKETS = "deleted"
"""Stands in a slice where others name months: the tickets that were proven deleted, whatever their month."""

Census: TypeAlias = Mapping[date, int]
"""Tickets that are asked for, per day of creation (UTC)."""


def plan_slices(census: Census, clock: datetime, slice_tickets: int = SLICE_TICKETS) -> tuple[Slice, ...]:
    """Slices that together cover the window (R2); always at least one, even if empty, so that every run ends.

    The window's first day counts as a whole; the first slice starts at the exact time.
    """
    start = window_start(clock)
    days = sorted(day for day, tickets in census.items() if tickets > 0 and day >= start.date())
    size = max(slice_tickets, -(-sum(census[day] for day in days) // MOST_SLICES))
    groups = list(_grouped(days, census, size)) or [[]]
    starts = [position(start), *(_midnight(group[0]) for group in groups[1:])]
    ends = [*starts[1:], END]
    return tuple(Slice(low, high, _months(group)) for low, high, group in zip(starts, ends, groups, strict=True))


def _grouped(days: Sequence[date], census: Census, size: int) -> Iterator[list[date]]:
    """Cut after the day whose tickets fill a slice, so that there are no more slices than can be filled."""
    before = accumulate((census[day] for day in days), initial=0)
    for _, group in groupby(zip(days, before, strict=False), key=lambda one: one[1] // size):
        yield [day for day, _ in group]


def _midnight(day: date) -> str:
    return position(datetime.combine(day, time(), UTC))


def _months(days: Iterable[date]) -> tuple[str, ...]:
    return tuple(sorted({day.strftime("%Y-%m") for day in days}))
