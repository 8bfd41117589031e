"""When a credential ends: API tokens of Atlassian live a year at most, and nobody but the administrator knows when."""

from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

WARNED_DAYS: Final = (30, 14, 7, 1)
"""So many days before it ends it is told, each once."""

_NEAR: Final = timedelta(days=1)


class Warning(Struct, frozen=True):  # noqa: A001 - the word of the API
    """Something about an integration that is well and will not stay so."""

    code: Literal["CREDENTIAL_EXPIRES"]
    detail: str
    at: datetime
    """When the credential ends."""


def warnings(expires_at: datetime | None, now: datetime) -> tuple[Warning, ...]:
    """What to warn of: from 30 days before a credential ends."""
    if expires_at is None or expires_at - now > timedelta(days=WARNED_DAYS[0]):
        return ()
    return (Warning("CREDENTIAL_EXPIRES", _sentence(expires_at, now), expires_at),)


def _sentence(expires_at: datetime, now: datetime) -> str:
    if expires_at <= now:
        return "The credential has expired, according to the date entered for it. Create a new one and enter it."
    days = (expires_at - now).days
    when = "within a day" if days == 0 else f"in {days} {'day' if days == 1 else 'days'}"
    return f"The credential expires {when}. Create a new one and enter it before then."


def due_warning(expires_at: datetime | None, warned_days: int | None, now: datetime) -> int | None:
    """The warning that is due: how many days before it was to be told, of those not told yet."""
    if expires_at is None or expires_at <= now:
        return None
    reached = [days for days in WARNED_DAYS if expires_at - now <= timedelta(days=days)]
    if not reached or (warned_days is not None and warned_days <= reached[-1]):
        return None
    return reached[-1]


def expiry_told(expires_at: datetime | None, now: datetime) -> str:
    """What its date says about a credential that is refused; empty when that is more than a day ahead."""
    if expires_at is None or now < expires_at - _NEAR:
        return ""
    tense = "expired" if expires_at <= now else "expires"
    day = f"{expires_at:%Y-%m-%d %H:%M}"
    return f"According to the date entered for it, the credential {tense} on {day} UTC: create a new one"
