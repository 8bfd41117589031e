"""All ways in: what connecting learns, and the five checks of Test Integration."""

import io
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from msgspec.structs import replace

from tests.unit.jira.conftest import Bench, Kind, failed, granted_with, met
from ticket_status.core.model import AuthType, InstallationType, ReasonCode
from ticket_status.core.observations import Answered
from ticket_status.core.scopes import REQUIRED_SCOPES
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.jira.connection_test import CHECKS
from ticket_status.jira.oauth1 import AccessToken, OAuth1, RequestToken, new_key_pair
from ticket_status.jira.site import JiraSite

BOTH: tuple[Kind, ...] = ("cloud", "data center")
LATER = list(CHECKS)


@pytest.mark.parametrize("kind", BOTH)
def test_a_working_integration_passes_all_five_checks_and_teaches_what_the_site_is(bench: Bench, kind: Kind) -> None:
    bench.site(kind).create("SEC", 1)
    integration = bench.integration(kind)
    report = bench.connector.check(integration)
    assert [check.name for check in report.checks] == list(CHECKS)
    assert failed(report) == []
    assert report.trouble is None
    assert report.site is not None
    assert (report.site.api_url, report.site.base_url) == (integration.jira_server_url, integration.jira_server_url)
    assert report.site.version == ("1001.0.0-SNAPSHOT" if kind == "cloud" else "9.12.0")
    assert report.site.account_id == bench.site(kind).account.id
    assert report.site.cloud_id == (bench.jira.cloud.cloud_id if kind == "cloud" else None)


@pytest.mark.parametrize("kind", BOTH)
def test_secrets_that_are_given_are_tried_and_not_stored(bench: Bench, kind: Kind) -> None:
    integration = bench.integration(kind, secrets={})
    working = {"password": bench.jira.cloud.api_token, "token": bench.jira.data_center.pat}
    assert bench.connector.check(integration, working).trouble is None
    assert bench.secrets.stored[integration.integration_ref] == {}
    assert failed(bench.connector.check(integration))


@pytest.mark.parametrize("kind", BOTH)
def test_opening_a_site_that_was_connected_before_asks_nothing(bench: Bench, kind: Kind) -> None:
    jira = bench.connected(kind)
    assert jira.requests == 0
    assert bench.calls(kind) == []


def test_a_scoped_api_token_is_found_to_work_behind_the_gateway(bench: Bench) -> None:
    cloud = bench.jira.cloud
    [issue] = cloud.create("SEC", 1)
    cloud.add_api_token("scoped", scopes=["read:jira-work", "read:jira-user"])
    integration = bench.integration("cloud", {"password": "scoped"})
    report = bench.connector.check(integration)
    assert failed(report) == []
    assert report.site is not None
    assert report.site.api_url == f"{bench.jira.atlassian_url}/ex/jira/{cloud.cloud_id}"
    jira = bench.opened(replace(integration, site=report.site))
    assert isinstance(jira.ask([str(issue.id)]), Answered)


def test_a_scoped_api_token_that_may_not_read_issues_lacks_scopes(bench: Bench) -> None:
    bench.jira.cloud.add_api_token("scoped", scopes=["read:jira-user"])
    report = bench.connector.check(bench.integration("cloud", {"password": "scoped"}))
    assert failed(report) == LATER[3:]
    assert isinstance(report.trouble, Refused)
    assert report.trouble.reason_code is ReasonCode.MISSING_SCOPES


def test_throttling_while_a_scoped_token_is_looked_for_breaks_nothing(bench: Bench) -> None:
    bench.jira.cloud.add_api_token("scoped", scopes=["read:jira-work", "read:jira-user"])
    bench.jira.cloud.throttle(60, path="*/tenant_info", times=2)
    integration = bench.integration("cloud", {"password": "scoped"})
    assert isinstance(bench.connector.check(integration).trouble, Throttled)
    assert isinstance(bench.connector.open(integration), Throttled)


def test_a_cloud_site_tells_its_id_without_credentials(bench: Bench) -> None:
    granted = bench.integration("cloud", {}, auth_type=AuthType.OAUTH2, client_id="client")
    assert bench.connector.cloud_id(granted) == bench.jira.cloud.cloud_id
    assert bench.calls("cloud") == ["GET /_edge/tenant_info"]


