"""Keeps an OAuth 2.0 grant alive (R16): refresh tokens rotate, so every refresh invalidates the previous tokens.

Only the holder of an integration's lease refreshes, over all workers and API calls. The new pair is stored before it
is used. If the response or the write is lost, the old refresh token still works for ten minutes (Cloud's leeway), and
the lease ends long before that.
"""

import secrets as randomness
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, assert_never

from requests import PreparedRequest
from requests.auth import AuthBase

from ticket_status.core.model import Integration, ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.credentials import bearer, conceal, not_authorised
from ticket_status.jira.session import Deadline
from ticket_status.jira.token_endpoint import DeadGrant, TokenEndpoint, Tokens
from ticket_status.ports.integrations import RefreshLease
from ticket_status.ports.secrets import SecretStore

_EXPIRING: Final = timedelta(seconds=60)
"""A token with less than this left is refreshed before it is used."""

LEASE: Final = timedelta(seconds=45)
"""How long a refresher may take: more than three calls to the token endpoint can (see ``connector``)."""

WAITING: Final = 10.0
"""Seconds to wait for another worker's refresh."""

_BETWEEN_LOOKS: Final = 0.2
"""Seconds between looks at the store while waiting."""

_DEAD: Final = "dead_grant"
"""Name of the secret with the hash of a finally refused refresh, which is never sent again."""


class TokenCredentials:
    """Signs with the access token, which is refreshed when it is about to expire or was refused."""

    def __init__(  # noqa: PLR0913 - a port each
        self,
        integration: Integration,
        store: SecretStore,
        lease: RefreshLease,
        endpoint: TokenEndpoint,
        *,
        now: Callable[[], datetime],
        deadline: Deadline,
    ) -> None:
        self._integration = integration
        self._store = store
        self._lease = lease
        self._endpoint = endpoint
        self._now = now
        self._deadline = deadline
        self._tokens: Tokens | None = None
        self._lock = threading.Lock()

    def sign(self) -> AuthBase | JiraTrouble:
        """The access token, refreshed first if it is about to expire."""
        with self._lock:
            tokens = self._tokens
            if tokens is None or self._expiring(tokens):
                renewed = self._renewed(None)
                if not isinstance(renewed, Tokens):
                    return renewed
                self._tokens = tokens = renewed
        return _TokenAuth.of(tokens.access_token)

    def renew(self, used: AuthBase) -> bool | JiraTrouble:
        """Refresh after Jira refused the token in use, unless that was done already."""
        if not isinstance(used, _TokenAuth):
            return False
        with self._lock:
            if self._tokens is not None and self._tokens.access_token != used.token:
                return True
            renewed = self._renewed(used.token)
            if not isinstance(renewed, Tokens):
                return renewed
            self._tokens = renewed
            return True

    def conceal(self, text: str) -> str:
        """The text without the tokens."""
        tokens = self._tokens
        return text if tokens is None else conceal(text, [tokens.access_token, tokens.refresh_token or ""])

    def _expiring(self, tokens: Tokens) -> bool:
        return tokens.expires_at - self._now() < _EXPIRING

    def _renewed(self, refused: str | None) -> Tokens | JiraTrouble:
        """Valid tokens: the stored ones, or refreshed ones, by us or by the holder of the lease."""
        holder = randomness.token_hex(8)
        waiting = self._deadline.within(WAITING)
        while True:
            stored = self._stored(refused)
            if stored is not None:
                return stored
            now = self._now()
            if self._lease.take(self._integration, holder, now, now + LEASE):
                break
            if waiting.left(_BETWEEN_LOOKS) <= 0:
                return Unavailable(ReasonCode.JIRA_ERROR, "The tokens are being refreshed and were not ready in time")
            time.sleep(_BETWEEN_LOOKS)
        try:
            return self._stored(refused) or self._refreshed(refused)
        finally:
            self._lease.release(self._integration, holder)

    def _stored(self, refused: str | None) -> Tokens | None:
        """The stored tokens, if they need no refresh."""
        tokens = Tokens.of(self._read())
        if tokens is None or tokens.access_token == refused or self._expiring(tokens):
            return None
        return tokens

    def _read(self) -> Mapping[str, str]:
        return self._store.read(self._integration.integration_ref) or {}

    def _refreshed(self, refused: str | None, dead: str | None = None) -> Tokens | JiraTrouble:
        """Refresh, while holding the lease. ``dead``: a refresh token that was refused just now."""
        secrets = self._read()
        refresh_token, client_secret = secrets.get("refresh_token"), secrets.get("client_secret")
        if not refresh_token or not client_secret:
            return not_authorised()
        sent = self._hash(client_secret, refresh_token)
        if refresh_token == dead or secrets.get(_DEAD) == sent:
            return _expired()
        answer = self._answered(client_secret, refresh_token)
        match answer:
            case Tokens():
                return self._keep(answer, refresh_token)
            case DeadGrant():
                self._remember(sent, refresh_token)
                if dead is not None:
                    return _expired()
                return self._stored(refused) or self._refreshed(refused, refresh_token)
            case Throttled() | Refused() | Unavailable():
                return answer
            case _:
                assert_never(answer)

    def _answered(self, client_secret: str, refresh_token: str) -> Tokens | DeadGrant | JiraTrouble:
        """Jira's response, asked for once more if it was lost.

        Jira may have rotated the tokens all the same, and accepts the old one for a short time only.
        """
        answer = self._endpoint.refresh(client_secret, refresh_token)
        lost = isinstance(answer, Unavailable) and answer.reason_code is ReasonCode.UNREACHABLE
        return self._endpoint.refresh(client_secret, refresh_token) if lost else answer

    def _keep(self, new: Tokens, refreshed_with: str) -> Tokens:
        """Store the new pair before it is used, unless the integration was authorised again meanwhile."""
        secrets = self._read()
        held = Tokens.of(secrets)
        if held is None or held.refresh_token != refreshed_with:
            return held or new
        kept = {name: value for name, value in secrets.items() if name != _DEAD}
        self._store.write(self._integration.integration_ref, {**kept, **new.as_secrets()})
        return new

    def _remember(self, sent: str, refresh_token: str) -> None:
        """Store that this was refused, unless the integration was authorised again meanwhile."""
        secrets = self._read()
        if secrets.get("refresh_token") == refresh_token:
            self._store.write(self._integration.integration_ref, {**secrets, _DEAD: sent})

    def _hash(self, client_secret: str, refresh_token: str) -> str:
        """Hash of what a refresh sends and where: it changes after an edit or a new grant."""
        to, client_id = self._integration.site_url, self._integration.client_id
        sent = f"{to}\n{client_id}\n{client_secret}\n{refresh_token}"
        return sha256(sent.encode(errors="replace")).hexdigest()


