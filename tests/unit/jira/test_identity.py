"""R15, R16 and R18 over real sockets: the site is the same site, the account the same account, however they are met."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.unit.jira.conftest import Bench, Kind, failed, met
from ticket_status.core.model import AuthType, Integration, ReasonCode, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import Refused
from ticket_status.jira.site import JiraSite

BOTH: tuple[Kind, ...] = ("cloud", "data center")


def known(bench: Bench, kind: Kind) -> Integration:
    """An integration that was connected before."""
    integration = bench.integration(kind)
    report = bench.connector.check(integration)
    assert report.trouble is None, report
    return replace(integration, site=report.site)


def test_another_site_under_the_same_address_fails_the_test_and_teaches_nothing(bench: Bench) -> None:
    integration = known(bench, "cloud")
    bench.jira.cloud.pass_address_on()
    report = bench.connector.check(integration)
    assert isinstance(report.trouble, Refused)
    assert (report.trouble.reason_code, report.trouble.final) == (ReasonCode.DIFFERENT_SITE, True)
    assert failed(report)[0] == "is_jira"
    assert report.site is None


def test_a_site_is_compared_once_by_its_cloud_id(bench: Bench) -> None:
    jira = bench.opened(known(bench, "cloud"))
    assert (jira.same_site(), jira.same_site()) == (None, None)
    assert bench.calls("cloud") == ["GET /_edge/tenant_info"]
    bench.jira.cloud.pass_address_on()
    assert met(bench.opened(known_before(bench, jira.site)).same_site()) == (Refused, ReasonCode.DIFFERENT_SITE)


def known_before(bench: Bench, site: Site) -> Integration:
    return bench.integration("cloud", site=site)


def test_where_the_id_cannot_be_told_nothing_is_concluded(bench: Bench) -> None:
    jira = bench.opened(known(bench, "cloud"))
    bench.jira.cloud.fault("status", path="*tenant_info", status=404, body="<html>no</html>")
    assert jira.same_site() is None
    assert bench.opened(known(bench, "data center")).same_site() is None


def test_an_id_that_was_not_known_is_learnt(bench: Bench) -> None:
    jira = bench.opened(bench.integration("cloud", site=Site(bench.jira.cloud.url)))
    assert jira.same_site() is None
    assert jira.site.cloud_id == bench.jira.cloud.cloud_id


@pytest.mark.parametrize("encoded", [False, True])
def test_a_renamed_account_is_known_by_its_key(bench: Bench, *, encoded: bool) -> None:
    site = bench.jira.data_center
    [issue] = site.create("SEC", 1)
    jira = bench.opened(known(bench, "data center"))
    site.rename_account("bot of old")
    site.configure(encoded_names=encoded)
    assert isinstance(jira.ask([str(issue.id)]), Answered)
    assert (jira.site.account_id, jira.site.account_name) == (site.account.id, "bot of old")
    assert isinstance(jira.ask([str(issue.id)]), Answered)
    assert len(bench.calls("data center")) == 3, "myself is asked once"


def test_another_account_is_another_account_whatever_it_is_called(bench: Bench) -> None:
    jira = bench.opened(
        bench.integration("data center", site=Site(bench.jira.data_center.url, account_id="JIRAUSER-x"))
    )
    assert met(jira.ask(["10001"])) == (Refused, ReasonCode.AUTHENTICATION_FAILED)


def test_an_account_that_an_old_version_knew_by_its_name_goes_on(bench: Bench) -> None:
    site = bench.jira.data_center
    jira = bench.opened(bench.integration("data center", site=Site(site.url, account_id=site.username)))
    assert jira.whoami() == Account(site.account.id, site.username)
    assert (jira.site.account_id, jira.site.account_name) == (site.account.id, site.username)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fault", ["redirect", "login_page"])
def test_a_site_that_shows_unsigned_calls_a_login_page_passes_the_test(bench: Bench, kind: Kind, fault: str) -> None:
    bench.site(kind).create("SEC", 1)
    bench.site(kind).fault("redirect" if fault == "redirect" else "login_page", path="*serverInfo", signed=False)
    report = bench.connector.check(bench.integration(kind))
    assert (report.trouble, failed(report)) == (None, [])


@pytest.mark.parametrize("kind", BOTH)
def test_a_deactivated_site_is_told_in_its_own_words(bench: Bench, kind: Kind) -> None:
    body = {"code": 410, "message": "This site has been deactivated"}
    bench.site(kind).fault("status", status=410, body=body)
    report = bench.connector.check(bench.integration(kind))
    assert getattr(report.trouble, "reason_code", None) is ReasonCode.JIRA_ERROR
    assert "This site has been deactivated" in getattr(report.trouble, "reason", "")


def robot(bench: Bench, kind: Kind, secret: str = "sample-service-secret") -> Integration:  # noqa: S107 - opens a sample
    secrets = {"client_secret": secret}
    if kind == "data center":
        bench.jira.data_center.add_application_link(
            "sample-service-account", "sample-service-secret", service_account=True
        )
    return bench.integration(
        kind, secrets, auth_type=AuthType.CLIENT_CREDENTIALS, client_id="sample-service-account", username=None
    )


@pytest.mark.parametrize("kind", BOTH)
def test_a_service_account_is_tried_like_basic_and_renews_its_token_once(bench: Bench, kind: Kind) -> None:
    bench.jira.atlassian.add_service_account()
    [issue] = bench.site(kind).create("SEC", 1)
    integration = robot(bench, kind)
    report = bench.connector.check(integration)
    assert (report.trouble, failed(report), report.missing_scopes) == (None, [], ())
    jira = bench.connector.open(replace(integration, site=report.site))
    assert isinstance(jira, JiraSite)
    assert isinstance(jira.ask([str(issue.id)]), Answered)
    bench.jira.atlassian.expire_access_tokens()
    bench.jira.data_center.links.grants.expire_access()
    assert isinstance(jira.ask([str(issue.id)]), Answered)


def test_a_service_account_with_too_few_scopes_is_told_which(bench: Bench) -> None:
    bench.jira.atlassian.add_service_account(scopes=["read:jira-user", "read:status:jira"])
    report = bench.connector.check(robot(bench, "cloud"))
    assert getattr(report.trouble, "reason_code", None) is ReasonCode.MISSING_SCOPES
    assert "read:issue:jira" in report.missing_scopes


def test_a_service_account_that_may_read_issues_only_is_enough(bench: Bench) -> None:
    bench.jira.atlassian.add_service_account(scopes=["read:jira-work"])
    bench.jira.cloud.create("SEC", 1)
    report = bench.connector.check(robot(bench, "cloud"))
    assert (report.trouble, failed(report), report.missing_scopes) == (None, [], ())


@pytest.mark.parametrize("kind", BOTH)
def test_a_client_that_is_not_known_is_refused_for_good_and_asked_once(bench: Bench, kind: Kind) -> None:
    bench.jira.atlassian.add_service_account()
    integration = replace(robot(bench, kind, "wrong"), site=Site(bench.site(kind).url))
    jira = bench.connector.open(integration)
    assert isinstance(jira, JiraSite)
    answers = [jira.ask(["10001"]), jira.whoami()]
    assert all(isinstance(one, Refused) and one.final for one in answers)
    asked = [*bench.jira.atlassian.requests("/oauth/token"), *bench.site(kind).requests("*/oauth2/latest/token")]
    assert len(asked) == 1


def test_a_custom_domain_is_authorised_by_the_id_that_it_tells(bench: Bench) -> None:
    bench.jira.cloud.create("SEC", 1)
    domain = bench.jira.add_custom_domain("cloud")
    app = bench.jira.atlassian.grants.apps[bench.jira.atlassian.client_id]
    scopes = frozenset({"read:jira-work", "read:jira-user", "offline_access"})
    code = bench.jira.atlassian.grants.grant(app, "https://x.example", scopes)
    tokens = bench.jira.atlassian.grants.exchange(app, code, "https://x.example")
    secrets = {"client_secret": app.client_secret, "access_token": tokens.access}
    integration = bench.integration(
        "cloud", secrets, auth_type=AuthType.OAUTH2, client_id=app.client_id, jira_server_url=domain
    )
    report = bench.connector.check(integration, secrets)
    assert (report.trouble, failed(report)) == (None, [])
    assert report.site is not None
    assert report.site.cloud_id == bench.jira.cloud.cloud_id


def test_links_go_where_people_open_the_site(bench: Bench) -> None:
    domain = bench.jira.add_custom_domain("cloud")
    assert known(bench, "cloud").browse_url == f"{domain}/browse/"
    assert known(bench, "data center").browse_url == f"{bench.jira.data_center.url}/browse/"


def test_a_password_beyond_ascii_is_named_when_it_is_refused(bench: Bench) -> None:
    site = bench.jira.data_center
    site.configure(login_charset="iso-8859-1")
    site.add_password(site.username, "pässword")
    integration = bench.integration(
        "data center", {"password": "pässword"}, auth_type=AuthType.BASIC, username=site.username
    )
    report = bench.connector.check(integration)
    assert isinstance(report.trouble, Refused)
    assert "Latin-1" in report.trouble.reason
    assert "pässword" not in report.trouble.reason


def test_a_credential_that_fails_near_its_date_says_so(bench: Bench) -> None:
    ended = bench.now() - timedelta(hours=3)
    integration = bench.integration("cloud", {"password": "old"}, credential_expires_at=ended)
    report = bench.connector.check(integration)
    assert isinstance(report.trouble, Refused)
    assert "the credential expired on" in report.trouble.reason


def test_a_reason_never_bears_the_secret_that_jira_echoes(bench: Bench) -> None:
    token = bench.jira.cloud.api_token
    bench.jira.cloud.fault("status", path="*/myself", status=403, body={"message": f"Token {token} is not allowed"})
    report = bench.connector.check(bench.integration("cloud"))
    assert isinstance(report.trouble, Refused)
    assert "is not allowed" in report.trouble.reason
    assert token not in str(report)
