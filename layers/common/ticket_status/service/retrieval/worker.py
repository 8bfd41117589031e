"""The queue's worker: slices of runs, their verdicts, and new tickets (R1, R5, R7 to R11, R14).

Whatever happens, work is either finished, or on the queue again from where it stands, or its run is closed with a
reason. Only a bug or an outage of AWS raises, and then the message itself comes back.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from msgspec import Struct, field

from ticket_status.core.health import RETRY_DELAY, Broke, OutOfTime, Paused, TryAgain, delay_until
from ticket_status.core.model import Counts, Integration, RunState, SyncRun
from ticket_status.core.new_tickets import Leave, LookAgain, Postpone
from ticket_status.core.runs import (
    SLICES_AT_ONCE,
    Drop,
    End,
    GoOn,
    Standing,
    Wait,
    beside_the_first,
    collected,
    how_to_go_on,
    next_slice,
    of_all_tickets,
)
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.work import NewTicketsWork, SliceWork, VerdictWork, Work
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.asking import Retrieval
from ticket_status.service.retrieval.careful import CarefulJira
from ticket_status.service.retrieval.new_tickets import NewTickets, Retrieved
from ticket_status.service.retrieval.runs import Runs, slice_work, verdict_work
from ticket_status.service.retrieval.site_health import SiteHealth
from ticket_status.service.retrieval.slice import SliceRetrieval, Stopped
from ticket_status.service.retrieval.verdict import RunVerdict
from ticket_status.service.retrieval.worker_ports import WorkerPorts

_MARGIN = timedelta(seconds=10)
"""Time reserved, after Jira's last response, to write it and send the rest to the next worker."""


class WorkReport(Struct, frozen=True):
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
    """Whether it successfully ended a run of all tickets."""


class _Ready(Struct, frozen=True):
    """Everything that work on a run needs."""

    integration: Integration
    run: SyncRun
    jira: CarefulJira