class ServiceAccountCredentials:
    """Signs with a token of a service account (client credentials): nothing rotates, so nothing is stored or shared.

    A session requests a token once, and once more if Jira refuses it.
    """

    def __init__(self, client_secret: str, endpoint: TokenEndpoint) -> None:
        self._client_secret = client_secret
        self._endpoint = endpoint
        self._tokens: Tokens | JiraTrouble | None = None
        self._renewed = False
        self._lock = threading.Lock()

    def scopes(self) -> frozenset[str]:
        """The token's scopes, if its response named them."""
        return frozenset(self._tokens.scope.split()) if isinstance(self._tokens, Tokens) else frozenset()

    def sign(self) -> AuthBase | JiraTrouble:
        """The token of this session. A refused one is not requested again."""
        with self._lock:
            if not isinstance(self._tokens, Tokens | Refused):
                self._tokens = self._endpoint.for_service_account(self._client_secret)
            tokens = self._tokens
        return _TokenAuth.of(tokens.access_token) if isinstance(tokens, Tokens) else tokens

    def renew(self, used: AuthBase) -> bool | JiraTrouble:
        """Request another token, once, after Jira refused the one in use."""
        with self._lock:
            tokens = self._tokens
            if isinstance(tokens, Tokens) and isinstance(used, _TokenAuth) and used.token != tokens.access_token:
                return True
            if self._renewed:
                return False
            self._renewed = True
            self._tokens = self._endpoint.for_service_account(self._client_secret)
            return True if isinstance(self._tokens, Tokens) else self._tokens

    def conceal(self, text: str) -> str:
        """The text without the client secret and the token."""
        tokens = self._tokens
        return conceal(text, [self._client_secret, *([tokens.access_token] if isinstance(tokens, Tokens) else [])])


class _TokenAuth(AuthBase):
    """Remembers which token it signed with."""

    def __init__(self, token: str, signer: AuthBase) -> None:
        self.token = token
        self._signer = signer

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return self._signer(r)

    @classmethod
    def of(cls, token: str) -> "_TokenAuth | Refused":
        signer = bearer(token)
        return signer if isinstance(signer, Refused) else cls(token, signer)


def _expired() -> Refused:
    return Refused(
        ReasonCode.AUTHORIZATION_EXPIRED,
        "The authorisation has expired or was revoked: authorise the integration again",
        final=True,
    )
