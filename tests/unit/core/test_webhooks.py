"""R19: the state of a webhook, of which the first that holds counts, and what it says."""

import pytest

from tests.fakes.samples import DAY, HOUR, NOW, REF
from ticket_status.core.webhooks import (
    Signing,
    Tally,
    Webhook,
    WebhookMode,
    WebhookState,
    hour_of,
    misses_count,
    reason_of,
    state_of,
)

THIS_HOUR = hour_of(NOW)


def a_webhook(**changes: object) -> Webhook:
    """One that has been live for a day."""
    usual = {"live_since": NOW - DAY, "last_delivery_at": NOW - HOUR}
    return Webhook(
        REF,
        "cloud-abc",
        WebhookMode.MANUAL,
        Signing.HMAC,
        NOW - 2 * DAY,
        **{**usual, **changes},  # type: ignore[arg-type]  # named as there
    )


def lost(missed: int, accepted: int) -> dict[Tally, dict[str, int]]:
    return {Tally.MISSED: {THIS_HOUR: missed}, Tally.ACCEPTED: {THIS_HOUR: accepted}}


@pytest.mark.parametrize(
    ("webhook", "state", "words"),
    [
        (a_webhook(on=False, expires_at=NOW), WebhookState.OFF, "switched off"),
        (a_webhook(expires_at=NOW), WebhookState.EXPIRED, "expired"),
        (a_webhook(unheard_at=NOW), WebhookState.SILENT, "nothing was delivered"),
        (a_webhook(unheard_at=NOW, silence="Jira cannot reach it."), WebhookState.SILENT, "Jira cannot reach it."),
        (a_webhook(last_delivery_at=None), WebhookState.AWAITING, "nothing yet"),
        (a_webhook(hours=lost(4, 10)), WebhookState.FAILING, "4 changes"),
        (a_webhook(hours=lost(3, 10)), WebhookState.LIVE, "within seconds"),
        (a_webhook(hours=lost(4, 1000)), WebhookState.LIVE, "within seconds"),
        (a_webhook(), WebhookState.LIVE, "within seconds"),
    ],
)
def test_the_first_state_that_holds_counts_and_says_what_to_do(
    webhook: Webhook, state: WebhookState, words: str
) -> None:
    assert state_of(webhook, NOW) is state
    assert words in reason_of(webhook, NOW)


@pytest.mark.parametrize(
    ("webhook", "counts"),
    [
        (a_webhook(), True),
        (a_webhook(hours=lost(4, 10)), True),
        (a_webhook(live_since=NOW), False),
        (a_webhook(live_since=None, last_delivery_at=None), False),
        (a_webhook(expires_at=NOW), False),
        (a_webhook(on=False), False),
    ],
)
def test_a_change_without_a_hint_is_missed_only_by_a_webhook_that_was_live_for_half_an_hour(
    webhook: Webhook, *, counts: bool
) -> None:
    assert misses_count(webhook, NOW) is counts
