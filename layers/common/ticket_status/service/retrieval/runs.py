"""Starting, cancelling and ending sync runs: one at a time per integration, each ended exactly once."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.model import Due, Integration, RunState, SliceProgress, SyncRun, Trigger
from ticket_status.core.runs import (
    DELETED_TICKETS,
    LOST,
    SLICE_TICKETS,
    SLICES_AT_ONCE,
    Census,
    Replace,
    StandIn,
    at_work,
    collected,
    how_to_start,
    lost,
    of_all_tickets,
    plan_slices,
    slices_under_way,
)
from ticket_status.core.summary import concluded, together
from ticket_status.core.window import position, window_start
from ticket_status.core.work import NewTicketsWork, SliceWork, VerdictWork, Work
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.runs import RunStore
from ticket_status.ports.tickets import TicketStore

_RECENT_RUNS = 20
"""How many of the newest runs are searched for an active recheck."""

_TRIES = 4
"""How often to retry beginning a run when another worker begins, ends or requests one at the same moment."""

INDEX_LAG = timedelta(seconds=3)
"""How long a run waits for the index when tickets were registered just before it began: index reads lag behind."""


class StartedRun(Struct, frozen=True):
    """A run that was started, or that was already active."""

    run_id: str | None
    """``None`` only if the run in the way ended, or the integration was deleted, at the same moment."""
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

    # --- Beginning --------------------------------------------------------------------------------------------------

    def start(self, integration: Integration, trigger: Trigger, now: datetime) -> StartedRun:
        """Have all tickets in the window retrieved, unless the active run already does so."""
        asked = self.ask_for(integration, trigger, now)
        return asked if isinstance(asked, StartedRun) else self.begin_asked(asked, integration, now)

    def ask_for(self, integration: Integration, trigger: Trigger, now: datetime) -> StartedRun | Integration | None:
        """Store that a run is due, before anything else (R1); or return the active run that serves for it."""
        stands_in = self.standing_in(integration, trigger, now)
        if stands_in is not None:
            return StartedRun(stands_in.run_id, self.tickets_in_window(integration, now), already_running=True)
        return self._integrations.mark_due(integration, Due(trigger, now))

    def standing_in(self, integration: Integration, trigger: Trigger, now: datetime) -> SyncRun | None:
        """The active run that would serve for one requested now. None does if a run is already due."""
        if integration.due is not None:
            return None
        start = how_to_start(trigger, self.active(integration), now)
        return start.run if isinstance(start, StandIn) else None

    def begin_asked(self, asked: Integration | None, integration: Integration, now: datetime) -> StartedRun:
        """Begin the requested run; if another worker was faster, return the run that it began."""
        begun = self.begin_due(asked, now)
        if begun is not None:
            return begun
        current = self._integrations.get(integration.connection_name)
        run_id = current.active_run_id if current is not None else None
        return StartedRun(run_id, self.tickets_in_window(integration, now), already_running=True)

    def begin_due(self, integration: Integration | None, now: datetime) -> StartedRun | None:
        """Begin the run that is due; ``None`` if none is due, because another worker began it."""
        for _ in range(_TRIES):
            if integration is None or integration.due is None:
                return None
            start = how_to_start(integration.due.trigger, self.active(integration), now)
            if isinstance(start, StandIn):
                self._integrations.forget_due(integration)
                tickets = self.tickets_in_window(integration, now)
                return StartedRun(start.run.run_id, tickets, already_running=True)
            if isinstance(start, Replace):
                self._runs.close(start.run, start.state, now, start.error)
            begun = self._begin_all(integration, integration.due.trigger, now)
            if begun is not None:
                return begun
            # Another worker was faster: decide again from what is stored now.
            integration = self._integrations.get(integration.connection_name)
        return None

    def start_recheck(self, integration: Integration, now: datetime) -> SyncRun:
        """Check all deleted and inaccessible tickets in the window again.

        It runs beside the integration's active run, if any. If a recheck is already active, it is returned.
        """
        for run in self._runs.page(integration.integration_ref, _RECENT_RUNS).items:
            if run.trigger is Trigger.RECHECK and at_work(run, now):
                return run
            if run.trigger is Trigger.RECHECK and lost(run, now):
                self._runs.close(run, RunState.FAILED, now, LOST)
        census = self._tickets.census(integration.integration_ref, now)
        # A slice that is larger than the window, so that there is only one.
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
        """Store a new run as the integration's active one; ``None`` if another began or became due meanwhile."""
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

    def queue_slices(
        self, integration: Integration, run: SyncRun, names: Sequence[str], delay_seconds: int = 0
    ) -> None:
        """Put slices on the queue; if the queue refuses, close the run as failed and make it due again."""
        try:
            self._queue.send([slice_work(integration, run, name) for name in names], delay_seconds)
        except Exception:
            self._due_again(integration, run, run.started_at)
            self.end(run, RunState.FAILED, run.started_at, "The run could not be put on the queue.")
            raise

    def _begin_all(self, integration: Integration, trigger: Trigger, now: datetime) -> StartedRun | None:
        """Begin a run of all tickets.

        Only its first slice is queued until that has a good response (``beside_the_first``).
        """
        census = self._tickets.census(integration.integration_ref, now)
        tickets = self.tickets_in_window(integration, now, census)
        parts = plan_slices(census, now, self._slice_tickets)
        slices = {str(number): SliceProgress(part) for number, part in enumerate(parts)}
        run = self.begin(integration, trigger, slices, tickets, now)
        if run is None:
            return None
        # Nobody announces what is registered while retrieval is off.
        news = integration.new_tickets_at is not None or trigger is Trigger.ENABLED
        lag = INDEX_LAG if news else timedelta()
        self.queue_slices(integration, run, ["0"], int(lag.total_seconds()))
        return StartedRun(run.run_id, tickets, already_running=False)

    # --- The run that is active -------------------------------------------------------------------------------------

    def resume(self, integration: Integration) -> None:
        """Continue at once the work that waits for the end of a pause (R11). Its message may come again later."""
        run = self.active(integration)
        work: list[Work] = [] if run is None or not run.state.open else _waiting(integration, run)
        if integration.new_tickets_at is not None:
            work.append(NewTicketsWork(integration.connection_name, integration.integration_ref))
        if work:
            self._queue.send(work)

    def active(self, integration: Integration) -> SyncRun | None:
        """The integration's active run."""
        if integration.active_run_id is None:
            return None
        return self._runs.get(integration.integration_ref, integration.active_run_id)

    # --- Ending -----------------------------------------------------------------------------------------------------

    def cancel(self, integration: Integration, now: datetime) -> None:
        """End the active run because retrieval was switched off or the integration deleted (R5)."""
        run = self.active(integration)
        if run is not None and run.state.open:
            self.end(run, RunState.CANCELLED, now)

    def give_up(self, integration: Integration, run: SyncRun, now: datetime, why: str) -> Integration | None:
        """Close a run whose work was lost. First, what it should have retrieved is stored as due (R1)."""
        self._due_again(integration, run, now)
        if run.trigger in {Trigger.REGISTERED, Trigger.WEBHOOK} and integration.retrieve_jira_tickets:
            self.look_for_new_tickets(integration)
        self.end(run, RunState.FAILED, now, why)
        return self._integrations.get(integration.connection_name)

    def look_for_new_tickets(self, integration: Integration) -> None:
        """Send a message to look for new tickets again (R14)."""
        self._queue.send([NewTicketsWork(integration.connection_name, integration.integration_ref)])

    def _due_again(self, integration: Integration, run: SyncRun, now: datetime) -> None:
        if of_all_tickets(run.trigger) and integration.retrieve_jira_tickets:
            self._integrations.mark_due(integration, Due(run.trigger, now))

    def end(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        """Close a run once, and make room for the next; ``None`` if it was already closed."""
        closed = self._runs.close(run, state, now, error)
        if closed is not None and state is RunState.SUCCEEDED and of_all_tickets(closed.trigger):
            tally = together(*(progress.tally for progress in closed.slices.values()))
            self._tickets.change_counted(
                run.integration_ref, lambda counted, _: concluded(counted, tally, closed.started_at, now)
            )
        self._integrations.release_run(run.integration_ref, run.run_id)
        return closed

    def tickets_in_window(self, integration: Integration, now: datetime, census: Census | None = None) -> int:
        """Exactly how many tickets a run with this clock retrieves; only the window's first day must be counted."""
        if census is None:
            census = self._tickets.census(integration.integration_ref, now)
        start = window_start(now)
        total = sum(tickets for day, tickets in census.items() if day > start.date())
        if not census.get(start.date()):
            return total
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), UTC)
        return total + self._tickets.count(integration.integration_ref, position(start), position(midnight))


def _waiting(integration: Integration, run: SyncRun) -> list[Work]:
    if collected(run):
        return [verdict_work(integration, run)]
    return [slice_work(integration, run, name) for name in slices_under_way(run, SLICES_AT_ONCE)]


def slice_work(integration: Integration, run: SyncRun, name: str) -> SliceWork:
    """The message that continues a slice from where it was left."""
    return SliceWork(integration.connection_name, run.integration_ref, run.run_id, name)


def verdict_work(integration: Integration, run: SyncRun) -> VerdictWork:
    """The message that judges the missing tickets of a run and ends it."""
    return VerdictWork(integration.connection_name, run.integration_ref, run.run_id)


def new_run_id(now: datetime) -> str:
    """A readable id that sorts by time: ``20261122T080000123-k3f9x2``."""
    milliseconds = now.microsecond // 1000
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}{milliseconds:03d}-{secrets.token_hex(3)}"
