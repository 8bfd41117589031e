"""R16 at work: rotating tokens are refreshed once, stored before they are used, and never lost."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from sample_jira.faults import FaultKind
from tests.fakes.secrets import InMemorySecretStore
from tests.unit.jira.conftest import CALLBACK, Bench, granted, met
from ticket_status.core.model import AuthType, Integration, ReasonCode
from ticket_status.core.observations import Account, Answered
from ticket_status.core.scopes import REQUIRED_SCOPES
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.jira.oauth2 import OAuth2
from ticket_status.jira.site import JiraSite

TOKEN = "/oauth/token"


def authorised(bench: Bench) -> Integration:
    """A Cloud integration that a person authorised just now."""
    atlassian = bench.jira.atlassian
    atlassian.options.auto_grant = True
    secret = {"client_secret": atlassian.client_secret}
    integration = bench.integration(
        "cloud", secret, auth_type=AuthType.OAUTH2, client_id=atlassian.client_id, username=None
    )
    tokens = granted(bench, integration, atlassian.client_secret)
    bench.secrets.write(integration.integration_ref, secret | dict(tokens.as_secrets()))
    return integration


def refreshes(bench: Bench) -> int:
    return len(bench.jira.atlassian.requests(path=TOKEN))


def opened(bench: Bench, integration: Integration) -> JiraSite:
    jira = bench.connector.open(integration)
    assert isinstance(jira, JiraSite), jira
    bench.jira.atlassian.forget_requests()
    return jira


def later(bench: Bench, seconds: float) -> None:
    """Both our clock and Jira's go on."""
    bench.ahead += timedelta(seconds=seconds)
    bench.jira.clock.advance(seconds)


def test_a_granted_integration_reads_through_the_gateway(bench: Bench) -> None:
    [issue] = bench.jira.cloud.create("SEC", 1)
    jira = opened(bench, authorised(bench))
    assert isinstance(jira.ask([str(issue.id)]), Answered)
    assert jira.site.api_url == f"{bench.jira.atlassian_url}/ex/jira/{bench.jira.cloud.cloud_id}"
    assert set(REQUIRED_SCOPES) <= jira.site.granted_scopes
    assert refreshes(bench) == 0


def test_an_expiring_token_is_refreshed_before_it_is_used_and_the_new_pair_is_stored(bench: Bench) -> None:
    integration = authorised(bench)
    jira, before = opened(bench, integration), dict(bench.secrets.stored[integration.integration_ref])
    later(bench, 3599)
    assert isinstance(jira.whoami(), Account)
    after = bench.secrets.stored[integration.integration_ref]
    assert refreshes(bench) == 1
    assert after["refresh_token"] != before["refresh_token"]
    assert after["access_token"] != before["access_token"]
    assert after["client_secret"] == before["client_secret"]


def test_a_stale_token_is_refreshed_once_and_the_call_repeated(bench: Bench) -> None:
    jira = opened(bench, authorised(bench))
    calls = jira.requests
    bench.jira.atlassian.expire_access_tokens()
    assert isinstance(jira.whoami(), Account)
    assert refreshes(bench) == 1
    assert jira.requests - calls == 2


def test_a_second_401_with_a_fresh_token_is_refused(bench: Bench) -> None:
    jira = opened(bench, authorised(bench))
    bench.jira.cloud.options.reject_credentials = True
    assert met(jira.whoami()) == (Refused, ReasonCode.AUTHENTICATION_FAILED)
    assert refreshes(bench) == 1


def test_workers_that_meet_an_expired_token_together_refresh_it_once(bench: Bench) -> None:
    integration = authorised(bench)
    workers = [opened(bench, integration) for _ in range(6)]
    later(bench, 4000)
    bench.jira.atlassian.fault("delay", path=TOKEN, seconds=0.2)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(JiraSite.whoami, workers))
    assert all(isinstance(answer, Account) for answer in answers)
    assert refreshes(bench) == 1


def test_threads_of_one_worker_that_are_refused_together_refresh_once(bench: Bench) -> None:
    jira = opened(bench, authorised(bench))
    bench.jira.atlassian.expire_access_tokens()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: jira.whoami(), range(6)))
    assert all(isinstance(answer, Account) for answer in answers)
    assert refreshes(bench) == 1


def test_a_dead_grant_is_expired_after_the_secret_was_read_once_more(bench: Bench) -> None:
    jira = opened(bench, authorised(bench))
    bench.jira.atlassian.revoke_grants()
    later(bench, 4000)
    assert met(jira.whoami()) == (Refused, ReasonCode.AUTHORIZATION_EXPIRED)
    assert refreshes(bench) == 1


