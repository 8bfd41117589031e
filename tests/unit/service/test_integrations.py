"""Creating, listing and deleting integrations."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.connections import report, site
from tests.fakes.samples import NOW, an_integration, later, run
from tests.fakes.world import World
from ticket_status.core.model import AuthType, HealthStatus, InstallationType, Integration, ReasonCode, RunState
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.service.administration.integrations import NewIntegration
from ticket_status.service.administration.refusals import (
    AddressRefused,
    ConnectionFailed,
    IntegrationNotFound,
    NameTaken,
    RateLimited,
    SyncRunNotFound,
)

REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "401")


def new(**changes: Any) -> NewIntegration:  # noqa: ANN401 - whatever the member is
    basic = NewIntegration(
        connection_name="cloud-abc",
        installation_type=InstallationType.CLOUD,
        jira_server_url="https://cloud-abc.example",
        auth_type=AuthType.BASIC,
        username="bot@abc.example",
        secrets={"password": "api-token"},
    )
    return replace(basic, **changes)


def oauth2(**changes: Any) -> NewIntegration:  # noqa: ANN401 - whatever the member is
    return new(
        auth_type=AuthType.OAUTH2, username=None, client_id="client", secrets={"client_secret": "secret"}, **changes
    )


def create(world: World, wanted: NewIntegration) -> Integration:
    created = world.services.integrations.create(wanted)
    assert isinstance(created, Integration)
    assert world.stored(wanted.connection_name) == created
    return created


def test_basic_credentials_are_tried_then_stored_apart_from_the_integration() -> None:
    world = World()
    created = create(world, new())
    assert world.connections.tried[0][1] == {"password": "api-token"}
    assert world.secret() == {"password": "api-token"}
    assert created.health.status is HealthStatus.HEALTHY
    assert created.site == site()
    assert "api-token" not in repr(created)


def test_creating_starts_no_run_because_there_are_no_tickets() -> None:
    world = World()
    create(world, new())
    assert world.last_run() is None
    assert world.queue.sent == []


@pytest.mark.parametrize("trouble", [REFUSED, Unavailable(ReasonCode.UNREACHABLE, "no such name")])
def test_credentials_that_do_not_work_store_nothing(trouble: JiraTrouble) -> None:
    world = World()
    world.connections.reports["https://cloud-abc.example"] = report(trouble)
    assert world.services.integrations.create(new()) == ConnectionFailed(report(trouble))
    assert (world.integrations.stored, world.secrets.stored) == ({}, {})


@pytest.mark.parametrize(("until", "expected"), [(later(seconds=30), later(seconds=30)), (None, later(seconds=1))])
def test_a_site_that_says_to_slow_down_says_nothing_about_credentials(until: Any, expected: Any) -> None:  # noqa: ANN401 - a time
    world = World()
    world.connections.reports["https://cloud-abc.example"] = report(Throttled(until, "429"))
    assert world.services.integrations.create(new()) == RateLimited(expected)
    assert world.integrations.stored == {}


def test_the_test_can_be_skipped_then_the_integration_counts_as_well() -> None:
    world = World()
    created = create(world, new(skip_connection_test=True))
    assert world.connections.tried == []
    assert created.health.status is HealthStatus.HEALTHY


def test_an_address_that_is_not_accepted_is_not_connected_to() -> None:
    world = World()
    world.refused_addresses["https://cloud-abc.example"] = "it is private"
    assert world.services.integrations.create(new()) == AddressRefused("it is private")
    assert world.connections.tried == []


def test_a_name_is_given_once() -> None:
    world = World(an_integration())
    assert world.services.integrations.create(new()) == NameTaken("cloud-abc")
    assert world.connections.tried == []


def test_a_name_taken_at_the_last_moment_leaves_no_secret_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(world.integrations, "add", lambda _: False)
    assert world.services.integrations.create(new()) == NameTaken("cloud-abc")
    assert world.secrets.stored == {}


def test_an_outage_in_storing_leaves_no_secret_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Integration) -> bool:
        raise ConnectionError

    world = World()
    monkeypatch.setattr(world.integrations, "add", fails)
    with pytest.raises(ConnectionError):
        world.services.integrations.create(new())
    assert world.secrets.stored == {}


def test_a_name_that_is_used_again_is_another_integration() -> None:
    world = World()
    first = create(world, new())
    world.services.integrations.delete("cloud-abc")
    assert create(world, new()).integration_ref != first.integration_ref


def test_oauth_2_waits_for_its_authorisation_untried() -> None:
    world = World()
    created = create(world, oauth2())
    assert created.health.status is HealthStatus.PENDING
    assert world.connections.tried == []
    assert world.secret() == {"client_secret": "secret"}


def test_oauth_1_gets_a_key_pair_and_shows_the_public_key_only() -> None:
    world = World()
    created = create(
        world,
        new(auth_type=AuthType.OAUTH1, installation_type=InstallationType.SERVER, consumer_key="key", secrets={}),
    )
    assert (created.public_key, created.health.status) == ("public key", HealthStatus.PENDING)
    assert world.secret() == {"private_key": "private key"}


@pytest.mark.parametrize(
    ("wanted", "on"),
    [
        (new(), True),
        (new(created_in_version="3.9"), True),
        (oauth2(), True),
        (oauth2(created_in_version="3.111.9"), False),
        (oauth2(created_in_version="3.112"), True),
        (oauth2(created_in_version="3.111.9", retrieve_jira_tickets=True), True),
        (new(retrieve_jira_tickets=False), False),
    ],
)
def test_retrieval_is_as_r4_says_unless_the_creator_says_otherwise(wanted: NewIntegration, on: bool) -> None:  # noqa: FBT001 - the expectation
    assert create(World(), wanted).retrieve_jira_tickets is on


def test_deleting_destroys_the_secret_and_ends_the_run() -> None:
    world = World()
    created = create(world, new())
    started = world.services.switching.sync("cloud-abc")
    assert world.services.integrations.delete("cloud-abc") is None
    assert (world.integrations.stored, world.secrets.stored) == ({}, {})
    ended = world.run_store.get(created.integration_ref, str(started))
    assert ended is not None
    assert ended.state is RunState.CANCELLED


def test_deleting_can_be_repeated_until_the_secret_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ConnectionError

    world = World()
    create(world, new())
    with monkeypatch.context() as outage:
        outage.setattr(world.secrets, "destroy", fails)
        with pytest.raises(ConnectionError):
            world.services.integrations.delete("cloud-abc")
    assert world.services.integrations.delete("cloud-abc") is None
    assert (world.integrations.stored, world.secrets.stored) == ({}, {})


def test_the_secret_is_destroyed_though_ending_the_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ConnectionError

    world = World()
    create(world, new())
    monkeypatch.setattr(world.runs, "cancel", fails)
    with pytest.raises(ConnectionError):
        world.services.integrations.delete("cloud-abc")
    assert world.secrets.stored == {}


def test_what_is_not_there_cannot_be_had() -> None:
    integrations = World().services.integrations
    missing = IntegrationNotFound("cloud-abc")
    assert integrations.get("cloud-abc") == missing
    assert integrations.delete("cloud-abc") == missing
    assert integrations.runs("cloud-abc", 10, None) == missing
    assert integrations.run("cloud-abc", "run-1") == missing


def test_a_list_shows_the_newest_run_of_each() -> None:
    world = World(an_integration(), an_integration("dc-a"))
    started = world.runs.start(world.stored("dc-a"), run().trigger, NOW)
    page = world.services.integrations.page(10, None)
    shown = {one.integration.connection_name: one.last_sync and one.last_sync.run_id for one in page.items}
    assert shown == {"cloud-abc": None, "dc-a": started.run_id}


def test_runs_are_listed_and_found_by_id() -> None:
    world = World(an_integration())
    started = world.runs.start(world.stored(), run().trigger, NOW)
    page = world.services.integrations.runs("cloud-abc", 10, None)
    assert not isinstance(page, IntegrationNotFound)
    assert [one.run_id for one in page.items] == [started.run_id]
    assert world.services.integrations.run("cloud-abc", str(started.run_id)) == page.items[0]
    assert world.services.integrations.run("cloud-abc", "no such run") == SyncRunNotFound("no such run")
