"""R19: webhooks are renewed and made anew, what they lose is measured, and what changed is told."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import NOW, SEEN_IN_PROGRESS, an_integration, faulty, ticket
from tests.fakes.world import World
from tests.unit.service.test_publishing import fits
from ticket_status.core.model import Integration, ReasonCode
from ticket_status.core.observations import Observed
from ticket_status.core.trouble import Unavailable
from ticket_status.core.webhooks import Signing, Tally, Webhook, WebhookMode, WebhookState, counted, state_of
from ticket_status.ports.webhooks import HookKeys
from ticket_status.service.administration.webhook_care import WEBHOOK_STATE_CHANGED, CareReport
from ticket_status.service.retrieval.losses import WebhookLosses

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://api.example/v1/hooks/it"


class Stage(World):
    """One integration with a registered webhook."""

    def __init__(self, one: Integration | None = None, **changes: object) -> None:
        self.integration = one or an_integration()
        super().__init__(self.integration)
        ref = self.integration.integration_ref
        known = Webhook(ref, "cloud-abc", WebhookMode.REGISTER, Signing.HMAC, NOW, url=URL, jira_id="1")
        self.webhooks.put(replace(known, **changes))
        self.hook_keys.write(ref, HookKeys("secret"))
        self.jira_webhooks.registered["1"] = (URL, "secret", "")
        self.losses = WebhookLosses(self.webhooks, self.tickets, self.clock)

    @property
    def webhook(self) -> Webhook:
        return self.webhooks.webhooks[self.integration.integration_ref]

    def state_now(self) -> WebhookState:
        return state_of(self.webhook, self.clock())

    def deliver(self, at: datetime | None = None) -> None:
        self.webhooks.count(self.webhook.integration_ref, {Tally.ACCEPTED: 1}, at or self.clock(), delivered=True)

    def lose(self, changed: int, *, hinted: int = 0) -> None:
        """A run of all tickets finds so many changed, some of which a delivery named just before."""
        ids = [str(10_001 + number) for number in range(changed)]
        for number, ticket_id in enumerate(ids):
            one = ticket(ticket_id)
            self.tickets.add(one, NOW)
            self.tickets.record([Observed(one.key, self.clock() - HOUR, SEEN_IN_PROGRESS)])
            if number < hinted:
                self.tickets.hint(one.key, self.clock())
        self.losses.measure(self.integration.integration_ref, ids)

    @property
    def missed(self) -> int:
        return counted(self.webhook, Tally.MISSED, self.clock())


def test_a_registered_webhook_is_renewed_ten_days_before_its_end() -> None:
    stage = Stage(expires_at=NOW + timedelta(days=30))
    stage.jira_webhooks.expires_at = NOW + timedelta(days=50)
    assert stage.care.round() == CareReport(1, 0, 0)
    stage.clock.now = NOW + timedelta(days=20)
    assert stage.care.round().renewed == 1
    assert stage.webhook.expires_at == NOW + timedelta(days=50)


def test_one_that_is_gone_is_made_anew_with_the_same_secret() -> None:
    stage = Stage(expires_at=NOW + DAY)
    stage.jira_webhooks.registered.clear()
    stage.jira_webhooks.expires_at = NOW + timedelta(days=30)
    assert stage.care.round().renewed == 1
    assert list(stage.jira_webhooks.registered.values()) == [(URL, "secret", "")]
    assert stage.webhook.jira_id == "1"


def test_jira_in_trouble_leaves_everything_as_it_is_and_never_touches_health() -> None:
    stage = Stage(expires_at=NOW + DAY)
    stage.jira_webhooks.trouble = Unavailable(ReasonCode.UNREACHABLE, "time-out")
    assert stage.care.round().renewed == 0
    assert not stage.integrations.writes


def test_a_broken_integration_is_not_asked() -> None:
    stage = Stage(an_integration(health=faulty()), expires_at=NOW + DAY)
    assert stage.care.round().renewed == 0


def test_a_switch_that_was_not_followed_is_and_the_webhook_of_a_deleted_integration_goes() -> None:
    stage = Stage(an_integration(retrieve_jira_tickets=False))
    stage.care.round()
    assert stage.state_now() is WebhookState.OFF
    stage.integrations.remove(stage.integration)
    assert stage.care.round() == CareReport(0, 0, 0)
    assert not stage.webhooks.webhooks
    assert not stage.hook_keys.keys


def test_what_came_makes_it_live_and_what_changed_is_told_once() -> None:
    stage = Stage()
    assert stage.state_now() is WebhookState.AWAITING
    stage.deliver()
    assert stage.state_now() is WebhookState.LIVE
    stage.care.round()
    writes = stage.webhooks.writes
    stage.care.round()
    assert stage.webhooks.writes == writes
    assert stage.webhook.state is WebhookState.LIVE
    [event] = stage.bus.events
    assert event.detail_type == WEBHOOK_STATE_CHANGED
    assert event.detail["old"] == {"state": "awaiting"}
    assert event.detail["new"] == {"state": "live"}
    fits(event, "webhook-state-changed.json")


def test_changes_without_a_hint_count_as_missed_once_it_was_live_for_half_an_hour() -> None:
    stage = Stage()
    stage.deliver()
    stage.clock.now += timedelta(minutes=29)
    stage.lose(5)
    assert stage.missed == 0
    stage.clock.now += timedelta(minutes=1)
    stage.lose(5, hinted=2)
    assert stage.missed == 3
    stage.clock.now += DAY
    assert stage.missed == 0


def test_more_than_three_and_one_percent_lost_is_failing_and_alarms() -> None:
    stage = Stage()
    stage.deliver()
    stage.clock.now += HOUR
    stage.lose(3)
    assert stage.state_now() is WebhookState.LIVE
    stage.lose(1)
    assert stage.state_now() is WebhookState.FAILING
    assert stage.care.round().troubled == 1
    for _ in range(400):
        stage.deliver()
    assert stage.state_now() is WebhookState.LIVE


def test_statuses_that_change_while_nothing_ever_comes_make_it_silent_until_something_comes() -> None:
    stage = Stage()
    stage.clock.now += timedelta(minutes=29)
    stage.lose(1)
    assert stage.state_now() is WebhookState.AWAITING
    stage.clock.now += timedelta(minutes=1)
    stage.lose(1)
    assert stage.state_now() is WebhookState.SILENT
    stage.clock.now += HOUR
    stage.deliver()
    assert stage.state_now() is WebhookState.LIVE


def test_a_private_app_that_is_silent_says_who_has_to_own_it() -> None:
    stage = Stage(silence="Only the app's owner gets deliveries.", unheard_at=NOW)
    assert stage.state_now() is WebhookState.SILENT


def test_an_expired_one_says_so() -> None:
    stage = Stage(expires_at=NOW, last_delivery_at=NOW)
    assert stage.state_now() is WebhookState.EXPIRED


@pytest.mark.parametrize("changed", [0, 3])
def test_an_integration_without_a_webhook_costs_nothing_but_a_look_for_one(changed: int) -> None:
    stage = Stage()
    stage.webhooks.remove(stage.integration.integration_ref)
    stage.lose(changed)
    assert not stage.webhooks.webhooks


def test_nothing_is_renewed_during_a_pause() -> None:
    """R11."""
    stage = Stage(an_integration(paused_until=NOW + HOUR), expires_at=NOW + DAY)
    assert stage.care.round().renewed == 0


def test_a_webhook_that_stays_live_does_not_gather_counts_without_end() -> None:
    stage = Stage()
    for _ in range(40 * 24):
        stage.deliver()
        stage.clock.now += HOUR
        stage.care.round()
    assert len(stage.webhook.hours[Tally.ACCEPTED]) <= 25
    assert len(stage.bus.events) <= 1
