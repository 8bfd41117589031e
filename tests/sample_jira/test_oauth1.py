"""OAuth 1.0a of Data Center: the dance, and signatures that are really verified."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1
from requests_oauthlib import OAuth1Session

from sample_jira import SampleJira

BACK = "http://127.0.0.1:9/oauth1/callback"


def pem_pair() -> tuple[str, str]:
    """A private and its public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PRIVATE_KEY, PUBLIC_KEY = pem_pair()


class Signed:
    """Signs as an integration does."""

    def __init__(self, jira: SampleJira) -> None:
        self.jira = jira
        self.oauth = f"{jira.data_center.url}/plugins/servlet/oauth"
        self.opened: list[OAuth1Session] = []

    def session(self, **more: Any) -> OAuth1Session:  # noqa: ANN401 - as the session has it
        """A session that signs with our key unless told otherwise."""
        settings = {"signature_method": "RSA-SHA1", "rsa_key": PRIVATE_KEY, **more}
        session = OAuth1Session("our-consumer", **settings)
        session.headers["User-Agent"] = "ticket-status"
        self.opened.append(session)
        return session

    def request_token(self) -> str:
        """The first step."""
        session = self.session(callback_uri=BACK)
        return str(session.fetch_request_token(f"{self.oauth}/request-token")["oauth_token"])

    def verifier(self, token: str, decision: str = "accept") -> str:
        """The second step, in the person's browser."""
        parameters = {"oauth_token": token, "decision": decision}
        answer = requests.get(f"{self.oauth}/authorize", params=parameters, allow_redirects=False, timeout=5)
        return parse_qs(urlsplit(answer.headers["Location"]).query)["oauth_verifier"][0]

    def exchange(self, token: str, verifier: str) -> requests.Response:
        """The third step."""
        session = self.session(resource_owner_key=token, verifier=verifier)
        return session.post(f"{self.oauth}/access-token", timeout=5)

    def access_token(self) -> str:
        """All three."""
        token = self.request_token()
        answer = self.exchange(token, self.verifier(token))
        return parse_qs(answer.text)["oauth_token"][0]

    def search(self, session: OAuth1Session) -> requests.Response:
        """A signed search."""
        body = {"jql": "id in (10001)", "validateQuery": False}
        url = f"{self.jira.data_center.url}/rest/api/2/search"
        return session.post(url, json=body, timeout=5)


@pytest.fixture
def signed(jira: SampleJira) -> Iterator[Signed]:
    jira.data_center.register_consumer("our-consumer", PUBLIC_KEY)
    jira.data_center.create("SEC")
    signing = Signed(jira)
    yield signing
    for session in signing.opened:
        session.close()


def problem(answer: requests.Response) -> str:
    """What a 401 says is wrong."""
    assert answer.status_code == 401
    assert "oauth_problem" in answer.headers["WWW-Authenticate"]
    return answer.text.removeprefix("oauth_problem=")


def test_the_dance_ends_with_a_token_that_opens_the_site(signed: Signed) -> None:
    session = signed.session(resource_owner_key=signed.access_token())

    answer = signed.search(session)

    assert [issue["key"] for issue in answer.json()["issues"]] == ["SEC-1"]
    assert answer.headers["X-AUSERNAME"] == "bot"
    url = f"{signed.jira.data_center.url}/rest/api/2/issue/SEC-1?fields=status,created"
    assert session.get(url, timeout=5).status_code == 200
    assert signed.jira.violations == []


def test_another_key_another_consumer_and_another_method_are_refused(signed: Signed) -> None:
    token = signed.access_token()
    other_key, _ = pem_pair()

    wrong_key = signed.session(resource_owner_key=token, rsa_key=other_key)
    assert problem(signed.search(wrong_key)) == "signature_invalid"
    hmac = signed.session(resource_owner_key=token, signature_method=SIGNATURE_HMAC_SHA1)
    assert problem(signed.search(hmac)) == "signature_method_rejected"
    signed.jira.data_center.register_consumer("our-consumer", pem_pair()[1])
    right_key = signed.session(resource_owner_key=token)
    assert problem(signed.search(right_key)) == "signature_invalid"


def test_a_signature_covers_the_query(signed: Signed) -> None:
    session = signed.session(resource_owner_key=signed.access_token())
    url = f"{signed.jira.data_center.url}/rest/api/2/issue/SEC-1"
    with requests.Session() as plain:
        prepared = session.prepare_request(requests.Request("GET", url, auth=session.auth))
        prepared.url = f"{url}?fields=status"
        assert problem(plain.send(prepared, timeout=5)) == "signature_invalid"


def test_a_request_cannot_be_sent_twice(signed: Signed) -> None:
    session = signed.session(resource_owner_key=signed.access_token())
    url = f"{signed.jira.data_center.url}/rest/api/2/myself"
    prepared = session.prepare_request(requests.Request("GET", url, auth=session.auth))

    with requests.Session() as plain:
        assert plain.send(prepared, timeout=5).status_code == 200
        assert problem(plain.send(prepared, timeout=5)) == "nonce_used"


def test_a_clock_too_far_away_is_refused(signed: Signed) -> None:
    session = signed.session(resource_owner_key=signed.access_token())
    signed.jira.data_center.options.clock_skew_seconds = 301

    assert problem(signed.search(session)) == "timestamp_refused"


def test_unknown_and_revoked_tokens_are_rejected(signed: Signed) -> None:
    session = signed.session(resource_owner_key=signed.access_token())
    assert problem(signed.search(signed.session(resource_owner_key="x"))) == "token_rejected"

    signed.jira.data_center.revoke_grants()

    assert problem(signed.search(session)) == "token_rejected"


def test_a_token_needs_the_persons_consent_and_works_once(signed: Signed) -> None:
    token = signed.request_token()
    assert problem(signed.exchange(token, "guessed")) == "permission_unknown"
    assert signed.verifier(token, "cancel") == "denied"
    assert problem(signed.exchange(token, "denied")) == "permission_unknown"
    verifier = signed.verifier(token)
    assert signed.exchange(token, verifier).status_code == 200
    assert problem(signed.exchange(token, verifier)) == "token_rejected"


def test_request_tokens_live_ten_minutes_and_access_tokens_five_years(signed: Signed) -> None:
    token = signed.request_token()
    verifier = signed.verifier(token)
    session = signed.session(resource_owner_key=signed.access_token())
    signed.jira.clock.advance(601)
    assert problem(signed.exchange(token, verifier)) == "token_expired"
    assert signed.search(session).status_code == 200

    signed.jira.clock.advance(5 * 365 * 86400)

    assert problem(signed.search(session)) == "token_expired"
