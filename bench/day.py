"""A day on paper: many integrations, one of them with half of all tickets, some throttled, a burst by hand.

The sync queue and its workers are simulated as they are deployed: so many messages at once, a slice in invocations of
ninety seconds, two slices of a run at a time, what is handed on goes to the end of the queue. The queue is fair, as SQS
is when messages bear a group: the message of an integration that has the fewest under way goes first. Beside the runs,
people register tickets of random integrations, whose first status takes one short invocation.
"""

from collections import Counter, defaultdict, deque
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

PEOPLE_EVERY = 20.0
"""Seconds between two registrations, somewhere."""

FIRST_STATUS = 1.0
"""Seconds of an invocation that brings the first status of new tickets."""

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
    group: int
    """Of its integration: what the queue is fair between."""
    person: bool = False
    """Somebody waits for it: a newly registered ticket."""
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
    person_seconds: float
    """What 99 in 100 people wait at most for the first status of a ticket, beside the ten seconds of gathering."""
    busy: float
    """The part of the workers' time that was used."""


@dataclass
class _Queue:
    workers: int
    fair: bool
    free: int = 0
    waiting: dict[int, deque[tuple[float, Run]]] = field(default_factory=lambda: defaultdict(deque))
    """By group; each message with the moment at which it came."""
    ranks: list[tuple[int, float, int]] = field(default_factory=list)
    working: Counter[int] = field(default_factory=Counter)
    """Messages under way, by group."""
    coming: list[tuple[float, int, str, Run]] = field(default_factory=list)
    tie: Iterator[int] = field(default_factory=count)
    worked: float = 0.0

    def later(self, at: float, what: str, run: Run) -> None:
        heappush(self.coming, (at, next(self.tie), what, run))

    def wait(self, now: float, run: Run, messages: int = 1) -> None:
        """So many messages of a run are on the queue."""
        self.waiting[run.group].extend([(now, run)] * messages)
        self.rank(run.group)

    def rank(self, group: int) -> None:
        """Note where a group's oldest message stands now; where it stood before is passed over."""
        if self.waiting[group]:
            heappush(self.ranks, (*self._rank(group), group))

    def _rank(self, group: int) -> tuple[int, float]:
        """Of all, the oldest goes first; if the queue is fair, of those with the fewest under way."""
        return self.working[group] if self.fair else 0, self.waiting[group][0][0]

    def _next(self) -> Run | None:
        """The message that goes first."""
        while self.ranks:
            *rank, group = heappop(self.ranks)
            if self.waiting[group] and tuple(rank) == self._rank(group):
                _, run = self.waiting[group].popleft()
                self.rank(group)
                return run
        return None

    def work(self, now: float) -> None:
        """Give waiting messages to free workers."""
        while self.free and (run := self._next()) is not None:
            if run.pauses:
                run.pauses -= 1
                self.later(now + run.waits, "again", run)
                continue
            self.free -= 1
            self.working[run.group] += 1
            self.rank(run.group)
            spent = min(run.slices[0], INVOCATION)
            left = run.slices.pop(0) - spent
            if left > 0:
                run.slices.append(left)
            self.worked += spent + WAKE
            self.later(now + spent + WAKE, "left" if left > 0 else "done", run)


def simulate(  # noqa: PLR0913 - what a day is made of
    integrations: int, tickets: int, workers: int, *, large: bool = True, fair: bool = True, seed: int = 7
) -> Day:
    """A day of three periods, and a burst in the second: every tenth integration once more, by hand."""
    random, queue = Random(seed), _Queue(workers, fair, workers)  # noqa: S311 - no secret
    each = tickets / 2 / integrations
    runs: list[Run] = []
    for period in range(3):
        for number in range(integrations):
            size = tickets / 2 if large and number == 0 else each * random.expovariate(1)
            waits = random.uniform(30, 300) if number and number % 50 == 0 else 0.0
            runs.append(_run(period * PERIOD, size, waits, number, large=large and number == 0))
    runs += [
        _run(PERIOD + HOUR, each * random.expovariate(1), 0, 10 * number, large=False)
        for number in range(integrations // 10)
    ]
    runs += [
        _run(number * PEOPLE_EVERY, 1, 0, random.randrange(integrations), large=False, person=True)
        for number in range(int(3 * PERIOD / PEOPLE_EVERY))
    ]
    for run in runs:
        queue.later(run.began, "begin", run)
    while queue.coming:
        at, _, what, run = heappop(queue.coming)
        _happen(queue, at, what, run)
        queue.work(at)
    return _told(runs, queue)


def _run(began: float, tickets: float, waits: float, group: int, *, large: bool, person: bool = False) -> Run:  # noqa: PLR0913
    slices = min(MOST_SLICES, max(1, round(tickets / SLICE)))
    seconds = [tickets * TICKET_SECONDS / slices] * slices
    return Run(began, [FIRST_STATUS] if person else seconds, waits, large, PAUSES if waits else 0, group, person)


def _happen(queue: _Queue, at: float, what: str, run: Run) -> None:
    match what:
        case "begin":
            run.under_way = min(SLICES_AT_ONCE, len(run.slices))
            queue.wait(at, run, run.under_way)
        case "again":
            queue.wait(at, run)
        case "left":
            queue.free += 1
            queue.working[run.group] -= 1
            queue.rank(run.group)
            queue.wait(at, run)
        case _:
            queue.free += 1
            queue.working[run.group] -= 1
            queue.rank(run.group)
            if len(run.slices) >= run.under_way:
                queue.wait(at, run)
            else:
                run.under_way -= 1
                run.ended = at if run.under_way == 0 else None


def _told(runs: list[Run], queue: _Queue) -> Day:
    took = {id(run): (run.ended or 0) - run.began for run in runs}
    usual = [took[id(run)] / 60 for run in runs if not run.large and not run.waits and not run.person]
    throttled = [took[id(run)] / 60 for run in runs if run.waits]
    people = [took[id(run)] for run in runs if run.person]
    large = [took[id(run)] / HOUR for run in runs if run.large]
    return Day(
        runs=sum(not run.person for run in runs),
        unfinished=sum(time > PERIOD for time in took.values()),
        median_minutes=quantiles(usual, n=2)[0],
        last_minutes=max(usual),
        large_hours=max(large, default=0.0),
        throttled_minutes=max(throttled, default=0.0),
        person_seconds=quantiles(people, n=100)[98],
        busy=queue.worked / (queue.workers * 3 * PERIOD),
    )
