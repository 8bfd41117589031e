"""What a row states: one fault, at one kind of site, met in one way, and all that comes of it."""

from dataclasses import dataclass
from typing import Any, Literal

from tests.faults.catalogue import FAULTS, Fault
from ticket_status.core.model import ReasonCode, UnknownReason

Where = Literal["Cloud", "Data Center"]
How = Literal["run", "button"]

CLOUD: Where = "Cloud"
DC: Where = "Data Center"
RUN: How = "run"
"""Met by a scheduled run."""
BUTTON: How = "button"
"""Met by a manual refresh."""

TO_DO = "To Do (new)"
DOING = "In Progress (indeterminate)"
DONE = "Done (done)"
NO_STATUS = "no status"
DELETED = f"Unknown: {UnknownReason.DELETED}"
INACCESSIBLE = f"Unknown: {UnknownReason.INACCESSIBLE}"
NEW = f"Unknown: {UnknownReason.NOT_RETRIEVED_YET}"
BROKEN = f"Unknown: {UnknownReason.INTEGRATION_BROKEN}"

SKIPPED = "skipped deleted"
RATE_LIMITED = "deferred rate_limited"
UNAVAILABLE = "failed jira_unavailable"
ISSUE_UNAVAILABLE = "failed issue_unavailable"
IT_BROKE = "failed integration_broken"

WELL = "HEALTHY_INTEGRATION"
NO_LOGIN = f"FAULTY_CONFIGURATION {ReasonCode.AUTHENTICATION_FAILED}"
FEW_SCOPES = f"FAULTY_CONFIGURATION {ReasonCode.MISSING_SCOPES}"
EXPIRED = f"FAULTY_CONFIGURATION {ReasonCode.AUTHORIZATION_EXPIRED}"
CAPTCHA = f"FAULTY_CONFIGURATION {ReasonCode.CAPTCHA_REQUIRED}"
UNREACHABLE = f"FAULTY_CONFIGURATION {ReasonCode.UNREACHABLE}"
NOT_JIRA = f"FAULTY_CONFIGURATION {ReasonCode.NOT_JIRA}"
OTHER_SITE = f"FAULTY_CONFIGURATION {ReasonCode.DIFFERENT_SITE}"
JIRA_ERROR = f"FAULTY_CONFIGURATION {ReasonCode.JIRA_ERROR}"


@dataclass(frozen=True)
class Row:
    """One line of the matrix."""

    fault: str
    where: Where
    how: How
    shows: str
    """By the tickets concerned: status and category, or ``Unknown`` and its reason."""
    health: str
    """Status and reason code of the integration."""
    ends: str
    """The states that the run came to after running; of a manual refresh, the outcome for the tickets concerned."""
    requests: int | range
    """Calls to the site; a range where it depends on what was on its way."""
    writes: int | range
    """Writes of tickets, of the integration's health, trouble and pause, and of what was learnt of the site."""
    waits: int = 0
    """Seconds that the run took, all of them waiting; after a manual refresh, for how long everybody holds off."""
    tokens: int = 0
    """Calls to the token endpoint."""
    others: str = TO_DO
    """Shown by the tickets that are not concerned."""
    rest: str = "unchanged"
    """The outcome for them of a manual refresh."""
    key: str = "SEC-1"
    """Of the first ticket, afterwards."""
    alarms: int = 0
    """Calls of ours that Jira rejected."""
    then: str = ""
    """How the scheduled run after that ends, where it matters."""

    @property
    def met(self) -> Fault:
        """The fault."""
        return FAULTS[self.fault]

    def __str__(self) -> str:
        return f"{self.fault} / {self.where} / {self.how}"


def rows(  # noqa: PLR0913, PLR0917 - the columns of the matrix
    fault: str,
    how: How,
    shows: str,
    health: str,
    ends: str,
    requests: tuple[int | range | None, int | range | None],
    writes: int | range,
    **others: Any,  # noqa: ANN401 - the columns that few rows need
) -> tuple[Row, ...]:
    """A row for Cloud and one for Data Center, which differ in their ``requests`` only; ``None``: not met there."""
    return tuple(
        Row(fault, where, how, shows, health, ends, made, writes, **others)
        for where, made in zip((CLOUD, DC), requests, strict=True)
        if made is not None
    )
