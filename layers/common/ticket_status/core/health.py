"""R9 to R11: what a call's outcome means for its integration, and the warnings of a healthy one.

``after_trouble`` and ``after_success`` decide on one change of the integration; ``service.retrieval.site_health``
stores it.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.model import Due, Health, HealthStatus, Integration, ReasonCode, Trigger, Trouble
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable

LASTING_TRIES = 3
LASTING_TIME = timedelta(minutes=2)
"""R9: an unreachable or failing Jira breaks an integration after this many tries over at least this long."""

RETRY_DELAY = timedelta(seconds=60)
"""Between tries of a Jira that cannot be reached or fails."""

_FAILING = frozenset({ReasonCode.UNREACHABLE, ReasonCode.JIRA_ERROR})
"""Reasons of failed tries; the others are refusals."""


# --- After a trouble ------------------------------------------------------------------------------------------------


class Paused(Struct, frozen=True):
    """All work on the site waits until then (R11). ``seconds`` is where the next doubling starts."""

    until: datetime
    seconds: int


class Broke(Struct, frozen=True):
    """The integration is now, or still, broken (R9)."""

    health: Health
    reason: str


class TryAgain(Struct, frozen=True):
    """Jira cannot be reached or fails, but not yet for long enough to break the integration (R9)."""

    tries: Trouble
    reason: str


class OutOfTime(Struct, frozen=True):
    """Our own time ran out. That is not Jira's fault, so nothing changes (R9)."""

    reason: str = "our own time ran out"


Consequence: TypeAlias = Paused | Broke | TryAgain | OutOfTime


def after_trouble(
    integration: Integration, trouble: JiraTrouble, now: datetime, good_at: datetime | None = None
) -> Consequence:
    """What a trouble means. ``good_at``: the last good response to the same work; it clears earlier failures."""
    match trouble:
        case Throttled():
            return Paused(*pause_for(integration, trouble.until, now))
        case Refused():
            return Broke(broken(integration.health, trouble.reason_code, trouble.reason, now), trouble.reason)
        case Unavailable(own_deadline=True):
            return OutOfTime(trouble.reason)
        case Unavailable():
            return _after_failing(integration, trouble, now, good_at)
        case _:
            assert_never(trouble)


def _after_failing(
    integration: Integration, trouble: Unavailable, now: datetime, good_at: datetime | None
) -> Broke | TryAgain:
    if refused(integration.health):
        return Broke(replace(integration.health, checked_at=now), trouble.reason)
    known = integration.trouble
    tries = noted(None if forgets(known, good_at) else known, now)
    if integration.broken or lasts(tries, now):
        return Broke(broken(integration.health, trouble.reason_code, trouble.reason, now), trouble.reason)
    return TryAgain(tries, trouble.reason)


def noted(trouble: Trouble | None, now: datetime) -> Trouble:
    """The trouble after one more failed try."""
    return Trouble(now, 1, now) if trouble is None else Trouble(trouble.since, trouble.tries + 1, now)


def forgets(trouble: Trouble | None, good_at: datetime | None) -> bool:
    """Whether there were failed tries, and a later call had a good response."""
    return trouble is not None and good_at is not None and good_at > trouble.last


def lasts(trouble: Trouble, now: datetime) -> bool:
    """Whether trouble has lasted for long enough to break the integration."""
    return trouble.tries >= LASTING_TRIES and now - trouble.since >= LASTING_TIME


def broken(health: Health, reason_code: ReasonCode, reason: str, now: datetime) -> Health:
    """The health of a broken integration. ``since`` stays the same as long as status and reason code do (R9)."""
    same = health.status is HealthStatus.FAULTY and health.reason_code is reason_code
    since = health.since if same else now
    return Health(HealthStatus.FAULTY, since, now, reason_code, health.reason if same else reason)


def refused(health: Health) -> bool:
    """Whether a refusal broke the integration: a failed try says nothing about that, so the reason stays."""
    return health.status is HealthStatus.FAULTY and health.reason_code not in _FAILING


# --- After a success ------------------------------------------------------------------------------------------------


class Recovered(Struct, frozen=True):
    """It has recovered. A run of all tickets is due, unless such a run found the recovery (R10)."""

    health: Health
    due: Due | None


class Forgotten(Struct, frozen=True):
    """The failed tries before this success are cleared (R9)."""


class AsItWas(Struct, frozen=True):
    """Nothing changes."""


Success: TypeAlias = Recovered | Forgotten | AsItWas


def after_success(integration: Integration, now: datetime, *, by_full_run: bool) -> Success:
    """What a good response means. ``by_full_run``: a run of all tickets had it, and will retrieve them."""
    if recovers(integration):
        runs = integration.retrieve_jira_tickets and not by_full_run
        return Recovered(well(integration.health, now), Due(Trigger.RECOVERED, now) if runs else None)
    return AsItWas() if integration.trouble is None else Forgotten()


