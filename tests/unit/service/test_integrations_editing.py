"""Editing integrations: an edit that fails changes nothing, one that works is a recovery."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.connections import report, site
from tests.fakes.samples import NOW, an_integration, faulty, later
from tests.fakes.world import World
from ticket_status.core.model import (
    AuthType,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    ReasonCode,
    Trigger,
)
from ticket_status.core.trouble import Refused, Throttled
from ticket_status.core.work import NewTicketsWork, SliceWork
from ticket_status.service.administration.editing import Edit
from ticket_status.service.administration.refusals import (
    AddressRefused,
    ChangedMeanwhile,
    ConnectionFailed,
    CredentialsRequired,
    DifferentSite,
    IntegrationNotFound,
    RateLimited,
)

URL = "https://cloud-abc.example"
NEW_URL = "https://renamed.example"
AGAIN = {"password": "old"}
"""The secret once more: an address elsewhere has to bring it (R17)."""
REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "401")


def world_with(**changes: Any) -> World:  # noqa: ANN401 - whatever the attribute is
    world = World(an_integration(**changes))
    world.secrets.write(world.stored().integration_ref, {"password": "old", "other": "kept"})
    return world


def edit(world: World, **changes: Any) -> object:  # noqa: ANN401 - whatever the member is
    return world.services.editing.edit("cloud-abc", Edit(**changes))


def test_only_what_is_given_changes() -> None:
    world = world_with()
    assert edit(world, secrets={"password": "new"}) == world.stored()
    assert world.secret() == {"password": "new", "other": "kept"}
    assert world.connections.tried[0][1] == {"password": "new", "other": "kept"}
    assert world.stored().username == "bot@abc.example"
    assert world.stored().settings_version == 1


def test_an_edit_without_secrets_leaves_them_alone() -> None:
    world = world_with()
    edit(world, username="robot@abc.example", skip_proxy=True)
    assert (world.stored().username, world.stored().skip_proxy) == ("robot@abc.example", True)
    assert world.secret() == {"password": "old", "other": "kept"}


def test_an_edit_that_fails_its_test_changes_nothing() -> None:
    world = world_with()
    before = world.stored()
    world.connections.reports[URL] = report(REFUSED)
    assert edit(world, username="x", secrets={"password": "wrong"}) == ConnectionFailed(report(REFUSED))
    assert world.stored() == before
    assert world.secret() == {"password": "old", "other": "kept"}


def test_the_test_can_be_skipped() -> None:
    world = world_with()
    world.connections.reports[URL] = report(REFUSED)
    assert isinstance(edit(world, secrets={"password": "new"}, skip_connection_test=True), Integration)
    assert world.secret()["password"] == "new"
    assert world.connections.tried == []


def test_editing_a_broken_integration_well_is_its_recovery() -> None:
    world = world_with(health=faulty())
    world.clock.wait(60)
    edited = edit(world, secrets={"password": "new"})
    assert isinstance(edited, Integration)
    assert edited.health.status is HealthStatus.HEALTHY
    assert edited.healthy_since == later(minutes=1)
    last = world.last_run()
    assert last is not None
    assert last.trigger is Trigger.RECOVERED


def test_nothing_is_retrieved_on_recovery_while_retrieval_is_off() -> None:
    world = world_with(health=faulty(), retrieve_jira_tickets=False)
    edit(world, secrets={"password": "new"})
    assert world.stored().health.status is HealthStatus.HEALTHY
    assert world.last_run() is None


def test_an_edit_of_a_healthy_integration_starts_no_run() -> None:
    world = world_with()
    edit(world, secrets={"password": "new"})
    assert world.last_run() is None


def test_a_new_address_is_checked_first() -> None:
    world = world_with()
    world.refused_addresses[NEW_URL] = "it is private"
    assert edit(world, jira_server_url=NEW_URL) == AddressRefused("it is private")
    assert world.connections.tried == []


def test_a_cloud_site_with_another_id_is_another_site() -> None:
    world = world_with(site=site(cloud_id="one"))
    world.connections.reports[NEW_URL] = report(found=site(NEW_URL, cloud_id="two"))
    assert edit(world, jira_server_url=NEW_URL, secrets=AGAIN) == DifferentSite(URL, NEW_URL)
    assert world.stored().jira_server_url == URL


def test_a_cloud_site_with_the_same_id_was_renamed() -> None:
    world = world_with(site=site(cloud_id="one"))
    renamed = site(NEW_URL, cloud_id="one")
    world.connections.reports[NEW_URL] = report(found=renamed)
    assert isinstance(edit(world, jira_server_url=NEW_URL, secrets=AGAIN), Integration)
    assert (world.stored().jira_server_url, world.stored().site) == (NEW_URL, renamed)


def test_a_data_center_that_still_answers_by_its_old_name_is_another_site() -> None:
    world = world_with(installation_type=InstallationType.SERVER, site=site())
    assert edit(world, jira_server_url=NEW_URL, secrets=AGAIN) == DifferentSite(URL, NEW_URL)
    assert world.connections.tried[-1] == (world.stored(), {"password": "old", "other": "kept"})


def test_a_data_center_reached_by_another_address_is_the_same_site() -> None:
    world = world_with(installation_type=InstallationType.SERVER, site=site())
    world.connections.reports[NEW_URL] = report(found=site(NEW_URL, base_url=URL))
    assert isinstance(edit(world, jira_server_url=NEW_URL, secrets=AGAIN), Integration)


def test_a_data_center_that_moved_is_believed() -> None:
    world = world_with(installation_type=InstallationType.SERVER, site=site())
    world.connections.reports[URL] = report(REFUSED)
    assert isinstance(edit(world, jira_server_url=NEW_URL, secrets=AGAIN), Integration)
    assert world.stored().jira_server_url == NEW_URL


@pytest.mark.parametrize("trouble", [None, REFUSED])
def test_skipping_the_test_does_not_excuse_another_site(trouble: Refused | None) -> None:
    world = world_with(site=site(cloud_id="one"))
    world.connections.reports[NEW_URL] = report(trouble, site(NEW_URL, cloud_id="two"))
    changes = {"jira_server_url": NEW_URL, "secrets": {"password": "new"}, "skip_connection_test": True}
    assert edit(world, **changes) == DifferentSite(URL, NEW_URL)
    assert (world.stored().jira_server_url, world.secret()["password"]) == (URL, "old")


def test_skipping_the_test_does_not_excuse_another_data_center() -> None:
    world = world_with(installation_type=InstallationType.SERVER, auth_type=AuthType.PAT, site=site())
    assert edit(world, jira_server_url=NEW_URL, secrets=AGAIN, skip_connection_test=True) == DifferentSite(URL, NEW_URL)
    assert world.stored().jira_server_url == URL


def test_an_address_that_does_not_say_whose_it_is_is_stored_untested() -> None:
    world = world_with(site=site(cloud_id="one"))
    world.connections.reports[NEW_URL] = report(REFUSED)
    assert isinstance(edit(world, jira_server_url=NEW_URL, secrets=AGAIN, skip_connection_test=True), Integration)
    assert (world.stored().jira_server_url, world.stored().site) == (NEW_URL, None)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (AuthType.BASIC, "https://stranger.example"),
        (AuthType.BASIC, f"{URL}:8443"),
        (AuthType.PAT, "https://stranger.example"),
    ],
)
def test_an_address_elsewhere_has_to_bring_the_secret_before_any_call(kind: AuthType, url: str) -> None:
    world = world_with(auth_type=kind, installation_type=InstallationType.SERVER)
    for skipped in (False, True):
        refusal = edit(world, jira_server_url=url, skip_connection_test=skipped)
        assert refusal == CredentialsRequired(URL, url)
    assert (world.connections.tried, world.stored().jira_server_url) == ([], URL)


def test_another_path_or_another_spelling_needs_no_secret() -> None:
    url = f"{URL}:443/jira"
    world = world_with(installation_type=InstallationType.SERVER)
    world.connections.reports[url] = report(found=site())
    assert isinstance(edit(world, jira_server_url=url), Integration)


def test_tokens_that_were_given_for_the_old_host_do_not_go_to_the_new_one() -> None:
    world = world_with(auth_type=AuthType.OAUTH2, installation_type=InstallationType.SERVER, client_id="client")
    world.secrets.write(world.stored().integration_ref, {"client_secret": "old", "refresh_token": "r"})
    assert isinstance(edit(world, jira_server_url=NEW_URL, secrets={"client_secret": "new"}), Integration)
    assert world.secret() == {"client_secret": "new"}


def test_another_site_under_the_same_address_is_not_adopted() -> None:
    world = world_with(site=site(cloud_id="one"))
    world.connections.reports[URL] = report(Refused(ReasonCode.DIFFERENT_SITE, "another", final=True))
    world.connections.cloud_ids[URL] = "two"
    for skipped in (False, True):
        assert edit(world, secrets={"password": "new"}, skip_connection_test=skipped) == DifferentSite(URL, URL)
    assert world.secret()["password"] == "old"


def test_a_date_is_stored_without_a_call_and_ends_with_its_credential() -> None:
    world = world_with()
    assert isinstance(edit(world, credential_expires_at=later(hours=9), sets_expiry=True), Integration)
    assert (world.stored().credential_expires_at, world.connections.tried) == (later(hours=9), [])
    edit(world, skip_proxy=True)
    assert world.stored().credential_expires_at == later(hours=9)
    edit(world, secrets={"password": "new"})
    assert world.stored().credential_expires_at is None


def granted_world() -> World:
    """A Cloud site that is reached with OAuth 2.0: an edit of it is never tried."""
    return world_with(auth_type=AuthType.OAUTH2, client_id="client", site=site(cloud_id="one"))


def test_an_address_that_tells_another_cloud_id_is_refused_without_a_try() -> None:
    world = granted_world()
    world.connections.cloud_ids[NEW_URL] = "two"
    assert edit(world, jira_server_url=NEW_URL, secrets={"client_secret": "new"}) == DifferentSite(URL, NEW_URL)
    assert (world.stored().jira_server_url, world.connections.tried) == (URL, [])
    assert world.secret() == {"password": "old", "other": "kept"}


@pytest.mark.parametrize("told", [{NEW_URL: "one"}, {}])
def test_an_address_that_tells_the_known_cloud_id_or_none_is_stored(told: dict[str, str]) -> None:
    world = granted_world()
    world.connections.cloud_ids.update(told)
    assert isinstance(edit(world, jira_server_url=NEW_URL), Integration)
    assert (world.stored().jira_server_url, world.stored().site) == (NEW_URL, site(cloud_id="one"))


def test_a_cloud_id_is_compared_only_with_one_that_is_known() -> None:
    world = world_with(auth_type=AuthType.OAUTH2, client_id="client")
    world.connections.cloud_ids[NEW_URL] = "two"
    assert isinstance(edit(world, jira_server_url=NEW_URL), Integration)


@pytest.mark.parametrize("changes", [{"username": "robot@abc.example"}, {"secrets": {"password": "new"}}])
def test_the_site_is_forgotten_with_an_account_that_is_replaced_untested(changes: dict[str, Any]) -> None:
    world = world_with(site=site(account_id="somebody"))
    assert isinstance(edit(world, **changes, skip_connection_test=True), Integration)
    assert world.stored().site is None


@pytest.mark.parametrize("changes", [{"skip_proxy": True}, {"secrets": {"password": "old"}}])
def test_the_site_stays_known_with_an_account_that_stays(changes: dict[str, Any]) -> None:
    world = world_with(site=site(account_id="somebody"))
    assert isinstance(edit(world, **changes, skip_connection_test=True), Integration)
    assert world.stored().site == site(account_id="somebody")


def test_a_pause_of_the_site_is_respected() -> None:
    world = world_with(paused_until=later(seconds=30))
    assert edit(world, skip_proxy=True) == RateLimited(later(seconds=30))
    assert world.connections.tried == []


def test_a_new_credential_ends_the_pause_and_the_waiting_work_goes_on_at_once() -> None:
    world = world_with(health=faulty())
    edit(world, secrets={"password": "newer"})
    run = world.last_run()
    assert run is not None
    world.queue.take()
    world.integrations.announce_new_tickets(world.stored(), later(), None)
    world.integrations.pause(world.stored(), later(minutes=60), 0)
    edited = edit(world, secrets={"password": "newest"})
    assert isinstance(edited, Integration)
    assert edited.paused_until is None
    waiting = [(type(work), delay) for work, delay in world.queue.sent]
    assert waiting == [(SliceWork, 0), (NewTicketsWork, 0)]


def test_a_site_that_throttles_the_test_pauses_everybody() -> None:
    world = world_with()
    world.connections.reports[URL] = report(Throttled(later(seconds=30), "429"))
    assert edit(world, secrets={"password": "new"}) == RateLimited(later(seconds=30))
    assert world.stored().paused_until == later(seconds=30)
    assert world.secret()["password"] == "old"


def test_a_new_client_secret_waits_for_the_next_authorisation() -> None:
    granted = {"client_secret": "old", "access_token": "access", "refresh_token": "refresh"}
    world = World(an_integration(auth_type=AuthType.OAUTH2, client_id="client", site=site(cloud_id="one")))
    world.secrets.write(world.stored().integration_ref, granted)
    edited = edit(world, secrets={"client_secret": "new"})
    assert edited == world.stored()
    assert world.secret() == {**granted, "client_secret": "new"}
    assert world.connections.tried == []
    assert world.stored().site == site(cloud_id="one")


@pytest.mark.parametrize(
    ("installation_type", "known"),
    [(InstallationType.CLOUD, site(cloud_id="one")), (InstallationType.SERVER, None)],
)
def test_what_is_known_of_a_site_outlives_a_new_address_only_where_it_goes_by_id(
    installation_type: InstallationType, known: object
) -> None:
    world = world_with(
        auth_type=AuthType.OAUTH2, installation_type=installation_type, site=site(cloud_id="one"), client_id="client"
    )
    edit(world, jira_server_url=NEW_URL, secrets=AGAIN)
    assert world.stored().site == known


def test_one_that_was_never_authorised_stays_so() -> None:
    pending = Health(HealthStatus.PENDING, NOW, NOW)
    world = world_with(auth_type=AuthType.OAUTH2, client_id="client", health=pending)
    edit(world, secrets={"client_secret": "new"})
    assert world.stored().health == pending


def test_an_integration_that_is_not_there_cannot_be_edited() -> None:
    assert edit(World(), username="x") == IntegrationNotFound("cloud-abc")


def test_an_edit_waits_for_whoever_changes_the_secrets() -> None:
    world = world_with()
    world.integrations.take(world.stored(), "somebody", world.clock.now, later(seconds=2))
    assert isinstance(edit(world, secrets={"password": "new"}), Integration)
    assert world.clock.now >= later(seconds=2)


def test_an_edit_does_not_wait_for_ever() -> None:
    world = world_with()
    world.integrations.take(world.stored(), "somebody", world.clock.now, later(hours=1))
    assert edit(world, secrets={"password": "new"}) == ChangedMeanwhile("cloud-abc")
    assert world.secret()["password"] == "old"


def test_the_secrets_are_free_again_after_an_edit() -> None:
    world = world_with()
    edit(world, secrets={"password": "new"})
    assert world.integrations.take(world.stored(), "somebody", world.clock.now, later(hours=1))


def test_an_edit_that_lost_puts_the_secrets_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with()
    monkeypatch.setattr(world.integrations, "edit", lambda *_, **__: None)
    assert edit(world, secrets={"password": "new"}) == ChangedMeanwhile("cloud-abc")
    assert world.secret()["password"] == "old"


def test_an_edit_of_what_was_deleted_meanwhile_leaves_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with()

    def deleted(before: Integration, _: Integration, *, afresh: bool) -> None:
        assert afresh
        world.integrations.remove(before)

    monkeypatch.setattr(world.integrations, "edit", deleted)
    assert edit(world, secrets={"password": "new"}) == IntegrationNotFound("cloud-abc")
    assert world.secrets.stored == {}


def test_an_edit_is_not_of_another_integration_that_took_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with()
    another = replace(world.stored(), integration_ref="cloud-abc~another")
    found = iter([world.stored(), another])
    monkeypatch.setattr(world.integrations, "get", lambda _: next(found))
    assert edit(world, secrets={"password": "new"}) == IntegrationNotFound("cloud-abc")
    assert world.secret()["password"] == "old"


def test_one_deadline_is_for_all_calls_of_an_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    """L17: from one slow Data Center to another, each call of which takes its time."""
    world = world_with(installation_type=InstallationType.SERVER, site=site())
    check = world.connections.check
    deadlines = set()

    def slow(tried: Integration, secrets: Mapping[str, str] | None = None, deadline: datetime | None = None) -> object:
        deadlines.add(deadline)
        world.clock.wait(4)
        return check(tried, secrets, deadline)

    monkeypatch.setattr(world.connections, "check", slow)
    begun = world.clock.now
    edit(world, jira_server_url=NEW_URL, secrets={"password": "new"})
    assert deadlines == {begun + timedelta(seconds=15)}
