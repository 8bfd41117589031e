"""Integrations: each change is one conditional write, and answers what is stored."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import LONG_AGO, NOW, an_integration, faulty, later
from tests.fakes.stores import Stores
from ticket_status.core.health import well
from ticket_status.core.model import (
    AuthType,
    Due,
    Health,
    HealthStatus,
    Integration,
    PendingAuthorization,
    ReasonCode,
    Site,
    Trigger,
    Trouble,
)
from ticket_status.ports.paging import InvalidTokenError


def added(stores: Stores, name: str = "cloud-abc", **changes: object) -> Integration:
    one = an_integration(name, **changes)
    assert stores.integrations.add(one)
    return one


def stored(stores: Stores, name: str = "cloud-abc") -> Integration:
    found = stores.integrations.get(name)
    assert found is not None
    return found


def renamed(one: Integration) -> Integration:
    """Another integration that took the name."""
    return replace(one, integration_ref=f"{one.connection_name}~zzzzzz")


def test_an_integration_is_read_as_it_was_stored(stores: Stores) -> None:
    site = Site(
        "https://api.example",
        "https://abc.example",
        "9.1",
        "c-1",
        "a-1",
        100,
        frozenset({"read:jira-work"}),
        account_name="bot",
        display_url="https://jira.abc.example",
        ids_too_many=200,
        ids_too_many_at=NOW,
        asked_alone=("10042", "10043"),
    )
    whole = added(
        stores,
        auth_type=AuthType.OAUTH2,
        client_id="client",
        consumer_key="consumer",
        public_key="public",
        created_in_version="3.112.3",
        skip_proxy=True,
        site=site,
        trouble=Trouble(NOW, 2, later(minutes=1)),
        paused_until=later(minutes=1),
        pause_seconds=60,
        health=faulty(),
        authorization=None,
        credential_expires_at=later(hours=9),
        warned_days=7,
    )
    assert stored(stores) == whole


def test_an_integration_that_is_not_there_is_none(stores: Stores) -> None:
    assert stores.integrations.get("cloud-abc") is None


def test_a_name_is_given_once(stores: Stores) -> None:
    first = added(stores)
    assert not stores.integrations.add(renamed(first))
    assert stored(stores) == first


def test_those_that_exist_are_read_together(stores: Stores) -> None:
    one, other = added(stores, "one"), added(stores, "other")
    assert stores.integrations.get_many(["one", "other", "one", "none"]) == {"one": one, "other": other}


def test_every_integration_is_on_exactly_one_page(stores: Stores) -> None:
    names = {f"site-{number}" for number in range(6)}
    for name in names:
        added(stores, name)
    shown: list[str] = []
    token = None
    while True:
        page = stores.integrations.page(3, token)
        assert 0 < len(page.items) <= 3
        shown += [one.connection_name for one in page.items]
        token = page.next_token
        if token is None:
            break
    assert sorted(shown) == sorted(names)


@pytest.mark.parametrize("token", ["", "nonsense", "é", "eyJhIjogMX0", "WyJydW5zIiwgIngiXQ"])
def test_a_token_of_another_list_is_refused(stores: Stores, token: str) -> None:
    with pytest.raises(InvalidTokenError):
        stores.integrations.page(3, token)


def test_a_deleted_integration_leaves_its_name_free(stores: Stores) -> None:
    one = added(stores)
    assert stores.integrations.remove(one)
    assert not stores.integrations.remove(one)
    assert stores.integrations.add(renamed(one))


def test_an_integration_with_the_same_name_is_not_deleted_or_changed_in_its_place(stores: Stores) -> None:
    gone = an_integration()
    other = renamed(gone)
    stores.integrations.add(other)
    assert not stores.integrations.remove(gone)
    assert stores.integrations.switch(gone, on=False, now=NOW) is None
    assert stores.integrations.set_health(gone, faulty()) is None
    assert stores.integrations.set_trouble(gone, Trouble(NOW, 1, NOW)) is None
    assert stores.integrations.pause(gone, later(minutes=1), 1) is None
    assert stores.integrations.clear_pause(gone) is None
    assert stores.integrations.learn_site(gone, Site("https://x.example")) is None
    assert stores.integrations.edit(gone, gone, afresh=True) is None
    assert not stores.integrations.announce_new_tickets(gone, NOW, NOW)
    assert not stores.integrations.take(gone, "me", NOW, later(minutes=1))
    assert stored(stores) == other


def test_an_edit_counts_and_forgets_what_is_no_longer_given(stores: Stores) -> None:
    one = added(stores, site=Site("https://abc.example"))
    edited = stores.integrations.edit(
        one,
        replace(one, jira_server_url="https://new.example", username=None, site=None, retrieve_jira_tickets=False),
        afresh=False,
    )
    expected = replace(one, jira_server_url="https://new.example", username=None, site=None, settings_version=1)
    assert edited == expected
    assert stored(stores) == expected


def test_what_was_decided_before_an_edit_is_refused(stores: Stores) -> None:
    before = added(stores)
    stores.integrations.edit(before, replace(before, username="other"), afresh=False)
    assert stores.integrations.edit(before, before, afresh=False) is None
    assert stores.integrations.set_health(before, faulty()) is None
    assert stores.integrations.learn_site(before, Site("https://old.example")) is None


def test_switching_on_sets_since_when_and_happens_once(stores: Stores) -> None:
    one = added(stores, retrieve_jira_tickets=False)
    assert stores.integrations.switch(one, on=False, now=later(hours=1)) is None
    on = stores.integrations.switch(one, on=True, now=later(hours=1))
    due = Due(Trigger.ENABLED, later(hours=1))
    assert on == replace(one, retrieve_jira_tickets=True, enabled_since=later(hours=1), due=due)
    assert stores.integrations.switch(one, on=True, now=later(hours=2)) is None
    off = stores.integrations.switch(one, on=False, now=later(hours=3))
    assert off == replace(one, enabled_since=later(hours=1), disabled_since=later(hours=3))


def test_a_broken_integration_is_in_the_index_until_it_is_well(stores: Stores) -> None:
    added(stores, "well")
    one = added(stores, "one", trouble=Trouble(NOW, 3, NOW))
    broken = stores.integrations.set_health(one, faulty(later(minutes=1)))
    assert broken == replace(one, health=faulty(later(minutes=1)), broken_since=later(minutes=1))
    assert list(stores.integrations.needing_attention()) == ["one"]
    recovered = stores.integrations.set_health(broken, well(broken.health, later(hours=1)))
    assert recovered is not None
    assert recovered.healthy_since == later(hours=1)
    assert recovered.trouble is None
    stores.integrations.let_rest(recovered)
    assert list(stores.integrations.needing_attention()) == []


def test_a_recovery_is_stored_with_the_run_that_is_due_by_it(stores: Stores) -> None:
    one = added(stores, health=faulty())
    due = Due(Trigger.RECOVERED, later(hours=1))
    recovered = stores.integrations.set_health(one, well(one.health, later(hours=1)), due)
    assert recovered is not None
    assert recovered.due == due
    stores.integrations.let_rest(recovered)
    assert list(stores.integrations.needing_attention()) == ["cloud-abc"], "a run is due"


def test_what_is_due_stays_until_a_recovery_or_switching_on_takes_its_place(stores: Stores) -> None:
    one = added(stores)
    first = stores.integrations.mark_due(one, Due(Trigger.SCHEDULE, NOW))
    assert first == replace(one, due=Due(Trigger.SCHEDULE, NOW))
    assert stores.integrations.mark_due(one, Due(Trigger.API, later(hours=1))) == first
    off = stores.integrations.switch(one, on=False, now=later(hours=1))
    assert off is not None
    assert off.due is None
    on = stores.integrations.switch(one, on=True, now=later(hours=2))
    assert on is not None
    assert on.due == Due(Trigger.ENABLED, later(hours=2))


def test_what_is_due_is_forgotten_only_as_it_was_read(stores: Stores) -> None:
    one = added(stores)
    marked = stores.integrations.mark_due(one, Due(Trigger.SCHEDULE, NOW))
    assert marked is not None
    assert stores.integrations.forget_due(replace(marked, due=Due(Trigger.API, NOW))) is None
    assert stores.integrations.forget_due(marked) == one


def test_switching_on_before_the_authorisation_makes_nothing_due(stores: Stores) -> None:
    one = added(stores, retrieve_jira_tickets=False, health=Health(HealthStatus.PENDING, NOW, NOW))
    on = stores.integrations.switch(one, on=True, now=later(hours=1))
    assert on is not None
    assert on.due is None


def test_an_edit_afresh_ends_the_pause_and_the_failing_tries(stores: Stores) -> None:
    one = added(stores, paused_until=later(hours=1), pause_seconds=60, trouble=Trouble(NOW, 2, NOW))
    same = stores.integrations.edit(one, one, afresh=False)
    assert same == replace(one, settings_version=1)
    other = stores.integrations.edit(same, replace(same, username="other"), afresh=True)
    assert other is not None
    assert (other.paused_until, other.pause_seconds, other.trouble) == (None, 0, None)


def test_one_at_a_time_has_a_refusal_confirmed(stores: Stores) -> None:
    one = added(stores)
    assert stores.integrations.begin_confirming(one, NOW, later(seconds=8))
    assert not stores.integrations.begin_confirming(one, later(seconds=7), later(seconds=15))
    assert stores.integrations.begin_confirming(one, later(seconds=8), later(seconds=16))


def test_new_tickets_and_an_active_run_need_attention_until_they_are_taken(stores: Stores) -> None:
    one, other = added(stores, "one"), added(stores, "other")
    assert stores.integrations.announce_new_tickets(one, NOW, None)
    stores.integrations.let_rest(one)
    stores.integrations.let_rest(other)
    assert list(stores.integrations.needing_attention()) == ["one"]
    stores.integrations.take_new_tickets(one)
    stores.integrations.let_rest(one)
    assert list(stores.integrations.needing_attention()) == []


def test_being_well_again_and_again_does_not_move_since_when(stores: Stores) -> None:
    one = added(stores)
    checked = stores.integrations.set_health(one, well(one.health, later(hours=1)))
    assert checked is not None
    assert checked.healthy_since == LONG_AGO
    assert checked.health == Health(HealthStatus.HEALTHY, LONG_AGO, later(hours=1))


def test_health_that_was_decided_from_another_health_is_refused(stores: Stores) -> None:
    one = added(stores)
    broken = stores.integrations.set_health(one, faulty())
    assert broken is not None
    assert stores.integrations.set_health(one, well(one.health, NOW)) is None
    other = stores.integrations.set_health(broken, faulty(code=ReasonCode.MISSING_SCOPES))
    assert other is not None
    assert stores.integrations.set_health(broken, well(broken.health, NOW)) is None


def test_trouble_is_counted_and_forgotten(stores: Stores) -> None:
    one = added(stores)
    tried = stores.integrations.set_trouble(one, Trouble(NOW, 1, NOW))
    assert tried == replace(one, trouble=Trouble(NOW, 1, NOW))
    assert stores.integrations.set_trouble(one, Trouble(NOW, 1, NOW)) is None, "decided from what is stored no longer"
    again = stores.integrations.set_trouble(tried, Trouble(NOW, 2, later(minutes=1)))
    assert again == replace(one, trouble=Trouble(NOW, 2, later(minutes=1)))
    assert stores.integrations.set_trouble(again, None) == one


def test_a_pause_is_only_made_longer(stores: Stores) -> None:
    one = added(stores)
    paused = stores.integrations.pause(one, later(minutes=5), 300)
    assert paused == replace(one, paused_until=later(minutes=5), pause_seconds=300)
    assert stores.integrations.pause(one, later(minutes=4), 2) == paused
    assert stores.integrations.pause(one, later(minutes=6), 2) == replace(
        one, paused_until=later(minutes=6), pause_seconds=2
    )


def test_only_the_pause_that_was_read_is_forgotten(stores: Stores) -> None:
    one = added(stores)
    paused = stores.integrations.pause(one, later(minutes=5), 300)
    assert paused is not None
    assert stores.integrations.clear_pause(one) == paused
    assert stores.integrations.clear_pause(paused) == one


def test_new_tickets_are_announced_once_until_they_are_taken_or_the_note_is_stale(stores: Stores) -> None:
    one = added(stores)
    stale = timedelta(minutes=5)
    assert stores.integrations.announce_new_tickets(one, NOW, NOW - stale)
    assert not stores.integrations.announce_new_tickets(one, later(minutes=4), later(minutes=4) - stale)
    assert stores.integrations.announce_new_tickets(one, later(minutes=6), later(minutes=6) - stale)
    stores.integrations.take_new_tickets(one)
    assert stores.integrations.announce_new_tickets(one, later(minutes=7), later(minutes=7) - stale)


def test_an_authorisation_is_taken_once_with_its_state_and_in_time(stores: Stores) -> None:
    one = added(stores)
    pending = PendingAuthorization("a" * 64, later(minutes=10), "https://api.example/callback")
    assert stores.integrations.expect_authorization(one, replace(pending, state_hash="old")) is not None
    assert stores.integrations.expect_authorization(one, pending) == replace(one, authorization=pending)
    assert stores.integrations.take_authorization(one, "old", NOW) is None
    assert stores.integrations.take_authorization(one, pending.state_hash, later(minutes=10)) is None
    assert stores.integrations.take_authorization(one, pending.state_hash, later(minutes=9)) == one
    assert stores.integrations.take_authorization(one, pending.state_hash, later(minutes=9)) is None


def test_a_lease_has_one_holder_until_it_is_released_or_over(stores: Stores) -> None:
    one = added(stores)
    assert stores.integrations.take(one, "me", NOW, later(seconds=30))
    assert stores.integrations.take(one, "me", NOW, later(seconds=40))
    assert not stores.integrations.take(one, "you", later(seconds=39), later(seconds=60))
    stores.integrations.release(one, "you")
    assert not stores.integrations.take(one, "you", later(seconds=39), later(seconds=60))
    assert stores.integrations.take(one, "you", later(seconds=40), later(seconds=60))
    stores.integrations.release(one, "you")
    assert stores.integrations.take(one, "me", later(seconds=41), later(seconds=60))


def test_a_warning_is_noted_for_the_date_that_was_read_only(stores: Stores) -> None:
    one = added(stores, credential_expires_at=later(hours=9))
    noted = stores.integrations.warned(one, 1)
    assert noted == stored(stores)
    assert noted is not None
    assert noted.warned_days == 1
    edited = stores.integrations.edit(
        noted, replace(noted, credential_expires_at=later(hours=90), warned_days=None), afresh=False
    )
    assert edited is not None
    assert (edited.credential_expires_at, edited.warned_days) == (later(hours=90), None)
    assert stores.integrations.warned(noted, 7) is None
