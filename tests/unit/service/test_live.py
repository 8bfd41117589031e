"""R19 at work: from a delivery to what is shown, through the same gathering, runs and verdicts as everything else."""

from datetime import timedelta
from random import Random

import pytest
from msgspec.structs import replace

from tests.fakes.samples import BROKEN, DONE, HOUR, IN_PROGRESS, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import Stage
from tests.unit.service.test_deliveries import signature, updated
from ticket_status.core.model import RunState, Status, TicketKey, Trigger, UnknownReason
from ticket_status.core.webhooks import Signing, Tally, Webhook, WebhookMode, WebhookState, counted, state_of
from ticket_status.ports.webhooks import HookKeys
from ticket_status.service.tickets.deliveries import Delivery, Received

SECRET = "of-the-webhook"
OLD_SECRET = "of-the-webhook-before"


class Live:
    """A stage whose first integration has a webhook, live for an hour."""

    def __init__(self, stage: Stage | None = None) -> None:
        self.stage = stage or Stage()
        ref = self.stage.integration.integration_ref
        since = NOW - HOUR
        webhook = Webhook(ref, self.stage.name, WebhookMode.MANUAL, Signing.HMAC, since)
        self.stage.webhooks.put(replace(webhook, live_since=since, last_delivery_at=since))
        self.stage.hook_keys.write(ref, HookKeys(SECRET, OLD_SECRET, NOW + HOUR))
        self._number = 0

    def deliver(self, key: TicketKey, *, identifier: str | None = None, secret: str = SECRET) -> Received:
        self._number += 1
        issue_key = self.stage.site.issues.get(key.ticket_id, ("JAS-0", TO_DO))[0]
        body = updated(key.ticket_id, key=issue_key)
        headers = {"x-atlassian-webhook-identifier": identifier or str(self._number), **signature(body, secret)}
        return self.stage.receiving.receive(Delivery(key.integration_ref, headers, body))

    def moves(self, key: TicketKey, status: Status, **how: str) -> None:
        """The issue is moved in Jira, and that is delivered."""
        self.stage.moves(key, status)
        self.deliver(key, **how)

    @property
    def webhook(self) -> Webhook:
        return self.stage.webhooks.webhooks[self.stage.integration.integration_ref]

    @property
    def missed(self) -> int:
        return counted(self.webhook, Tally.MISSED, self.stage.clock())


def test_a_status_that_changed_in_jira_shows_within_ten_seconds_by_a_run_of_its_own() -> None:
    live = Live()
    key = live.stage.has_ticket(1)
    live.moves(key, DONE)
    began = live.stage.clock()
    live.stage.deliver(live.stage.take())
    live.stage.deliver(live.stage.take())
    assert live.stage.clock() - began <= 10 * SECOND
    assert live.stage.shows(key).status == DONE
    assert (live.stage.run.trigger, live.stage.run.state) == (Trigger.WEBHOOK, RunState.SUCCEEDED)
    assert live.stage.site.requests == 1


def test_a_storm_of_ten_thousand_is_at_most_twelve_calls() -> None:
    live = Live()
    keys = live.stage.has_tickets(10_000)
    for key in keys:
        live.moves(key, DONE)
    live.stage.work_off()
    assert live.stage.site.requests <= 12
    assert {live.stage.shows(key).status for key in keys} == {DONE}


def test_a_storm_that_lasts_a_minute_is_at_most_twelve_calls_too() -> None:
    live = Live()
    keys = live.stage.has_tickets(10_000)
    stage = live.stage
    for number, key in enumerate(keys):
        live.moves(key, DONE)
        if number % 167 == 166:
            stage.clock.pass_(SECOND)
            stage.queue.sent = [(work, max(0, delay - 1)) for work, delay in stage.queue.sent]
            while any(delay == 0 for _, delay in stage.queue.sent):
                stage.deliver(stage.take())
    stage.work_off()
    assert stage.site.requests <= 12
    assert {stage.shows(key).status for key in keys} == {DONE}


def test_a_deletion_that_is_delivered_is_proven_like_any_other() -> None:
    live = Live()
    keys = live.stage.has_tickets(3)
    del live.stage.site.issues[keys[0].ticket_id]
    live.deliver(keys[0])
    live.stage.work_off()
    assert live.stage.shows(keys[0]).unknown_reason is UnknownReason.DELETED
    assert live.stage.shows(keys[1]).status == TO_DO


def test_a_deletion_that_never_happened_is_not_believed() -> None:
    live = Live()
    [key] = live.stage.has_tickets(1)
    live.deliver(key)
    live.stage.work_off()
    assert live.stage.shows(key).status == TO_DO


def test_hints_join_the_run_at_work_and_wait_for_no_one() -> None:
    live = Live()
    keys = live.stage.has_tickets(3)
    live.stage.start()
    live.moves(keys[1], DONE)
    live.stage.work_off()
    assert live.stage.shows(keys[1]).status == DONE


def test_during_a_pause_hints_wait_for_its_end_as_one_message() -> None:
    live = Live()
    [key] = live.stage.has_tickets(1)
    live.stage.integrations.pause(live.stage.integration, live.stage.clock() + HOUR, 0)
    for _ in range(50):
        live.moves(key, DONE)
        live.stage.clock.pass_(MINUTE)
        live.stage.queue.sent = [(work, max(0, delay - 60)) for work, delay in live.stage.queue.sent]
        while any(delay == 0 for _, delay in live.stage.queue.sent):
            live.stage.deliver(live.stage.take())
        assert len(live.stage.queue.sent) <= 2
    assert live.stage.site.requests == 0
    live.stage.work_off()
    assert live.stage.shows(key).status == DONE


