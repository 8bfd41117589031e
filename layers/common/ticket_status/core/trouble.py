"""What Jira can be in instead of answering, as values that decisions match on."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ticket_status.core.model import (
    ReasonCode,
)


@dataclass(frozen=True, slots=True)
class Throttled:
    """Jira said to slow down (R11): 429, or 503 with ``Retry-After``. ``until`` is ``None`` when it gave no hint."""

    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A failing credential, scope or authorisation, or not a Jira at all: breaks the integration at once (R9)."""

    reason_code: ReasonCode
    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Jira cannot be reached or fails: breaks the integration only when it lasts (R9)."""

    reason_code: ReasonCode
    reason: str


JiraTrouble: TypeAlias = Throttled | Refused | Unavailable
