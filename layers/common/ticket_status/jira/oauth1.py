"""Authorises OAuth 1.0a integrations of Server and Data Center: RSA-SHA1, a key pair per integration."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from requests.auth import AuthBase

from ticket_status.core.model import Discreet, Integration, ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.jira.credentials import oauth1
from ticket_status.jira.session import Answer, Deadline, HttpSession, NoAnswer, Request
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.throttling import throttled

_SERVLET = "plugins/servlet/oauth"
_KEY_BITS = 2048


class KeyPair(Discreet, frozen=True):
    """PEM texts; the public one goes into Jira's application link."""

    private_key: str
    public_key: str


class RequestToken(Discreet, frozen=True):
    """Valid for ten minutes; at the authorisation URL a person exchanges it for a verifier."""

    token: str
    secret: str
    authorization_url: str


class AccessToken(Discreet, frozen=True):
    """Valid for five years."""

    token: str
    secret: str

    def as_secrets(self) -> dict[str, str]:
        """Members to merge into the integration's stored secrets."""
        return {"access_token": self.token, "access_token_secret": self.secret}


def new_key_pair() -> KeyPair:
    """A new RSA key pair."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())


class OAuth1:
    """The OAuth 1.0a flow: request token, a person's consent, access token."""

    def __init__(self, settings: JiraSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now

    def request_token(
        self,
        integration: Integration,
        private_key: str,
        callback_url: str,
        deadline: datetime | None = None,
    ) -> RequestToken | JiraTrouble:
        """The token that a person authorises at its URL; Jira then calls ``callback_url``."""
        signed = oauth1(integration.consumer_key or "", private_key, callback_url=callback_url)
        pair = self._ask(integration, "request-token", signed, deadline)
        if not isinstance(pair, tuple):
            return pair
        query = urlencode({"oauth_token": pair[0]})
        return RequestToken(*pair, f"{integration.site_url}/{_SERVLET}/authorize?{query}")

    def access_token(  # noqa: PLR0913 - the protocol has so many
        self,
        integration: Integration,
        private_key: str,
        token: str,
        secret: str,
        verifier: str,
        *,
        deadline: datetime | None = None,
    ) -> AccessToken | JiraTrouble:
        """The access token for an authorised request token."""
        signed = oauth1(integration.consumer_key or "", private_key, token, secret, verifier=verifier)
        pair = self._ask(integration, "access-token", signed, deadline)
        return AccessToken(*pair) if isinstance(pair, tuple) else pair

    def _ask(
        self, integration: Integration, what: str, signed: AuthBase, deadline: datetime | None
    ) -> tuple[str, str] | JiraTrouble:
        session = HttpSession(
            self._settings,
            self._now,
            skip_proxy=integration.skip_proxy,
            deadline=Deadline.of(deadline, self._now()),
        )
        url = f"{integration.site_url}/{_SERVLET}/{what}"
        answer = session.send(Request("POST", url, auth=signed))
        return answer.trouble if isinstance(answer, NoAnswer) else _read(answer)


def _read(answer: Answer) -> tuple[str, str] | JiraTrouble:
    slow_down = throttled(answer.status, answer.headers, answer.received_at)
    if slow_down is not None:
        return slow_down
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(ReasonCode.JIRA_ERROR, f"Jira failed with status {answer.status}")
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _refused(answer)
    fields = _fields(answer)
    token, secret = fields.get("oauth_token"), fields.get("oauth_token_secret")
    if answer.status != HTTPStatus.OK or not token or not secret:
        return Refused(ReasonCode.NOT_JIRA, "No Jira Server or Data Center issues tokens at this address")
    return token, secret


def _refused(answer: Answer) -> Refused:
    told = answer.headers.get("WWW-Authenticate", "")
    if "consumer_key_unknown" in told or "signature_invalid" in told:
        advice = "enter the consumer key and the public key in an incoming application link of Jira"
    elif "timestamp_refused" in told:
        advice = "the clocks of Jira and of this service differ by more than five minutes"
    else:
        advice = "authorise again"
    return Refused(ReasonCode.AUTHENTICATION_FAILED, f"Jira refused the OAuth 1.0a request: {advice}")


def _fields(answer: Answer) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(answer.body.decode(), max_num_fields=20))
    except ValueError:
        return {}
