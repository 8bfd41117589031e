"""R7 and R8: what is concluded about tickets that Jira did not show.

Deleted, hidden, moved out of sight, archived: Jira gives the same absence for all (``docs/jira.md``). A ticket is
called deleted only on proof, complete within the run that missed it: our account was proven before and after, Jira
answers 404 for the issue by itself, its project can still be browsed, and no implausible share vanished at once.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from ticket_status.core.model import Sighting

IMPLAUSIBLE_NUMBER = 20
"""R8: more than so many missing tickets, and half or more of those asked for, are never called deleted."""

MOST_CONFIRMATIONS = 500
"""Issues that one run asks for by themselves; what is beyond stays as it was until the next run."""


class Verdict(Enum):
    """What is concluded about a missing ticket."""

    DELETED = auto()
    INACCESSIBLE = auto()
    UNDECIDED = auto()
    """Stays as it was until the next run."""


class Found(NamedTuple):
    """An issue that Jira showed when it was asked for by itself."""

    issue_id: str
    sighting: Sighting


class Lookup(Enum):
    """What came of asking for an issue by itself when it was not found."""

    NOT_FOUND = auto()
    """Jira's own 404 for an issue."""
    NOT_ASKED = auto()
    HIDDEN = auto()
    """Jira says that we may not see it (403, some Data Centers): so it is there."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about a missing ticket, its account proven before and after."""

    project_browsable: bool | None
    """``None``: not found out."""
    issue: Found | Lookup = Lookup.NOT_ASKED


def implausible(missing: int, asked: int) -> bool:
    """Whether so many vanished at once that no single one is believed to be deleted (R8)."""
    return missing > IMPLAUSIBLE_NUMBER and 2 * missing >= asked


def judge(evidence: Evidence) -> Verdict | Found:
    """The verdict on one missing ticket, or what Jira showed of it after all."""
    match evidence:
        case Evidence(issue=Found() as found):
            return found
        case Evidence(project_browsable=False) | Evidence(issue=Lookup.HIDDEN):
            return Verdict.INACCESSIBLE
        case Evidence(project_browsable=True, issue=Lookup.NOT_FOUND):
            return Verdict.DELETED
        case _:
            return Verdict.UNDECIDED


def project_of(issue_key: str) -> str:
    """The key of the project that an issue's key names."""
    return issue_key.rpartition("-")[0]
