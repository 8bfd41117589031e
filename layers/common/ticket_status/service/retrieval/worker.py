"""The queue's worker: slices of runs, their verdicts, and new tickets (R1, R5, R7 to R11, R14).

Whatever happens, work is either finished, or on the queue again from where it stands, or its run is closed with a
reason. Only a bug or an outage of AWS raises, and then the message itself comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard, assert_never

from ticket_status.core.health import RETRY_DELAY
from ticket_status.core.model import (
    NEW_TICKETS,
    Counts,
    HealthStatus,
    Integration,
    RunState,
    Slice,
    SliceProgress,
    SyncRun,
    Trigger,
)
from ticket_status.core.runs import collected, next_slice
from ticket_status.core.slices import SLICES_AT_ONCE
from ticket_status.core.throttle import delay_until, paused
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.core.window import END, position, window_start
from ticket_status.core.work import NewTicketsWork, SliceWork, VerdictWork, Work
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import Jira, JiraConnector, JiraRejectedRequestError
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.runs import RunStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.service.retrieval.asking import Retrieval
from ticket_status.service.retrieval.runs import Runs, slice_work
from ticket_status.service.retrieval.site_health import Broke, Paused, SiteHealth, TryAgain
from ticket_status.service.retrieval.slice import OutOfTime, SliceRetrieval, Stopped
from ticket_status.service.retrieval.verdict import RunVerdict

_MARGIN = timedelta(seconds=10)
"""What is left of the worker's time, after the last answer of Jira, to write it and hand the rest on."""

_LOOK_AGAIN = timedelta(seconds=10)
"""New tickets that can neither join a run nor begin one look again after this."""