def test_a_site_that_has_no_id_or_does_not_answer_tells_none(bench: Bench) -> None:
    assert bench.connector.cloud_id(bench.integration("data center")) is None
    assert bench.connector.cloud_id(bench.integration("cloud", jira_server_url="https://user@abc.example")) is None
    bench.jira.cloud.throttle(60, path="*/tenant_info")
    assert bench.connector.cloud_id(bench.integration("cloud")) is None


def test_a_data_center_that_rejects_unknown_ids_passes_all_checks(bench: Bench) -> None:
    bench.jira.data_center.options.always_validates = True
    bench.jira.data_center.create("SEC", 1)
    report = bench.connector.check(bench.integration("data center"))
    assert (report.trouble, failed(report)) == (None, [])


def test_an_account_without_any_project_is_told_so_but_well(bench: Bench) -> None:
    report = bench.connector.check(bench.integration("cloud"))
    assert failed(report) == ["can_read_issues"]
    assert report.trouble is None
    assert "Browse Projects" in report.checks[-1].detail


# What fails, at which check, with which reason: (kind, fault, failed from this check on, trouble, code)

FAULTS: list[tuple[dict[str, Any], int, type, ReasonCode | None]] = [
    ({"kind": "close"}, 0, Unavailable, ReasonCode.UNREACHABLE),
    ({"kind": "hang"}, 0, Unavailable, ReasonCode.UNREACHABLE),
    ({"kind": "login_page"}, 1, Refused, ReasonCode.NOT_JIRA),
    ({"kind": "redirect"}, 1, Refused, ReasonCode.NOT_JIRA),
    ({"kind": "empty"}, 1, Unavailable, ReasonCode.JIRA_ERROR),
    ({"kind": "status", "status": 404, "body": {"message": "no"}}, 1, Refused, ReasonCode.NOT_JIRA),
    ({"kind": "status", "status": 200, "body": {"hello": "world"}}, 1, Refused, ReasonCode.NOT_JIRA),
    ({"kind": "status", "status": 200, "body": ["hello"]}, 1, Refused, ReasonCode.NOT_JIRA),
    ({"kind": "status", "status": 500}, 1, Unavailable, ReasonCode.JIRA_ERROR),
    ({"kind": "status", "status": 429}, 1, Throttled, None),
    ({"kind": "status", "status": 401, "path": "*/myself"}, 2, Refused, ReasonCode.AUTHENTICATION_FAILED),
    (
        {"kind": "status", "status": 403, "path": "*/myself", "body": {"message": "no"}},
        2,
        Refused,
        ReasonCode.AUTHENTICATION_FAILED,
    ),
    ({"kind": "status", "status": 503, "path": "*/myself"}, 2, Unavailable, ReasonCode.JIRA_ERROR),
    ({"kind": "status", "status": 429, "path": "*/myself"}, 2, Throttled, None),
    ({"kind": "status", "status": 200, "path": "*/myself", "body": {}}, 2, Unavailable, ReasonCode.JIRA_ERROR),
    ({"kind": "status", "status": 500, "method": "POST"}, 4, Unavailable, ReasonCode.JIRA_ERROR),
    ({"kind": "login_page", "method": "POST"}, 4, Refused, ReasonCode.NOT_JIRA),
]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("fault", "first", "trouble", "code"), FAULTS, ids=[str(one[0]) for one in FAULTS])
def test_a_report_fails_from_the_check_on_that_the_trouble_is_about(  # noqa: PLR0913, PLR0917 - a row of the table
    bench: Bench, kind: Kind, fault: dict[str, Any], first: int, trouble: type, code: ReasonCode | None
) -> None:
    if fault["kind"] == "hang":
        bench.be_brief()
    bench.site(kind).create("SEC", 1)
    bench.site(kind).fault(**fault)
    report = bench.connector.check(bench.integration(kind))
    assert failed(report) == LATER[first:]
    assert type(report.trouble) is trouble
    assert getattr(report.trouble, "reason_code", None) is code
    assert all(check.detail.endswith(".") for check in report.checks)


@pytest.mark.parametrize("kind", BOTH)
def test_a_revoked_credential_fails_at_authenticated(bench: Bench, kind: Kind) -> None:
    bench.site(kind).options.reject_credentials = True
    report = bench.connector.check(bench.integration(kind))
    assert failed(report) == LATER[2:]
    assert isinstance(report.trouble, Refused)
    assert report.trouble.reason_code is ReasonCode.AUTHENTICATION_FAILED


