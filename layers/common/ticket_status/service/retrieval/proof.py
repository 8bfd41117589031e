"""R7 and R8: asks Jira about missing tickets one by one, a few at a time.

For a run, manual refresh or recheck: the account is proven, tickets are judged, and the account is proven again. Only
then are the judgements valid.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple, TypeVar

from msgspec import Struct

from ticket_status.core.comparison import asked_as
from ticket_status.core.health import OutOfTime
from ticket_status.core.judgement import (
    Evidence,
    Found,
    Lookup,
    Verdict,
    asks_for_issue,
    inquiry,
    judge,
    project_of,
)
from ticket_status.core.missing import Judgement, needs_proof
from ticket_status.core.model import ReasonCode, Ticket
from ticket_status.core.observations import Account
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.ports.jira import Jira, JiraRejectedRequestError
from ticket_status.service.retrieval.slice import Ended, Stopped

AT_ONCE = 8
"""Concurrent calls. Missing tickets are judged after all slices, so the site sees no others."""

TIME_FOR_FAILURES = timedelta(minutes=1)
"""Summed over all calls. If failed calls took longer, this proof asks for no further ticket."""

A = TypeVar("A")


class Failed(NamedTuple):
    """Jira fails on one issue or project but answers for our account, so the site is healthy (R9b)."""


class Proven(Struct, frozen=True):
    """The result of a proof."""

    settled: Sequence[Judgement]
    """The valid judgements."""
    ended: Ended | None
    """What ended it early; ``None``: every ticket was judged, and the account proven."""
    account: Account | None = None
    """The account proven before ``unproven``."""
    unproven: Sequence[Judgement] = ()
    """Judgements that become valid when the account is proven again."""


class Proof:
    """A proof for missing tickets of one integration. ``stop`` is checked before each ticket, and ends it."""

    def __init__(  # noqa: PLR0913 - what a go depends on
        self,
        jira: Jira,
        now: Callable[[], datetime],
        not_before: datetime,
        stop: Callable[[], OutOfTime | Stopped | None],
        *,
        mass: bool = False,
        recheck: bool = False,
    ) -> None:
        self._jira = jira
        self._now = now
        self._not_before = not_before
        self._stop = stop
        self._mass = mass
        self._recheck = recheck
        self._lock = Lock()
        self._projects: dict[str, Future[bool | Failed | JiraTrouble]] = {}
        self._failing = timedelta()

    def prove(self, tickets: Callable[[Account], Iterable[Ticket]]) -> Proven:
        """Judge tickets between two proofs of our account; ``tickets`` is called after the first one.

        Calls under way when the proof ends are still judged, so no response of Jira is lost.
        """
        account = self._jira.whoami()
        if not isinstance(account, Account):
            return Proven((), account)
        judged, ended = self._judge_all(tickets(account))
        unproven = [one for one in judged if needs_proof(one)]
        if unproven and isinstance(ended, OutOfTime | None):
            doubt = self._doubt(account)
            if doubt is None:
                return Proven(judged, ended)
            ended = doubt
        settled = [one for one in judged if not needs_proof(one)]
        # A refusal leaves no trust in what was answered shortly before it.
        return Proven(settled, ended, account, () if isinstance(ended, Refused) else unproven)

    def _doubt(self, before: Account) -> JiraTrouble | None:
        """Why our account cannot be proven again; ``None`` if it is the same as before."""
        after = self._jira.whoami()
        if not isinstance(after, Account):
            return after
        if after.account_id != before.account_id:
            return Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira answered as a different account during the proof")
        return None

    def _judge_all(self, tickets: Iterable[Ticket]) -> tuple[list[Judgement], Ended | None]:
        judged: list[Judgement] = []
        ended: Ended | None = None
        waiting: deque[Future[Judgement | JiraTrouble]] = deque()

        def take() -> JiraTrouble | None:
            result = waiting.popleft().result()
            if not isinstance(result, Judgement):
                return result
            judged.append(result)
            return None

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for ticket in tickets:
                ended = ended or self._stop()
                if ended is not None:
                    break
                waiting.append(pool.submit(self._judge, ticket))
                if len(waiting) == AT_ONCE:
                    ended = take()
            while waiting:
                met = take()
                ended = ended if isinstance(ended, Refused) else met or ended
        return judged, ended

    def _judge(self, ticket: Ticket) -> Judgement | JiraTrouble:
        missed_at = max(ticket.missed_at or self._not_before, self._not_before)
        needed = inquiry(ticket, mass=self._mass, recheck=self._recheck)
        if isinstance(needed, Verdict):
            return Judgement(ticket, needed, missed_at)
        browsable = self._can_browse(project_of(ticket.issue_key))
        if not isinstance(browsable, bool | Failed):
            return browsable
        known = None if isinstance(browsable, Failed) else browsable
        if not asks_for_issue(needed, project_browsable=known):
            return Judgement(ticket, judge(ticket, Evidence(known), missed_at), missed_at)
        at = max(self._now(), self._not_before)
        issue = self._look_at(ticket)
        if isinstance(issue, Found | Lookup):
            return Judgement(ticket, judge(ticket, Evidence(known, issue), at), at)
        return issue

    def _can_browse(self, project: str) -> bool | Failed | JiraTrouble:
        """Asked once per proof, by the first ticket that needs it; the others wait for the response."""
        with self._lock:
            first = project not in self._projects
            answer = self._projects.setdefault(project, Future())
        if first:
            try:
                answer.set_result(self._apart(lambda: self._jira.can_browse(project)))
            except BaseException as error:
                answer.set_exception(error)
                raise
        return answer.result()

    def _look_at(self, ticket: Ticket) -> Found | Lookup | JiraTrouble:
        if self._failing > TIME_FOR_FAILURES:
            return Lookup.FAILED
        issue = self._apart(lambda: self._jira.look_at(asked_as(ticket.key.ticket_id)))
        if isinstance(issue, Failed):
            return Lookup.FAILED
        return Lookup.NOT_FOUND if issue is None else issue

    def _apart(self, call: Callable[[], A | JiraTrouble]) -> A | Failed | JiraTrouble:
        """Jira's response; if the call fails, proving our account tells whether the site or only this call fails."""
        begun = self._now()
        answer = _answer(call)
        if not isinstance(answer, Unavailable) or answer.own_deadline:
            return answer
        with self._lock:
            self._failing += self._now() - begun
        account = self._jira.whoami()
        return Failed() if isinstance(account, Account) else account


def _answer(call: Callable[[], A | JiraTrouble]) -> A | JiraTrouble:
    """If Jira rejects a call for one issue or project as malformed (400), only that one is at fault (R9b)."""
    try:
        return call()
    except JiraRejectedRequestError as error:
        return Unavailable(ReasonCode.JIRA_ERROR, str(error))
