"""The expected failures of Jira, as values that decisions match on."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.model import (
    ReasonCode,
)


class Throttled(Struct, frozen=True):
    """Jira said to slow down (R11): 429, or 503 with ``Retry-After``. ``until`` is ``None`` when it gave no hint."""

    until: datetime | None
    reason: str


class Refused(Struct, frozen=True):
    """A failing credential, scope or authorisation, or a server that is not Jira.

    Breaks the integration as soon as a second call, seconds later, is refused too (R9).
    """

    reason_code: ReasonCode
    reason: str
    final: bool = False
    """Not to be asked twice: a dead grant, a CAPTCHA, missing scopes, another site; or asked twice already."""


class Unavailable(Struct, frozen=True):
    """Jira cannot be reached or fails; breaks the integration only if it lasts (R9)."""

    reason_code: ReasonCode
    reason: str
    own_deadline: bool = False
    """Our own deadline ended the call before its whole time-out: no fault of Jira's, and no try."""


JiraTrouble: TypeAlias = Throttled | Refused | Unavailable
