"""The public keys of an OpenID Connect issuer, fetched once and kept."""

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import jwt

from ticket_status.api.tokens import TokenRefusedError

KEPT_SECONDS: Final = 3600
"""How long keys are trusted: a withdrawn key remains valid at most this long."""

ASKED_AGAIN_SECONDS: Final = 60
"""How soon a token with an unknown key may cause another request, so that forged tokens cannot cause a storm."""

TIMEOUT_SECONDS: Final = 5
MOST_BYTES: Final = 1_000_000


class IssuerError(Exception):
    """Raised when the issuer cannot be reached or violates OpenID Connect: an outage, not a refusal."""


class IssuerKeys:
    """Keys by id, found through the issuer's discovery document."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked: float | None = None
        self._one_at_a_time = Lock()

    def key(self, key_id: str) -> jwt.PyJWK:
        """The key with this id. Raises ``TokenRefusedError`` if there is none, ``IssuerError`` if the issuer fails."""
        with self._one_at_a_time:
            if self._is_due(key_id):
                self._keys = _usable(self._ask())
                self._asked = self._clock()
        try:
            return self._keys[key_id]
        except KeyError:
            raise TokenRefusedError("signed with a key that the issuer does not publish") from None

    def _is_due(self, key_id: str) -> bool:
        if self._asked is None:
            return True
        age = self._clock() - self._asked
        return age > KEPT_SECONDS or (key_id not in self._keys and age > ASKED_AGAIN_SECONDS)

    def _ask(self) -> Any:  # noqa: ANN401 - the keys of an answer, whatever they are
        discovered = _get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if discovered.get("issuer") != self._issuer:
            raise IssuerError(f"{self._issuer} calls itself {discovered.get('issuer')!r}: set TokenIssuer to that")
        return _get(str(discovered.get("jwks_uri"))).get("keys")


def _usable(keys: object) -> dict[str, jwt.PyJWK]:
    """The usable keys; unknown kinds are left out."""
    found: dict[str, jwt.PyJWK] = {}
    for one in keys if isinstance(keys, list) else []:
        try:
            found[str(one["kid"])] = jwt.PyJWK(one)
        except (jwt.PyJWTError, KeyError, TypeError):
            continue
    return found


def _get(url: str) -> dict[str, Any]:
    """A JSON object. Redirects are not followed. Raises ``IssuerError``."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise IssuerError(f"{url!r} is not a valid URL")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path or "/", headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = response.read(MOST_BYTES)
        if response.status != HTTPStatus.OK:
            raise IssuerError(f"{url} answered with status {response.status}")
        document = json.loads(body)
    except (OSError, ValueError) as error:
        raise IssuerError(f"{url} cannot be read: {type(error).__name__}") from error
    finally:
        connection.close()
    if not isinstance(document, dict):
        raise IssuerError(f"{url} did not return a JSON object")
    return document
