"""R19: what a webhook's deliveries mean, what was missed, and the resulting state.

A delivery is a hint: it names an issue, which is then read from Jira as usual. Nothing that a ticket shows comes from
a delivery.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, field

from ticket_status.core.model import AuthType, InstallationType, Integration, Ticket

EVENTS = ("jira:issue_updated", "jira:issue_deleted")
"""What a webhook is set up for."""

MOST_BYTES = 1024 * 1024
"""A larger delivery is refused."""

OLD_SECRET_GOOD_FOR = timedelta(hours=1)
"""How long the previous secret still signs."""

GATHER = timedelta(seconds=2)
"""How long hints wait for others of their integration (R19: a storm of 10,000 is at most 12 calls)."""

RENEW_BEFORE = timedelta(days=10)
"""So long before its end a registered webhook is renewed; Jira ends it 30 days after it was registered or renewed."""

SETTLED_AFTER = timedelta(minutes=30)
"""A webhook that was live for less is not yet held to what it loses."""

_FAILING_ABOVE = 3
_FAILING_SHARE = 0.01
_HOURS = 24
_DROPPED_AT_ONCE = 100
"""An expression of DynamoDB has 4 KB at most."""


class WebhookMode(StrEnum):
    """How the webhook was created in Jira: by an administrator, or by us."""

    MANUAL = "manual"
    REGISTER = "register"


class Signing(StrEnum):
    """How deliveries are signed: an HMAC over the body, or a token of an OAuth 2.0 app on Cloud."""

    HMAC = "hmac"
    JWT = "jwt"


class WebhookState(StrEnum):
    """The state of a webhook."""

    OFF = "off"
    AWAITING = "awaiting"
    LIVE = "live"
    SILENT = "silent"
    FAILING = "failing"
    EXPIRED = "expired"


class Tally(StrEnum):
    """What is counted by the hour."""

    ACCEPTED = "accepted"
    DUPLICATES = "duplicates"
    UNKNOWN_ISSUE = "unknown_issue"
    REJECTED = "rejected"
    MISSED = "missed"


Hours: TypeAlias = Mapping[Tally, Mapping[str, int]]
"""Counts by UTC hour: ``{Tally.ACCEPTED: {"2026112813": 7}}``."""


class Webhook(Struct, frozen=True):
    """An integration's webhook. Its id in the address, ``hook_id``, is the integration's reference."""

    integration_ref: str
    connection_name: str
    mode: WebhookMode
    signing: Signing
    set_up_at: datetime
    url: str = ""
    """Where deliveries go."""
    on: bool = True
    """Whether its deliveries do anything: not while retrieval is off."""
    state: WebhookState = WebhookState.AWAITING
    """The state that was last told; see ``state_of``."""
    jql: str = ""
    """Which issues it is about, as it was registered."""
    jira_id: str | None = None
    """What Jira calls it, if we registered it."""
    expires_at: datetime | None = None
    live_since: datetime | None = None
    """When its first delivery came."""
    last_delivery_at: datetime | None = None
    unheard_at: datetime | None = None
    """When a run last found statuses changed while nothing had come for a day."""
    silence: str | None = None
    """Why Jira may never deliver, in a sentence, as far as that is known."""
    gathering_since: datetime | None = None
    """Since when hints wait for a message that is on its way."""
    hours: Hours = field(default_factory=dict)


class Hint(Struct, frozen=True):
    """What a delivery names."""

    issue_id: str
    issue_key: str | None
    identifier: str
    """The same when Jira delivers again."""


def hour_of(now: datetime) -> str:
    """The hour to which a count belongs: ``2026112813``."""
    return f"{now.astimezone(UTC):%Y%m%d%H}"


def counted(webhook: Webhook, tally: Tally, now: datetime) -> int:
    """How many there were in the last 24 hours, this one included."""
    hours = webhook.hours.get(tally, {})
    return sum(hours.get(hour_of(now - timedelta(hours=back)), 0) for back in range(_HOURS))


def stale_hours(webhook: Webhook, now: datetime) -> list[tuple[Tally, str]]:
    """Counts no longer needed, as many as one write can remove; the next write removes the rest."""
    oldest = hour_of(now - timedelta(hours=_HOURS))
    stale = [(tally, hour) for tally, hours in webhook.hours.items() for hour in hours if hour < oldest]
    return stale[:_DROPPED_AT_ONCE]


def state_of(webhook: Webhook, now: datetime) -> WebhookState:
    """The state: the first one whose condition holds."""
    missed, accepted = counted(webhook, Tally.MISSED, now), counted(webhook, Tally.ACCEPTED, now)
    if not webhook.on:
        return WebhookState.OFF
    if webhook.expires_at is not None and webhook.expires_at <= now:
        return WebhookState.EXPIRED
    if webhook.unheard_at is not None and not _heard_since(webhook, webhook.unheard_at):
        return WebhookState.SILENT
    if webhook.last_delivery_at is None:
        return WebhookState.AWAITING
    if missed > _FAILING_ABOVE and missed > _FAILING_SHARE * (missed + accepted):
        return WebhookState.FAILING
    return WebhookState.LIVE


def reason_of(webhook: Webhook, now: datetime) -> str:
    """What the state means, and what to do about it, in sentences."""
    match state_of(webhook, now):
        case WebhookState.OFF:
            return "Retrieval is switched off, so deliveries do nothing."
        case WebhookState.AWAITING:
            return webhook.silence or "Set up; Jira has delivered nothing yet. Change an issue's status to try it."
        case WebhookState.LIVE:
            return "Jira delivers changes; statuses show within seconds."
        case WebhookState.SILENT:
            return webhook.silence or (
                "Statuses changed in Jira and nothing was delivered. Check in Jira that the webhook is enabled, that"
                " its address and JQL are right, and that Jira reaches this address. The schedule goes on as before."
            )
        case WebhookState.FAILING:
            missed = counted(webhook, Tally.MISSED, now)
            return (
                f"{missed} changes of the last 24 hours were not delivered; the schedule found them. Check the"
                " webhook's JQL, and in Jira whether deliveries fail."
            )
        case WebhookState.EXPIRED:
            return "The registration in Jira has expired. Set the webhook up again."


def misses_count(webhook: Webhook, now: datetime) -> bool:
    """Whether a change found by a run without a hint counts as missed: live for half an hour, not expired."""
    settled = webhook.live_since is not None and now - webhook.live_since >= SETTLED_AFTER
    return settled and webhook.on and state_of(webhook, now) in {WebhookState.LIVE, WebhookState.FAILING}


def unheard(webhook: Webhook, now: datetime) -> bool:
    """Whether a change without a hint means silence: no delivery for a day, or none long after set-up."""
    silent_since = webhook.last_delivery_at or webhook.set_up_at
    patience = timedelta(hours=_HOURS) if webhook.last_delivery_at is not None else SETTLED_AFTER
    return webhook.on and now - silent_since >= patience


def announced(ticket: Ticket) -> bool:
    """Whether a hint came for a change that a run found, after the stored observation and not yet read."""
    if ticket.hinted_at is None:
        return False
    return ticket.observed_at is None or ticket.hinted_at > ticket.observed_at


def due_for_renewal(webhook: Webhook, now: datetime) -> bool:
    """Whether an expiring webhook must be renewed."""
    return webhook.on and webhook.expires_at is not None and webhook.expires_at - now <= RENEW_BEFORE


def signing_of(integration: Integration) -> Signing:
    """Deliveries to an OAuth 2.0 app on Cloud have a token signed with the client secret; all others an HMAC."""
    app = integration.installation_type is InstallationType.CLOUD and integration.auth_type is AuthType.OAUTH2
    return Signing.JWT if app else Signing.HMAC


def jql_for(project_keys: Sequence[str]) -> str:
    """The JQL of a webhook for these projects; empty for all, which an OAuth 2.0 app may not use."""
    return f"project in ({', '.join(sorted(set(project_keys)))})" if project_keys else ""


def _heard_since(webhook: Webhook, at: datetime) -> bool:
    return webhook.last_delivery_at is not None and webhook.last_delivery_at > at
