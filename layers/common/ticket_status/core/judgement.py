"""R7 and R8: what is concluded about tickets that Jira did not show.

Jira answers the same for issues that were deleted, hidden, archived or moved out of sight (``docs/jira.md``). A
ticket is marked deleted only on proof, within the run that missed it: our account was proven before and after, Jira
answers 404 for the issue by itself, its project can be browsed, and half of the run's tickets did not vanish with it.
"""

from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from msgspec import Struct

from ticket_status.core.model import KEY_ONLY_PREFIX, Absence, Sighting, Ticket

IMPLAUSIBLE_NUMBER = 20
"""R8: more vanished tickets than this, and at least half of those asked for, are never marked deleted."""

NEWLY_REGISTERED = timedelta(hours=1)
"""R7: a ticket that Jira never showed is not called deleted so soon after its registration."""


class Verdict(StrEnum):
    """What is concluded about a missing ticket. The values are stored with a run's missing tickets."""

    DELETED = "deleted"
    INACCESSIBLE = "inaccessible"
    """Hidden, or too new to be called deleted: judged again by every later run."""
    VANISHED = "vanished"
    """One of a mass: inaccessible until Jira shows it or an administrator has it rechecked."""
    UNDECIDED = "undecided"
    """Jira failed on this ticket alone: it stays as it was until the next run."""


class Found(NamedTuple):
    """An issue that Jira showed when it was asked for by itself."""

    issue_id: str
    sighting: Sighting


class Lookup(Enum):
    """The result of asking for an issue by itself, if it was not shown."""

    NOT_FOUND = auto()
    """Jira's own 404 for an issue."""
    HIDDEN = auto()
    """Jira says that we may not see it (403, some Data Centers): so it is there."""
    NOT_ASKED = auto()
    FAILED = auto()
    """Jira failed on this issue, and not on others."""


class Evidence(Struct, frozen=True):
    """What was found out about a missing ticket; valid only if our account is proven before and after."""

    project_browsable: bool | None
    """``None``: Jira failed on this project, and not on others."""
    issue: Found | Lookup = Lookup.NOT_ASKED


class Inquiry(Enum):
    """What must be asked before the verdict on a missing ticket."""

    PROJECT = auto()
    """Whether its project can be browsed."""
    PROJECT_THEN_ISSUE = auto()
    """The issue by itself as well, if its project can be browsed."""
    PROJECT_AND_ISSUE = auto()
    """The issue in any case: it is known by a key that may be an old one, whose project says nothing about it."""


def implausible(vanished: int, asked: int) -> bool:
    """Whether so many vanished within one run that none of them is believed to be deleted (R8).

    Neither number includes tickets that were inaccessible before.
    """
    return vanished > IMPLAUSIBLE_NUMBER and 2 * vanished >= asked


def inquiry(ticket: Ticket, *, mass: bool, recheck: bool) -> Verdict | Inquiry:
    """What to ask about a missing ticket, or the verdict if nothing has to be asked.

    ``mass``: an implausible share of the run's tickets vanished. ``recheck``: an administrator wants it judged by
    itself, whatever it shows.
    """
    match ticket.absence:
        case Absence.DELETED:
            return Verdict.DELETED
        case Absence.VANISHED if not recheck:
            return Verdict.VANISHED
        case None if mass:
            return Inquiry.PROJECT
        case _:
            by_key = ticket.key.ticket_id.startswith(KEY_ONLY_PREFIX)
            return Inquiry.PROJECT_AND_ISSUE if by_key else Inquiry.PROJECT_THEN_ISSUE


def asks_for_issue(inquiry_: Inquiry, *, project_browsable: bool | None) -> bool:
    """Whether the issue itself must be asked for, given what was found out about its project."""
    match inquiry_:
        case Inquiry.PROJECT:
            return False
        case Inquiry.PROJECT_THEN_ISSUE:
            return project_browsable is True
        case Inquiry.PROJECT_AND_ISSUE:
            return True


def judge(ticket: Ticket, evidence: Evidence, now: datetime) -> Verdict | Found:
    """The verdict on one missing ticket, or the issue if Jira showed it after all."""
    match evidence:
        case Evidence(issue=Found() as found):
            return found
        case Evidence(project_browsable=False) | Evidence(issue=Lookup.HIDDEN):
            return Verdict.INACCESSIBLE
        case Evidence(project_browsable=True, issue=Lookup.NOT_FOUND):
            return Verdict.INACCESSIBLE if _too_new(ticket, now) else Verdict.DELETED
        case Evidence(project_browsable=True, issue=Lookup.NOT_ASKED):
            return Verdict.VANISHED
        case _:
            return Verdict.UNDECIDED


def project_of(issue_key: str) -> str:
    """The key of the project that an issue's key names."""
    return issue_key.rpartition("-")[0]


def _too_new(ticket: Ticket, now: datetime) -> bool:
    registered_at = ticket.registered_at
    return ticket.status is None and registered_at is not None and now - registered_at < NEWLY_REGISTERED