@pytest.mark.parametrize("kind", BOTH)
def test_the_wrong_installation_type_is_found_before_credentials_are_sent(bench: Bench, kind: Kind) -> None:
    other = InstallationType.SERVER if kind == "cloud" else InstallationType.CLOUD
    secrets = {"password": "x", "token": "y"}
    integration = bench.integration(kind, secrets, installation_type=other)
    report = bench.connector.check(integration)
    assert failed(report) == LATER[1:]
    assert f"installation type {integration.installation_type.value}" not in report.checks[1].detail
    assert "create the integration with installation type" in report.checks[1].detail
    assert {one.auth for one in bench.site(kind).requests()} == {"none"}


def test_an_address_that_is_not_allowed_is_not_even_tried(bench: Bench) -> None:
    bench.settings = replace(bench.settings, addresses=replace(bench.settings.addresses, allow_loopback=False))
    integration = bench.integration("cloud")
    report = bench.connector.check(integration)
    assert failed(report) == LATER
    assert isinstance(bench.connector.open(integration), Unavailable)
    assert bench.calls("cloud") == []


# OAuth 2.0 on Cloud


def test_a_grant_with_too_few_scopes_names_the_missing_ones(bench: Bench) -> None:
    bench.jira.cloud.create("SEC", 1)
    given, lacking = REQUIRED_SCOPES[:9], REQUIRED_SCOPES[9:]
    report = bench.connector.check(granted_with(bench, *given))
    assert failed(report) == LATER[3:]
    assert report.missing_scopes == lacking
    assert isinstance(report.trouble, Refused)
    assert report.trouble.reason_code is ReasonCode.MISSING_SCOPES
    assert all(scope in report.checks[3].detail for scope in lacking)


@pytest.mark.parametrize("scopes", [REQUIRED_SCOPES, ("read:jira-work",), ("read:jira-work", "read:jira-user")])
def test_a_grant_with_what_is_required_is_enough(bench: Bench, scopes: tuple[str, ...]) -> None:
    [issue] = bench.jira.cloud.create("SEC", 1)
    integration = granted_with(bench, *scopes)
    report = bench.connector.check(integration)
    assert failed(report) == []
    assert report.site is not None
    jira = bench.opened(replace(integration, site=report.site))
    assert isinstance(jira.ask([str(issue.id)]), Answered)
    assert not isinstance(jira.whoami(), Refused)


def test_without_the_scopes_of_projects_nothing_is_called_browsable(bench: Bench) -> None:
    bench.jira.cloud.create("SEC", 1)
    assert bench.opened(granted_with(bench, *REQUIRED_SCOPES)).can_browse("SEC") is False


def test_a_grant_for_other_sites_is_no_grant_for_this_one(bench: Bench) -> None:
    bench.jira.add_cloud("other")
    bench.jira.atlassian.options.grant_sites = ["other"]
    report = bench.connector.check(granted_with(bench, "read:jira-work", "read:jira-user"))
    assert failed(report) == LATER[2:]
    assert isinstance(report.trouble, Refused)
    assert report.trouble.reason_code is ReasonCode.AUTHENTICATION_FAILED


def test_a_renamed_site_is_still_found_by_its_id_behind_the_gateway(bench: Bench) -> None:
    [issue] = bench.jira.cloud.create("SEC", 1)
    integration = granted_with(bench, "read:jira-work", "read:jira-user")
    site = bench.opened(integration).site
    bench.jira.rename("cloud")
    jira = bench.opened(replace(integration, site=site))
    assert isinstance(jira.ask([str(issue.id)]), Answered)


# OAuth 1.0a


