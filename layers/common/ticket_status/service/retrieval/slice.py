"""Works through one slice: reads index pages ahead, has a few Jira calls in flight, takes results in order.

Steps are written in an order that makes a crash harmless: tickets, then coverage, then the run's record. What was not
recorded there is retrieved again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import chain, islice

from msgspec import Struct

from ticket_status.core.comparison import Comparison, Row, doubtful, read_sighting, shows_new_keys
from ticket_status.core.health import OutOfTime, forgets
from ticket_status.core.missing import shown_before, sort_missing
from ticket_status.core.model import NEW_TICKETS, Counts, Integration, SliceProgress, SyncRun, Trigger
from ticket_status.core.observations import SliceStep
from ticket_status.core.runs import of_all_tickets, still_asks
from ticket_status.core.summary import Tally, passed, together
from ticket_status.core.trouble import JiraTrouble
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.service.retrieval.asking import CALLS_IN_FLIGHT, Asked, Retrieval
from ticket_status.service.retrieval.careful import CarefulJira
from ticket_status.service.retrieval.losses import MEASURING, WebhookLosses
from ticket_status.service.retrieval.site_health import SiteHealth
from ticket_status.service.retrieval.worker_ports import WorkerPorts

STEP_TICKETS = 5_000
STEP_TIME = timedelta(seconds=5)
"""Progress is written after this many tickets or this time: often enough to be useful, rarely enough to be cheap."""

_HAND_ON = timedelta(seconds=35)
"""With less time left, no further call is begun: a call may take 20 s, and its results must be written."""


class Stopped(Struct, frozen=True):
    """Switched off, deleted, broken or paused meanwhile; the next worker finds out which."""


Ended = OutOfTime | Stopped | JiraTrouble


class SliceRetrieval:
    """One worker's work on one slice; for a single use."""

    def __init__(
        self,
        ports: WorkerPorts,
        retrieval: Retrieval,
        health: SiteHealth,
        now: Callable[[], datetime],
        first_answer: Callable[[Integration, SyncRun, str], None],
    ) -> None:
        """``first_answer`` is called with the integration, run and slice at the first good response."""
        self._ports = ports
        self._first_answer = first_answer
        self._retrieval = retrieval
        self._health = health
        self._now = now
        self.counts = Counts()
        """The results over all steps."""

    def retrieve(
        self, integration: Integration, run: SyncRun, name: str, jira: CarefulJira, time_left: Callable[[], timedelta]
    ) -> tuple[SyncRun | None, Ended | None]:
        """Retrieve from the slice's last step: the run afterwards (``None``: closed meanwhile) and what ended it.

        Raises ``SliceTakenError`` if another worker is at the same slice.
        """
        self._integration, self._jira, self._time_left = integration, jira, time_left
        self._name, self._run, self._requests = name, run, 0
        self._begin_step(run.slices[name])
        self._stop: Ended | None = None
        self._answered, self._written_at = False, integration.written_at
        if integration.broken:
            self._stop = self._prove()  # R10: no ticket is asked for before the site is known to work again
        elif run.slices[name].step == 0 and self._of_all():
            self._stop = jira.same_site()  # R15: once in every run, before anything of it is shown
        if self._stop is None and not self._take_all():
            return None, None
        # A slice without tickets made no call yet. One call proves the site, so that even an empty run finds a break.
        if not self._answered and self._stop is None:
            self._stop = self._prove()
        return (self._run if self._write_step(done=self._stop is None) else None), self._stop

    @property
    def integration(self) -> Integration:
        """The integration after what the calls found."""
        return self._integration

    @property
    def uncounted(self) -> int:
        """Calls that no step counted, because the run was closed or an error occurred."""
        return self._jira.requests - self._requests

    def _take_all(self) -> bool:
        """Take every response, up to a trouble; ``False`` if the run was closed meanwhile."""
        for asked in self._asked_in_order(self._rows(self._run.slices[self._name])):
            if not isinstance(asked.result, Comparison):
                self._stop = asked.result
                break
            elsewhere = self._jira.same_site() if shows_new_keys(asked.result.changed) else None
            if elsewhere is not None:
                self._stop = elsewhere
                break
            self._well()
            self._take(asked, asked.result)
            if self._step_due() and not self._write_step(done=False):
                return False
        return True

    # --- Asking -----------------------------------------------------------------------------------------------------

    def _rows(self, progress: SliceProgress) -> Iterator[Row]:
        if self._name.startswith(NEW_TICKETS):
            pages = self._ports.tickets.new_rows(self._run.integration_ref)
            return (
                row
                for row in chain.from_iterable(pages)
                if row.position >= progress.slice.start and row.position > progress.cursor
            )
        rows = chain.from_iterable(self._ports.tickets.rows(self._run.integration_ref, progress.slice, progress.cursor))
        return (row for row in rows if row.absence is not None) if self._run.trigger is Trigger.RECHECK else rows

    @property
    def _asks_for_all(self) -> bool:
        """Whether every ticket of the slice is asked for, so that its range is covered completely (R13)."""
        return not self._name.startswith(NEW_TICKETS) and self._run.trigger is not Trigger.RECHECK

    def _asked_in_order(self, rows: Iterator[Row]) -> Iterator[Asked]:
        """Responses in the order of the rows, so that the cursor never skips a ticket."""
        waiting: deque[Future[Asked]] = deque()
        pool = ThreadPoolExecutor(CALLS_IN_FLIGHT)
        try:
            while batch := self._next_batch(rows):
                waiting.append(
                    pool.submit(self._retrieval.ask, self._jira, batch, not_before(self._run, self._integration))
                )
                if len(waiting) > CALLS_IN_FLIGHT:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _next_batch(self, rows: Iterator[Row]) -> Sequence[Row]:
        """The tickets of the next call; none if the slice ends or must stop (R5: at the next chunk)."""
        batch = list(islice(rows, self._jira.ids_per_call))
        if batch:
            self._stop = self._reason_to_stop()
        return [] if self._stop else batch

    def _reason_to_stop(self) -> OutOfTime | Stopped | None:
        if self._time_left() < _HAND_ON:
            return OutOfTime()
        current = self._ports.integrations.get(self._integration.connection_name)
        if current is None or not still_asks(current, self._integration, self._now()):
            return Stopped()
        self._written_at = current.written_at
        if forgets(current.trouble, self._jira.good_at):
            self._health.succeeded(current, by_full_run=self._of_all())
        return None

    def _prove(self) -> JiraTrouble | None:
        """One request that tells whether the site works, for a slice without tickets or a broken integration."""
        proven = self._health.prove(self._jira, self._integration, by_full_run=self._of_all())
        if not isinstance(proven, Integration):
            return proven
        self._integration = proven
        self._tell_first_answer()
        return None

    def _well(self) -> None:
        """The first good response: failed tries are cleared, and the slices beside the first one are queued."""
        if not self._answered:
            self._integration = self._health.succeeded(self._integration, by_full_run=self._of_all())
            self._tell_first_answer()

    def _tell_first_answer(self) -> None:
        self._answered = True
        self._first_answer(self._integration, self._run, self._name)

    def _of_all(self) -> bool:
        return of_all_tickets(self._run.trigger)

    # --- Steps ------------------------------------------------------------------------------------------------------

    def _begin_step(self, progress: SliceProgress) -> None:
        self._number, self._from, self._cursor = progress.step, progress.cursor, progress.cursor
        self._step_counts, self._step_asked, self._step_taken = Counts(), 0, 0
        self._vanished: list[str] = []
        self._hidden: list[str] = []
        self._first_asked: datetime | None = None
        self._begun = self._now()
        self._tally: Tally = progress.tally

    def _take(self, asked: Asked, result: Comparison) -> None:
        ref = self._run.integration_ref
        # R12: a manual refresh or recheck has just written, and the index lags behind.
        if doubtful(self._written_at, asked.at):
            result = self._retrieval.checked_against_stored(ref, result)
        # Before the changes are recorded, because hints are compared with the stored observations.
        if self._run.trigger in MEASURING and self._asks_for_all:
            WebhookLosses(self._ports.webhooks, self._ports.tickets, self._now).measure(ref, _other_status(result))
        written = self._retrieval.record_changes(ref, asked, result.changed)
        if self._asks_for_all:
            self._tally = together(self._tally, passed(result))
        else:
            self._retrieval.shift(ref, [(row, seen) for row, seen in result.changed if row.ticket_id in written])
        newly_missing = [row for row in result.missing if row.absence is None]
        self._retrieval.record_missed(ref, asked, [*result.failed, *newly_missing])
        missing = sort_missing(result.missing, recheck=self._run.trigger is Trigger.RECHECK)
        self._vanished += missing.vanished
        self._hidden += missing.hidden
        self._step_counts += missing.counts + Counts(
            changed=len(written),
            unchanged=len(result.unchanged) + len(result.changed) - len(written),
            failed=len(result.failed),
        )
        self._step_taken += len(asked.rows)
        # R8 takes its share of the tickets that were visible before and that Jira answered for now.
        self._step_asked += shown_before(asked.rows) - shown_before(result.failed)
        self._first_asked = min(self._first_asked or asked.at, asked.at)
        self._cursor = asked.rows[-1].position

    def _step_due(self) -> bool:
        return self._step_taken >= STEP_TICKETS or self._now() - self._begun >= STEP_TIME

    def _write_step(self, *, done: bool) -> bool:
        """Write what was done since the previous step; ``False`` if the run was closed meanwhile."""
        progress = self._run.slices[self._name]
        # Coverage comes after the tickets and before the run's record: after a crash in between, the tickets of this
        # step are asked for again. A recheck or new tickets leave out tickets of the range, so they do not cover it.
        if self._first_asked is not None and self._asks_for_all:
            end = progress.slice.end if done else _beyond(self._cursor)
            start = _beyond(self._from) if self._from else progress.slice.start
            ref, planned_at = self._run.integration_ref, self._run.started_at
            self._ports.tickets.raise_coverage(ref, start, end, self._first_asked, planned_at)
        step = SliceStep(
            number=self._number,
            cursor=self._cursor,
            done=done,
            counts=self._step_counts,
            asked=self._step_asked,
            jira_requests=self._jira.requests - self._requests,
            vanished=tuple(self._vanished),
            hidden=tuple(self._hidden),
            tally=self._tally if self._asks_for_all else None,
        )
        advanced = self._ports.runs.advance(self._run, self._name, step, self._now())
        if advanced is None:
            return False
        self._requests = self._jira.requests
        self.counts += self._step_counts
        self._run = advanced
        self._begin_step(advanced.slices[self._name])
        return True


def _other_status(result: Comparison) -> list[str]:
    """Ids of the tickets whose status differs from the known one; a delivery should have named them."""
    return [
        row.ticket_id
        for row, seen in result.changed
        if row.sighting is not None and read_sighting(row.sighting)[1] != read_sighting(seen)[1]
    ]


def stopped(integrations: IntegrationStore, known: Integration, now: datetime) -> bool:
    """Whether work on an integration must stop (``core.runs.still_asks``)."""
    return not still_asks(integrations.get(known.connection_name), known, now)


def not_before(run: SyncRun, integration: Integration) -> datetime:
    """The later of both times: the cause of a run's work came before it, whatever the worker's clock says (R12)."""
    return max(run.started_at, integration.counts_since)


def _beyond(cursor: str) -> str:
    """The position right after that of a ticket."""
    return cursor + " "
