"""OAuth 2.0 of Atlassian with the gateway, and of a Data Center application link."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sample_jira import SampleJira

Client = Callable[..., requests.Response]
BACK = "http://127.0.0.1:9/oauth2/callback"
CLASSIC = "read:jira-work read:jira-user offline_access"
BULKFETCH = (
    "read:issue-meta:jira read:issue-security-level:jira read:issue.vote:jira "
    "read:issue.changelog:jira read:avatar:jira read:issue:jira read:status:jira "
    "read:user:jira read:field-configuration:jira"
)


class Dance:
    """An app at the Atlassian server, step by step."""

    def __init__(self, jira: SampleJira, session: requests.Session) -> None:
        self.jira = jira
        self.session = session
        self.client = {
            "client_id": jira.atlassian.client_id,
            "client_secret": jira.atlassian.client_secret,
        }

    def authorize(self, scope: str = CLASSIC, **more: str) -> requests.Response:
        """Opens the page with the decision that the person takes."""
        asked = {
            "audience": "api.atlassian.com",
            "client_id": self.client["client_id"],
            "scope": scope,
            "redirect_uri": BACK,
            "state": "the-state",
            "response_type": "code",
            "prompt": "consent",
            **more,
        }
        url = f"{self.jira.atlassian_url}/authorize"
        return self.session.get(url, params=asked, allow_redirects=False, timeout=5)

    def code(self, scope: str = CLASSIC) -> str:
        """The code of a granted authorisation."""
        answer = self.authorize(scope, decision="accept")
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def token(self, **asked: str) -> requests.Response:
        """Asks the token endpoint."""
        url = f"{self.jira.atlassian_url}/oauth/token"
        return self.session.post(url, json={**self.client, **asked}, timeout=5)

    def tokens(self, scope: str = CLASSIC) -> dict[str, Any]:
        """The first tokens of a new grant."""
        answer = self.token(grant_type="authorization_code", code=self.code(scope), redirect_uri=BACK)
        tokens: dict[str, Any] = answer.json()
        return tokens

    def refresh(self, token: str) -> requests.Response:
        """Uses a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=token)

    def call(self, token: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Calls the Cloud site through the gateway."""
        gateway = f"{self.jira.atlassian_url}/ex/jira/{self.jira.cloud.cloud_id}"
        headers = {"Authorization": f"Bearer {token}"}
        method = "POST" if "json" in more else "GET"
        return self.session.request(method, gateway + path, headers=headers, timeout=5, **more)


@pytest.fixture
def dance(jira: SampleJira, session: requests.Session) -> Dance:
    return Dance(jira, session)


def test_a_person_grants_on_a_page_and_the_app_gets_tokens_for_the_code(dance: Dance) -> None:
    page = dance.authorize()
    assert page.status_code == 200
    assert "accept" in page.text

    answer = dance.authorize(decision="accept")

    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["the-state"]
    code = query["code"][0]
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    tokens = dance.token(**asked).json()
    assert (tokens["expires_in"], tokens["token_type"]) == (3600, "Bearer")
    assert set(tokens["scope"].split()) == set(CLASSIC.split())
    assert dance.token(**asked).json()["error"] == "invalid_grant"
    assert dance.jira.violations == []


def test_the_page_can_be_posted_and_cancelled(dance: Dance, session: requests.Session) -> None:
    form = {
        "audience": "api.atlassian.com",
        "client_id": dance.client["client_id"],
        "scope": CLASSIC,
        "redirect_uri": BACK,
        "state": "s",
        "response_type": "code",
        "decision": "accept",
    }
    url = f"{dance.jira.atlassian_url}/authorize"
    posted = session.post(url, data=form, allow_redirects=False, timeout=5)
    assert "code=" in posted.headers["Location"]
    assert "error=access_denied" in dance.authorize(decision="cancel").headers["Location"]
    dance.jira.atlassian.options.auto_grant = True
    assert "code=" in dance.authorize().headers["Location"]


def test_an_app_sends_its_codes_only_where_it_may(dance: Dance) -> None:
    dance.jira.atlassian.add_app("strict", "s", ["https://app.example/back"])

    assert dance.authorize(client_id="strict").status_code == 400
    assert dance.authorize(client_id="nobody").status_code == 400


def test_a_code_is_bound_to_its_address_and_secret_and_time(dance: Dance) -> None:
    asked = {"grant_type": "authorization_code", "redirect_uri": BACK}

    assert dance.token(**{**asked, "code": dance.code(), "redirect_uri": "x"}).status_code == 403
    assert dance.token(**{**asked, "code": dance.code(), "client_secret": "x"}).status_code == 401
    late = dance.code()
    dance.jira.clock.advance(301)
    assert dance.token(**{**asked, "code": late}).status_code == 403


def test_refresh_tokens_rotate_with_ten_minutes_of_leeway(dance: Dance) -> None:
    first = dance.tokens()["refresh_token"]
    second = dance.refresh(first).json()["refresh_token"]
    assert second != first

    dance.jira.clock.advance(599)
    assert dance.refresh(first).status_code == 200
    dance.jira.clock.advance(2)
    refused = dance.refresh(first)
    assert refused.status_code == 403
    assert refused.json() == {
        "error": "invalid_grant",
        "error_description": "Unknown or invalid refresh token.",
    }
    assert dance.refresh(second).status_code == 200


def test_a_refresh_token_unused_for_ninety_days_is_dead(dance: Dance) -> None:
    refresh = dance.tokens()["refresh_token"]

    dance.jira.clock.advance(90 * 86400 + 1)

    assert dance.refresh(refresh).status_code == 403


def test_two_refreshes_at_once_both_get_tokens_that_work(dance: Dance) -> None:
    refresh = dance.tokens()["refresh_token"]
    url = f"{dance.jira.atlassian_url}/oauth/token"
    asked = {**dance.client, "grant_type": "refresh_token", "refresh_token": refresh}
    agent = {"User-Agent": "ticket-status"}

    def once(_number: int) -> requests.Response:
        return requests.post(url, json=asked, headers=agent, timeout=5)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(once, range(2)))

    tokens = {answer.json()["access_token"] for answer in answers}
    assert len(tokens) == 2
    assert all(dance.call(one, "/rest/api/3/myself").status_code == 200 for one in tokens)


def test_a_lost_answer_has_rotated_the_token_all_the_same(dance: Dance) -> None:
    first = dance.tokens()["refresh_token"]
    dance.jira.atlassian.fault("lose", path="/oauth/token", times=1)
    with pytest.raises(requests.ConnectionError):
        dance.refresh(first)

    dance.jira.clock.advance(601)

    assert dance.refresh(first).status_code == 403


def test_without_offline_access_there_is_no_refresh_token(dance: Dance) -> None:
    assert "refresh_token" not in dance.tokens("read:jira-work")


def test_accessible_resources_name_the_sites_of_the_grant(dance: Dance) -> None:
    other = dance.jira.add_cloud("other")
    access = dance.tokens()["access_token"]
    url = f"{dance.jira.atlassian_url}/oauth/token/accessible-resources"

    def resources() -> Any:  # noqa: ANN401 - JSON
        bearer = {"Authorization": f"Bearer {access}"}
        return dance.session.get(url, headers=bearer, timeout=5).json()

    cloud = dance.jira.cloud
    assert [(one["id"], one["url"]) for one in resources()] == [
        (cloud.cloud_id, cloud.url),
        (other.cloud_id, other.url),
    ]
    assert resources()[0]["scopes"] == ["read:jira-user", "read:jira-work"]
    dance.jira.atlassian.options.grant_sites = ["other"]
    assert [one["name"] for one in resources()] == ["other"]
    assert dance.call(access, "/rest/api/3/myself").status_code == 401


def test_the_gateway_leads_to_the_site(dance: Dance) -> None:
    dance.jira.cloud.create("SEC")
    access = dance.tokens()["access_token"]
    body = {"issueIdsOrKeys": ["10001"], "fields": ["status"]}

    answer = dance.call(access, "/rest/api/3/issue/bulkfetch", json=body)

    assert [issue["key"] for issue in answer.json()["issues"]] == ["SEC-1"]
    assert answer.headers["X-AACCOUNTID"] == dance.jira.cloud.account.id
    assert len(dance.jira.cloud.requests("/rest/api/3/issue/bulkfetch")) == 1
    assert len(dance.jira.atlassian.requests("/ex/jira/*/bulkfetch")) == 1
    assert dance.jira.violations == []


def test_faults_of_site_and_gateway_strike_what_goes_through_both(dance: Dance) -> None:
    access = dance.tokens()["access_token"]
    dance.jira.cloud.fault("status", status=429, times=1)
    dance.jira.atlassian.fault("status", path="/ex/jira/*", skip=1, times=1, status=502)

    statuses = [dance.call(access, "/rest/api/3/myself").status_code for _ in range(3)]

    assert statuses == [429, 502, 200]


def test_a_stale_access_token_is_401(dance: Dance) -> None:
    access = dance.tokens()["access_token"]
    assert dance.call(access, "/rest/api/3/myself").status_code == 200

    dance.jira.clock.advance(3601)

    stale = dance.call(access, "/rest/api/3/myself")
    assert (stale.status_code, stale.json()["code"]) == (401, 401)


def test_a_revoked_grant_ends_access_and_refresh(dance: Dance) -> None:
    tokens = dance.tokens()

    dance.jira.atlassian.revoke_grants()

    assert dance.call(tokens["access_token"], "/rest/api/3/myself").status_code == 401
    assert dance.refresh(tokens["refresh_token"]).status_code == 403
    assert dance.call(dance.tokens()["access_token"], "/rest/api/3/myself").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        ("read:jira-work", 200),
        (BULKFETCH, 200),
        (BULKFETCH.replace("read:issue.vote:jira ", ""), 401),
        ("read:jira-user", 401),
    ],
)
def test_bulkfetch_needs_its_scopes(dance: Dance, scopes: str, status: int) -> None:
    access = dance.tokens(scopes)["access_token"]

    answer = dance.call(access, "/rest/api/3/issue/bulkfetch", json={"issueIdsOrKeys": ["1"]})

    assert answer.status_code == status
    if status == 401:
        assert answer.json() == {"code": 401, "message": "Unauthorized; scope does not match"}


def test_a_person_can_grant_less_than_is_asked(dance: Dance) -> None:
    dance.jira.atlassian.options.grant_scopes = ["read:jira-user"]

    assert dance.tokens()["scope"] == "read:jira-user"


def test_scoped_api_tokens_work_at_the_gateway_only(dance: Dance) -> None:
    cloud = dance.jira.cloud
    cloud.add_api_token("scoped", scopes=["read:jira-user"])
    gateway = f"{dance.jira.atlassian_url}/ex/jira/{cloud.cloud_id}/rest/api/3"

    def status(url: str, secret: str) -> int:
        return dance.session.get(url, auth=(cloud.email, secret), timeout=5).status_code

    assert status(f"{gateway}/myself", "scoped") == 200
    assert status(f"{gateway}/project/SEC", "scoped") == 401
    assert status(f"{gateway}/myself", cloud.api_token) == 401
    assert status(f"{gateway}/myself", "wrong") == 401
    assert status(f"{cloud.url}/rest/api/3/myself", "scoped") == 401
    assert status(f"{dance.jira.atlassian_url}/ex/jira/nowhere/rest/api/3/myself", "scoped") == 404


class TestApplicationLink:
    """The same on Data Center."""

    @pytest.fixture
    def token(self, jira: SampleJira, session: requests.Session) -> Client:
        jira.data_center.add_application_link("link", "link-secret", BACK)
        url = f"{jira.data_center.url}/rest/oauth2/latest/token"

        def call(**asked: str) -> requests.Response:
            form = {"client_id": "link", "client_secret": "link-secret", **asked}
            return session.post(url, data=form, timeout=5)

        return call

    @pytest.fixture
    def code(self, jira: SampleJira, session: requests.Session) -> Callable[..., str]:
        def call(**more: str) -> str:
            asked = {
                "client_id": "link",
                "redirect_uri": BACK,
                "response_type": "code",
                "scope": "READ",
                "state": "s",
                "decision": "accept",
                **more,
            }
            url = f"{jira.data_center.url}/rest/oauth2/latest/authorize"
            answer = session.get(url, params=asked, allow_redirects=False, timeout=5)
            return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

        return call

    def test_its_tokens_open_the_site_and_rotate_without_leeway(
        self, jira: SampleJira, token: Client, code: Callable[..., str], data_center: Client
    ) -> None:
        exchanged = {"grant_type": "authorization_code", "redirect_uri": BACK}
        tokens = token(code=code(), **exchanged).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

        assert data_center("GET", "/rest/api/2/myself", headers=bearer).json()["name"] == "bot"
        again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert token(**again).status_code == 200
        jira.clock.advance(1)
        assert (token(**again).status_code, token(**again).json()["error"]) == (
            400,
            "invalid_grant",
        )
        jira.data_center.revoke_grants()
        assert data_center("GET", "/rest/api/2/myself", headers=bearer).status_code == 401
        assert token(client_secret="x", **again).status_code == 401
        assert jira.violations == []

    def test_a_code_with_a_challenge_needs_its_verifier(self, token: Client, code: Callable[..., str]) -> None:
        digest = hashlib.sha256(b"the-verifier").digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        asked = {"grant_type": "authorization_code", "redirect_uri": BACK}
        proof = {"code_challenge": challenge, "code_challenge_method": "S256"}

        assert token(code=code(**proof), **asked).status_code == 400
        assert token(code=code(**proof), code_verifier="the-verifier", **asked).status_code == 200

    def test_old_versions_have_no_links(self, jira: SampleJira, token: Client) -> None:
        jira.data_center.options.version = "8.21.0"

        assert token(grant_type="refresh_token", refresh_token="x").status_code == 404
