"""Trying a row out, from a first retrieval in which all is well to what comes of the fault."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sample_jira import SampleJira
from tests.faults.rows import BUTTON, CLOUD, RUN, Row
from tests.faults.world import PERIOD, World
from ticket_status.core.model import RunState, TicketKey
from ticket_status.core.refreshing import Refreshed
from ticket_status.core.shown import Shown
from ticket_status.jira.settings import Limits


class Trial:
    """One row being tried out."""

    def __init__(self, row: Row, jira: SampleJira) -> None:
        self._row = row
        self._fault = row.met
        usual = row.how == BUTTON and self._fault.setting.patience is not None
        setting = replace(self._fault.setting, limits=Limits()) if usual else self._fault.setting
        self.world = World(jira, setting, cloud=row.where == CLOUD)
        self.seconds = 0.0
        """On the real clock, that the button took."""
        self.made: Counter[str] = Counter()
        """What meeting the fault added."""

    def outcome(self) -> Row:
        """The row as it ought to have been."""
        self._fault.before(self.world)
        self.world.connect()
        self._retrieved = list(self.world.keys)
        self._fault.strikes(self.world)
        self._before, self._began = self._counted(), self.world.clock.now()
        met = self._by_run() if self._row.how == RUN else self._by_button()
        for other in self.world.meanwhile:
            other.result()
        came = self._with_counts(self._with_faces(met))
        return replace(came, then=self._next_run()) if self._row.then else came

    @property
    def forgotten(self) -> list[TicketKey]:
        """Tickets whose last known status is lost, whatever they show."""
        if self._fault.setting.key_only:
            return []
        shown = self.world.shown()
        return [key for key in self._retrieved if shown[key].ticket.status is None]

    # --- Meeting the fault -------------------------------------------------------------------------------------------

    def _by_run(self) -> Row:
        states = self.world.sync()
        waited = self.world.clock.now() - self._began
        return replace(self._row, ends=_states(states), waits=_seconds(waited))

    def _by_button(self) -> Row:
        began = time.monotonic()
        refreshed = self.world.here.press()
        self.seconds = time.monotonic() - began
        outcomes = {one.ticket.ticket.key: one.refresh for one in refreshed}
        current = self.world.current
        concerned = [outcomes[current(key)] for key in self._concerned]
        others = [outcomes[current(key)] for key in self._others]
        until = self.world.integration.paused_until or self._began
        met = replace(self._row, ends=_same(map(_end, concerned)), waits=max(0, _seconds(until - self._began)))
        return replace(met, rest=_same(map(_end, others))) if others else met

    def _next_run(self) -> str:
        """Another scheduled run, when its time has come."""
        self.world.queue.take()
        self.world.pass_(PERIOD)
        return _states(self.world.sync())

    # --- What came of it ---------------------------------------------------------------------------------------------

    @property
    def _concerned(self) -> list[TicketKey]:
        return self.world.keys[: self._fault.concerned]

    @property
    def _others(self) -> list[TicketKey]:
        return self.world.keys[len(self._concerned) :]

    def _with_faces(self, met: Row) -> Row:
        shown = self.world.shown()
        health = self.world.integration.health
        faces = replace(
            met,
            shows=_same(_face(shown[key].shown) for key in self._concerned),
            health=f"{health.status} {health.reason_code or ''}".strip(),
            key=shown[self.world.keys[0]].ticket.issue_key,
        )
        others = self._others
        return replace(faces, others=_same(_face(shown[key].shown) for key in others)) if others else faces

    def _with_counts(self, met: Row) -> Row:
        self.made = self._counted() - self._before
        return replace(
            met,
            requests=_within(self._row.requests, self.made["requests"]),
            writes=_within(self._row.writes, self.made["writes"]),
            tokens=self.made["tokens"],
            alarms=self.made["alarms"],
        )

    def _counted(self) -> Counter[str]:
        """What there was up to now."""
        world = self.world
        return Counter(
            requests=world.here.interrupting.requests + world.elsewhere.interrupting.requests,
            here=world.here.interrupting.requests,
            heard=world.heard,
            told=sum(run.jira_requests for run in world.run_store.stored.values()),
            writes=world.integrations.writes + world.tickets.writes,
            tokens=world.refreshes,
            alarms=len(world.here.rejected),
        )


def _states(states: Iterable[RunState]) -> str:
    """Those that the run came to."""
    return " ".join(state for state in states if state is not RunState.RUNNING)


def _end(refreshed: Refreshed) -> str:
    outcome, reason = refreshed
    return f"{outcome} {reason or ''}".strip()


def _face(shown: Shown) -> str:
    if shown.unknown_reason is not None:
        return f"Unknown: {shown.unknown_reason}"
    return f"{shown.status.name} ({shown.status.category})" if shown.status is not None else "no status"


def _same(texts: Iterable[str]) -> str:
    """The one text that all are; otherwise all that there are."""
    return " | ".join(sorted(set(texts)))


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())


def _within(stated: int | range, found: int) -> int | range:
    """As it was stated, where a range allows it."""
    return stated if isinstance(stated, range) and found in stated else found