def test_a_dead_grant_is_never_sent_again_by_anybody(bench: Bench) -> None:
    integration = authorised(bench)
    jira = opened(bench, integration)
    bench.jira.atlassian.revoke_grants()
    later(bench, 4000)
    refused = jira.whoami()
    assert isinstance(refused, Refused)
    assert jira.whoami() == bench.opened(replace(integration, site=jira.site)).whoami() == refused
    assert refreshes(bench) == 1
    secrets = bench.secrets.stored[integration.integration_ref]
    assert secrets["refresh_token"] not in secrets["dead_grant"]


def test_a_dead_grant_is_forgotten_once_a_new_one_was_refreshed(bench: Bench) -> None:
    integration = authorised(bench)
    jira = opened(bench, integration)
    bench.jira.atlassian.revoke_grants()
    later(bench, 4000)
    assert isinstance(jira.whoami(), Refused)
    secrets = bench.secrets.stored[integration.integration_ref]
    tokens = granted(bench, integration, secrets["client_secret"])
    bench.secrets.write(integration.integration_ref, {**secrets, **tokens.as_secrets()})
    assert isinstance(jira.whoami(), Account)
    later(bench, 4000)
    assert isinstance(jira.whoami(), Account)
    assert "dead_grant" not in bench.secrets.stored[integration.integration_ref]


@pytest.mark.parametrize("edited", ["client_secret", "client_id"])
def test_a_dead_grant_is_tried_again_after_an_edit(bench: Bench, edited: str) -> None:
    integration = authorised(bench)
    jira = opened(bench, integration)
    body = {"error": "invalid_grant"}
    bench.jira.atlassian.fault("status", path=TOKEN, status=403, body=body)
    later(bench, 4000)
    assert isinstance(jira.whoami(), Refused)
    if edited == "client_secret":
        bench.secrets.stored[integration.integration_ref]["client_secret"] = "another"
    else:
        integration = replace(integration, client_id="another")
    tried = refreshes(bench)
    assert isinstance(bench.connector.open(integration), Refused)
    assert refreshes(bench) == tried + 1


def test_an_authorisation_that_was_renewed_meanwhile_is_used_instead_of_a_dead_grant(bench: Bench) -> None:
    integration = authorised(bench)
    jira = opened(bench, integration)
    bench.jira.atlassian.revoke_grants()
    later(bench, 4000)
    authorised(bench)
    assert isinstance(jira.whoami(), Account)


def test_an_answer_that_is_lost_is_asked_for_again_at_once(bench: Bench) -> None:
    jira = opened(bench, authorised(bench))
    later(bench, 4000)
    bench.jira.atlassian.fault("lose", path=TOKEN, times=1)
    assert isinstance(jira.whoami(), Account)
    assert refreshes(bench) == 2


def test_an_answer_that_is_lost_twice_is_made_good_by_the_leeway(bench: Bench) -> None:
    jira = opened(bench, authorised(bench))
    later(bench, 4000)
    bench.jira.atlassian.fault("lose", path=TOKEN, times=2)
    assert isinstance(jira.whoami(), Unavailable)
    later(bench, 300)
    assert isinstance(jira.whoami(), Account)


