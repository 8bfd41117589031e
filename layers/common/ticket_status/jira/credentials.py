"""Credentials, one kind for each ``auth_type``. No ``repr`` or error shows a secret."""

import logging
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from requests import PreparedRequest
from requests.auth import AuthBase

from ticket_status.core.health import expiry_told
from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused

_TOKEN = re.compile(r"[!-~]+")


class Credentials(Protocol):
    """Signs calls. Safe to use from several threads."""

    def sign(self) -> AuthBase | JiraTrouble:
        """The signature for the next call."""

    def renew(self, used: AuthBase) -> bool | JiraTrouble:
        """Whether there is a newer credential than the one that was refused."""

    def conceal(self, text: str) -> str:
        """The text without any secret of these credentials (R17)."""


def conceal(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, whether plain, in base64 or percent-encoded."""
    for secret in secrets:
        for written in {secret, b64encode(secret.encode(errors="replace")).decode(), quote(secret, safe="")} - {""}:
            text = text.replace(written, "…")
    return text


class HeaderAuth(AuthBase):
    """Signs with the ``Authorization`` header."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign this request."""
        r.headers["Authorization"] = self._value
        return r


class FixedCredentials:
    """Credentials that stay the same until an administrator edits them."""

    def __init__(self, auth: AuthBase, secrets: Iterable[str]) -> None:
        self._auth = auth
        self._secrets = tuple(secrets)

    def sign(self) -> AuthBase:
        """The same for every call."""
        return self._auth

    def conceal(self, text: str) -> str:
        """The text without these secrets."""
        return conceal(text, self._secrets)

    def renew(self, used: AuthBase) -> bool:  # noqa: ARG002 - the protocol's
        """Never: there is nothing newer."""
        return False


class NoCredentials:
    """For calls without credentials."""

    def sign(self) -> Refused:
        """Nothing signs."""
        return no_credentials()

    def renew(self, used: AuthBase) -> bool:  # noqa: ARG002 - the protocol's
        """Never."""
        return False

    def conceal(self, text: str) -> str:
        """There is nothing to conceal."""
        return text


def basic(username: str, password: str) -> AuthBase:
    """User name and password; on Cloud e-mail and API token."""
    return HeaderAuth("Basic " + b64encode(f"{username}:{password}".encode()).decode())


def bearer(token: str) -> AuthBase | Refused:
    """A personal access token, or an OAuth 2.0 access token."""
    if not _TOKEN.fullmatch(token):
        return Refused(ReasonCode.AUTHENTICATION_FAILED, "The token has characters that a token cannot have")
    return HeaderAuth(f"Bearer {token}")


def oauth1(  # noqa: PLR0913 - the protocol has so many
    consumer_key: str,
    private_key: str,
    token: str | None = None,
    token_secret: str | None = None,
    *,
    verifier: str | None = None,
    callback_url: str | None = None,
) -> AuthBase:
    """OAuth 1.0a with RSA-SHA1. The key is parsed once; given as text, the library would parse it for every call.

    Raises ``ValueError`` for a text that is not a private key.
    """
    # Loaded when an integration needs it: few do, and it is a tenth of a cold start.
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    from oauthlib.oauth1 import SIGNATURE_RSA_SHA1  # noqa: PLC0415
    from requests_oauthlib import OAuth1  # noqa: PLC0415

    for library in ("requests_oauthlib", "oauthlib"):
        logging.getLogger(library).setLevel(logging.INFO)  # at DEBUG they log what they sign with
    return OAuth1(
        consumer_key,
        resource_owner_key=token,
        resource_owner_secret=token_secret,
        callback_uri=callback_url,
        verifier=verifier,
        signature_method=SIGNATURE_RSA_SHA1,
        rsa_key=load_pem_private_key(private_key.encode(), password=None),
    )


def fixed_credentials(integration: Integration, secrets: Mapping[str, str]) -> FixedCredentials | Refused:
    """Credentials that are used as they are. For OAuth 2.0 tokens that need refreshing, see ``tokens``."""
    auth = _fixed_auth(integration, secrets)
    if isinstance(auth, Refused):
        return auth
    pair = f"{integration.username}:{secrets.get('password', '')}"
    return FixedCredentials(auth, [pair, *secrets.values()])


def _fixed_auth(integration: Integration, secrets: Mapping[str, str]) -> AuthBase | Refused:
    match integration.auth_type:
        case AuthType.BASIC if integration.username and "password" in secrets:
            return basic(integration.username, secrets["password"])
        case AuthType.PAT if "token" in secrets:
            return bearer(secrets["token"])
        case AuthType.OAUTH2:
            return bearer(secrets["access_token"]) if "access_token" in secrets else not_authorised()
        case AuthType.OAUTH1 if integration.consumer_key and "private_key" in secrets:
            if "access_token" not in secrets:
                return not_authorised()
            return oauth1(
                integration.consumer_key,
                secrets["private_key"],
                secrets["access_token"],
                secrets.get("access_token_secret"),
            )
        case _:
            return no_credentials()


def no_credentials() -> Refused:
    """An integration without the secret of its kind."""
    return Refused(ReasonCode.AUTHENTICATION_FAILED, "No credentials are stored: edit the integration", final=True)


def not_authorised() -> Refused:
    """An OAuth integration that nobody authorised yet."""
    return Refused(ReasonCode.AUTHORIZATION_EXPIRED, "The integration is not authorised: authorise it", final=True)


def advice(integration: Integration, secrets: Mapping[str, str], now: datetime) -> str:
    """Additional advice when Jira does not accept the credentials; may be empty."""
    told = [expiry_told(integration.credential_expires_at, now), _latin_1_told(integration, secrets)]
    return ". ".join(filter(None, told))


def _latin_1_told(integration: Integration, secrets: Mapping[str, str]) -> str:
    """Data Centers and their proxies read names and passwords as UTF-8 or as Latin-1."""
    if integration.installation_type is not InstallationType.SERVER or integration.auth_type is not AuthType.BASIC:
        return ""
    if f"{integration.username}{secrets.get('password', '')}".isascii():
        return ""
    return (
        "The user name or password has characters beyond ASCII, which some Data Centers read as Latin-1 instead of"
        " UTF-8: use a password with ASCII characters only, or a personal access token"
    )
