"""Authorisation of integrations by a person, with OAuth 2.0 or OAuth 1.0a, from the start to the callback."""

import hmac
from datetime import datetime

from msgspec import Struct

from ticket_status.core.health import Paused, pause_end
from ticket_status.core.model import AuthType, Integration
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.ports.connecting import RequestToken
from ticket_status.service.administration.grants import Ended, Granting, NotGranted, StateInvalid, new_state
from ticket_status.service.administration.refusals import (
    AuthorizationFailed,
    ChangedMeanwhile,
    IntegrationNotFound,
    RateLimited,
    Refusal,
    WrongAuthType,
)
from ticket_status.service.administration.settings_ports import SettingsPorts

_TOKEN_MEMBER = "request_token"  # noqa: S105 - the name of a member, not a password  # nosec B105
_SECRET_MEMBER = "request_token_secret"  # noqa: S105 - the name of a member, not a password  # nosec B105
"""The secret of OAuth 1.0a's first step, kept among the integration's secrets until the second."""


class Begun(Struct, frozen=True):
    """An authorisation that waits for a person."""

    authorization_url: str
    expires_at: datetime


class Authorization:
    """Begins and ends authorisations."""

    def __init__(self, ports: SettingsPorts, granting: Granting) -> None:
        self._ports = ports
        self._granting = granting

    # --- Begin ------------------------------------------------------------------------------------------------------

    def begin_oauth2(self, connection_name: str, callback_url: str, *, webhook: bool = False) -> Begun | Refusal:
        """Where a person grants access by OAuth 2.0; with ``webhook`` also to register webhooks (R19)."""
        integration = self._of_type(connection_name, AuthType.OAUTH2)
        if not isinstance(integration, Integration):
            return integration
        state = new_state(connection_name)
        expires_at = self._granting.expect(integration, state, callback_url)
        if expires_at is None:
            return IntegrationNotFound(connection_name)
        url = self._ports.oauth2.authorization_url(integration, callback_url, state, webhook=webhook)
        return Begun(url, expires_at)

    def begin_oauth1(self, connection_name: str, callback_url: str) -> Begun | Refusal:
        """Where a person grants access by OAuth 1.0a, after a request token was fetched from Jira."""
        integration = self._of_type(connection_name, AuthType.OAUTH1)
        if not isinstance(integration, Integration):
            return integration
        state = new_state(connection_name)
        token = self._request_token(integration, f"{callback_url}?state={state}")
        if isinstance(token, AuthorizationFailed | RateLimited):
            return token
        if not self._granting.keep(integration, {_TOKEN_MEMBER: token.token, _SECRET_MEMBER: token.secret}):
            return ChangedMeanwhile(connection_name)
        expires_at = self._granting.expect(integration, state, callback_url)
        if expires_at is None:
            return IntegrationNotFound(connection_name)
        return Begun(token.authorization_url, expires_at)

    def _request_token(
        self, integration: Integration, callback_url: str
    ) -> RequestToken | AuthorizationFailed | RateLimited:
        now = self._ports.now()
        until = pause_end(integration, now)
        if until is not None:
            return RateLimited(until)
        private_key = self._granting.secrets(integration).get("private_key", "")
        token = self._ports.oauth1.request_token(integration, private_key, callback_url, self._ports.deadline)
        if isinstance(token, Throttled):
            finding = self._ports.health.met(integration, token)
            return RateLimited(finding.until if isinstance(finding, Paused) else now)
        return AuthorizationFailed(token.reason) if isinstance(token, Refused | Unavailable) else token

    # --- End --------------------------------------------------------------------------------------------------------

    def end_oauth2(self, state: str, code: str | None) -> Ended:
        """Accept an OAuth 2.0 grant; ``code`` is ``None`` when the person refused."""
        taken = self._granting.take(state, AuthType.OAUTH2)
        if taken is None:
            return StateInvalid()
        integration, callback_url = taken
        if code is None:
            return NotGranted(integration.connection_name)
        client_secret = self._granting.secrets(integration).get("client_secret", "")
        granted = self._ports.oauth2.exchange(integration, client_secret, code, callback_url, self._ports.deadline)
        return self._granting.take_up(integration, granted)

    def end_oauth1(self, state: str, token: str, verifier: str | None) -> Ended:
        """Accept an OAuth 1.0a grant; ``verifier`` is ``None`` when the person refused."""
        taken = self._granting.take(state, AuthType.OAUTH1)
        if taken is None:
            return StateInvalid()
        integration, _ = taken
        kept = self._granting.secrets(integration)
        if not hmac.compare_digest(kept.get(_TOKEN_MEMBER, "").encode(), token.encode(errors="replace")):
            return StateInvalid()
        if verifier is None:
            return NotGranted(integration.connection_name)
        granted = self._ports.oauth1.access_token(
            integration,
            kept.get("private_key", ""),
            token,
            kept.get(_SECRET_MEMBER, ""),
            verifier,
            deadline=self._ports.deadline,
        )
        return self._granting.take_up(integration, granted, used={_TOKEN_MEMBER, _SECRET_MEMBER})

    def _of_type(self, connection_name: str, auth_type: AuthType) -> Integration | Refusal:
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        if integration.auth_type is not auth_type:
            return WrongAuthType(integration.auth_type, auth_type)
        return integration
