"""The stores of webhooks, their keys and the marks of tickets: each promise of the ports, over every kind of store."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.stores import Stores
from ticket_status.core.model import Sighting, Ticket, TicketKey
from ticket_status.core.observations import Deleted, Observed
from ticket_status.core.violations import Registration
from ticket_status.core.webhooks import Hint, Signing, Tally, Webhook, WebhookMode, WebhookState, counted, stale_hours
from ticket_status.ports.webhooks import HookKeys, Marked

NOW = datetime(2026, 11, 28, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
REF = "cloud-abc~k3f7xq"
KEY = TicketKey(REF, "10001")
WEBHOOK = Webhook(REF, "cloud-abc", WebhookMode.REGISTER, Signing.HMAC, NOW, url="https://api.example/hooks/it")


def test_a_webhook_is_stored_whole_and_forgotten(stores: Stores) -> None:
    assert stores.webhooks.get(REF) is None
    whole = replace(WEBHOOK, jira_id="7", jql="project in (SEC)", expires_at=NOW + HOUR, silence="a private app")
    stores.webhooks.put(whole)
    assert stores.webhooks.get(REF) == whole
    assert list(stores.webhooks.all()) == [whole]
    stores.webhooks.remove(REF)
    stores.webhooks.remove(REF)
    assert stores.webhooks.get(REF) is None


def test_counts_are_added_by_the_hour_and_leave_the_window_of_a_day(stores: Stores) -> None:
    stores.webhooks.put(WEBHOOK)
    stores.webhooks.count(REF, {Tally.ACCEPTED: 2, Tally.REJECTED: 1}, NOW, delivered=True)
    stores.webhooks.count(REF, {Tally.ACCEPTED: 3}, NOW + HOUR, delivered=True)
    stores.webhooks.count(REF, {Tally.MISSED: 1}, NOW + 2 * HOUR, delivered=False)
    stored = stores.webhooks.get(REF)
    assert stored is not None
    assert counted(stored, Tally.ACCEPTED, NOW + HOUR) == 5
    assert counted(stored, Tally.ACCEPTED, NOW + 24 * HOUR) == 3
    assert counted(stored, Tally.MISSED, NOW + 2 * HOUR) == 1
    assert (stored.live_since, stored.last_delivery_at) == (NOW, NOW + HOUR)


def test_nothing_is_counted_for_a_webhook_that_is_gone(stores: Stores) -> None:
    assert stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW, delivered=True, gathering=True) is None
    stores.webhooks.gathered(REF)
    stores.webhooks.unheard(REF, NOW)
    stores.webhooks.switch(REF, on=False)
    assert stores.webhooks.get(REF) is None


def test_the_note_that_hints_wait_is_made_once_until_it_is_taken(stores: Stores) -> None:
    stores.webhooks.put(WEBHOOK)
    assert stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW, delivered=True, gathering=True) is None
    assert stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW + HOUR, delivered=True, gathering=True) == NOW
    stores.webhooks.gathered(REF)
    assert stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW + HOUR, delivered=True, gathering=True) is None


def test_a_state_is_told_by_one_only_and_drops_stale_counts(stores: Stores) -> None:
    stores.webhooks.put(WEBHOOK)
    stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW, delivered=True)
    stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW + 30 * HOUR, delivered=True)
    read = stores.webhooks.get(REF)
    assert read is not None
    stores.webhooks.tell(read, WebhookState.LIVE, NOW + 30 * HOUR)
    stores.webhooks.tell(read, WebhookState.SILENT, NOW + 30 * HOUR)
    told = stores.webhooks.get(REF)
    assert told is not None
    assert told.state is WebhookState.LIVE
    assert sum(len(hours) for hours in told.hours.values()) == 1


def test_a_renewal_a_silence_and_a_switch_are_kept(stores: Stores) -> None:
    stores.webhooks.put(replace(WEBHOOK, jira_id="7", expires_at=NOW))
    stores.webhooks.renewed(WEBHOOK, "8", NOW + HOUR)
    stores.webhooks.unheard(REF, NOW)
    stores.webhooks.switch(REF, on=False)
    stored = stores.webhooks.get(REF)
    assert stored is not None
    assert (stored.jira_id, stored.expires_at, stored.unheard_at, stored.on) == ("8", NOW + HOUR, NOW, False)
    stores.webhooks.renewed(WEBHOOK, "9", None)
    again = stores.webhooks.get(REF)
    assert again is not None
    assert (again.jira_id, again.expires_at) == ("9", None)


def test_keys_are_kept_apart_and_destroyed(stores: Stores) -> None:
    keys = HookKeys("new", "old", NOW + HOUR)
    assert stores.hook_keys.read(REF) is None
    stores.hook_keys.write(REF, keys)
    assert stores.hook_keys.read(REF) == keys
    stores.hook_keys.write(REF, HookKeys("newer"))
    assert stores.hook_keys.read(REF) == HookKeys("newer")
    stores.hook_keys.destroy(REF)
    stores.hook_keys.destroy(REF)
    assert stores.hook_keys.read(REF) is None


# --- Marks ----------------------------------------------------------------------------------------------------------


def registered(stores: Stores, created_at: datetime = NOW, key: TicketKey = KEY) -> TicketKey:
    ticket = Ticket(key, "SEC-1", created_at, "https://abc.example", registered_at=NOW)
    stores.violations.register([Registration(ticket, "V-1", None)], NOW)
    stores.tickets.record([Observed(key, NOW, Sighting("SEC-1|new|To Do"))])
    return key


def waiting(stores: Stores) -> set[str]:
    return {row.ticket_id for page in stores.tickets.new_rows(REF) for row in page}


def hint(identifier: str = "a") -> Hint:
    return Hint("10001", "SEC-1", identifier)


def test_a_marked_ticket_waits_until_it_was_asked_for_after_the_hint(stores: Stores) -> None:
    registered(stores)
    assert not waiting(stores)
    assert stores.hints.mark(KEY, hint(), NOW + 2 * HOUR) is Marked.WAITS
    assert waiting(stores) == {"10001"}
    assert stores.tickets.record([Observed(KEY, NOW + HOUR, Sighting("SEC-1|done|Done"))])
    assert waiting(stores) == {"10001"}, "it was asked for before the hint came"
    assert stores.tickets.record([Observed(KEY, NOW + 3 * HOUR, Sighting("SEC-1|done|Done"))])
    assert not waiting(stores)
    assert stores.tickets.get_many([KEY])[0][KEY].hinted_at == NOW + 2 * HOUR


def test_an_identifier_is_taken_once_a_day(stores: Stores) -> None:
    registered(stores)
    assert stores.hints.mark(KEY, hint("a"), NOW) is Marked.WAITS
    assert stores.hints.mark(KEY, hint("a"), NOW + HOUR) is Marked.REPEATED
    assert stores.hints.mark(KEY, hint("a"), NOW + 13 * HOUR) is Marked.REPEATED, "the day after, within 24 hours"
    assert stores.hints.mark(KEY, hint("b"), NOW + 13 * HOUR) is Marked.WAITS
    assert stores.hints.mark(KEY, hint("a"), NOW + 49 * HOUR) is Marked.WAITS


def test_what_is_never_asked_for_is_not_marked(stores: Stores) -> None:
    assert stores.hints.mark(KEY, hint(), NOW) is Marked.UNKNOWN
    registered(stores, NOW - timedelta(days=364))
    assert stores.hints.mark(KEY, hint(), NOW + timedelta(days=2)) is Marked.NOT_ASKED
    assert stores.hints.mark(KEY, hint(), NOW) is Marked.WAITS
    stores.tickets.record([Deleted(KEY, NOW + HOUR, NOW, created_at=NOW - timedelta(days=364))])
    assert stores.hints.mark(KEY, hint("b"), NOW + HOUR) is Marked.NOT_ASKED
    assert not waiting(stores)


@pytest.mark.parametrize("hints", [205])
def test_hundreds_of_hints_a_day_are_taken_without_growing_the_ticket_without_bound(stores: Stores, hints: int) -> None:
    registered(stores)
    for number in range(hints):
        assert stores.hints.mark(KEY, hint(f"{number:036d}"), NOW) is Marked.WAITS
    assert waiting(stores) == {"10001"}


def test_more_stale_counts_than_one_write_can_drop_go_one_part_after_the_other(stores: Stores) -> None:
    """A webhook that was live for months: an expression of DynamoDB has 4 KB at most."""
    hours = 250
    stores.webhooks.put(WEBHOOK)
    for number in range(hours):
        stores.webhooks.count(REF, {Tally.ACCEPTED: 1}, NOW + number * HOUR, delivered=True)
    end = NOW + hours * HOUR
    left = hours
    while True:
        stored = stores.webhooks.get(REF)
        assert stored is not None
        if not stale_hours(stored, end):
            break
        stores.webhooks.tell(stored, stored.state, end)
        after = stores.webhooks.get(REF)
        assert after is not None
        assert len(after.hours[Tally.ACCEPTED]) < left
        left = len(after.hours[Tally.ACCEPTED])
    assert counted(stored, Tally.ACCEPTED, end) == 23