class Worker:
    """Does the work of one message."""

    def __init__(self, ports: WorkerPorts, now: Callable[[], datetime], jitter: Callable[[], float]) -> None:
        self._ports = ports
        self._now = now
        self._jitter = jitter
        self._runs = Runs(ports.integrations, ports.tickets, ports.runs, ports.queue)
        self._health = SiteHealth(ports.integrations, now)
        self._retrieval = Retrieval(ports.tickets, now)
        self._new_tickets = NewTickets(ports, self._runs, now, jitter)
        self._verdicts = RunVerdict(ports, self._retrieval, self._health, now)

    def do(self, work: Work, time_left: Callable[[], timedelta]) -> WorkReport:
        """Do a message's work; ``time_left`` is what the worker has until it is ended from outside."""
        if isinstance(work, NewTicketsWork):
            return self._take_up(work)
        standing = self._standing(work)
        match standing:
            case Drop(reason):
                return self._report(work, "repeated", detail=reason)
            case End(run, state, reason):
                self._runs.end(run, state, self._now(), reason)
                return self._report(work, "cancelled" if state is RunState.CANCELLED else "broke", detail=reason)
            case Wait(run, until):
                return self._pause(work, run, until)
            case GoOn(run, integration):
                return self._go_on(work, run, integration, time_left)
            case _:
                assert_never(standing)

    # --- What every work on a run begins with ----------------------------------------------------------------------

    def _standing(self, work: SliceWork | VerdictWork) -> Standing:
        run = self._ports.runs.get(work.integration_ref, work.run_id)
        if run is not None and isinstance(work, SliceWork) and work.name not in run.slices:
            return Drop("the run has no such slice")
        integration = self._ports.integrations.get(work.integration_name)
        same = integration is not None and integration.integration_ref == work.integration_ref
        return how_to_go_on(run, integration if same else None, self._now())

    def _go_on(
        self, work: SliceWork | VerdictWork, run: SyncRun, integration: Integration, time_left: Callable[[], timedelta]
    ) -> WorkReport:
        jira = self._ports.connector.open(integration, self._now() + time_left() - _MARGIN)
        if isinstance(jira, JiraTrouble):
            return self._in_trouble(work, run, integration, jira)
        ready = _Ready(integration, run, jira)
        try:
            if isinstance(work, VerdictWork):
                return self._verdict(work, ready, time_left)
            return self._slice(work, ready, time_left)
        except JiraRejectedRequestError as error:
            if isinstance(work, VerdictWork):
                self._ports.runs.spend(run, jira.requests)
            self._runs.end(run, RunState.FAILED, self._now(), str(error))
            raise

    def _in_trouble(
        self,
        work: SliceWork | VerdictWork,
        run: SyncRun,
        integration: Integration,
        trouble: JiraTrouble,
        jira: CarefulJira | None = None,
    ) -> WorkReport:
        """Store what the trouble means, and put the work back or end its run."""
        requests = 0 if jira is None else jira.requests
        consequence = self._health.met(integration, trouble, None if jira is None else jira.good_at)
        match consequence:
            case Paused(until):
                return self._pause(work, run, until, requests)
            case Broke(_, reason):
                self._runs.end(run, RunState.FAILED, self._now(), reason)
                return self._report(work, "broke", jira_requests=requests, detail=reason)
            case TryAgain(_, reason):
                self._ports.queue.send([work], int(RETRY_DELAY.total_seconds()))
                return self._report(work, "retried", jira_requests=requests, detail=reason)
            case OutOfTime(reason):
                self._ports.queue.send([work])
                return self._report(work, "handed_on", jira_requests=requests, detail=reason)
            case _:
                assert_never(consequence)

    def _pause(
        self, work: SliceWork | VerdictWork, run: SyncRun, until: datetime, jira_requests: int = 0
    ) -> WorkReport:
        """R11: back to the queue as a fresh message, for at least as long as Jira asked; long waits are chained."""
        self._ports.runs.pause(run, until)
        self._ports.queue.send([work], delay_until(until, self._now(), self._jitter()))
        return self._report(work, "paused", jira_requests=jira_requests, detail=_until(until))

    # --- Slices -----------------------------------------------------------------------------------------------------

    def _slice(self, work: SliceWork, ready: _Ready, time_left: Callable[[], timedelta]) -> WorkReport:
        if ready.run.slices[work.name].done:
            completed = self._slice_done(ready.integration, ready.run, work.name)
            return self._report(work, "repeated", detail="the slice was already done", completed=completed)
        job = SliceRetrieval(self._ports, self._retrieval, self._health, self._now, self._queue_beside)
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
                return self._in_trouble(rest, run, job.integration, ended, ready.jira)

    def _queue_beside(self, integration: Integration, run: SyncRun, name: str) -> None:
        """Queue the slices that are worked on beside the first one, now that Jira answers well."""
        others = beside_the_first(run, name, SLICES_AT_ONCE)
        if others:
            self._ports.queue.send([slice_work(integration, run, other) for other in others])

    def _slice_done(self, integration: Integration, run: SyncRun, name: str) -> bool:
        """Queue the slice that follows; after the last one, judge what is missing or end the run (see _complete)."""
        following = next_slice(run, name, SLICES_AT_ONCE)
        if following is not None:
            self._ports.queue.send([slice_work(integration, run, following)])
        if not collected(run):
            return False
        if not run.missing:
            return self._complete(run)
        self._ports.queue.send([verdict_work(integration, run)])
        return False

    def _complete(self, run: SyncRun) -> bool:
        """End a run well; whether it was this that ended it, and it was one of all tickets."""
        ended = self._runs.end(run, RunState.SUCCEEDED, self._now())
        return ended is not None and of_all_tickets(run.trigger)

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
                return self._in_trouble(work, ready.run, ready.integration, judged.ended, ready.jira)

    # --- New tickets ------------------------------------------------------------------------------------------------

    def _take_up(self, work: NewTicketsWork) -> WorkReport:
        taken_up = self._new_tickets.take_up(work)
        match taken_up:
            case Postpone(until):
                return self._report(work, "paused", detail=_until(until))
            case LookAgain(reason):
                return self._report(work, "retried", detail=reason)
            case Leave(reason):
                return self._report(work, "nothing_to_do", detail=reason)
            case Retrieved(run_id):
                return self._report(work, "done", run_id=run_id)
            case _:
                assert_never(taken_up)

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


def _until(at: datetime) -> str:
    return f"until {at:%Y-%m-%dT%H:%M:%SZ}"