def test_while_it_is_broken_a_hint_asks_nothing_and_the_run_after_the_recovery_has_it() -> None:
    live = Live()
    [key] = live.stage.has_tickets(1)
    live.stage.integrations.set_health(live.stage.integration, BROKEN)
    live.moves(key, DONE)
    live.stage.work_off()
    assert live.stage.site.requests == 0
    live.stage.sync()
    assert live.stage.shows(key).status == DONE


def test_a_hint_that_comes_while_its_ticket_is_being_read_is_not_lost() -> None:
    live = Live()
    [key] = live.stage.has_tickets(1)
    live.moves(key, IN_PROGRESS)

    def moves_once_more(call: str, _names: object) -> None:
        live.stage.site.before = lambda _call, _names: None
        live.stage.clock.pass_(SECOND)
        assert call

    live.stage.site.before = moves_once_more
    live.stage.deliver(live.stage.take())
    live.stage.deliver(live.stage.take())
    live.moves(key, DONE)
    live.stage.work_off()
    assert live.stage.shows(key).status == DONE


def test_what_was_not_delivered_is_found_by_the_schedule_and_counted() -> None:
    live = Live()
    keys = live.stage.has_tickets(6)
    for key in keys[:4]:
        live.stage.moves(key, DONE)
    live.moves(keys[4], DONE)
    live.stage.work_off()
    live.stage.sync()
    assert live.missed == 4
    assert state_of(live.webhook, live.stage.clock()) is WebhookState.FAILING
    assert not live.stage.integration.broken


def test_an_unchanged_run_reads_nothing_of_webhooks_and_counts_nothing() -> None:
    live = Live()
    live.stage.has_tickets(20)
    writes = live.stage.webhooks.writes
    live.stage.sync()
    assert live.stage.webhooks.writes == writes


class Story:
    """Random deliveries, and all that may become of them; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a story that can be told again
        self.live = Live()
        self.stage = self.live.stage
        self.keys = self.stage.has_tickets(40)
        self.late: list[TicketKey] = []
        self.dropped = 0
        self.forged = 0

    def step(self) -> None:
        happenings = [self.drops, self.delays, self.arrives_late, self.forges, self.names_a_stranger]
        happenings += [self.repeats, self.signs_with_the_old_secret, self.seldom, self.time_passes]
        happenings += [self.delivers] * 3
        self.random.choice(happenings)()
        while self.stage.queue.sent and self.random.random() < 0.7:
            self.stage.deliver(self.stage.take())

    def ends(self) -> None:
        """What is late arrives, what waits is worked off, and the schedule comes by."""
        for key in self.late:
            self.live.deliver(key)
        self.stage.work_off()
        self.stage.clock.pass_(HOUR)
        self.stage.sync()

    def move(self) -> TicketKey:
        key = self.random.choice(self.keys)
        self.stage.moves(key, self.random.choice((TO_DO, IN_PROGRESS, DONE)))
        return key

    def delivers(self) -> None:
        self.live.deliver(self.move())

    def drops(self) -> None:
        self.move()
        self.dropped += 1

    def delays(self) -> None:
        self.late.append(self.move())

    def arrives_late(self) -> None:
        if self.late:
            self.live.deliver(self.late.pop(self.random.randrange(len(self.late))))

    def forges(self) -> None:
        writes = self.stage.tickets.writes
        assert self.live.deliver(self.random.choice(self.keys), secret="forged") is Received.UNSIGNED
        assert self.stage.tickets.writes == writes

    def names_a_stranger(self) -> None:
        self.live.deliver(TicketKey(self.stage.integration.integration_ref, "99999"))

    def repeats(self) -> None:
        self.live.deliver(self.move(), identifier=str(self.random.randrange(3)))
        self.late.append(self.keys[0])

    def signs_with_the_old_secret(self) -> None:
        taken = self.live.deliver(self.move(), secret=OLD_SECRET) is Received.TAKEN
        assert taken == (self.stage.clock() < NOW + HOUR)

    def seldom(self) -> None:
        if self.random.random() < 0.1:
            self.stage.integrations.pause(self.stage.integration, self.stage.clock() + MINUTE, 0)
        elif self.random.random() < 0.1:
            self.stage.sync()

    def time_passes(self) -> None:
        self.stage.clock.pass_(timedelta(seconds=self.random.randrange(30)))


@pytest.mark.parametrize("seed", range(10))
def test_whatever_becomes_of_deliveries_the_truth_is_shown_in_the_end(seed: int) -> None:
    """A thousand steps a seed: dropped, doubled, reordered, delayed, forged, old secrets, strangers, pauses."""
    story = Story(seed)
    for _ in range(1_000):
        story.step()
    story.ends()
    for key in story.keys:
        assert story.stage.shows(key).status == story.stage.site.issues[key.ticket_id][1]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_missed_is_what_was_dropped_as_far_as_the_schedule_can_see_it(seed: int) -> None:
    random, live = Random(seed), Live()  # noqa: S311 - a story that can be told again
    dropped = 0
    for key in live.stage.has_tickets(200):
        if random.random() < 0.2:
            live.stage.moves(key, DONE)
            dropped += 1
        else:
            live.moves(key, random.choice((IN_PROGRESS, DONE)))
    live.stage.work_off()
    live.stage.sync()
    assert live.missed == dropped
