"""Reads many issues in calls that the site can handle, dividing those that fail (R9b, see `core.isolation`).

It makes no calls itself: ``site.JiraSite.ask`` does.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from ticket_status.core.isolation import (
    FEW,
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
from ticket_status.jira.answers import MalformedAnswerError, Reply
from ticket_status.jira.dialect import Dialect, TakenIn
from ticket_status.jira.issues import Gathered, asked_name, can_exist
from ticket_status.jira.signed_client import CallFailure

_TRIES: Final = 2
"""Times that an issue is asked for when the responses contradict themselves."""


class BulkRead:
    """One reading of many issues: ``parts`` gives the next call, ``take`` receives its result."""

    def __init__(
        self,
        issues: Sequence[str],
        dialect: Dialect,
        known: Site,
        learn: Callable[[Callable[[Site], Site]], None],
        now: Callable[[], datetime],
    ) -> None:
        """``learn`` updates what is known of the site, which others use at the same time."""
        self._dialect = dialect
        self._known = known
        self._learn = learn
        self._now = now
        self._asked: Counter[str] = Counter()
        self._well_alone: set[str] = set()
        self._largest = 0
        possible = list(filter(can_exist, dict.fromkeys(issues)))
        self.parts = Isolation.of(list(filter(dialect.in_bulk, possible)), known.ids_per_call, known.asked_alone)
        """What is still to be asked for."""
        self.gathered = Gathered(issues)
        """What was shown so far."""
        self.gathered.others = not all(map(dialect.in_bulk, issues))
        self.gathered.failed.update(map(asked_name, set(issues).difference(possible)))

    def take(self, part: Part, reply: Reply | CallFailure) -> JiraTrouble | None:
        """Take in the result of a call; returns a trouble that the other calls would meet too."""
        if isinstance(reply, CallFailure):
            failure = _failure(reply)
            if failure is not None:
                self._failed(part, failure)
            elif self._may_be_left(reply, part):
                self.gathered.failed.update(map(asked_name, part.issues))
            else:
                self._slowed(reply, part)
                return reply.trouble
        elif reply.ok:
            self._take_in(part, reply)
        else:
            self._refused(part, reply)
        return None

    def end(self, *, finished: bool) -> None:
        """Store what the calls showed about the site; ``finished``: everything was asked for."""
        parts, now, too_many = self.parts, self._now(), self.parts.too_many
        if too_many is not None:
            self._learn(lambda site: with_too_many(site, too_many, parts.size, now))
        elif parts.slowed is not None and finished:
            # It was an issue that was slow, and not the size.
            self._learn(lambda site: with_call_size(site, self._known.ids_per_call))
        elif self._largest:
            self._learn(lambda site: with_larger_calls(site, self._largest, now))
        alone = frozenset(self._known.asked_alone)
        at_fault, well = frozenset(parts.suspects), alone & self._well_alone
        if at_fault - alone or well:
            self._learn(lambda site: with_asked_alone(site, at_fault, well))
        self.gathered.failed.update(map(asked_name, parts.suspects))

    def _slowed(self, reply: CallFailure, part: Part) -> None:
        """After a large call ran out of time, the next calls to the site are smaller."""
        if reply.slow and len(part.issues) > FEW:
            self._learn(lambda site: with_smaller_calls(site, smaller(part)))

    def _may_be_left(self, reply: CallFailure, part: Part) -> bool:
        """Whether time ran out only for an issue that Jira fails on, and the others were answered."""
        over = isinstance(reply.trouble, Unavailable) and reply.trouble.own_deadline
        return over and self._largest > 0 and len(part.issues) == 1 and (part.repeated or part.whole is not None)

    def _take_in(self, part: Part, reply: Reply) -> None:
        try:
            taken = self._dialect.take_in(self.gathered, reply, part.issues)
        except MalformedAnswerError:
            self._failed(part, Failure.STRAY)
            return
        unseen = self.gathered.unseen(part.issues) if taken.unreadable else ()
        if unseen and len(part.issues) == 1:
            self._failed(part, Failure.LASTING)
            return
        self._note(part, taken)
        half = -(-len(unseen) // 2)
        self.parts.answered(part, self._again(taken.again), unseen[:half], unseen[half:])

    def _note(self, part: Part, taken: TakenIn) -> None:
        page = taken.page
        if page is not None:
            self.parts.size = min(self.parts.size, page)
            self._learn(lambda site: with_too_many(site, page + 1, page, self._now()))
            return
        self._largest = max(self._largest, len(part.issues))
        if len(part.issues) == 1:
            self._well_alone.update(part.issues)

    def _again(self, issues: Sequence[str]) -> Sequence[str]:
        """Issues that may be asked for again now; the others are left for the next reading."""
        self._asked.update(issues)
        self.gathered.retry.update(asked_name(one) for one in issues if self._asked[one] >= _TRIES)
        return [one for one in issues if self._asked[one] < _TRIES]

    def _refused(self, part: Part, reply: Reply) -> None:
        left = self._dialect.left_of(self.gathered, reply, part.issues)
        if left is not None:
            self.parts.answered(part, left)
        else:
            failure = Failure.STRAY if reply.status == HTTPStatus.NOT_FOUND else Failure.LASTING
            self._failed(part, failure, at_most=reply.status == HTTPStatus.BAD_REQUEST)

    def _failed(self, part: Part, failure: Failure, *, at_most: bool = False) -> None:
        self.parts.failed(part, failure, self._dialect.always_taken if at_most else None)
        slowed = self.parts.slowed
        if slowed is not None:
            # At once, since time may run out before it is known what was slow.
            self._learn(lambda site: with_smaller_calls(site, slowed))


def _failure(call: CallFailure) -> Failure | None:
    """How a call for many issues failed; ``None`` if smaller calls would fail in the same way."""
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
