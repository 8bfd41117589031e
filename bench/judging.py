"""Simulated verdicts: messages, calls and minutes until every missing ticket is judged.

The real worker over stores in memory, at a clock that goes on with the calls: each takes its time, and eight looks side
by side take that of one. Writing takes no time here; ``missing`` counts it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.stage import WORKER_TIME, Stage
from ticket_status.core.model import RunState
from ticket_status.core.trouble import JiraTrouble, Throttled
from ticket_status.core.work import VerdictWork
from ticket_status.service.retrieval.proof import AT_ONCE

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Simulated:
    """A run, some of whose tickets were deleted in Jira."""

    tickets: int
    deleted: int
    call_seconds: float
    calls_a_minute: int | None
    """``None``: as many as one likes."""
    messages: int
    """Of the verdict."""
    calls: int
    minutes: float
    """From the run's beginning to its end."""
    judged: int
    """Called deleted, or inaccessible where too many vanished."""


def simulate(tickets: int, deleted: int, call_seconds: float, calls_a_minute: int | None = None) -> Simulated:
    """Work a run off, message after message."""
    stage = Stage()
    keys = stage.has_tickets(tickets)
    for key in keys[:: tickets // deleted][:deleted]:
        del stage.site.issues[key.ticket_id]
    calls: deque[datetime] = deque()

    def take_its_time(call: str, _names: Sequence[str]) -> JiraTrouble | None:
        now = stage.clock.pass_(timedelta(seconds=call_seconds / (AT_ONCE if call == "look_at" else 1)))
        if calls_a_minute is not None:
            calls.append(now)
            while calls[0] <= now - _MINUTE:
                calls.popleft()
            if len(calls) > calls_a_minute:
                return Throttled(calls[0] + _MINUTE, "429")
        return None

    stage.site.before = take_its_time
    begun = stage.clock()
    stage.start()
    messages = 0
    while stage.queue.sent:
        work = stage.take()
        messages += isinstance(work, VerdictWork)
        at = stage.clock()
        stage.deliver(work, lambda at=at: WORKER_TIME - (stage.clock() - at))  # type: ignore[misc]
    run = stage.run
    if run.state is not RunState.SUCCEEDED:
        raise AssertionError(run)
    minutes = (stage.clock() - begun) / _MINUTE
    judged = run.counts.deleted + run.counts.inaccessible
    return Simulated(tickets, deleted, call_seconds, calls_a_minute, messages, run.jira_requests, minutes, judged)
