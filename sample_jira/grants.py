"""OAuth 2.0: apps, grants, codes and rotating refresh tokens."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock

from sample_jira.clock import Clock

CODE_LIVES = timedelta(minutes=5)
OFFLINE = "offline_access"


class OAuthRefusedError(Exception):
    """Raised for a token request that is refused; `error` is OAuth's own word for why."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long tokens live. `leeway`: how long a rotated refresh token still works."""

    access: timedelta
    refresh_unused: timedelta
    leeway: timedelta


@dataclass(frozen=True, slots=True)
class App:
    """A registered app. No `redirect_uris`: any. `scopes`: all it may get; None is no limit.

    `service_account`: it gets tokens for itself (client credentials), and nothing else.
    """

    client_id: str
    client_secret: str
    redirect_uris: Sequence[str] = ()
    scopes: frozenset[str] | None = None
    service_account: bool = False

    def redirects_to(self, uri: str) -> bool:
        """Whether the app may have codes sent there."""
        return not self.redirect_uris or uri in self.redirect_uris


@dataclass(slots=True)
class Grant:
    """What a person granted an app."""

    app: App
    scopes: frozenset[str]
    revoked: bool = False


@dataclass(slots=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    expires_at: datetime


@dataclass(slots=True)
class _Refresh:
    grant: Grant
    issued_at: datetime
    rotated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Access:
    grant: Grant
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token request gives; `refresh` only if it was granted."""

    access: str
    refresh: str | None
    expires_in: int
    scopes: frozenset[str]

    def as_json(self) -> dict[str, object]:
        """The answer of a token endpoint."""
        answer: dict[str, object] = {
            "access_token": self.access,
            "expires_in": self.expires_in,
            "scope": " ".join(sorted(self.scopes)),
            "token_type": "Bearer",  # nosec B105 # a token's type
        }
        return answer | ({"refresh_token": self.refresh} if self.refresh else {})


@dataclass(slots=True)
class Grants:
    """All apps and grants of one authorisation server.

    `always_offline`: refresh tokens are given without the scope for it.
    """

    clock: Clock
    lifetimes: Lifetimes
    always_offline: bool = False
    apps: dict[str, App] = field(default_factory=dict)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _refresh: dict[str, _Refresh] = field(default_factory=dict)
    _access: dict[str, _Access] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def grant(self, app: App, redirect_uri: str, scopes: frozenset[str], challenge: str | None = None) -> str:
        """A person grants the app these scopes, as far as the app may have them: the code."""
        allowed = scopes if app.scopes is None else scopes & app.scopes
        code = token_urlsafe(32)
        expires_at = self.clock.now() + CODE_LIVES
        self._codes[code] = _Code(Grant(app, allowed), redirect_uri, challenge, expires_at)
        return code

    def exchange(self, app: App, code: str | None, redirect_uri: str | None, verifier: str | None = None) -> Tokens:
        """Tokens for a code, which works once; OAuthRefusedError otherwise."""
        with self._lock:
            held = self._codes.pop(code or "", None)
            if held is None or held.grant.app != app or held.expires_at <= self.clock.now():
                raise OAuthRefusedError("invalid_grant", "Invalid authorization code")
            if held.redirect_uri != redirect_uri:
                raise OAuthRefusedError("invalid_grant", "The redirect URI does not match")
            if held.challenge is not None and held.challenge != _challenge(verifier):
                raise OAuthRefusedError("invalid_grant", "The code verifier does not match")
            return self._issue(held.grant)

    def refresh(self, app: App, token: str | None) -> Tokens:
        """New tokens for a refresh token, which is rotated; OAuthRefusedError otherwise."""
        with self._lock:
            held = self._refresh.get(token or "")
            if held is None or held.grant.app != app or not self._lives(held):
                raise OAuthRefusedError("invalid_grant", "Unknown or invalid refresh token.")
            held.rotated_at = held.rotated_at or self.clock.now()
            return self._issue(held.grant)

    def for_itself(self, app: App, scopes: frozenset[str]) -> Tokens:
        """A token for a service account, without a refresh token; OAuthRefusedError for any other app."""
        if not app.service_account:
            raise OAuthRefusedError("unauthorized_client", "Grant type not allowed for the client.")
        with self._lock:
            return self._issue(Grant(app, scopes), refreshable=False)

    def access(self, token: str) -> Grant | None:
        """The grant of an access token, while it lives."""
        held = self._access.get(token)
        if held is None or held.grant.revoked or held.expires_at <= self.clock.now():
            return None
        return held.grant

    def expire_access(self) -> None:
        """End all access tokens; refresh tokens go on."""
        self._access.clear()

    def revoke(self) -> None:
        """Revoke every grant: nothing but a new authorisation helps."""
        for held in self._refresh.values():
            held.grant.revoked = True
        for token in self._access.values():
            token.grant.revoked = True

    def _lives(self, held: _Refresh) -> bool:
        now = self.clock.now()
        if held.grant.revoked or now - held.issued_at > self.lifetimes.refresh_unused:
            return False
        return held.rotated_at is None or now - held.rotated_at <= self.lifetimes.leeway

    def _issue(self, grant: Grant, *, refreshable: bool = True) -> Tokens:
        now = self.clock.now()
        access, refresh = token_urlsafe(32), None
        self._access[access] = _Access(grant, now + self.lifetimes.access)
        if refreshable and (self.always_offline or OFFLINE in grant.scopes):
            refresh = token_urlsafe(48)
            self._refresh[refresh] = _Refresh(grant, now)
        return Tokens(access, refresh, int(self.lifetimes.access.total_seconds()), grant.scopes)


def _challenge(verifier: str | None) -> str:
    digest = sha256((verifier or "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
