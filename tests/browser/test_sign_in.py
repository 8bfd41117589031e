"""Signing in through the user pool, as a deployed console does: the pool is played by the test."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.stack import Stack


class UserPool:
    """The sign-in pages and the token endpoint of a user pool, on the console's own origin for the test."""

    def __init__(self, page: Page, address: str, token: str) -> None:
        self._address, self._token = address, token
        self._challenge = ""
        self.signed_in = 0
        self.answer = {"code": "a-code"}
        page.route("**/session.json", self._session)
        page.route("**/pool/authorize?**", self._authorize)
        page.route("**/pool/token", self._take)

    def _session(self, route: Route) -> None:
        pool = f"{self._address}/pool"
        sign_in = {
            "authorize_url": f"{pool}/authorize",
            "token_url": f"{pool}/token",
            "logout_url": f"{pool}/logout",
            "client_id": "console",
            "scopes": ["ticketing/read"],
        }
        route.fulfill(json={"sign_in": sign_in})

    def _authorize(self, route: Route) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", "console", "ticketing/read")
        assert asked["code_challenge_method"] == "S256"
        self._challenge = asked["code_challenge"]
        back = urlencode({"state": asked["state"], **self.answer})
        route.fulfill(status=302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    def _take(self, route: Route) -> None:
        form = parse_qs(route.request.post_data or "")
        if form["grant_type"] == ["authorization_code"]:
            proof = urlsafe_b64encode(sha256(form["code_verifier"][0].encode()).digest()).decode().rstrip("=")
            assert (proof, form["code"]) == (self._challenge, ["a-code"])
        else:
            assert form["refresh_token"] == ["a-refresh-token"]
        self.signed_in += 1
        route.fulfill(json={"access_token": self._token, "refresh_token": "a-refresh-token"})


@pytest.fixture
def pool(page: Page, address: str, stack: Stack) -> UserPool:
    return UserPool(page, address, stack.token("viewer"))


def test_signing_in_comes_back_to_where_one_wanted_to_go(page: Page, pool: UserPool) -> None:
    page.goto("/#/violations/V-101/tickets")
    expect(page.get_by_role("heading", level=1)).to_have_text("V-101")
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    assert pool.signed_in == 1
    assert urlsplit(page.url).query == ""
    assert page.evaluate("JSON.stringify([sessionStorage, localStorage])") == "[{},{}]"
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_who_only_views_is_told_what_they_may_not_do(page: Page, pool: UserPool) -> None:
    page.goto("/#/integrations?do=settings&of=acme-cloud")
    page.get_by_role("switch").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("You are not allowed to do this")
    assert pool.signed_in == 1


def test_an_expired_token_is_renewed_without_leaving_the_page(page: Page, pool: UserPool) -> None:
    page.goto("/#/scans")
    expect(page.get_by_role("link", name="libs/payment.jar")).to_be_visible()

    expired = {"message": "The incoming token has expired"}
    page.route("**/api/**", lambda route: route.fulfill(status=401, json=expired), times=1)
    page.get_by_role("link", name="Integrations").click()
    expect(page.get_by_role("rowheader", name=re.compile("acme-cloud"))).to_be_visible()
    assert pool.signed_in == 2


def test_a_sign_in_that_fails_is_told_and_does_not_go_round_in_circles(page: Page, pool: UserPool) -> None:
    pool.answer = {"error": "access_denied"}
    page.goto("/#/scans")
    expect(page.get_by_role("alert")).to_contain_text("Signing in did not work")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert pool.signed_in == 0


def test_an_answer_to_a_sign_in_that_nobody_began_is_refused(page: Page, pool: UserPool) -> None:
    page.goto("/?code=a-code&state=made-up#/scans")
    expect(page.get_by_role("alert")).to_contain_text("Signing in did not work")
    assert pool.signed_in == 0
