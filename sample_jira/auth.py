"""Accounts, what they present, and the secrets that prove them."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sample_jira.model import UnknownNameError

KeyKind = Literal["api_token", "password", "pat"]


@dataclass(frozen=True, slots=True)
class Account:
    """A user. `name` is the e-mail address on Cloud, the user name on Data Center."""

    id: str
    name: str
    display_name: str
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who a request is taken to come from.

    No account: the anonymous view, with the reason when a credential failed. `scopes` limit an
    OAuth or scoped token; None is no limit. `app_secret`: it is an OAuth 2.0 app, whose secret this is.
    """

    account: Account | None = None
    login_reason: str | None = None
    scopes: frozenset[str] | None = None
    app_secret: str | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody is logged in."""
        return self.account is None


NOBODY = Viewer()


@dataclass(frozen=True, slots=True)
class Nothing:
    """No Authorization header, or one that names no user."""


@dataclass(frozen=True, slots=True)
class Basic:
    """User (or e-mail address) and password (or API token)."""

    user: str
    secret: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token: personal access token or OAuth 2.0."""

    token: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A request signed as OAuth 1.0a has it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An Authorization header that cannot be read."""


Presented = Nothing | Basic | Bearer | Signed | Unreadable


def presented(authorization: str | None, charset: str = "utf-8") -> Presented:
    """What an Authorization header presents; a password is read in that charset."""
    scheme, _, value = (authorization or "").strip().partition(" ")
    match scheme.lower():
        case "":
            return Nothing()
        case "basic":
            return _basic(value.strip(), charset)
        case "bearer":
            return Bearer(value.strip())
        case "oauth":
            return Signed()
        case _:
            return Unreadable()


def _basic(value: str, charset: str) -> Presented:
    try:
        user, colon, secret = base64.b64decode(value, validate=True).decode(charset).partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Unreadable()
    if not colon:
        return Unreadable()
    return Basic(user, secret) if user else Nothing()


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that proves an account until it expires or is revoked."""

    kind: KeyKind
    secret: str
    account: Account
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None
    revoked: bool = False


class Keyring:
    """The keys of one site."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = {(key.kind, key.account.name, key.secret): key for key in keys}

    def add(self, key: Key) -> None:
        """Let this key open from now on."""
        self._keys[key.kind, key.account.name, key.secret] = key

    def find(self, kinds: Iterable[KeyKind], secret: str, now: datetime, user: str | None = None) -> Key | None:
        """The key that opens now; `user` of a bearer token is unknown."""
        for key in self._keys.values():
            if key.secret == secret and key.kind in kinds and user in (None, key.account.name):
                return None if key.revoked or _expired(key, now) else key
        return None

    def rename_holder(self, account: Account) -> None:
        """The keys of this account's id are of the account as it is called now."""
        held = list(self._keys.values())
        self._keys = {}
        for key in held:
            self.add(replace(key, account=account) if key.account.id == account.id else key)

    def set_revoked(self, secret: str, *, revoked: bool) -> None:
        """Revoke or reinstate all keys of that secret; UnknownNameError when there is none."""
        names = [name for name, key in self._keys.items() if key.secret == secret]
        if not names:
            raise UnknownNameError("no key has that secret")
        for name in names:
            self._keys[name] = replace(self._keys[name], revoked=revoked)


def _expired(key: Key, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at <= now
