"""Verifies deliveries of Jira's webhooks, over their raw bytes, before anything in them is parsed."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import jwt

from ticket_status.core.webhooks import Signing

_METHODS: Final = frozenset({"sha256", "sha384", "sha512"})
"""``X-Hub-Signature`` names its method; ``sha256`` is usual, and nothing weaker is accepted."""

_LEEWAY_SECONDS: Final = 60


class JiraDeliverySignatures:
    """The ``DeliverySignatures``. Each kind of webhook has one kind of signature; the other is not accepted."""

    def holds(
        self, signing: Signing, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> bool:
        """Compared in constant time. Times in a token are compared with ``now``, with a minute's tolerance."""
        if signing is Signing.HMAC:
            return _signed_by_hmac(headers.get("x-hub-signature", ""), body, keys)
        return _signed_by_token(headers.get("authorization", ""), keys, now)


def _signed_by_hmac(header: str, body: bytes, keys: Sequence[str]) -> bool:
    method, _, told = header.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    sums = [hmac.new(key.encode(), body, method.lower()).hexdigest().encode() for key in keys]
    return any(hmac.compare_digest(one, told.strip().lower().encode()) for one in sums)


def _signed_by_token(header: str, keys: Sequence[str], now: datetime) -> bool:
    kind, _, token = header.strip().partition(" ")
    return kind.lower() == "bearer" and any(_token_holds(token.strip(), key, now) for key in keys)


def _token_holds(token: str, key: str, now: datetime) -> bool:
    """The claims of Jira's tokens are not documented: only the times are checked, if present."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.PyJWTError:
        return False
    moment = now.timestamp()
    expires, begins = claims.get("exp"), claims.get("nbf")
    return (expires is None or _number(expires) > moment - _LEEWAY_SECONDS) and (
        begins is None or _number(begins, later=True) <= moment + _LEEWAY_SECONDS
    )


def _number(value: object, *, later: bool = False) -> float:
    """A time as a number; anything else is never valid."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return float("inf") if later else float("-inf")
