"""R7 and R8 at work: gathering the proof that tickets which Jira did not show are deleted."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from ticket_status.core.comparison import asked_as
from ticket_status.core.coverage import Coverage
from ticket_status.core.judgement import (
    MOST_CONFIRMATIONS,
    Evidence,
    Found,
    Lookup,
    Verdict,
    judge,
    project_of,
)
from ticket_status.core.model import KEY_ONLY_PREFIX, Absence, ReasonCode, Ticket, TicketKey
from ticket_status.core.observations import Account, MissingTicket
from ticket_status.core.shown import last_seen
from ticket_status.core.sighting import read_sighting
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.jira import Jira
from ticket_status.ports.tickets import TicketStore

_AT_ONCE = 4
"""Confirmations in parallel."""

_A = TypeVar("_A")
_TROUBLE = (Throttled, Refused, Unavailable)


@dataclass(frozen=True, slots=True)
class Patience:
    """How far confirming goes."""

    in_time: Callable[[], bool] = lambda: True
    """Whether there is time to ask for one more issue by itself; asked before each."""
    last_try: bool = False
    """Whether the next failing try breaks the integration. An issue that Jira fails on then stays as it was instead:
    when our account is answered for before and after, it is that issue that is ill, and not the site."""


PATIENT = Patience()


class Proof:
    """Judges missing tickets of one integration at a time."""

    def __init__(self, tickets: TicketStore) -> None:
        self._tickets = tickets

    def judge(
        self,
        jira: Jira,
        ref: str,
        missing: Sequence[MissingTicket],
        *,
        too_many: bool,
        patience: Patience = PATIENT,
    ) -> dict[str, Verdict | Found] | JiraTrouble:
        """The verdicts by ticket id; ``too_many``: so many vanished from the whole run that none is believed (R8).

        The account is proven before and after. What is beyond the bound of confirmations, what there was no time for,
        and what the site could not say, stays as it was until the next run. A ticket that was proven deleted before
        is not asked for again (R7).
        """
        stored = self._tickets.get_many([TicketKey(ref, ticket.ticket_id) for ticket in missing])[0]
        gone = {key.ticket_id for key, ticket in stored.items() if ticket.absence is Absence.DELETED}
        left = [ticket for ticket in missing if ticket.ticket_id not in gone]
        verdicts: dict[str, Verdict | Found] = dict.fromkeys(gone, Verdict.DELETED)
        found = self._judge(jira, ref, left, patience, too_many=too_many) if left else {}
        return verdicts | found if isinstance(found, dict) else found

    def _judge(
        self, jira: Jira, ref: str, missing: Sequence[MissingTicket], patience: Patience, *, too_many: bool
    ) -> dict[str, Verdict | Found] | JiraTrouble:
        before = jira.whoami()
        if not isinstance(before, Account):
            return before
        if too_many:
            return self._hidden_still(ref, missing)
        evidence = self._evidence(jira, ref, missing, patience)
        if not isinstance(evidence, dict):
            return evidence
        after = jira.whoami()
        if not isinstance(after, Account):
            return after
        if after != before:
            return Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira answered for another account in mid-proof")
        return {ticket_id: judge(found) for ticket_id, found in evidence.items()}

    def _hidden_still(self, ref: str, missing: Sequence[MissingTicket]) -> dict[str, Verdict | Found]:
        """Inaccessible, but for what was seen again since it was missed: nobody asks once more here (R12)."""
        keys = [TicketKey(ref, ticket.ticket_id) for ticket in missing]
        stored, coverages = self._tickets.get_many(keys, [ref])
        coverage = coverages.get(ref, Coverage())
        return {
            ticket.ticket_id: Verdict.UNDECIDED
            if key in stored and _seen_since(ticket, stored[key], coverage)
            else Verdict.INACCESSIBLE
            for key, ticket in zip(keys, missing, strict=True)
        }

    def _evidence(
        self, jira: Jira, ref: str, missing: Sequence[MissingTicket], patience: Patience
    ) -> dict[str, Evidence] | JiraTrouble:
        """A key may be an old one, whose project says nothing of the issue any more: it is looked at in any case."""
        projects = self._projects(ref, missing)
        browsable = _side_by_side(jira.can_browse, set(projects.values()))
        if not isinstance(browsable, dict):
            return browsable
        confirm = [
            ticket.ticket_id
            for ticket in missing
            if ticket.ticket_id.startswith(KEY_ONLY_PREFIX) or browsable.get(projects.get(ticket.ticket_id, ""), False)
        ][:MOST_CONFIRMATIONS]
        looked_at = _side_by_side(lambda ticket_id: _look_at(jira, ticket_id, patience), confirm)
        if not isinstance(looked_at, dict):
            return looked_at
        issues = {ticket_id: found or Lookup.NOT_FOUND for ticket_id, found in looked_at.items()}
        return {
            ticket_id: Evidence(browsable[project], issues.get(ticket_id, Lookup.NOT_ASKED))
            for ticket_id, project in projects.items()
        }

    def _projects(self, ref: str, missing: Sequence[MissingTicket]) -> dict[str, str]:
        """The project that each ticket was last known in; read from the ticket where its row does not tell."""
        keys = {ticket.ticket_id: _known_key(ticket) for ticket in missing}
        unknown = [TicketKey(ref, ticket_id) for ticket_id, issue_key in keys.items() if issue_key is None]
        stored = self._tickets.get_many(unknown)[0] if unknown else {}
        keys |= {key.ticket_id: ticket.issue_key for key, ticket in stored.items()}
        return {ticket_id: project_of(issue_key) for ticket_id, issue_key in keys.items() if issue_key is not None}


def _look_at(
    jira: Jira, ticket_id: str, patience: Patience
) -> Found | Literal[Lookup.HIDDEN, Lookup.NOT_ASKED] | JiraTrouble | None:
    if not patience.in_time():
        return Lookup.NOT_ASKED
    answer = jira.look_at(asked_as(ticket_id))
    ill = isinstance(answer, Unavailable) and answer.reason_code is ReasonCode.JIRA_ERROR
    return Lookup.NOT_ASKED if ill and patience.last_try else answer


def _seen_since(missed: MissingTicket, ticket: Ticket, coverage: Coverage) -> bool:
    if ticket.absence is not None:
        return False
    seen_at = last_seen(ticket, coverage)
    return seen_at is not None and (missed.seen_at is None or missed.seen_at < seen_at)


def _known_key(ticket: MissingTicket) -> str | None:
    if ticket.ticket_id.startswith(KEY_ONLY_PREFIX):
        return asked_as(ticket.ticket_id)
    return read_sighting(ticket.sighting)[0] if ticket.sighting is not None else None


def _side_by_side(look: Callable[[str], _A | JiraTrouble], names: Collection[str]) -> dict[str, _A] | JiraTrouble:
    """What was found by name; the first trouble met ends it, and is the answer."""
    found: dict[str, _A] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = {name: pool.submit(look, name) for name in names}
        for name, future in futures.items():
            answer = future.result()
            if isinstance(answer, _TROUBLE):
                pool.shutdown(wait=False, cancel_futures=True)
                return answer
            found[name] = answer
    return found
