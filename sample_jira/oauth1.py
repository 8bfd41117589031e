"""OAuth 1.0a of Data Center: RSA-SHA1, with every signature verified."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from secrets import token_urlsafe
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlencode

from oauthlib.oauth1.rfc5849 import signature

from sample_jira.clock import Clock
from sample_jira.consent import back_to, consent_page
from sample_jira.messages import Answer, Request, html_answer
from sample_jira.operations import Call, Operation, page, post
from sample_jira.schemas import NoBody, NoParameters, OAuth1Authorize

PATH = "/plugins/servlet/oauth"
REQUEST_TOKEN_LIVES = timedelta(minutes=10)
ACCESS_TOKEN_LIVES = timedelta(days=5 * 365)
TIMESTAMP_LEEWAY = 300  # seconds
ALWAYS = ("consumer_key", "signature", "signature_method", "timestamp", "nonce")
OUT_OF_BAND = "oob"


class OAuth1ProblemError(Exception):
    """Raised for a request whose signature, or part of it, is refused; its text is the problem."""


@dataclass(slots=True)
class _RequestToken:
    consumer: str
    callback: str
    expires_at: datetime
    verifier: str | None = None


@dataclass(frozen=True, slots=True)
class _AccessToken:
    consumer: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Signed:
    """What oauthlib looks at when it verifies a signature."""

    http_method: str
    uri: str
    params: list[tuple[str, str]]
    signature: str


class OAuth1Options(Protocol):
    """The site's options that OAuth 1.0a depends on."""

    auto_grant: bool
    clock_skew_seconds: float


