"""A day on paper: many integrations, one of them with half of all tickets, some throttled, a burst by hand.

The sync queue and its workers are simulated as they are deployed: so many messages at once, a slice in invocations of
ninety seconds, two slices of a run at a time, what is handed on goes to the end of the queue.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from statistics import quantiles

HOUR = 3600.0
PERIOD = 8 * HOUR
INVOCATION = 80.0
"""Seconds of work of one invocation, before it hands on."""

SLICE = 20_000
MOST_SLICES = 50
SLICES_AT_ONCE = 2
TICKET_SECONDS = 0.3 / 4 / 1000
"""A worker's seconds per ticket: four calls of a thousand in flight, each of 300 ms."""

PAUSES = 10
"""How often a throttled site says 429 in a run."""

WAKE = 0.05
"""Seconds of an invocation that are not work."""


@dataclass
class Run:
    """One integration's run: seconds of work that its slices still need."""

    began: float
    slices: list[float]
    waits: float
    """A throttled site's messages are put back for so long, each time."""
    large: bool
    pauses: int
    """How often that happens."""
    under_way: int = 0
    ended: float | None = None


@dataclass(frozen=True)
class Day:
    """What became of it."""

    runs: int
    unfinished: int
    """Runs that were still at it when their integration's next one was due."""
    median_minutes: float
    last_minutes: float
    """From a run's beginning to its end, of all but the large and the throttled ones."""
    large_hours: float
    throttled_minutes: float
    busy: float
    """The part of the workers' time that was used."""


@dataclass
class _Queue:
    workers: int
    free: int = 0
    waiting: deque[Run] = field(default_factory=deque)
    coming: list[tuple[float, int, str, Run]] = field(default_factory=list)
    tie: Iterator[int] = field(default_factory=count)
    worked: float = 0.0

    def later(self, at: float, what: str, run: Run) -> None:
        heappush(self.coming, (at, next(self.tie), what, run))

    def work(self, now: float) -> None:
        """Give waiting messages to free workers."""
        while self.free and self.waiting:
            run = self.waiting.popleft()
            if run.pauses:
                run.pauses -= 1
                self.later(now + run.waits, "again", run)
                continue
            self.free -= 1
            spent = min(run.slices[0], INVOCATION)
            left = run.slices.pop(0) - spent
            if left > 0:
                run.slices.append(left)
            self.worked += spent + WAKE
            self.later(now + spent + WAKE, "left" if left > 0 else "done", run)


def simulate(integrations: int, tickets: int, workers: int, *, large: bool = True, seed: int = 7) -> Day:
    """A day of three periods, and a burst in the second: every tenth integration once more, by hand."""
    random, queue = Random(seed), _Queue(workers, workers)  # noqa: S311 - no secret
    each = tickets / 2 / integrations
    runs: list[Run] = []
    for period in range(3):
        for number in range(integrations):
            size = tickets / 2 if large and number == 0 else each * random.expovariate(1)
            waits = random.uniform(30, 300) if number and number % 50 == 0 else 0.0
            runs.append(_run(period * PERIOD, size, waits, large=large and number == 0))
    runs += [_run(PERIOD + HOUR, each * random.expovariate(1), 0, large=False) for _ in range(integrations // 10)]
    for run in runs:
        queue.later(run.began, "begin", run)
    while queue.coming:
        at, _, what, run = heappop(queue.coming)
        _happen(queue, at, what, run)
        queue.work(at)
    return _told(runs, queue)


def _run(began: float, tickets: float, waits: float, *, large: bool) -> Run:
    slices = min(MOST_SLICES, max(1, round(tickets / SLICE)))
    return Run(began, [tickets * TICKET_SECONDS / slices] * slices, waits, large, PAUSES if waits else 0)


def _happen(queue: _Queue, at: float, what: str, run: Run) -> None:
    match what:
        case "begin":
            run.under_way = min(SLICES_AT_ONCE, len(run.slices))
            queue.waiting.extend([run] * run.under_way)
        case "again":
            queue.waiting.append(run)
        case "left":
            queue.free += 1
            queue.waiting.append(run)
        case _:
            queue.free += 1
            if len(run.slices) >= run.under_way:
                queue.waiting.append(run)
            else:
                run.under_way -= 1
                run.ended = at if run.under_way == 0 else None


def _told(runs: list[Run], queue: _Queue) -> Day:
    took = {id(run): (run.ended or 0) - run.began for run in runs}
    usual = [took[id(run)] / 60 for run in runs if not run.large and not run.waits]
    throttled = [took[id(run)] / 60 for run in runs if run.waits]
    large = [took[id(run)] / HOUR for run in runs if run.large]
    return Day(
        runs=len(runs),
        unfinished=sum(time > PERIOD for time in took.values()),
        median_minutes=quantiles(usual, n=2)[0],
        last_minutes=max(usual),
        large_hours=max(large, default=0.0),
        throttled_minutes=max(throttled, default=0.0),
        busy=queue.worked / (queue.workers * 3 * PERIOD),
    )
