"""The API's requests and responses about webhooks."""

from datetime import datetime

from ticket_status.api.bodies import Flag, Members, OneOf
from ticket_status.api.presenters import present_optional_time
from ticket_status.core.webhooks import EVENTS, Tally, Webhook, WebhookMode, WebhookState, counted, reason_of, state_of
from ticket_status.service.administration.webhook import SetUp

WEBHOOK = Members(
    dict[str, WebhookMode], {"mode": OneOf(tuple(WebhookMode), component="WebhookMode")}, component="SetUpWebhook"
)
"""The body that sets a webhook up."""

AUTHORIZATION = Members(dict[str, bool], {}, {"webhook": Flag()}, component="StartAuthorization")
"""The body that may come with beginning an authorisation: ask for the scopes of webhooks, too."""

_TALLIES = (Tally.ACCEPTED, Tally.DUPLICATES, Tally.UNKNOWN_ISSUE, Tally.REJECTED)


def present_set_up(made: SetUp) -> dict[str, object]:
    """A webhook as it was set up, with its secret: the only response that has it."""
    return {
        "mode": made.webhook.mode,
        "url": made.webhook.url,
        "secret": made.secret,
        "events": list(EVENTS),
        "jql": made.jql,
        "steps": list(made.steps),
        "expires_at": present_optional_time(made.webhook.expires_at),
    }


def present_webhook(webhook: Webhook | None, now: datetime) -> dict[str, object]:
    """The state and counts of a webhook; ``off`` when there is none."""
    if webhook is None:
        return {
            "state": WebhookState.OFF,
            "mode": None,
            "last_delivery_at": None,
            "expires_at": None,
            "counts_24h": dict.fromkeys(_TALLIES, 0),
            "missed_24h": 0,
            "reason": "No webhook is set up.",
        }
    return {
        "state": state_of(webhook, now),
        "mode": webhook.mode,
        "last_delivery_at": present_optional_time(webhook.last_delivery_at),
        "expires_at": present_optional_time(webhook.expires_at),
        "counts_24h": {tally: counted(webhook, tally, now) for tally in _TALLIES},
        "missed_24h": counted(webhook, Tally.MISSED, now),
        "reason": reason_of(webhook, now),
    }
