"""R3: the manual refresh. Asks Jira now for a violation's tickets, in all their integrations at the same time.

It never fails because of Jira: tickets that could not be read say so, the others are fresh; and it keeps its
deadline.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, assert_never

from msgspec import Struct

from ticket_status.core.comparison import Comparison, Row, shows_new_keys, sighting_of
from ticket_status.core.health import Broke, OutOfTime, Paused, TryAgain, recovers
from ticket_status.core.judgement import Verdict, implausible
from ticket_status.core.missing import shown_before
from ticket_status.core.model import Integration, Ticket, TicketKey, UnknownReason
from ticket_status.core.refreshing import Outcome, OutcomeReason, Refreshed, not_asked, within_bounds
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.violations import Resource
from ticket_status.core.window import position
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.ports.tickets import TicketStore
from ticket_status.service.retrieval.asking import Asked, Retrieval
from ticket_status.service.retrieval.careful import CarefulConnector, CarefulJira
from ticket_status.service.retrieval.proof import Proof
from ticket_status.service.retrieval.recovery import Recovery
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.site_health import SiteHealth
from ticket_status.service.tickets.reading import Reading, ShownTicket

REFRESH_TIME = timedelta(seconds=20)
"""How long Jira has; the response is sent within 25 seconds."""

_GRACE = timedelta(seconds=2)
_INTEGRATIONS_AT_ONCE = 10

_TO_CONFIRM = 0.4
"""With less than this share of the time left, no further missing ticket is asked for, because the account must still
be proven."""


class RefreshedTicket(Struct, frozen=True):
    """A ticket after a manual refresh, with the outcome."""

    ticket: ShownTicket
    refresh: Refreshed


class RefreshedViolation(Struct, frozen=True):
    """A violation after a manual refresh."""

    resources: tuple[Resource, ...]
    tickets: tuple[RefreshedTicket, ...]
    """The leading one first."""


class RefreshPorts(Struct, frozen=True):
    """The ports of a manual refresh."""

    integrations: IntegrationStore
    tickets: TicketStore
    connector: CarefulConnector


class _Press:
    """One manual refresh; on exit, all work begun in the background is done."""

    def __init__(self, deadline: datetime) -> None:
        self.deadline = deadline
        self._pool = ThreadPoolExecutor(_INTEGRATIONS_AT_ONCE)
        self._begun: list[Future[None]] = []

    def do_beside(self, work: Callable[..., None], *given: object) -> None:
        """Do work that the response does not depend on while its tickets are read.

        Nothing more is done for an integration that answers too late: the next run counts again.
        """
        self._begun.append(self._pool.submit(work, *given))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        if error is None:
            for one in self._begun:
                one.result()


class Refresh:
    """Refreshes violations by hand."""

    def __init__(
        self,
        ports: RefreshPorts,
        reading: Reading,
        runs: Runs,
        now: Callable[[], datetime],
        rejected: Callable[[JiraRejectedRequestError], None],
    ) -> None:
        """``rejected`` is called when Jira rejects a request as malformed: our own bug, which must raise an alarm."""
        self._ports = ports
        self._reading = reading
        self._now = now
        self._rejected = rejected
        self._health = SiteHealth(ports.integrations, now)
        self._recovery = Recovery(self._health, runs, now)
        self._retrieval = Retrieval(ports.tickets, now)

    def violations(self, violation_ids: Collection[str]) -> dict[str, RefreshedViolation]:
        """Refresh the tickets of several violations with as few calls as for one; those without are left out.

        A ticket of several violations is asked for once. The result has the tickets that existed at the start.
        """
        found = self._reading.violations(violation_ids, self._now())
        before = {one.ticket.key: one for violation in found.values() for one in violation.tickets}
        outcomes = {key: not_asked(one.shown, one.integration, self._now()) for key, one in before.items()}
        to_ask = within_bounds({key: before[key].ticket.created_at for key, why in outcomes.items() if why is None})
        too_many = {key: _TOO_MANY for key, why in outcomes.items() if why is None and key not in to_ask}
        of_integrations: dict[str, list[ShownTicket]] = defaultdict(list)
        for key, one in before.items():
            if key in to_ask:
                of_integrations[key.integration_ref].append(one)
        with _Press(self._now() + REFRESH_TIME) as press:
            pool = ThreadPoolExecutor(_INTEGRATIONS_AT_ONCE)
            asking = {pool.submit(self._ask, some, press): some for some in of_integrations.values()}
            in_time = wait(asking, timeout=(REFRESH_TIME + _GRACE).total_seconds()).done
            pool.shutdown(wait=False, cancel_futures=True)
            not_had = {**outcomes, **too_many}
            for future, tickets in asking.items():
                not_had |= self._told(future, tickets) if future in in_time else _each(tickets, _UNAVAILABLE)
            after = self._reading.show(before, self._now()) if to_ask else before
        return {
            violation_id: RefreshedViolation(violation.resources, _refreshed(violation.tickets, after, not_had))
            for violation_id, violation in found.items()
        }

    def _told(
        self, asked: Future[dict[TicketKey, Refreshed]], tickets: Sequence[ShownTicket]
    ) -> dict[TicketKey, Refreshed]:
        try:
            return asked.result()
        except JiraRejectedRequestError as error:
            self._rejected(error)
            return _each(tickets, _UNAVAILABLE)

    def _ask(self, tickets: Sequence[ShownTicket], press: _Press) -> dict[TicketKey, Refreshed]:
        """Ask, record and judge; returns the tickets of an integration that Jira could not answer for, and why."""
        integration = tickets[0].integration
        if integration is None:
            return {}
        jira = self._ports.connector.open(integration, press.deadline)
        if isinstance(jira, JiraTrouble):
            return _each(tickets, self._met(integration, jira))
        # R10: the tickets of a broken integration are asked for only after one call has shown that it works again.
        if recovers(integration):
            proven = self._recovery.prove(jira, integration)
            if not isinstance(proven, Integration):
                return self._not_had(integration, jira, tickets, proven)
            integration = proven
        # Clocks differ: what is seen after a recovery must not seem to be from before it, or it would not be shown.
        begun = max(self._now(), integration.counts_since)
        results: list[Comparison] = []
        waiting = tickets
        while waiting:
            part = waiting[: jira.ids_per_call]  # which a call changes, when the site did not bear it
            asked = self._retrieval.ask(jira, [_row(one.ticket) for one in part], integration.counts_since)
            result = _result(asked, part, jira)
            if not isinstance(result, Comparison):
                # Parts that were answered before stay recorded; only the other tickets fail.
                had = {row.ticket_id for answer in results for row in answer.shown}
                others = [one for one in tickets if one.ticket.key.ticket_id not in had]
                return self._not_had(integration, jira, others, result)
            self._record(integration, asked, result, press)
            results.append(result)
            waiting = waiting[len(part) :]
        press.do_beside(self._health.learnt, integration, jira)
        failed = {TicketKey(integration.integration_ref, row.ticket_id) for result in results for row in result.failed}
        undecided = self._judge(integration, jira, tickets, results, begun, press.deadline)
        return {**dict.fromkeys(failed, _ISSUE_UNAVAILABLE), **undecided}

    def _record(self, integration: Integration, asked: Asked, result: Comparison, press: _Press) -> None:
        """Store what one good response says about the integration and its tickets."""
        ref = integration.integration_ref
        self._health.succeeded(integration)
        with ThreadPoolExecutor(1) as beside:
            coverage = beside.submit(self._retrieval.coverage, ref)
            # Before the writes: a run that reads the index, which lags behind, then checks the tickets themselves.
            if result.changed:
                self._ports.integrations.announce_write(integration, self._now())
        unchanged = [(row, row.sighting) for row in result.unchanged if row.sighting is not None]
        written = self._retrieval.record_changes(ref, asked, [*result.changed, *unchanged], coverage.result())
        changed = [(row, seen) for row, seen in result.changed if row.ticket_id in written]
        press.do_beside(self._retrieval.shift, ref, changed)

    def _judge(  # noqa: PLR0913, PLR0917 - what was asked, when, and what came of it
        self,
        integration: Integration,
        jira: CarefulJira,
        tickets: Sequence[ShownTicket],
        results: Sequence[Comparison],
        begun: datetime,
        deadline: datetime,
    ) -> dict[TicketKey, Refreshed]:
        """R7 and R8 for what Jira did not show: the same proof as in a run.

        Returns what it did not settle: what Jira fails on while the site is healthy (R9b), and what time or a trouble
        prevented.
        """
        missing = [row for result in results for row in result.missing]
        if not missing:
            return {}
        answered = [row for result in results for row in result.shown]
        ids = {row.ticket_id for row in missing}
        gone = [one.ticket for one in tickets if one.ticket.key.ticket_id in ids]
        proven = Proof(
            jira,
            self._now,
            begun,
            stop=lambda: OutOfTime() if self._now() > deadline - _TO_CONFIRM * REFRESH_TIME else None,
            mass=implausible(shown_before(missing), shown_before(missing) + shown_before(answered)),
        ).prove(lambda _account: gone)
        self._retrieval.record_judgements(integration.integration_ref, proven.settled, by_hand=True)
        undecided = {one.ticket.key for one in proven.settled if one.verdict is Verdict.UNDECIDED}
        left = {ticket.key for ticket in gone} - {one.ticket.key for one in proven.settled}
        trouble = proven.ended if isinstance(proven.ended, JiraTrouble) else None
        not_had = _UNAVAILABLE if trouble is None else self._met(integration, trouble, jira)
        return {**dict.fromkeys(undecided, _ISSUE_UNAVAILABLE), **dict.fromkeys(left, not_had)}

    def _not_had(
        self, integration: Integration, jira: CarefulJira, tickets: Sequence[ShownTicket], trouble: JiraTrouble
    ) -> dict[TicketKey, Refreshed]:
        self._health.learnt(integration, jira)
        return _each(tickets, self._met(integration, trouble, jira))

    def _met(self, integration: Integration, trouble: JiraTrouble, jira: CarefulJira | None = None) -> Refreshed:
        consequence = self._health.met(integration, trouble, None if jira is None else jira.good_at)
        match consequence:
            case Paused():
                return Outcome.DEFERRED, OutcomeReason.RATE_LIMITED
            case Broke():
                return _BROKEN
            case TryAgain() | OutOfTime():
                return _UNAVAILABLE
            case _:
                assert_never(consequence)


_BROKEN: Refreshed = (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)
_UNAVAILABLE: Refreshed = (Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE)
_ISSUE_UNAVAILABLE: Refreshed = (Outcome.FAILED, OutcomeReason.ISSUE_UNAVAILABLE)
_TOO_MANY: Refreshed = (Outcome.DEFERRED, OutcomeReason.TOO_MANY)


def _each(tickets: Sequence[ShownTicket], became: Refreshed) -> dict[TicketKey, Refreshed]:
    return dict.fromkeys((one.ticket.key for one in tickets), became)


def _result(asked: Asked, tickets: Sequence[ShownTicket], jira: CarefulJira) -> Comparison | JiraTrouble:
    """What Jira said about these tickets, if it is still their site (R15)."""
    if not isinstance(asked.result, Comparison):
        return asked.result
    registered = {
        one.ticket.key.ticket_id: one.ticket.issue_key for one in tickets if one.ticket.key.issue_id is not None
    }
    elsewhere = jira.same_site() if shows_new_keys(asked.result.changed, registered) else None
    return elsewhere or asked.result


def _refreshed(
    tickets: Sequence[ShownTicket],
    after: Mapping[TicketKey, ShownTicket],
    not_had: Mapping[TicketKey, Refreshed | None],
) -> tuple[RefreshedTicket, ...]:
    """The tickets as they are now, each once: one known only by its key may have joined another meanwhile."""
    refreshed: dict[TicketKey, RefreshedTicket] = {}
    for one in tickets:
        now = after.get(one.ticket.key)
        if now is not None:
            became = not_had[one.ticket.key] or _compared(one, now)
            refreshed.setdefault(now.ticket.key, RefreshedTicket(now, became))
    return tuple(refreshed.values())


def _compared(before: ShownTicket, after: ShownTicket) -> Refreshed:
    if after.shown.unknown_reason is UnknownReason.INTEGRATION_BROKEN:
        return _BROKEN
    return Outcome.UNCHANGED if _face(before) == _face(after) else Outcome.CHANGED, None


def _row(ticket: Ticket) -> Row:
    ticket_id = ticket.key.ticket_id
    return Row(position(ticket.created_at, ticket_id), ticket_id, sighting_of(ticket), ticket.absence)


def _face(one: ShownTicket) -> tuple[object, ...]:
    return one.shown.status, one.shown.unknown_reason, one.ticket.issue_key
