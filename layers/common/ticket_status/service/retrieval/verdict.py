"""The verdict of a run on the tickets that Jira did not show, as many as one message can handle (R7, R8).

A run takes as many messages as it needs. What one message does not reach stays stored with the run for the next; so
do verdicts that it could not prove: the next proof of our account makes them valid.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count

from msgspec import Struct, field
from msgspec.structs import replace

from ticket_status.core.health import OutOfTime
from ticket_status.core.judgement import implausible
from ticket_status.core.missing import Judgement, MissingTickets, Unproven
from ticket_status.core.model import Counts, Integration, SyncRun, Ticket, TicketKey, Trigger
from ticket_status.core.observations import Account
from ticket_status.core.runs import of_all_tickets
from ticket_status.ports.jira import Jira
from ticket_status.service.retrieval.asking import Retrieval
from ticket_status.service.retrieval.proof import Proof, Proven
from ticket_status.service.retrieval.site_health import SiteHealth
from ticket_status.service.retrieval.slice import Ended, Stopped, not_before, stopped
from ticket_status.service.retrieval.worker_ports import WorkerPorts

MIN_TIME_FOR_LOOKUP = timedelta(seconds=45)
"""With less time left, no further missing ticket is asked for: the call and the proof after it may take 20 s each,
and the conclusions must be written."""

TICKETS_PER_MESSAGE = 2_500
"""Limited, because the conclusions of a message must be written in its last seconds."""

_READ_TOGETHER = 100
"""Tickets of one read."""

_LOOK_WHETHER_STOPPED = 10
"""After this many tickets, check again whether retrieval was switched off or paused."""


class Judged(Struct, frozen=True):
    """The result of one message for a run's missing tickets."""

    counts: Counts
    ended: Ended | None
    """Why it ended early; ``None``: every missing ticket is judged."""


class _Part(Struct):
    """A part of the missing tickets, as far as this message has read it."""

    noted: MissingTickets
    tickets: dict[str, Ticket] = field(default_factory=dict)
    """By ticket id."""
    gone: set[str] = field(default_factory=set)
    """Those that were unregistered meanwhile."""
    proven: dict[str, Judgement] = field(default_factory=dict)
    """Verdicts of an earlier message that are valid now."""

    def of(self, judgements: Mapping[TicketKey, Judgement]) -> dict[str, Judgement]:
        """Those about its own tickets, by the id in the note."""
        keys = {id_: ticket.key for id_, ticket in self.tickets.items() if id_ not in self.proven}
        return {id_: judgements[key] for id_, key in keys.items() if key in judgements}


class RunVerdict:
    """Judges the missing tickets of runs."""

    def __init__(
        self, ports: WorkerPorts, retrieval: Retrieval, health: SiteHealth, now: Callable[[], datetime]
    ) -> None:
        self._ports = ports
        self._retrieval = retrieval
        self._health = health
        self._now = now

    def judge(self, integration: Integration, run: SyncRun, jira: Jira, time_left: Callable[[], timedelta]) -> Judged:
        """Judge as many as time allows, and count them and the calls in the run."""
        parts: list[_Part] = []

        def tickets(account: Account) -> Iterator[Ticket]:
            self._health.succeeded(integration, by_full_run=of_all_tickets(run.trigger))
            return self._tickets(run, _seal(integration, account), parts)

        proven = Proof(
            jira,
            self._now,
            not_before(run, integration),
            self._reason_to_stop(integration, time_left),
            mass=implausible(run.vanished, run.asked),
            recheck=run.trigger is Trigger.RECHECK,
        ).prove(tickets)
        return Judged(self._conclude(integration, run, jira, parts, proven), proven.ended)

    def _reason_to_stop(
        self, integration: Integration, time_left: Callable[[], timedelta]
    ) -> Callable[[], OutOfTime | Stopped | None]:
        numbers = count()

        def reason() -> OutOfTime | Stopped | None:
            number = next(numbers)
            if number >= TICKETS_PER_MESSAGE or time_left() < MIN_TIME_FOR_LOOKUP:
                return OutOfTime()
            looks = number % _LOOK_WHETHER_STOPPED == 0
            return Stopped() if looks and stopped(self._ports.integrations, integration, self._now()) else None

        return reason

    def _tickets(self, run: SyncRun, now: Unproven, parts: list[_Part]) -> Iterator[Ticket]:
        """The tickets to judge, each once; ``parts`` collects what was read."""
        given: set[TicketKey] = set()
        for noted in self._ports.runs.missing(run):
            part = _Part(noted)
            parts.append(part)
            # Verdicts of an earlier message are valid now if they were about the same account and settings.
            earlier = noted.unproven.verdicts if noted.unproven and noted.unproven.proven_with(now) else ()
            self._read(run, part, [one.ticket_id for one in earlier])
            part.proven = {
                one.ticket_id: Judgement(part.tickets[one.ticket_id], one.verdict, one.at)
                for one in earlier
                if one.ticket_id in part.tickets
            }
            left = [id_ for id_ in noted.ticket_ids if id_ not in part.tickets and id_ not in part.gone]
            for at in range(0, len(left), _READ_TOGETHER):
                for ticket in self._read(run, part, left[at : at + _READ_TOGETHER]):
                    if ticket.key not in given:
                        given.add(ticket.key)
                        yield ticket

    def _read(self, run: SyncRun, part: _Part, ids: Sequence[str]) -> list[Ticket]:
        keys = {id_: TicketKey(run.integration_ref, id_) for id_ in ids}
        stored = self._ports.tickets.get_many(list(keys.values()))[0] if keys else {}
        read = {id_: stored[key] for id_, key in keys.items() if key in stored}
        part.tickets |= read
        part.gone |= keys.keys() - read.keys()
        return list(read.values())

    def _conclude(
        self, integration: Integration, run: SyncRun, jira: Jira, parts: Sequence[_Part], proven: Proven
    ) -> Counts:
        """Record what is settled and store what is left: tickets first, so that a crash loses only the count."""
        settled = {one.ticket.key: one for one in proven.settled}
        unproven = {one.ticket.key: one for one in proven.unproven}
        counts, told = Counts(), 0
        for part in parts:
            done = part.proven | part.of(settled)
            waiting = part.of(unproven)
            left = tuple(id_ for id_ in part.noted.ticket_ids if id_ not in done and id_ not in part.gone)
            if len(left) == len(part.noted.ticket_ids) and not waiting:
                continue  # this message settled nothing in it
            kept = _seal(integration, proven.account, waiting) if proven.account and waiting else None
            counted = self._retrieval.record_judgements(run.integration_ref, list(done.values()))
            if self._ports.runs.conclude(
                run,
                part.noted,
                replace(part.noted, ticket_ids=left, unproven=kept),
                counts=counted,
                jira_requests=jira.requests - told,
                now=self._now(),
            ):
                told = jira.requests
                counts += counted
        if jira.requests > told:
            self._ports.runs.spend(run, jira.requests - told)
        return counts


def _seal(integration: Integration, account: Account, judgements: Mapping[str, Judgement] | None = None) -> Unproven:
    return Unproven(account.account_id, integration.settings_version).with_verdicts(judgements or {})
