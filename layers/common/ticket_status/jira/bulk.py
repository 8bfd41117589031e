"""Reading many issues: in calls that the site bears, divided where they fail (R9b; the rule is `core.isolation`)."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

from ticket_status.core.isolation import (
    FEW,
    NO_ISSUE,
    PROVE,
    Failure,
    Isolation,
    Part,
    smaller,
    with_asked_alone,
    with_call_size,
    with_larger_calls,
    with_smaller_calls,
    with_too_many,
)
from ticket_status.core.model import ReasonCode, Site
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed
from ticket_status.jira.dialect import Dialect, TakenIn
from ticket_status.jira.issues import Gathered, asked_name, can_exist
from ticket_status.jira.signed_client import CallFailure

_TRIES: Final = 2
"""Times that an issue is asked for when the responses contradict themselves."""


class Asks(Protocol):
    """The site, as far as reading many issues needs it."""

    @property
    def site(self) -> Site:
        """What is known of it."""

    def call_for(self, issues: Sequence[str]) -> Reply | CallFailure:
        """Make the call for these issues."""

    def learn(self, change: Callable[[Site], Site]) -> None:
        """Change what is known of it."""

    def rejected(self, reply: Reply) -> JiraTrouble:
        """What it means that the site rejects the call for any issue."""


class BulkRead:
    """One reading of many issues."""

    def __init__(self, site: Asks, dialect: Dialect, gathered: Gathered, now: Callable[[], datetime]) -> None:
        self._site = site
        self._dialect = dialect
        self._gathered = gathered
        self._now = now
        self._asked: Counter[str] = Counter()
        self._well_alone: set[str] = set()
        self._largest = 0

    def read(self, issues: Sequence[str]) -> JiraTrouble | None:
        """Ask for all of these; what is known of the site changes with what is met on the way."""
        known = self._site.site
        possible = [one for one in issues if can_exist(one)]
        if len(possible) < len(issues):
            self._gathered.failed.update(asked_name(one) for one in issues if not can_exist(one))
        together = [one for one in possible if self._dialect.in_bulk(one)]
        parts = Isolation.of(together, known.ids_per_call, known.asked_alone)
        trouble: JiraTrouble | None = None
        while trouble is None and (step := parts.next_step()) is not None:
            trouble = self._proven(parts) if step == PROVE else self._ask(parts, step)
        self._learn(parts, known, finished=trouble is None)
        self._gathered.failed.update(map(asked_name, parts.suspects))
        return trouble

    def prove(self) -> JiraTrouble | None:
        """Whether the site is well: it answers the same call for an issue that no ticket has."""
        reply = self._site.call_for([NO_ISSUE])
        if isinstance(reply, CallFailure):
            return reply.trouble
        if not reply.ok:
            told = self._dialect.left_of(Gathered([NO_ISSUE]), reply, [NO_ISSUE])
            return self._site.rejected(reply) if told is None else None
        try:
            taken = self._dialect.take_in(Gathered([]), reply, [NO_ISSUE])
        except MalformedAnswerError as error:
            return malformed(error)
        return malformed(MalformedAnswerError("`issues` cannot be read")) if taken.unreadable else None

    def _proven(self, parts: Isolation) -> JiraTrouble | None:
        trouble = self.prove()
        if trouble is None:
            parts.proven()
        return trouble

    def _ask(self, parts: Isolation, part: Part) -> JiraTrouble | None:
        reply = self._site.call_for(part.issues)
        if isinstance(reply, CallFailure):
            failure = _failure(reply)
            if failure is not None:
                self._failed(parts, part, failure)
            elif self._may_be_left(reply, part):
                self._gathered.failed.update(map(asked_name, part.issues))
            else:
                self._slowed(reply, part)
                return reply.trouble
        elif reply.ok:
            self._take_in(parts, part, reply)
        else:
            self._refused(parts, part, reply)
        return None

    def _slowed(self, reply: CallFailure, part: Part) -> None:
        """After a large call ran out of time, the next calls to the site are smaller."""
        if reply.slow and len(part.issues) > FEW:
            self._site.learn(lambda site: with_smaller_calls(site, smaller(part)))

    def _may_be_left(self, reply: CallFailure, part: Part) -> bool:
        """Whether time ran out for no more than an issue that Jira fails on: the others were answered for."""
        over = isinstance(reply.trouble, Unavailable) and reply.trouble.own_deadline
        return over and self._largest > 0 and len(part.issues) == 1 and (part.repeated or part.whole is not None)

    def _take_in(self, parts: Isolation, part: Part, reply: Reply) -> None:
        try:
            taken = self._dialect.take_in(self._gathered, reply, part.issues)
        except MalformedAnswerError:
            self._failed(parts, part, Failure.STRAY)
            return
        unseen = self._gathered.unseen(part.issues) if taken.unreadable else ()
        if unseen and len(part.issues) == 1:
            self._failed(parts, part, Failure.LASTING)
            return
        self._note(parts, part, taken)
        half = -(-len(unseen) // 2)
        parts.answered(part, self._again(taken.again), unseen[:half], unseen[half:])

    def _note(self, parts: Isolation, part: Part, taken: TakenIn) -> None:
        page = taken.page
        if page is not None:
            parts.size = min(parts.size, page)
            self._site.learn(lambda site: with_too_many(site, page + 1, page, self._now()))
            return
        self._largest = max(self._largest, len(part.issues))
        if len(part.issues) == 1:
            self._well_alone.update(part.issues)

    def _again(self, issues: Sequence[str]) -> Sequence[str]:
        """Those that may be asked for again; the others are left for the next reading."""
        self._asked.update(issues)
        self._gathered.retry.update(asked_name(one) for one in issues if self._asked[one] >= _TRIES)
        return [one for one in issues if self._asked[one] < _TRIES]

    def _refused(self, parts: Isolation, part: Part, reply: Reply) -> None:
        left = self._dialect.left_of(self._gathered, reply, part.issues)
        if left is not None:
            parts.answered(part, left)
        else:
            failure = Failure.STRAY if reply.status == HTTPStatus.NOT_FOUND else Failure.LASTING
            self._failed(parts, part, failure, at_most=reply.status == HTTPStatus.BAD_REQUEST)

    def _failed(self, parts: Isolation, part: Part, failure: Failure, *, at_most: bool = False) -> None:
        parts.failed(part, failure, self._dialect.always_taken if at_most else None)
        slowed = parts.slowed
        if slowed is not None:
            # At once, since time may run out before it is known what was slow.
            self._site.learn(lambda site: with_smaller_calls(site, slowed))

    def _learn(self, parts: Isolation, known: Site, *, finished: bool) -> None:
        now, too_many = self._now(), parts.too_many
        if too_many is not None:
            size = parts.size
            self._site.learn(lambda site: with_too_many(site, too_many, size, now))
        elif parts.slowed is not None and finished:
            # It was an issue that was slow, and not the size.
            self._site.learn(lambda site: with_call_size(site, known.ids_per_call))
        elif self._largest:
            self._site.learn(lambda site: with_larger_calls(site, self._largest, now))
        alone = frozenset(known.asked_alone)
        at_fault, well = frozenset(parts.suspects), alone & self._well_alone
        if at_fault - alone or well:
            self._site.learn(lambda site: with_asked_alone(site, at_fault, well))


def _failure(call: CallFailure) -> Failure | None:
    """How a call for many failed; ``None`` when smaller calls would meet the same."""
    match call.trouble:
        case Throttled():
            return None
        case Refused(reason_code=code):
            return Failure.STRAY if code is ReasonCode.NOT_JIRA else None
        case Unavailable(own_deadline=own_deadline):
            if own_deadline or not call.connected:
                return None
            if call.slow:
                return Failure.SLOW
            return Failure.STRAY if call.may_be_stray else Failure.LASTING
