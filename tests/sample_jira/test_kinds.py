"""What people report of real sites, beyond what Jira documents: each can be had on demand."""

import json
from collections.abc import Callable

import pytest
import requests

from sample_jira import SampleJira

Client = Callable[..., requests.Response]


def test_a_bulk_call_that_names_one_certain_issue_fails(jira: SampleJira, bulk_fetch: Client, search: Client) -> None:
    jira.cloud.create("SEC", 3)
    jira.data_center.create("SEC", 3)
    for site in (jira.cloud, jira.data_center):
        site.fault("status", naming=[10002], status=500)
    assert [bulk_fetch(*names).status_code for names in (["10001", "10002"], ["10001", "10003"])] == [500, 200]
    assert [search(f"id in ({ids})").status_code for ids in ("10001, 10002", "10003")] == [500, 200]


def test_a_firewall_refuses_large_bodies_and_long_lists(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.fault("status", body_over=8192, status=403, body="<html>Request blocked</html>")
    jira.cloud.fault("status", issues_over=2, status=413)
    names = [str(number) for number in range(10001, 11001)]
    assert [bulk_fetch(*names[:size]).status_code for size in (1000, 3, 2)] == [403, 413, 200]


def test_unsigned_calls_meet_a_login_page(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.fault("redirect", signed=False)
    assert cloud("GET", "/rest/api/3/serverInfo", auth=None).status_code == 302
    assert cloud("GET", "/rest/api/3/serverInfo").status_code == 200


@pytest.mark.parametrize(("language", "text"), [("fr", "« 10042 »"), ("ja", "「10042」")])
def test_error_texts_come_in_the_language_of_the_account(
    jira: SampleJira, search: Client, language: str, text: str
) -> None:
    jira.data_center.configure(language=language, always_validates=True)
    answer = search("id in (10042)")
    assert answer.status_code == 400
    assert text in answer.json()["errorMessages"][0]


def test_ids_beyond_64_bits_are_refused(bulk_fetch: Client, search: Client) -> None:
    assert bulk_fetch("9999999999999999999").status_code == 400
    assert search("id in (9999999999999999999)").status_code == 400


def test_a_renamed_account_keeps_its_key_and_its_tokens(jira: SampleJira, data_center: Client) -> None:
    before = data_center("GET", "/rest/api/2/myself").json()
    jira.data_center.rename_account("bot of old")
    jira.data_center.configure(encoded_names=True)
    answer = data_center("GET", "/rest/api/2/myself")
    assert (answer.json()["key"], answer.json()["name"]) == (before["key"], "bot of old")
    assert answer.headers["X-AUSERNAME"] == "bot+of+old"


def test_basic_authentication_can_be_disabled(jira: SampleJira, data_center: Client) -> None:
    jira.data_center.configure(basic_disabled=True)
    answer = data_center("GET", "/rest/api/2/myself", headers={}, auth=("bot", jira.data_center.password))
    assert (answer.status_code, answer.json()) == (
        403,
        {"message": "Basic Authentication has been disabled on this instance."},
    )


def test_an_address_passes_to_another_site_with_the_same_ids(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 2)
    before = jira.cloud.cloud_id
    assert jira.cloud.pass_address_on() != before
    assert [one["key"] for one in bulk_fetch("10001", "10002").json()["issues"]] == ["HR-1", "HR-2"]


def test_a_custom_domain_tells_the_site_and_serves_no_api(jira: SampleJira, session: requests.Session) -> None:
    domain = jira.add_custom_domain("cloud")
    assert session.get(f"{domain}/_edge/tenant_info", timeout=10).json() == {"cloudId": jira.cloud.cloud_id}
    assert session.get(f"{domain}/rest/api/3/serverInfo", timeout=10).status_code == 404
    told = session.get(f"{jira.cloud.url}/rest/api/3/serverInfo", timeout=10).json()
    assert (told["baseUrl"], told["displayUrl"]) == (jira.cloud.url, domain)


def test_service_accounts_get_tokens_for_themselves(jira: SampleJira, session: requests.Session) -> None:
    account = jira.atlassian.add_service_account(scopes=["read:jira-work", "read:jira-user"])
    asked = {
        "grant_type": "client_credentials",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
    }
    token = session.post(f"{jira.atlassian_url}/oauth/token", json=asked, timeout=10).json()
    assert (token["scope"], token["expires_in"], "refresh_token" in token) == (
        "read:jira-user read:jira-work",
        3600,
        False,
    )
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    url = f"{jira.atlassian_url}/ex/jira/{jira.cloud.cloud_id}/rest/api/3/myself"
    assert session.get(url, headers=bearer, timeout=10).status_code == 200
    refused = session.post(f"{jira.atlassian_url}/oauth/token", json={**asked, "client_secret": "x"}, timeout=10)
    assert refused.status_code == 401


def test_service_accounts_of_a_data_center_name_their_scope(jira: SampleJira, session: requests.Session) -> None:
    jira.data_center.add_application_link("robot", "secret", service_account=True)
    url = f"{jira.data_center.url}/rest/oauth2/latest/token"
    asked = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": "secret"}
    assert session.post(url, data=asked, timeout=10).json()["error"] == "invalid_scope"
    token = session.post(url, data={**asked, "scope": "READ"}, timeout=10).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert session.get(f"{jira.data_center.url}/rest/api/2/myself", headers=bearer, timeout=10).status_code == 200


def test_passwords_can_be_read_in_latin_1(jira: SampleJira, data_center: Client) -> None:
    jira.data_center.configure(login_charset="iso-8859-1")
    jira.data_center.add_password("bot", "pässword")
    for password, status in (("pässword".encode(), 401), ("pässword".encode("iso-8859-1"), 200)):
        answer = data_center("GET", "/rest/api/2/myself", headers={}, auth=(b"bot", password))
        assert answer.status_code == status


def test_answers_can_be_odd_and_yet_mostly_readable(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 2)
    jira.cloud.add_status("Réglé", "done")
    jira.cloud.move("SEC-1", "Réglé")
    jira.cloud.fault("charset", times=1)
    answer = bulk_fetch("10001")
    assert answer.headers["Content-Type"] == "application/json;charset=iso-8859-1"
    assert answer.json()["issues"][0]["fields"]["status"]["name"] == "Réglé"
    jira.cloud.fault("broken_text", times=1)
    with pytest.raises(UnicodeDecodeError):
        json.loads(bulk_fetch("10001").content)
    jira.cloud.fault("garble_issues", ids=[10001], times=1)
    assert [one.get("id") for one in bulk_fetch("10001", "10002").json()["issues"]] == [None, "10002"]
    jira.cloud.fault("null_issue_errors", times=1)
    assert bulk_fetch("10001").json()["issueErrors"] is None
