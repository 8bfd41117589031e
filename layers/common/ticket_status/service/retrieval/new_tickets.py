"""R14: new tickets join the active run, or get their own, within a minute of being registered."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.health import delay_until
from ticket_status.core.model import NEW_TICKETS, Integration, Slice, SliceProgress, SyncRun, Trigger
from ticket_status.core.new_tickets import (
    LOOK_AGAIN,
    STORM,
    Leave,
    LookAgain,
    Postpone,
    Retrieve,
    how_to_take_up,
    keeps_gathering,
    look_again_after,
)
from ticket_status.core.runs import LOST, lost
from ticket_status.core.window import END, position, window_start
from ticket_status.core.work import NewTicketsWork
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.worker_ports import WorkerPorts


class Retrieved(Struct, frozen=True):
    """They are being retrieved, by this run."""

    run_id: str


TakenUp: TypeAlias = Postpone | LookAgain | Leave | Retrieved


class NewTickets:
    """Retrieves the new tickets of one integration at a time."""

    def __init__(
        self, ports: WorkerPorts, runs: Runs, now: Callable[[], datetime], jitter: Callable[[], float]
    ) -> None:
        self._ports = ports
        self._runs = runs
        self._now = now
        self._jitter = jitter

    def take_up(self, work: NewTicketsWork) -> TakenUp:
        """Handle a message that new tickets are waiting."""
        now = self._now()
        integration, active = self._gather(work, now)
        if integration is None:
            return Leave("the integration is gone")
        decided = how_to_take_up(integration, active, work, now)
        match decided:
            case Postpone(until):
                self._keep_note(work, until)
                self._ports.queue.send([work], delay_until(until, now, self._jitter()))
                return decided
            case LookAgain():
                return self._look_again(work, integration, decided, now)
            case Leave():
                self._take_note(work, integration)
                return decided
            case Retrieve(run):
                return self._retrieve(work, integration, run, now)
            case _:
                assert_never(decided)

    def _gather(self, work: NewTicketsWork, now: datetime) -> tuple[Integration | None, SyncRun | None]:
        """The integration and its active run, after a lost run was closed and a due one begun."""
        integration = self._ports.integrations.get(work.integration_name)
        if integration is None or integration.integration_ref != work.integration_ref:
            return None, None
        active = self._runs.active(integration)
        if active is not None and lost(active, now):
            integration = self._runs.give_up(integration, active, now, LOST) or integration
        if integration.due is not None:
            self._runs.begin_due(integration, now)
        return integration, self._runs.active(integration)

    def _look_again(
        self, work: NewTicketsWork, integration: Integration, decided: LookAgain, now: datetime
    ) -> LookAgain:
        if decided.note_again and not work.hinted:
            self._ports.integrations.announce_new_tickets(integration, now, stale_after=now)
        self._keep_note(work, now + LOOK_AGAIN)
        self._ports.queue.send([work], int(LOOK_AGAIN.total_seconds()))
        return decided

    def _take_note(self, work: NewTicketsWork, integration: Integration) -> None:
        """From here on, a new ticket or hint sends its own message."""
        if work.hinted:
            self._ports.webhooks.gathered(integration.integration_ref)
        else:
            self._ports.integrations.take_new_tickets(integration)

    def _keep_note(self, work: NewTicketsWork, until: datetime) -> None:
        """Hints until then need no message, because this one comes again."""
        if work.hinted:
            self._ports.webhooks.gathering(work.integration_ref, until)

    def _retrieve(self, work: NewTicketsWork, integration: Integration, run: SyncRun | None, now: datetime) -> TakenUp:
        """Have them retrieved. The index lags behind, so it is read again later for the latest ones."""
        # Before the index is read: what is registered after this sends a new message, so nothing is overlooked.
        self._take_note(work, integration)
        # R2: what left the window before it was ever retrieved is no longer retrieved.
        whole = Slice(position(window_start(now)), END, ())
        pages = self._ports.tickets.new_rows(integration.integration_ref)
        tickets = sum(row.position >= whole.start for page in pages for row in page)
        if keeps_gathering(work, tickets):
            later = look_again_after(work, tickets)
            if tickets >= STORM:
                self._keep_note(work, now + later)
            self._ports.queue.send([replace(work, again=True)], int(later.total_seconds()))
        if not tickets:
            return Leave("there are none")
        taken = self._with(work, integration, run, whole, tickets)
        if taken is None:
            return self._look_again(work, integration, LookAgain("another run took them first", note_again=True), now)
        return Retrieved(taken.run_id)

    def _with(
        self, work: NewTicketsWork, integration: Integration, run: SyncRun | None, whole: Slice, tickets: int
    ) -> SyncRun | None:
        """The active run, or a new one, with a slice for the new tickets on the queue."""
        name = NEW_TICKETS if run is None else f"{NEW_TICKETS}{len(run.slices)}"
        if run is not None:
            run = self._ports.runs.join(run, name, whole, tickets)
        else:
            slices = {name: SliceProgress(whole)}
            trigger = Trigger.WEBHOOK if work.hinted else Trigger.REGISTERED
            run = self._runs.begin(integration, trigger, slices, tickets, self._now())
        if run is not None:
            self._runs.queue_slices(integration, run, [name])
        return run
