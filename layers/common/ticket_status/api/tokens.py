"""Tokens of an OpenID Connect issuer: whether one is valid for this API, and what it allows."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import jwt
from msgspec import Struct

from ticket_status.api.scopes import Scope

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Public-key signatures only: never ``none``, never a shared secret."""

LEEWAY_SECONDS: Final = 60
"""How far clocks may be apart."""

SCOPE_CLAIMS: Final = ("scope", "scp", "roles")
"""Where issuers say what a token allows: RFC 9068 and Cognito, Okta and Entra ID for people, Entra ID for programs."""


class TokenRefusedError(Exception):
    """Raised when a token is not valid; the text, for the log, says why, without parts of the token."""


class SigningKeys(Protocol):
    """The public keys of an issuer."""

    def key(self, key_id: str) -> jwt.PyJWK:
        """The key with this id. Raises ``TokenRefusedError`` if the issuer has none."""


class TokenVerifier(Struct, frozen=True):
    """Verifies tokens of one issuer that are meant for one audience."""

    issuer: str
    audience: str
    keys: SigningKeys

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid token. Raises ``TokenRefusedError``."""
        try:
            header = jwt.get_unverified_header(token)
            key = self.keys.key(str(header.get("kid", "")))
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRefusedError(str(error)) from error
        return claims


def scopes(claims: Mapping[str, Any]) -> list[Scope]:
    """The API's scopes in a token, in the order of ``Scope``.

    ``ticketing.read`` and ``ticketing:read`` are ``ticketing/read``: some issuers allow no slash.
    """
    named = {word.replace(".", "/").replace(":", "/") for claim in SCOPE_CLAIMS for word in _words(claims.get(claim))}
    return [scope for scope in Scope if scope in named]


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