class StoreThatFailsOnce(InMemorySecretStore):
    """Loses one write, as a crash between Jira's answer and the store does."""

    failures = 1

    def write(self, integration_ref: str, secrets: Mapping[str, str]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is away")
        super().write(integration_ref, secrets)


def test_a_crash_before_the_new_pair_is_stored_loses_no_grant(bench: Bench) -> None:
    integration = authorised(bench)
    crashing = StoreThatFailsOnce()
    crashing.stored = bench.secrets.stored
    bench.secrets = crashing
    jira = opened(bench, integration)
    later(bench, 4000)
    with pytest.raises(ConnectionError):
        jira.whoami()
    later(bench, 60)
    assert isinstance(opened(bench, integration).whoami(), Account)


def test_a_refresher_that_died_is_succeeded_when_its_lease_is_over(bench: Bench) -> None:
    integration = authorised(bench)
    jira = bench.opened(integration, seconds=0.5)
    later(bench, 4000)
    assert bench.integrations.take(integration, "dead", bench.now(), bench.now() + timedelta(seconds=45))
    waiting = jira.whoami()
    assert isinstance(waiting, Unavailable)
    later(bench, 50)
    assert isinstance(opened(bench, integration).whoami(), Account)


def test_waiting_for_another_refresher_takes_what_it_stored(bench: Bench) -> None:
    integration = authorised(bench)
    jira = opened(bench, integration)
    stored = dict(bench.secrets.stored[integration.integration_ref])
    later(bench, 4000)
    assert bench.integrations.take(integration, "other", bench.now(), bench.now() + timedelta(seconds=45))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(jira.whoami)
        fresh = granted(bench, integration, stored["client_secret"])
        bench.secrets.write(integration.integration_ref, {**stored, **fresh.as_secrets()})
        assert isinstance(waiting.result(5), Account)


TROUBLE: list[tuple[FaultKind, dict[str, Any], type, ReasonCode | None]] = [
    ("status", {"status": 500}, Unavailable, ReasonCode.JIRA_ERROR),
    ("status", {"status": 429, "headers": {"Retry-After": "30"}}, Throttled, None),
    ("status", {"status": 503, "headers": {"Retry-After": "30"}}, Throttled, None),
    ("login_page", {}, Unavailable, ReasonCode.JIRA_ERROR),
    ("empty", {}, Unavailable, ReasonCode.JIRA_ERROR),
    ("close", {}, Unavailable, ReasonCode.UNREACHABLE),
    ("hang", {}, Unavailable, ReasonCode.UNREACHABLE),
    ("status", {"status": 403, "body": {"error": "unauthorized_client"}}, Refused, ReasonCode.AUTHENTICATION_FAILED),
    (
        "status",
        {"status": 403, "body": {"error": "unauthorized_client", "error_description": "refresh_token is invalid"}},
        Refused,
        ReasonCode.AUTHORIZATION_EXPIRED,
    ),
    ("status", {"status": 200, "body": {"token_type": "Bearer"}}, Unavailable, ReasonCode.JIRA_ERROR),
    ("status", {"status": 400, "body": {"error": "odd"}}, Unavailable, ReasonCode.JIRA_ERROR),
    ("status", {"status": 400, "body": ["odd"]}, Unavailable, ReasonCode.JIRA_ERROR),
]


@pytest.mark.parametrize(("fault", "options", "kind", "code"), TROUBLE)
def test_trouble_at_the_token_endpoint_is_told_by_its_kind(
    bench: Bench, fault: FaultKind, options: dict[str, Any], kind: type, code: ReasonCode | None
) -> None:
    if fault == "hang":
        bench.be_brief()
    jira = opened(bench, authorised(bench))
    calls = jira.requests
    later(bench, 4000)
    bench.jira.atlassian.fault(fault, path=TOKEN, **options)
    answer = jira.whoami()
    assert type(answer) is kind
    assert getattr(answer, "reason_code", None) is code
    asked = 2 if code is ReasonCode.UNREACHABLE else 1
    assert (refreshes(bench), jira.requests) == (asked, calls)


def test_an_integration_that_nobody_authorised_says_so(bench: Bench) -> None:
    secret = {"client_secret": "x"}
    integration = bench.integration("cloud", secret, auth_type=AuthType.OAUTH2, client_id="y")
    assert met(bench.connector.open(integration)) == (Refused, ReasonCode.AUTHORIZATION_EXPIRED)
    assert refreshes(bench) == 0


def test_a_code_works_once(bench: Bench) -> None:
    integration = authorised(bench)
    dance = OAuth2(bench.settings, bench.now)
    answer = dance.exchange(integration, bench.jira.atlassian.client_secret, "used", CALLBACK)
    assert met(answer) == (Refused, ReasonCode.AUTHORIZATION_EXPIRED)


# Data Center


def test_an_application_link_of_a_data_center_is_authorised_and_refreshed(bench: Bench) -> None:
    site = bench.jira.data_center
    site.options.auto_grant = True
    site.add_application_link("link", "link-secret")
    integration = bench.integration(
        "data center", {"client_secret": "link-secret"}, auth_type=AuthType.OAUTH2, client_id="link"
    )
    tokens = granted(bench, integration, "link-secret")
    bench.secrets.write(integration.integration_ref, {"client_secret": "link-secret"} | dict(tokens.as_secrets()))
    jira = opened(bench, integration)
    assert isinstance(jira.whoami(), Account)
    later(bench, 7300)
    assert isinstance(jira.whoami(), Account)
    site.revoke_grants()
    assert met(jira.whoami()) == (Refused, ReasonCode.AUTHORIZATION_EXPIRED)


@pytest.mark.parametrize("bad_bearer", ["401", "anonymous"])
def test_a_stale_token_of_a_data_center_is_refreshed_however_it_is_refused(
    bench: Bench, bad_bearer: Literal["401", "anonymous"]
) -> None:
    site = bench.jira.data_center
    site.options.auto_grant, site.options.bad_bearer = True, bad_bearer
    site.add_application_link("link", "link-secret")
    integration = bench.integration(
        "data center", {"client_secret": "link-secret"}, auth_type=AuthType.OAUTH2, client_id="link"
    )
    tokens = granted(bench, integration, "link-secret")
    stale = dict(tokens.as_secrets()) | {"access_token": "stale", "client_secret": "link-secret"}
    bench.secrets.write(integration.integration_ref, stale)
    [issue] = site.create("SEC", 1)
    assert isinstance(opened(bench, integration).ask([str(issue.id)]), Answered)