_MAY_WAIT = timedelta(seconds=30)
"""So long new tickets leave a run at work alone: most often it comes by them, and asking twice is saved (R14)."""


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What became of a message: the canonical log line and the metrics."""

    kind: str
    integration_name: str
    outcome: str
    """``done``, ``handed_on``, ``paused``, ``retried``, ``broke``, ``cancelled``, ``repeated`` or ``nothing_to_do``."""
    run_id: str | None = None
    jira_requests: int = 0
    detail: str | None = None
    counts: Counts = field(default_factory=Counts)
    completed: bool = False
    """Whether it ended a run of all tickets well."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """Everything that work on a run needs."""

    integration: Integration
    run: SyncRun
    jira: Jira


@dataclass(frozen=True, slots=True)
class WorkerPorts:
    """What the worker works with."""

    integrations: IntegrationStore
    tickets: TicketStore
    runs: RunStore
    queue: WorkQueue
    connector: JiraConnector


class Worker:
    """Does the work of one message."""

    def __init__(self, ports: WorkerPorts, now: Callable[[], datetime], jitter: Callable[[], float]) -> None:
        self._ports = ports
        self._now = now
        self._jitter = jitter
        self._runs = Runs(ports.integrations, ports.tickets, ports.runs, ports.queue)
        self._health = SiteHealth(ports.integrations, now)
        self._retrieval = Retrieval(ports.tickets, now)
        self._verdicts = RunVerdict(ports, self._retrieval, self._health, now)

    def do(self, work: Work, time_left: Callable[[], timedelta]) -> WorkReport:
        """Do a message's work; ``time_left`` is what the worker has until it is ended from outside."""
        if isinstance(work, NewTicketsWork):
            return self._new_tickets(work)
        ready = self._make_ready(work, time_left)
        if isinstance(ready, WorkReport):
            return ready
        try:
            if isinstance(work, VerdictWork):
                return self._verdict(work, ready, time_left)
            return self._slice(work, ready, time_left)
        except JiraRejectedRequestError as error:
            if isinstance(work, VerdictWork):
                self._ports.runs.spend(ready.run, ready.jira.requests)
            self._runs.end(ready.run, RunState.FAILED, self._now(), str(error))
            raise

    # --- What every work on a run begins with ----------------------------------------------------------------------

    def _make_ready(self, work: SliceWork | VerdictWork, time_left: Callable[[], timedelta]) -> _Ready | WorkReport:
        run = self._ports.runs.get(work.integration_ref, work.run_id)
        if run is None or not run.state.open or (isinstance(work, SliceWork) and work.name not in run.slices):
            return self._report(work, "repeated", detail="the run is closed")
        integration = self._ports.integrations.get(work.integration_name)
        if not _retrieves(integration, work.integration_ref):
            self._runs.end(run, RunState.CANCELLED, self._now())
            return self._report(work, "cancelled", detail="retrieval was switched off or the integration deleted")
        if integration.broken and integration.health.since > run.started_at:
            self._runs.end(run, RunState.FAILED, self._now(), integration.health.reason)
            return self._report(work, "broke", detail="the integration broke during the run")
        if paused(integration, self._now()) and integration.paused_until is not None:
            return self._pause(work, run, integration.paused_until)
        jira = self._ports.connector.open(integration, self._now() + time_left() - _MARGIN)
        if isinstance(jira, Throttled | Refused | Unavailable):
            return self._in_trouble(work, run, integration, jira)
        return _Ready(integration, run, jira)

    def _in_trouble(
        self,
        work: SliceWork | VerdictWork,
        run: SyncRun,
        integration: Integration,
        trouble: JiraTrouble,
        jira_requests: int = 0,
    ) -> WorkReport:
        """Store what the trouble means, and put the work back or end its run."""
        consequence = self._health.met(integration, trouble)
        match consequence:
            case Paused(until):
                return self._pause(work, run, until, jira_requests)
            case Broke(reason):
                self._runs.end(run, RunState.FAILED, self._now(), reason)
                return self._report(work, "broke", jira_requests=jira_requests, detail=reason)
            case TryAgain(reason):
                self._ports.queue.send([work], int(RETRY_DELAY.total_seconds()))
                return self._report(work, "retried", jira_requests=jira_requests, detail=reason)
            case _:
                assert_never(consequence)

    def _pause(
        self, work: SliceWork | VerdictWork, run: SyncRun, until: datetime, jira_requests: int = 0
    ) -> WorkReport:
        """R11: back to the queue as a fresh message, for at least as long as Jira asked; long waits are chained."""
        self._ports.runs.pause(run, until)
        self._ports.queue.send([work], delay_until(until, self._now(), self._jitter()))
        return self._report(work, "paused", jira_requests=jira_requests, detail=f"until {until:%Y-%m-%dT%H:%M:%SZ}")

    # --- Slices -----------------------------------------------------------------------------------------------------

    def _slice(self, work: SliceWork, ready: _Ready, time_left: Callable[[], timedelta]) -> WorkReport:
        if ready.run.slices[work.name].done:
            completed = self._slice_done(ready.integration, ready.run, work.name)
            return self._report(work, "repeated", detail="the slice was done", completed=completed)
        job = SliceRetrieval(self._ports, self._retrieval, self._health, self._now)
        try:
            run, ended = job.retrieve(ready.integration, ready.run, work.name, ready.jira, time_left)
        finally:
            if job.uncounted:
                self._ports.runs.spend(ready.run, job.uncounted)
        requests = ready.jira.requests
        self._health.learnt(ready.integration, ready.jira)
        if run is None:
            return self._report(
                work, "cancelled", jira_requests=requests, detail="the run was closed meanwhile", counts=job.counts
            )
        rest = slice_work(ready.integration, run, work.name)
        match ended:
            case None:
                completed = self._slice_done(ready.integration, run, work.name)
                return self._report(work, "done", jira_requests=requests, counts=job.counts, completed=completed)
            case OutOfTime() | Stopped():
                self._ports.queue.send([rest])
                return self._report(work, "handed_on", jira_requests=requests, counts=job.counts)
            case _:
                return self._in_trouble(rest, run, job.integration, ended, requests)

    def _slice_done(self, integration: Integration, run: SyncRun, name: str) -> bool:
        """Queue the slice that follows; after the last one, judge what is missing or end the run (see _complete)."""
        following = next_slice(run, name, SLICES_AT_ONCE)
        if following is not None:
            self._ports.queue.send([slice_work(integration, run, following)])
        if not collected(run):
            return False
        if not run.missing:
            return self._complete(run)
        verdict = VerdictWork(integration.connection_name, run.integration_ref, run.run_id, run.started_at)
        self._ports.queue.send([verdict])
        return False

    def _complete(self, run: SyncRun) -> bool:
        """End a run well; whether it was this that ended it, and it was one of all tickets."""
        ended = self._runs.end(run, RunState.SUCCEEDED, self._now())
        return ended is not None and run.trigger is not Trigger.REGISTERED

    # --- Verdicts ---------------------------------------------------------------------------------------------------

    def _verdict(self, work: VerdictWork, ready: _Ready, time_left: Callable[[], timedelta]) -> WorkReport:
        judged = self._verdicts.judge(ready.integration, ready.run, ready.jira, time_left)
        requests = ready.jira.requests
        match judged.ended:
            case None:
                completed = self._complete(ready.run)
                return self._report(work, "done", jira_requests=requests, counts=judged.counts, completed=completed)
            case OutOfTime() | Stopped():
                self._ports.queue.send([work])
                return self._report(work, "handed_on", jira_requests=requests, counts=judged.counts)
            case _:
                return self._in_trouble(work, ready.run, ready.integration, judged.ended, requests)

    # --- New tickets ------------------------------------------------------------------------------------------------

    def _new_tickets(self, work: NewTicketsWork) -> WorkReport:
        """R14: new tickets join the run at work, or get one of their own."""
        integration = self._ports.integrations.get(work.integration_name)
        if integration is None or integration.integration_ref != work.integration_ref:
            return self._report(work, "nothing_to_do", detail="the integration is gone")
        now = self._now()
        if paused(integration, now) and integration.paused_until is not None:
            self._ports.queue.send([work], delay_until(integration.paused_until, now, self._jitter()))
            return self._report(work, "paused")
        run = self._runs.make_room(integration, now)
        if run is not None and _may_wait(integration, now):
            self._ports.queue.send([work], int(_LOOK_AGAIN.total_seconds()))
            return self._report(work, "retried", detail="the run at work may come by them by itself")
        self._ports.integrations.take_new_tickets(integration)
        if not integration.retrieve_jira_tickets or integration.health.status is not HealthStatus.HEALTHY:
            return self._report(work, "nothing_to_do", detail="the run that follows switching on or recovery has them")
        # R2: what left the window before it was ever retrieved is not asked for any more.
        whole = Slice(position(window_start(now)), END, ())
        pages = self._ports.tickets.new_rows(integration.integration_ref)
        tickets = sum(row.position >= whole.start for page in pages for row in page)
        if not tickets:
            return self._report(work, "nothing_to_do")
        return self._retrieve_new(work, integration, run, whole, tickets)

    def _retrieve_new(
        self, work: NewTicketsWork, integration: Integration, run: SyncRun | None, whole: Slice, tickets: int
    ) -> WorkReport:
        """Have the slice of new tickets retrieved by the run at work, or by one of its own."""
        name = NEW_TICKETS if run is None else f"{NEW_TICKETS}{len(run.slices)}"
        if run is not None:
            run = self._ports.runs.join(run, name, whole, tickets)
        else:
            slices = {name: SliceProgress(whole)}
            run = self._runs.begin(integration, Trigger.REGISTERED, slices, tickets, self._now())
        if run is None:
            self._ports.queue.send([work], int(_LOOK_AGAIN.total_seconds()))
            return self._report(work, "retried", detail="the run at work is being judged")
        self._runs.queue_slices(integration, run, [name])
        return self._report(work, "done", run_id=run.run_id)

    @staticmethod
    def _report(  # noqa: PLR0913 - the one place that fills a report
        work: Work,
        outcome: str,
        *,
        jira_requests: int = 0,
        detail: str | None = None,
        counts: Counts | None = None,
        run_id: str | None = None,
        completed: bool = False,
    ) -> WorkReport:
        kinds = {SliceWork: "slice", VerdictWork: "verdict", NewTicketsWork: "new_tickets"}
        known_run = run_id if isinstance(work, NewTicketsWork) else work.run_id
        kind, name = kinds[type(work)], work.integration_name
        return WorkReport(kind, name, outcome, known_run, jira_requests, detail, counts or Counts(), completed)


def _may_wait(integration: Integration, now: datetime) -> bool:
    return integration.new_tickets_at is not None and now - integration.new_tickets_at < _MAY_WAIT


def _retrieves(integration: Integration | None, integration_ref: str) -> TypeGuard[Integration]:
    return (
        integration is not None and integration.integration_ref == integration_ref and integration.retrieve_jira_tickets
    )
