"""Starting, cancelling and ending sync runs: one at a time per integration, each ended exactly once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from ticket_status.core.model import Integration, RunState, SliceProgress, SyncRun, Trigger
from ticket_status.core.runs import at_work, lost
from ticket_status.core.slices import DELETED_TICKETS, SLICE_TICKETS, SLICES_AT_ONCE, Census, plan_slices
from ticket_status.core.window import position, window_start
from ticket_status.core.work import SliceWork
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.runs import RunStore
from ticket_status.ports.tickets import TicketStore

_RECENT_RUNS = 20
"""Among so many of the newest runs one is looked for that rechecks already."""

LOST = "the run made no progress for an hour: its work was lost"


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that was started, or that was found at work already."""

    run_id: str | None
    """``None`` only when the run that was in the way ended, or the integration went, at this very moment."""
    tickets_in_window: int
    already_running: bool


class Runs:
    """Sync runs, from their start to their end."""

    def __init__(
        self,
        integrations: IntegrationStore,
        tickets: TicketStore,
        runs: RunStore,
        queue: WorkQueue,
        *,
        slice_tickets: int = SLICE_TICKETS,
    ) -> None:
        self._integrations = integrations
        self._tickets = tickets
        self._runs = runs
        self._queue = queue
        self._slice_tickets = slice_tickets

    def start(self, integration: Integration, trigger: Trigger, now: datetime) -> StartedRun:
        """Start a run of all the integration's tickets in the window, unless one is at work already (section 4).

        A run that lost its work is closed as failed first, and says so.
        """
        active = self.make_room(integration, now)
        census = self._tickets.census(integration.integration_ref, now)
        tickets = self.tickets_in_window(integration, now, census)
        if active is not None:
            return StartedRun(active.run_id, tickets, already_running=True)
        parts = plan_slices(census, now, self._slice_tickets)
        slices = {str(number): SliceProgress(part) for number, part in enumerate(parts)}
        run = self.begin(integration, trigger, slices, tickets, now)
        if run is None:
            return self._started_by_another(integration, tickets)
        self.queue_slices(integration, run, list(slices)[:SLICES_AT_ONCE])
        return StartedRun(run.run_id, tickets, already_running=False)

    def start_recheck(self, integration: Integration, now: datetime) -> SyncRun:
        """Have all deleted and inaccessible tickets in the window looked at once more.

        It works beside the integration's active run, if there is one: neither stands in for the other. One that is
        at work already is answered.
        """
        for run in self._runs.page(integration.integration_ref, _RECENT_RUNS).items:
            if run.trigger is Trigger.RECHECK and at_work(run, now):
                return run
        census = self._tickets.census(integration.integration_ref, now)
        (whole,) = plan_slices(census, now, 1 + sum(census.values()))
        slices = {"0": SliceProgress(whole), DELETED_TICKETS: SliceProgress(replace(whole, months=(DELETED_TICKETS,)))}
        run = SyncRun(integration.integration_ref, new_run_id(now), Trigger.RECHECK, now, updated_at=now, slices=slices)
        self._runs.add(run)
        self.queue_slices(integration, run, list(slices))
        return run

    def begin(
        self,
        integration: Integration,
        trigger: Trigger,
        slices: dict[str, SliceProgress],
        tickets: int,
        now: datetime,
    ) -> SyncRun | None:
        """Store a new run as the integration's active one; ``None`` when another one began meanwhile."""
        run = SyncRun(
            integration_ref=integration.integration_ref,
            run_id=new_run_id(now),
            trigger=trigger,
            started_at=now,
            updated_at=now,
            tickets_total=tickets,
            slices=slices,
        )
        return run if self._runs.begin(run, integration) else None

    def queue_slices(self, integration: Integration, run: SyncRun, names: Sequence[str]) -> None:
        """Put slices on the queue; when the queue refuses, the run is closed as failed and the error raised."""
        try:
            self._queue.send([slice_work(integration, run, name) for name in names])
        except Exception:
            self.end(run, RunState.FAILED, run.started_at, "the run could not be put on the queue")
            raise

    def active(self, integration: Integration) -> SyncRun | None:
        """The run that the integration holds as its active one."""
        if integration.active_run_id is None:
            return None
        return self._runs.get(integration.integration_ref, integration.active_run_id)

    def make_room(self, integration: Integration, now: datetime) -> SyncRun | None:
        """The run at work, which keeps others from starting; one that lost its work is closed, and says so."""
        run = self.active(integration)
        if run is not None and lost(run, now):
            self.end(run, RunState.FAILED, now, LOST)
        return run if at_work(run, now) else None

    def at_work(self, integration: Integration, now: datetime) -> SyncRun | None:
        """The run that is at work on the integration."""
        run = self.active(integration)
        return run if at_work(run, now) else None

    def cancel(self, integration: Integration, now: datetime) -> None:
        """End the run at work because retrieval was switched off or the integration deleted (R5)."""
        run = self.active(integration)
        if run is not None and run.state.open:
            self.end(run, RunState.CANCELLED, now)

    def end(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        """Close a run, once, and make room for the next; ``None`` when it was closed already."""
        closed = self._runs.close(run, state, now, error)
        self._integrations.release_run(run.integration_ref, run.run_id)
        return closed

    def tickets_in_window(self, integration: Integration, now: datetime, census: Census | None = None) -> int:
        """How many tickets a run with this clock asks for, exactly: only the window's first day has to be counted."""
        if census is None:
            census = self._tickets.census(integration.integration_ref, now)
        start = window_start(now)
        total = sum(tickets for day, tickets in census.items() if day > start.date())
        if not census.get(start.date()):
            return total
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), UTC)
        return total + self._tickets.count(integration.integration_ref, position(start), position(midnight))

    def _started_by_another(self, integration: Integration, tickets: int) -> StartedRun:
        current = self._integrations.get(integration.connection_name)
        run_id = current.active_run_id if current is not None else None
        return StartedRun(run_id, tickets, already_running=True)


def slice_work(integration: Integration, run: SyncRun, name: str) -> SliceWork:
    """The message that has a slice worked on from where it stands."""
    progress = run.slices[name]
    return SliceWork(
        integration_name=integration.connection_name,
        integration_ref=integration.integration_ref,
        run_id=run.run_id,
        clock=run.started_at,
        name=name,
        part=progress.slice,
        step=progress.step,
        cursor=progress.cursor,
    )


def new_run_id(now: datetime) -> str:
    """An id that people can read and that sorts by time: ``20261122T080000123-k3f9x2``."""
    milliseconds = now.microsecond // 1000
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}{milliseconds:03d}-{secrets.token_hex(3)}"