class OAuth1:
    """Consumers and tokens of one site."""

    def __init__(self, clock: Clock, options: OAuth1Options) -> None:
        self._clock = clock
        self._options = options
        self._keys: dict[str, str] = {}
        self._request_tokens: dict[str, _RequestToken] = {}
        self._access_tokens: dict[str, _AccessToken] = {}
        self._used: set[str] = set()
        self._lock = Lock()

    def operations(self, context_path: str) -> Sequence[Operation[Any, Any]]:
        """What the site answers for OAuth 1.0a."""
        path = f"{context_path}{PATH}"
        return (
            post(f"{path}/request-token", self._request_token, NoBody, before_login=True),
            post(f"{path}/access-token", self._access_token, NoBody, before_login=True),
            *page(f"{path}/authorize", self._decided, OAuth1Authorize, before_login=True),
        )

    def register(self, consumer_key: str, public_key: str) -> None:
        """Know a consumer by its public key (PEM)."""
        self._keys[consumer_key] = public_key

    def revoke(self) -> None:
        """The person revokes all access tokens."""
        self._access_tokens.clear()

    def prove(self, request: Request) -> None:
        """Verify a request with an access token; OAuth1ProblemError when it is refused."""
        parameters = self._verified(request, "token")
        held = self._access_tokens.get(parameters["oauth_token"])
        if held is None or held.consumer != parameters["oauth_consumer_key"]:
            raise OAuth1ProblemError("token_rejected")
        if held.expires_at <= self._clock.now():
            raise OAuth1ProblemError("token_expired")

    # The dance

    def _request_token(self, call: Call[NoParameters, NoBody]) -> Answer:
        try:
            parameters = self._verified(call.request, "callback")
        except OAuth1ProblemError as problem:
            return problem_answer(problem)
        token = token_urlsafe(24)
        self._request_tokens[token] = _RequestToken(
            parameters["oauth_consumer_key"],
            parameters["oauth_callback"],
            self._clock.now() + REQUEST_TOKEN_LIVES,
        )
        return _token_answer(token, oauth_callback_confirmed="true")

    def _decided(self, asked: OAuth1Authorize) -> Answer:
        held = self._request_tokens.get(asked.oauth_token)
        if held is None or held.expires_at <= self._clock.now():
            return html_answer("Error", "The request token is unknown or expired", 400)
        decision = asked.decision or ("accept" if self._options.auto_grant else None)
        if decision is None:
            return consent_page(held.consumer, "your data", asked.model_dump(exclude_none=True))
        held.verifier = token_urlsafe(6) if decision == "accept" else None
        if held.callback == OUT_OF_BAND:
            return html_answer("Access", f"Your verification code is '{held.verifier}'.")
        return back_to(held.callback, oauth_token=asked.oauth_token, oauth_verifier=held.verifier or "denied")

    def _access_token(self, call: Call[NoParameters, NoBody]) -> Answer:
        try:
            return self._exchanged(self._verified(call.request, "token", "verifier"))
        except OAuth1ProblemError as problem:
            return problem_answer(problem)

    def _exchanged(self, parameters: dict[str, str]) -> Answer:
        held = self._request_tokens.get(parameters["oauth_token"])
        if held is None or held.consumer != parameters["oauth_consumer_key"]:
            raise OAuth1ProblemError("token_rejected")
        if held.expires_at <= self._clock.now():
            raise OAuth1ProblemError("token_expired")
        if held.verifier is None or held.verifier != parameters["oauth_verifier"]:
            raise OAuth1ProblemError("permission_unknown")
        del self._request_tokens[parameters["oauth_token"]]
        token = token_urlsafe(24)
        expires_at = self._clock.now() + ACCESS_TOKEN_LIVES
        self._access_tokens[token] = _AccessToken(held.consumer, expires_at)
        seconds = str(int(ACCESS_TOKEN_LIVES.total_seconds()))
        return _token_answer(token, oauth_expires_in=seconds)

    # The signature

    def _verified(self, request: Request, *needed: str) -> dict[str, str]:
        """The OAuth parameters of a request whose signature is right."""
        collected = signature.collect_parameters(
            uri_query=request.target.partition("?")[2],
            body=list(request.form.items()),
            headers={"Authorization": request.headers.get("authorization", "")},
            exclude_oauth_signature=False,
        )
        parameters = {name: value for name, value in collected if name.startswith("oauth_")}
        self._check_shape(parameters, {*ALWAYS, *needed}, request)
        self._check_signature(parameters, collected, request)
        self._check_fresh(parameters)
        return parameters

    def _check_shape(self, parameters: dict[str, str], needed: set[str], request: Request) -> None:
        if not {f"oauth_{name}" for name in needed} <= parameters.keys():
            raise OAuth1ProblemError("parameter_absent")
        if parameters["oauth_signature_method"] != "RSA-SHA1":
            raise OAuth1ProblemError("signature_method_rejected")
        if parameters["oauth_consumer_key"] not in self._keys:
            raise OAuth1ProblemError("consumer_key_unknown")
        if parameters.get("oauth_body_hash") not in (None, _body_hash(request.body)):
            raise OAuth1ProblemError("signature_invalid")

    def _check_signature(self, parameters: dict[str, str], collected: list[tuple[str, str]], request: Request) -> None:
        uri = f"http://{request.headers.get('host', '')}{request.target}"
        unsigned = [(name, value) for name, value in collected if name != "oauth_signature"]
        signed = _Signed(request.method, uri, unsigned, parameters["oauth_signature"])
        if not signature.verify_rsa_sha1(signed, self._keys[parameters["oauth_consumer_key"]]):
            raise OAuth1ProblemError("signature_invalid")

    def _check_fresh(self, parameters: dict[str, str]) -> None:
        """The time of signing is the machine's, so the moved clock has no say here."""
        now = datetime.now(UTC).timestamp() + self._options.clock_skew_seconds
        if abs(now - int(parameters["oauth_timestamp"])) > TIMESTAMP_LEEWAY:
            raise OAuth1ProblemError("timestamp_refused")
        once = " ".join(parameters[f"oauth_{name}"] for name in ("consumer_key", "timestamp", "nonce"))
        with self._lock:
            if once in self._used:
                raise OAuth1ProblemError("nonce_used")
            self._used.add(once)


def problem_answer(problem: OAuth1ProblemError) -> Answer:
    """The 401 that names the problem."""
    text = f"oauth_problem={problem}"
    headers = {"WWW-Authenticate": f'OAuth realm="jira", oauth_problem="{problem}"'}
    return Answer(401, text.encode(), "text/plain;charset=UTF-8", headers)


def _token_answer(token: str, **more: str) -> Answer:
    fields = {"oauth_token": token, "oauth_token_secret": token_urlsafe(24), **more}
    return Answer(200, urlencode(fields).encode(), "application/x-www-form-urlencoded")


def _body_hash(body: bytes) -> str:
    return base64.b64encode(sha1(body).digest()).decode()  # noqa: S324 - OAuth 1.0a has it so  # nosec B324
