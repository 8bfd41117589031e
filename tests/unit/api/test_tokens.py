"""Tokens of an issuer of one's own: verified with keys that it publishes, asked for once, over real sockets."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from aws_lambda_powertools import Logger, Metrics
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ticket_status.api.issuer_keys import ASKED_AGAIN_SECONDS, KEPT_SECONDS, IssuerError, IssuerKeys
from ticket_status.api.scopes import Scope
from ticket_status.api.tokens import TokenRefusedError, TokenVerifier, scopes
from ticket_status.composition.authorizer import AuthorizerApp, UnauthorizedError

AUDIENCE = "ticket-status"
METHOD = "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/api/v1/ticketing/resources"


class Issuer:
    """An OpenID Connect issuer on loopback: its documents, its keys, and how often it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.named = address
        self.keys: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {}
        self.asked: list[str] = []
        self.status = 200
        self.new_key("first")

    def new_key(self, name: str, kind: str = "RS256") -> None:
        made = rsa.generate_private_key(65537, 2048) if kind == "RS256" else ec.generate_private_key(ec.SECP256R1())
        self.keys[name] = made

    def document(self, path: str) -> object:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.named, "jwks_uri": f"{self.address}/keys"}
        return {"keys": [self._public(name) for name in self.keys]}

    def _public(self, name: str) -> dict[str, Any]:
        private = self.keys[name]
        algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
        made = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
        return {**made, "kid": name, "alg": algorithm, "use": "sig"}

    def token(self, key: str = "first", **claims: Any) -> str:  # noqa: ANN401 - any claim
        private = self.keys[key]
        now = datetime.now(UTC)
        usual = {"iss": self.address, "aud": AUDIENCE, "sub": "scanner", "iat": now, "exp": now + timedelta(hours=1)}
        given = {name: value for name, value in (usual | claims).items() if value is not None}
        algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(given, private, algorithm, headers={"kid": key})


@contextmanager
def serving() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(issuer.document(self.path)).encode()
            self.send_response(issuer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(name="issuer")
def serving_issuer() -> Iterator[Issuer]:
    with serving() as one:
        yield one


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock) -> TokenVerifier:
    return TokenVerifier(issuer.address, AUDIENCE, IssuerKeys(issuer.address, clock))


def test_a_good_token_says_what_it_allows(verifier: TokenVerifier, issuer: Issuer) -> None:
    claims = verifier.claims(issuer.token(scope="openid ticketing/read ticketing/refresh"))
    assert claims["sub"] == "scanner"
    assert scopes(claims) == [Scope.READ, Scope.REFRESH]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"scope": "ticketing/read"}, [Scope.READ]),
        ({"scp": ["ticketing.read", "other"]}, [Scope.READ]),
        ({"scp": "ticketing.admin"}, [Scope.ADMIN]),
        ({"roles": ["ticketing:register"]}, [Scope.REGISTER]),
        ({"scope": "xticketing/read ticketing/readx"}, []),
        ({"scope": 7, "scp": {"ticketing/admin": True}, "roles": [1, None]}, []),
        ({}, []),
    ],
)
def test_issuers_name_scopes_in_their_own_ways(claims: dict[str, Any], expected: list[Scope]) -> None:
    assert scopes(claims) == expected


HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": HOUR_AGO},
        {"exp": None},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"aud": "another-api"},
        {"aud": None},
        {"iss": "https://other.example.com"},
        {"iss": None},
    ],
)
def test_a_token_that_is_not_for_us_or_not_for_now_is_refused(
    claims: dict[str, Any], verifier: TokenVerifier, issuer: Issuer
) -> None:
    with pytest.raises(TokenRefusedError):
        verifier.claims(issuer.token(**claims))


def test_a_token_that_somebody_else_signed_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    good = issuer.token()
    with serving() as forger:
        forged = forger.token(iss=issuer.address)
    with pytest.raises(TokenRefusedError):
        verifier.claims(forged)
    tampered = ".".join([*good.split(".")[:2], forged.split(".")[2]])
    with pytest.raises(TokenRefusedError):
        verifier.claims(tampered)


def test_a_token_that_is_not_signed_or_signed_with_what_is_public_is_refused(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    claims = {"iss": issuer.address, "aud": AUDIENCE, "exp": datetime.now(UTC) + timedelta(hours=1)}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "first"})
    shared = jwt.encode(claims, "a-secret-that-is-long-enough-for-hmac", "HS256", headers={"kid": "first"})
    for token in (unsigned, shared, "no.token.at-all", ""):
        with pytest.raises(TokenRefusedError):
            verifier.claims(token)


def test_keys_are_asked_for_once(verifier: TokenVerifier, issuer: Issuer) -> None:
    for _ in range(20):
        verifier.claims(issuer.token())
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_key_that_is_new_is_found_and_forged_ones_cause_no_storm(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.claims(issuer.token())
    issuer.new_key("second", "ES256")
    with pytest.raises(TokenRefusedError):
        verifier.claims(issuer.token("second"))
    clock.now += ASKED_AGAIN_SECONDS + 1
    assert verifier.claims(issuer.token("second"))["sub"] == "scanner"
    with serving() as forger:
        forger.new_key("third")
        for _ in range(20):
            with pytest.raises(TokenRefusedError):
                verifier.claims(forger.token("third"))
    assert issuer.asked.count("/keys") == 2


def test_a_key_that_was_withdrawn_is_good_for_an_hour_at_most(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    token = issuer.token()
    verifier.claims(token)
    issuer.keys.clear()
    clock.now += KEPT_SECONDS + 1
    with pytest.raises(TokenRefusedError):
        verifier.claims(token)


def test_an_issuer_that_fails_or_is_another_is_an_outage_and_refuses_nobody(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    token = issuer.token()
    issuer.named = "https://other.example.com"
    with pytest.raises(IssuerError, match=r"set TokenIssuer to that"):
        verifier.claims(token)
    issuer.status = 503
    with pytest.raises(IssuerError, match="status 503"):
        verifier.claims(token)
    issuer.status, issuer.named = 200, issuer.address
    assert verifier.claims(token)


def app(verifier: TokenVerifier, service: str) -> AuthorizerApp:
    """Of a service of its own, whose logger writes to where this test reads."""
    logger = Logger(service=service, use_rfc3339=True)
    return AuthorizerApp(logger, Metrics(namespace="n", service=service), verifier)


def test_api_gateway_is_told_to_let_a_good_token_in_everywhere_and_what_it_allows(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    token = issuer.token(scope="ticketing/read", azp="client-1")
    answer = app(verifier, "good").answer(
        {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": METHOD}
    )
    [statement] = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/*"
    assert answer["context"] == {"scope": "ticketing/read", "client_id": "client-1"}


def test_a_bad_token_is_the_one_error_that_api_gateway_answers_401_for_and_no_line_bears_it(
    verifier: TokenVerifier, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    token = issuer.token(aud="another-api")
    with pytest.raises(UnauthorizedError) as refused:
        app(verifier, "bad").answer({"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": METHOD})
    assert str(refused.value) == "Unauthorized"
    written = capsys.readouterr().out
    assert "token refused" in written
    assert token not in written
    assert token.split(".")[1] not in written
