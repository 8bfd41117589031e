"""R19: setting webhooks up, in Jira where the credential may, and taking them away."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import IN_PROGRESS, NOW, an_integration, later, ticket
from tests.fakes.world import World
from ticket_status.core.model import AuthType, Health, HealthStatus, Integration, ReasonCode
from ticket_status.core.trouble import Throttled, Unavailable
from ticket_status.core.webhooks import Signing, Webhook, WebhookMode
from ticket_status.ports.webhooks import NotPermitted
from ticket_status.service.administration.refusals import (
    IntegrationNotFound,
    JiraUnavailable,
    PendingAuthorizationFirst,
    RateLimited,
    RetrievalDisabled,
    WebhookNotPermitted,
)
from ticket_status.service.administration.webhook import SetUp

HOOKS = "https://api.example/v1/api/v1/ticketing/hooks"
REGISTER, MANUAL = WebhookMode.REGISTER, WebhookMode.MANUAL
CLIENT_SECRET = "client-secret-of-the-app"


def oauth2() -> Integration:
    return an_integration(auth_type=AuthType.OAUTH2, health=Health(HealthStatus.HEALTHY, NOW, NOW))


def set_up(world: World, mode: WebhookMode = MANUAL) -> SetUp:
    made = world.services.webhooks.set_up("cloud-abc", mode, HOOKS)
    assert isinstance(made, SetUp), made
    return made


def stored(world: World) -> Webhook | None:
    return world.webhooks.get(world.stored().integration_ref)


def test_a_webhook_by_hand_gets_an_address_a_secret_and_the_steps() -> None:
    world = World(an_integration())
    made = set_up(world)
    ref = world.stored().integration_ref
    assert made.webhook.url == f"{HOOKS}/{ref}"
    assert made.secret is not None
    assert world.hook_keys.keys[ref].current == made.secret
    assert any(made.webhook.url in step for step in made.steps)
    assert not any(made.secret in step for step in made.steps)
    assert not world.jira_webhooks.registered


def test_setting_it_up_again_makes_a_new_secret_and_the_old_one_is_good_for_another_hour() -> None:
    world = World(an_integration())
    first, second = set_up(world), set_up(world)
    keys = world.hook_keys.keys[world.stored().integration_ref]
    assert first.webhook.url == second.webhook.url
    assert keys.good_at(NOW) == (second.secret, first.secret)
    assert keys.good_at(NOW + timedelta(hours=1)) == (second.secret,)


def test_a_webhook_is_registered_in_jira_about_the_projects_of_the_tickets() -> None:
    world = World(an_integration())
    for number, key in enumerate(("SEC-1", "SEC-2", "OPS-1")):
        world.tickets.add(replace(ticket(str(10_001 + number)), issue_key=key, status=IN_PROGRESS), NOW)
    made = set_up(world, REGISTER)
    assert world.jira_webhooks.registered == {"1": (made.webhook.url, made.secret, "project in (OPS, SEC)")}
    webhook = stored(world)
    assert webhook is not None
    assert webhook.jira_id == "1"


def test_registering_anew_takes_the_registration_before_away() -> None:
    world = World(an_integration())
    set_up(world, REGISTER)
    set_up(world, REGISTER)
    assert list(world.jira_webhooks.registered) == ["2"]


def test_a_credential_that_may_not_register_gets_the_steps_to_do_it_by_hand_and_nothing_is_stored() -> None:
    world = World(an_integration())
    world.jira_webhooks.trouble = NotPermitted("Jira answered 403")
    refused = world.services.webhooks.set_up("cloud-abc", REGISTER, HOOKS)
    assert isinstance(refused, WebhookNotPermitted)
    assert any("WebHooks" in step for step in refused.steps)
    assert stored(world) is None
    assert not world.hook_keys.keys


def test_a_refused_registration_leaves_the_webhook_before_as_it_was() -> None:
    world = World(an_integration())
    made = set_up(world)
    world.jira_webhooks.trouble = NotPermitted("Jira answered 403")
    world.services.webhooks.set_up("cloud-abc", REGISTER, HOOKS)
    assert world.hook_keys.keys[world.stored().integration_ref].current == made.secret
    webhook = stored(world)
    assert webhook is not None
    assert webhook.mode is MANUAL


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        (Throttled(later(seconds=90), "429"), RateLimited),
        (Unavailable(ReasonCode.UNREACHABLE, "time-out"), JiraUnavailable),
    ],
)
def test_a_jira_in_trouble_refuses_for_now(trouble: Throttled | Unavailable, refusal: type) -> None:
    world = World(an_integration())
    world.jira_webhooks.trouble = trouble
    assert isinstance(world.services.webhooks.set_up("cloud-abc", REGISTER, HOOKS), refusal)


def test_an_app_on_cloud_signs_with_its_client_secret_which_is_not_shown_and_says_who_has_to_own_it() -> None:
    world = World(oauth2())
    world.secrets.write(world.stored().integration_ref, {"client_secret": CLIENT_SECRET})
    world.jira_webhooks.expires_at = NOW + timedelta(days=30)
    world.jira_webhooks.browsable = ["SEC"]
    made = set_up(world, REGISTER)
    assert made.secret is None
    assert made.jql == "project in (SEC)"
    assert made.webhook.signing is Signing.JWT
    assert made.webhook.expires_at == NOW + timedelta(days=30)
    assert any("owns the app" in step for step in made.steps)
    assert world.hook_keys.keys[world.stored().integration_ref].current == CLIENT_SECRET


def test_an_app_without_a_client_secret_has_to_be_authorised_first() -> None:
    world = World(oauth2())
    assert isinstance(world.services.webhooks.set_up("cloud-abc", REGISTER, HOOKS), PendingAuthorizationFirst)


def test_a_new_client_secret_signs_at_once_and_the_old_one_for_another_hour() -> None:
    world = World(oauth2())
    world.secrets.write(world.stored().integration_ref, {"client_secret": CLIENT_SECRET})
    world.jira_webhooks.browsable = ["SEC"]
    set_up(world, REGISTER)
    world.services.webhooks.follow(world.stored(), "another-client-secret")
    keys = world.hook_keys.keys[world.stored().integration_ref]
    assert keys.good_at(NOW) == ("another-client-secret", CLIENT_SECRET)


def test_removing_it_takes_it_away_in_jira_too_and_is_repeatable() -> None:
    world = World(an_integration())
    set_up(world, REGISTER)
    for _ in range(2):
        assert world.services.webhooks.remove("cloud-abc") is None
    assert not world.jira_webhooks.registered
    assert not world.hook_keys.keys
    assert stored(world) is None


def test_switching_off_takes_a_registered_one_away_and_keeps_one_made_by_hand_which_does_nothing() -> None:
    world = World(an_integration())
    set_up(world, MANUAL)
    world.services.switching.switch("cloud-abc", on=False)
    world.services.webhooks.follow(world.stored())
    webhook = stored(world)
    assert webhook is not None
    assert not webhook.on
    world.services.switching.switch("cloud-abc", on=True)
    world.services.webhooks.follow(world.stored())
    set_up(world, REGISTER)
    world.services.switching.switch("cloud-abc", on=False)
    world.services.webhooks.follow(world.stored())
    assert stored(world) is None
    assert not world.jira_webhooks.registered


def test_it_is_not_set_up_while_retrieval_is_off_or_for_nobody() -> None:
    world = World(an_integration(retrieve_jira_tickets=False))
    assert isinstance(world.services.webhooks.set_up("cloud-abc", MANUAL, HOOKS), RetrievalDisabled)
    assert isinstance(world.services.webhooks.set_up("nobody", MANUAL, HOOKS), IntegrationNotFound)
    assert isinstance(world.services.webhooks.show("nobody"), IntegrationNotFound)
    assert isinstance(world.services.webhooks.remove("nobody"), IntegrationNotFound)


def test_a_secret_shows_in_no_repr() -> None:
    world = World(an_integration())
    made = set_up(world)
    keys = world.hook_keys.keys[world.stored().integration_ref]
    assert made.secret is not None
    assert made.secret not in repr(keys)
    assert made.secret not in repr(made)


def test_a_pause_that_jira_asked_for_holds_for_webhooks_too() -> None:
    """R11."""
    world = World(an_integration(paused_until=later(seconds=90)))
    assert world.services.webhooks.set_up("cloud-abc", REGISTER, HOOKS) == RateLimited(later(seconds=90))
    assert not world.jira_webhooks.registered
