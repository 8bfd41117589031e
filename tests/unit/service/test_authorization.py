"""Authorising an integration: the state, and what a grant comes to (R10, R16)."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fakes.connections import report, site
from tests.fakes.samples import NOW, an_integration, faulty, later
from tests.fakes.world import World
from ticket_status.core.model import AuthType, Health, HealthStatus, InstallationType, ReasonCode, Trigger
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.service.administration.authorization import Begun
from ticket_status.service.administration.grants import Authorised, GrantFailed, NotGranted, StateInvalid
from ticket_status.service.administration.refusals import (
    AuthorizationFailed,
    ChangedMeanwhile,
    IntegrationNotFound,
    RateLimited,
    Refusal,
    WrongAuthType,
)

URL = "https://cloud-abc.example"
CALLBACK = "https://api.example/v1/api/v1/ticketing/oauth2/callback"
CALLBACK_1 = "https://api.example/v1/api/v1/ticketing/oauth1/callback"
PENDING = Health(HealthStatus.PENDING, NOW, NOW)
MISSING = Refused(ReasonCode.MISSING_SCOPES, "lacks read:issue:jira")
REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "the grant is for no site at this address")
UNREACHABLE = Unavailable(ReasonCode.UNREACHABLE, "time-out")


def oauth2_world(**changes: Any) -> World:  # noqa: ANN401 - whatever the attribute is
    world = World(an_integration(**{"auth_type": AuthType.OAUTH2, "client_id": "c", "health": PENDING, **changes}))
    world.secrets.write(world.stored().integration_ref, {"client_secret": "secret"})
    return world


def oauth1_world(**changes: Any) -> World:  # noqa: ANN401 - whatever the attribute is
    server: dict[str, Any] = {"auth_type": AuthType.OAUTH1, "installation_type": InstallationType.SERVER}
    world = World(an_integration(**{**server, "consumer_key": "key", "health": PENDING, **changes}))
    world.secrets.write(world.stored().integration_ref, {"private_key": "private"})
    return world


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def begin(world: World) -> str:
    begun = world.services.authorization.begin_oauth2("cloud-abc", CALLBACK)
    assert isinstance(begun, Begun)
    return state_of(begun.authorization_url)


def begin_1(world: World) -> str:
    begun = world.services.authorization.begin_oauth1("cloud-abc", CALLBACK_1)
    assert isinstance(begun, Begun)
    return state_of(world.oauth1.callback_url)


def end(world: World, state: str, code: str | None = "code-1") -> object:
    return world.services.authorization.end_oauth2(state, code)


# --- The state ------------------------------------------------------------------------------------------------------


def test_a_state_lives_ten_minutes_and_is_kept_as_a_hash_only() -> None:
    world = oauth2_world()
    begun = world.services.authorization.begin_oauth2("cloud-abc", CALLBACK)
    assert isinstance(begun, Begun)
    assert begun.expires_at == later(minutes=10)
    assert state_of(begun.authorization_url) not in repr(world.stored())


def test_states_are_random() -> None:
    world = oauth2_world()
    assert begin(world) != begin(world)


def test_a_state_works_once() -> None:
    world = oauth2_world()
    state = begin(world)
    assert isinstance(end(world, state), Authorised)
    assert end(world, state, "code-2") == StateInvalid()
    assert [code for _, code, _ in world.oauth2.exchanged] == ["code-1"]


def test_a_state_expires() -> None:
    world = oauth2_world()
    state = begin(world)
    world.clock.wait(600)
    assert end(world, state) == StateInvalid()


def test_a_newer_state_replaces_an_older_one() -> None:
    world = oauth2_world()
    older, newer = begin(world), begin(world)
    assert end(world, older) == StateInvalid()
    assert isinstance(end(world, newer), Authorised)


def test_a_state_is_of_its_integration_only() -> None:
    world = oauth2_world()
    world.integrations.add(an_integration("cloud-b", auth_type=AuthType.OAUTH2, client_id="c", health=PENDING))
    begun = world.services.authorization.begin_oauth2("cloud-b", CALLBACK)
    assert isinstance(begun, Begun)
    name_of_b = state_of(begun.authorization_url).partition(".")[0]
    assert end(world, f"{name_of_b}.{begin(world).partition('.')[2]}") == StateInvalid()


def test_a_state_is_of_its_kind_of_oauth_only() -> None:
    world = oauth2_world()
    assert world.services.authorization.end_oauth1(begin(world), "request-1", "v") == StateInvalid()


@pytest.mark.parametrize("state", ["", ".", "x", "Y2xvdWQtYWJj.guess", "Y2xvdWQtYWJj", "é.x", "\ud800", "A" * 9999])
def test_a_guessed_state_is_not_valid(state: str) -> None:
    world = oauth2_world()
    begin(world)
    assert end(world, state) == StateInvalid()


def test_a_state_does_not_outlive_its_integration() -> None:
    world = oauth2_world()
    state = begin(world)
    world.services.integrations.delete("cloud-abc")
    assert end(world, state) == StateInvalid()


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("gone", IntegrationNotFound("gone")), ("cloud-abc", WrongAuthType(AuthType.OAUTH2, AuthType.OAUTH1))],
)
def test_an_authorisation_needs_an_integration_of_its_kind(name: str, refusal: Refusal) -> None:
    assert oauth2_world().services.authorization.begin_oauth1(name, CALLBACK_1) == refusal


# --- OAuth 2.0 ------------------------------------------------------------------------------------------------------


def test_a_grant_is_stored_and_makes_the_integration_well() -> None:
    world = oauth2_world()
    known = site(cloud_id="one", granted_scopes=frozenset({"read:jira-work"}))
    world.connections.reports[URL] = report(found=known)
    assert end(world, begin(world)) == Authorised("cloud-abc", (), None)
    assert world.oauth2.exchanged == [("secret", "code-1", CALLBACK)]
    assert world.secret() == {
        "client_secret": "secret",
        "access_token": "access-code-1",
        "refresh_token": "refresh-code-1",
    }
    assert (world.stored().health.status, world.stored().site) == (HealthStatus.HEALTHY, known)
    last = world.last_run()
    assert last is not None
    assert last.trigger is Trigger.RECOVERED


def test_no_run_is_started_while_retrieval_is_off() -> None:
    world = oauth2_world(retrieve_jira_tickets=False)
    end(world, begin(world))
    assert world.stored().health.status is HealthStatus.HEALTHY
    assert world.last_run() is None


def test_authorising_again_what_is_well_starts_no_run() -> None:
    world = oauth2_world(health=Health(HealthStatus.HEALTHY, NOW, NOW))
    end(world, begin(world))
    assert world.secret()["access_token"] == "access-code-1"
    assert world.last_run() is None


def test_a_grant_with_too_few_scopes_is_stored_and_named() -> None:
    world = oauth2_world()
    known = site(cloud_id="one", granted_scopes=frozenset({"read:jira-user"}))
    world.connections.reports[URL] = report(MISSING, known, ("read:issue:jira",))
    assert end(world, begin(world)) == Authorised("cloud-abc", ("read:issue:jira",), MISSING)
    assert world.secret()["access_token"] == "access-code-1"
    health = world.stored().health
    assert (health.status, health.reason_code) == (HealthStatus.FAULTY, ReasonCode.MISSING_SCOPES)
    assert world.stored().site == known


@pytest.mark.parametrize("trouble", [UNREACHABLE, Throttled(later(seconds=30), "429")])
def test_a_grant_that_cannot_be_tried_now_leaves_the_next_run_to_find_out(trouble: JiraTrouble) -> None:
    world = oauth2_world()
    world.connections.reports[URL] = report(trouble)
    assert end(world, begin(world)) == Authorised("cloud-abc", (), trouble)
    assert world.stored().health.status is HealthStatus.HEALTHY
    assert world.last_run() is not None
    assert world.stored().trouble is not None or world.stored().paused_until is not None


def test_a_broken_integration_stays_so_when_the_grant_cannot_be_tried() -> None:
    world = oauth2_world(health=faulty())
    world.connections.reports[URL] = report(UNREACHABLE)
    end(world, begin(world))
    assert world.stored().health.status is HealthStatus.FAULTY


@pytest.mark.parametrize("tried", [report(REFUSED), report(found=site(cloud_id="two"))])
def test_a_grant_for_nothing_or_for_another_site_is_not_stored(tried: Any) -> None:  # noqa: ANN401 - a report
    world = oauth2_world(site=site(cloud_id="one"))
    world.connections.reports[URL] = tried
    assert isinstance(end(world, begin(world)), GrantFailed)
    assert world.secret() == {"client_secret": "secret"}
    assert world.stored().health == PENDING


def test_a_code_that_is_not_taken_stores_nothing() -> None:
    world = oauth2_world()
    world.oauth2.trouble = Refused(ReasonCode.AUTHENTICATION_FAILED, "the code is used")
    assert end(world, begin(world)) == GrantFailed("cloud-abc", "the code is used")
    assert world.secret() == {"client_secret": "secret"}


def test_a_person_who_refuses_changes_nothing_and_uses_the_state_up() -> None:
    world = oauth2_world()
    state = begin(world)
    assert end(world, state, code=None) == NotGranted("cloud-abc")
    assert end(world, state) == StateInvalid()
    assert world.secret() == {"client_secret": "secret"}


def test_a_grant_is_not_stored_over_somebody_else_who_changes_the_secrets() -> None:
    world = oauth2_world()
    state = begin(world)
    world.integrations.take(world.stored(), "somebody", world.clock.now, later(hours=1))
    assert isinstance(end(world, state), GrantFailed)
    assert world.secret() == {"client_secret": "secret"}


# --- OAuth 1.0a -----------------------------------------------------------------------------------------------------


def test_the_two_legs_of_oauth_1_end_in_an_access_token() -> None:
    world = oauth1_world()
    state = begin_1(world)
    ended = world.services.authorization.end_oauth1(state, "request-1", "verifier")
    assert ended == Authorised("cloud-abc", (), None)
    assert world.secret() == {
        "private_key": "private",
        "access_token": "private/request-1/request-secret-1/verifier",
        "access_token_secret": "access-secret",
    }
    assert world.stored().health.status is HealthStatus.HEALTHY


def test_the_request_token_has_to_be_the_one_of_the_authorisation() -> None:
    world = oauth1_world()
    ended = world.services.authorization.end_oauth1(begin_1(world), "request-2", "verifier")
    assert ended == StateInvalid()


def test_a_person_can_refuse_oauth_1() -> None:
    world = oauth1_world()
    ended = world.services.authorization.end_oauth1(begin_1(world), "request-1", None)
    assert ended == NotGranted("cloud-abc")


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        (Refused(ReasonCode.AUTHENTICATION_FAILED, "no such consumer"), AuthorizationFailed("no such consumer")),
        (UNREACHABLE, AuthorizationFailed("time-out")),
        (Throttled(later(seconds=30), "429"), RateLimited(later(seconds=30))),
    ],
)
def test_jira_can_refuse_a_request_token(trouble: JiraTrouble, refusal: Refusal) -> None:
    world = oauth1_world()
    world.oauth1.trouble = trouble
    assert world.services.authorization.begin_oauth1("cloud-abc", CALLBACK_1) == refusal
    assert world.stored().health == PENDING
    assert world.secret() == {"private_key": "private"}


def test_jira_is_not_asked_for_a_request_token_in_a_pause() -> None:
    world = oauth1_world(paused_until=later(seconds=30))
    refused = world.services.authorization.begin_oauth1("cloud-abc", CALLBACK_1)
    assert refused == RateLimited(later(seconds=30))
    assert world.oauth1.callback_url == ""


def test_an_authorisation_does_not_begin_while_somebody_else_changes_the_secrets() -> None:
    world = oauth1_world()
    world.integrations.take(world.stored(), "somebody", world.clock.now, later(hours=1))
    refused = world.services.authorization.begin_oauth1("cloud-abc", CALLBACK_1)
    assert refused == ChangedMeanwhile("cloud-abc")
