"""The verdict of a run: what is concluded about the tickets that Jira did not show, as many as a message can (R7, R8).

Whatever a message does not get to stays noted with the run, for the next message.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from ticket_status.core.health import lasts, noted
from ticket_status.core.judgement import MOST_CONFIRMATIONS, implausible
from ticket_status.core.model import Counts, Integration, SyncRun
from ticket_status.core.observations import MissingTicket
from ticket_status.core.trouble import JiraTrouble
from ticket_status.ports.jira import Jira
from ticket_status.service.retrieval.asking import Retrieval
from ticket_status.service.retrieval.proof import Patience, Proof
from ticket_status.service.retrieval.slice import Ended, OutOfTime, SlicePorts, Stopped, not_before, stopped

_CONFIRM = timedelta(seconds=45)
"""With less time left no further missing ticket is looked at: a slow Jira is not to be taken for one that fails."""

_TOGETHER = 25
"""Missing tickets that are proven and recorded together, so that a verdict that has to pause goes on from there."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one message made of a run's missing tickets."""

    counts: Counts
    ended: Ended | None
    """Why it ended early; ``None``: every missing ticket is judged."""


class RunVerdict:
    """Judges the missing tickets of runs."""

    def __init__(self, ports: SlicePorts, retrieval: Retrieval, now: Callable[[], datetime]) -> None:
        self._ports = ports
        self._retrieval = retrieval
        self._now = now
        self._proof = Proof(ports.tickets)

    def judge(self, integration: Integration, run: SyncRun, jira: Jira, time_left: Callable[[], timedelta]) -> Judged:
        """Judge as many as the time allows, and count them and the calls with the run."""
        too_many = implausible(run.missing, run.asked)
        looks, now = count(), self._now()
        patience = Patience(
            in_time=lambda: next(looks) < MOST_CONFIRMATIONS and time_left() > _CONFIRM,
            last_try=lasts(noted(integration.trouble, now), now),
        )
        counts, told = Counts(), 0
        for part in self._ports.runs.missing(run):
            judged = Counts()
            for tickets in _together(part.tickets, too_many=too_many):
                ended = self._reason_to_stop(integration, time_left)
                some = ended or self._prove(integration, run, jira, tickets, patience, too_many=too_many)
                if not isinstance(some, Counts):
                    self._ports.runs.spend(run, jira.requests - told)
                    return Judged(counts, some)
                judged += some
            if self._ports.runs.conclude(run, part, judged, jira.requests - told, self._now()):
                told = jira.requests
                counts += judged
        return Judged(counts, None)

    def _reason_to_stop(
        self, integration: Integration, time_left: Callable[[], timedelta]
    ) -> OutOfTime | Stopped | None:
        if time_left() < _CONFIRM:
            return OutOfTime()
        return Stopped() if stopped(self._ports.integrations, integration, self._now()) else None

    def _prove(  # noqa: PLR0913 - what a proof depends on
        self,
        integration: Integration,
        run: SyncRun,
        jira: Jira,
        tickets: Sequence[MissingTicket],
        patience: Patience,
        *,
        too_many: bool,
    ) -> Counts | JiraTrouble:
        """Prove and record some missing tickets: what became of them, or the trouble that was met."""
        at = max(self._now(), not_before(run, integration))
        ref = run.integration_ref
        verdicts = self._proof.judge(jira, ref, tickets, too_many=too_many, patience=patience)
        return self._retrieval.record_verdicts(ref, tickets, verdicts, at) if isinstance(verdicts, dict) else verdicts


def _together(tickets: Sequence[MissingTicket], *, too_many: bool) -> Iterator[Sequence[MissingTicket]]:
    """Missing tickets in the order and the numbers in which they are judged; where none is believed, all at once.

    The newly missing come first: what has been inaccessible for long can wait for its turn.
    """
    size = len(tickets) if too_many else _TOGETHER
    ordered = sorted(tickets, key=lambda one: one.was_inaccessible)
    for at in range(0, len(ordered), size):
        yield ordered[at : at + size]