def to_be_confirmed(integration: Integration, trouble: JiraTrouble | None, *, answered: bool = False) -> bool:
    """Whether a second call, seconds later, must be refused too before this breaks the integration (R9).

    ``answered``: the same work had a good response before, so an earlier break is over.
    """
    return isinstance(trouble, Refused) and not trouble.final and (answered or not integration.broken)


def well(health: Health, now: datetime) -> Health:
    """The health of an integration that works."""
    if health.status is HealthStatus.HEALTHY:
        return replace(health, checked_at=now)
    return Health(HealthStatus.HEALTHY, now, now)


def recovers(integration: Integration) -> bool:
    """Whether a success now is a recovery, which starts a full run (R10)."""
    return integration.health.status is not HealthStatus.HEALTHY


# --- Pauses (R11): never shorter than told; jitter only makes them longer --------------------------------------------

LONGEST_DELAY = timedelta(minutes=15)
"""The longest delay of an SQS message (its ``DelaySeconds``); longer waits are chained."""

LONGEST_BELIEVED = timedelta(minutes=65)
"""Jira's longest plausible wait ends at the top of the hour. After a longer one, a call is made after this time."""

LONGEST_UNHINTED = 300
"""Seconds at which the doubling stops when Jira gives no hint."""


def next_pause(last_pause_seconds: int) -> int:
    """Seconds to hold off without a hint from Jira: from 1, doubling."""
    return min(max(1, 2 * last_pause_seconds), LONGEST_UNHINTED)


def pause_for(integration: Integration, told: datetime | None, now: datetime) -> tuple[datetime, int]:
    """When the pause ends, and where the next doubling starts (seconds). ``told`` is Jira's hint, if any."""
    if told is not None:
        return min(told, now + LONGEST_BELIEVED), integration.pause_seconds
    seconds = next_pause(integration.pause_seconds)
    return now + timedelta(seconds=seconds), seconds


def pause_end(integration: Integration, now: datetime) -> datetime | None:
    """The end of the current pause; ``None`` when there is none."""
    return integration.paused_until if paused(integration, now) else None


def paused(integration: Integration, now: datetime) -> bool:
    """Whether the integration is paused now."""
    return integration.paused_until is not None and integration.paused_until > now


def delay_until(until: datetime, now: datetime, jitter: float) -> int:
    """Seconds to delay a message, rounded up; ``jitter`` in [0, 1) adds up to a tenth plus one second."""
    wait = max(timedelta(), until - now)
    longer = wait * (1 + jitter / 10) + timedelta(seconds=jitter)
    return min(-(-longer // timedelta(seconds=1)), int(LONGEST_DELAY.total_seconds()))


# --- Warnings: a credential ends ------------------------------------------------------------------------------------
# API tokens of Atlassian live a year at most, and nobody but the administrator knows when.

WARNED_DAYS: Final = (30, 14, 7, 1)
"""Days before the expiry at which a warning is given, each once."""

_NEAR_ITS_END: Final = timedelta(days=1)


class Warning(Struct, frozen=True):  # noqa: A001 - the word of the API
    """Something that will break an integration that is still healthy."""

    code: Literal["CREDENTIAL_EXPIRES"]
    detail: str
    at: datetime
    """When the credential expires."""


def warnings(expires_at: datetime | None, now: datetime) -> tuple[Warning, ...]:
    """The current warnings, from 30 days before a credential expires."""
    if expires_at is None or expires_at - now > timedelta(days=WARNED_DAYS[0]):
        return ()
    return (Warning("CREDENTIAL_EXPIRES", _expiry_sentence(expires_at, now), expires_at),)


def _expiry_sentence(expires_at: datetime, now: datetime) -> str:
    if expires_at <= now:
        return "The credential has expired, according to the date entered for it. Create a new one and enter it."
    days = (expires_at - now).days
    when = "within a day" if days == 0 else f"in {days} {'day' if days == 1 else 'days'}"
    return f"The credential expires {when}. Create a new one and enter it before then."


def due_warning(expires_at: datetime | None, warned_days: int | None, now: datetime) -> int | None:
    """The warning that is due and not yet given: how many days before the expiry."""
    if expires_at is None or expires_at <= now:
        return None
    reached = [days for days in WARNED_DAYS if expires_at - now <= timedelta(days=days)]
    if not reached or (warned_days is not None and warned_days <= reached[-1]):
        return None
    return reached[-1]


def expiry_told(expires_at: datetime | None, now: datetime) -> str:
    """What the expiry date says about a refused credential; empty if it is more than a day ahead."""
    if expires_at is None or now < expires_at - _NEAR_ITS_END:
        return ""
    tense = "expired" if expires_at <= now else "expires"
    day = f"{expires_at:%Y-%m-%d %H:%M}"
    return f"According to the date entered for it, the credential {tense} on {day} UTC: create a new one"