def test_oauth_1_is_danced_signed_and_ended(bench: Bench) -> None:
    site, keys = bench.jira.data_center, new_key_pair()
    site.options.auto_grant = True
    site.register_consumer("consumer", keys.public_key)
    secrets = {"private_key": keys.private_key}
    integration = bench.integration("data center", secrets, auth_type=AuthType.OAUTH1, consumer_key="consumer")
    assert isinstance(bench.connector.open(integration), Refused)
    dance = OAuth1(bench.settings, bench.now)
    asked = dance.request_token(integration, keys.private_key, "https://service.example.com/back")
    assert isinstance(asked, RequestToken), asked
    back = requests.get(asked.authorization_url, allow_redirects=False, timeout=5).headers["Location"]
    verifier = parse_qs(urlsplit(back).query)["oauth_verifier"][0]
    given = dance.access_token(integration, keys.private_key, asked.token, asked.secret, verifier)
    assert isinstance(given, AccessToken), given
    bench.secrets.write(integration.integration_ref, secrets | given.as_secrets())
    [issue] = site.create("SEC", 1)
    jira = bench.opened(integration)
    assert isinstance(jira.ask([str(issue.id)]), Answered)
    assert isinstance(jira.look_at("SEC-1"), tuple)
    site.revoke_grants()
    assert met(jira.whoami()) == (Refused, ReasonCode.AUTHORIZATION_EXPIRED)


@pytest.mark.parametrize(
    ("fault", "trouble", "code"),
    [
        ({"kind": "status", "status": 429}, Throttled, None),
        ({"kind": "status", "status": 500}, Unavailable, ReasonCode.JIRA_ERROR),
        ({"kind": "hang"}, Unavailable, ReasonCode.UNREACHABLE),
        ({"kind": "login_page"}, Refused, ReasonCode.NOT_JIRA),
        ({"kind": "status", "status": 401}, Refused, ReasonCode.AUTHENTICATION_FAILED),
    ],
)
def test_trouble_of_the_oauth_1_dance_is_told_by_its_kind(
    bench: Bench, fault: dict[str, Any], trouble: type, code: ReasonCode | None
) -> None:
    if fault["kind"] == "hang":
        bench.be_brief()
    keys = new_key_pair()
    integration = bench.integration("data center", {}, auth_type=AuthType.OAUTH1, consumer_key="unknown")
    bench.jira.data_center.fault(**fault)
    answer = OAuth1(bench.settings, bench.now).request_token(integration, keys.private_key, "https://x.example")
    assert type(answer) is trouble
    assert getattr(answer, "reason_code", None) is code


def test_an_unknown_consumer_is_told_where_its_key_belongs(bench: Bench) -> None:
    keys = new_key_pair()
    integration = bench.integration("data center", {}, auth_type=AuthType.OAUTH1, consumer_key="unknown")
    answer = OAuth1(bench.settings, bench.now).request_token(integration, keys.private_key, "https://x.example")
    assert isinstance(answer, Refused)
    assert "application link" in answer.reason


# Secrets


@pytest.mark.parametrize("secret", ["line\nbreak", "bell\x07", "naïve", "with space", ""])
def test_a_token_that_no_header_can_carry_is_refused_without_being_told(bench: Bench, secret: str) -> None:
    answer = bench.connector.open(bench.integration("data center", {"token": secret}))
    assert isinstance(answer, Refused)
    assert not secret or secret not in str(answer)


def test_a_password_may_have_any_letters(bench: Bench) -> None:
    site = bench.jira.data_center
    site.add_password("bot", "pässwörd: ☃\n")
    integration = bench.integration(
        "data center", {"password": "pässwörd: ☃\n"}, auth_type=AuthType.BASIC, username="bot"
    )
    assert isinstance(bench.connector.open(integration), JiraSite)


def test_secrets_show_in_no_repr_reason_or_log(bench: Bench) -> None:
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        shown = [repr(one) for one in everything_made_with_secrets(bench)]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    told = written.getvalue() + "".join(shown)
    for secret in ("sample-api-token", "hidden-token", "PRIVATE KEY", "oauth_signature", "access-secret"):
        assert secret not in told


def everything_made_with_secrets(bench: Bench) -> list[object]:
    keys = new_key_pair()
    bench.jira.data_center.register_consumer("consumer", keys.public_key)
    signed = {"private_key": keys.private_key, "access_token": "hidden-token", "access_token_secret": "access-secret"}
    made: list[object] = [keys, AccessToken("hidden-token", "access-secret")]
    for integration in (
        bench.integration("cloud"),
        bench.integration("data center", {"token": "hidden-token"}),
        bench.integration("data center", signed, auth_type=AuthType.OAUTH1, consumer_key="consumer"),
    ):
        made += [bench.connector.open(integration), bench.connector.check(integration), bench.connector]
    return made
