"""Authorising an integration by a person: OAuth 2.0 and OAuth 1.0a.

An authorisation begins with a state that is random, bound to its integration, works once and lives ten minutes. Of
it only a hash is stored. The callback that bears the state ends it: the grant is tried, then stored, and what the
trial found becomes the integration's health (R10, R16).
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeAlias

from ticket_status.core.model import (
    AuthType,
    HealthStatus,
    Integration,
    PendingAuthorization,
    ReasonCode,
)
from ticket_status.ports import (
    ConnectionReport,
    GrantedSecrets,
    JiraTrouble,
    Refused,
    Throttled,
    Unavailable,
)
from ticket_status.service.checking import Checking
from ticket_status.service.refusals import (
    AuthorizationFailed,
    ChangedMeanwhile,
    IntegrationNotFound,
    RateLimited,
    Refusal,
    WrongAuthType,
)
from ticket_status.service.settings_ports import SettingsPorts
from ticket_status.service.site_health import Paused

STATE_LIFE = timedelta(minutes=10)
_STATE_BYTES = 32

_REQUEST_TOKEN = "request_token"
_REQUEST_SECRET = "request_token_secret"
"""Of OAuth 1.0a, kept among the secrets between the two legs."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorisation that waits for a person."""

    authorization_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Authorised:
    """Access was granted and stored; ``trouble`` is what is wrong all the same."""

    connection_name: str
    missing_scopes: tuple[str, ...]
    trouble: JiraTrouble | None


@dataclass(frozen=True, slots=True)
class StateInvalid:
    """The state is unknown, used or expired."""


@dataclass(frozen=True, slots=True)
class NotGranted:
    """The person did not grant access."""

    connection_name: str


@dataclass(frozen=True, slots=True)
class GrantFailed:
    """Access was granted, but could not be taken up; nothing was stored."""

    connection_name: str
    reason: str


Ended: TypeAlias = Authorised | StateInvalid | NotGranted | GrantFailed


class Authorization:
    """Begins and ends authorisations."""

    def __init__(self, ports: SettingsPorts, checking: Checking) -> None:
        self._ports = ports
        self._checking = checking

    # --- Begin ------------------------------------------------------------------------------------------------------

    def begin_oauth2(self, connection_name: str, callback_url: str) -> Begun | Refusal:
        """Where a person grants access by OAuth 2.0."""
        integration = self._of_type(connection_name, AuthType.OAUTH2)
        if not isinstance(integration, Integration):
            return integration
        state = _new_state(connection_name)
        expires_at = self._expect(integration, state, callback_url)
        if expires_at is None:
            return IntegrationNotFound(connection_name)
        return Begun(self._ports.oauth2.authorization_url(integration, callback_url, state), expires_at)

    def begin_oauth1(self, connection_name: str, callback_url: str) -> Begun | Refusal:
        """Where a person grants access by OAuth 1.0a; Jira is asked for a request token first."""
        integration = self._of_type(connection_name, AuthType.OAUTH1)
        if not isinstance(integration, Integration):
            return integration
        state = _new_state(connection_name)
        private_key = self._secrets(integration).get("private_key", "")
        begun = self._ports.oauth1.request_token(
            integration, private_key, f"{callback_url}?state={state}", self._ports.deadline
        )
        match begun:
            case Throttled():
                return self._throttled(integration, begun)
            case Refused(reason=reason) | Unavailable(reason=reason):
                return AuthorizationFailed(reason)
        if not self._keep(integration, {_REQUEST_TOKEN: begun.token, _REQUEST_SECRET: begun.secret}):
            return ChangedMeanwhile(connection_name)
        expires_at = self._expect(integration, state, callback_url)
        if expires_at is None:
            return IntegrationNotFound(connection_name)
        return Begun(begun.authorization_url, expires_at)

    # --- End --------------------------------------------------------------------------------------------------------

    def end_oauth2(self, state: str, code: str | None) -> Ended:
        """Take up a grant of OAuth 2.0; ``code`` is ``None`` when the person refused."""
        taken = self._take(state, AuthType.OAUTH2)
        if taken is None:
            return StateInvalid()
        integration, callback_url = taken
        if code is None:
            return NotGranted(integration.connection_name)
        client_secret = self._secrets(integration).get("client_secret", "")
        granted = self._ports.oauth2.exchange(integration, client_secret, code, callback_url, self._ports.deadline)
        return self._take_up(integration, granted)

    def end_oauth1(self, state: str, token: str, verifier: str | None) -> Ended:
        """Take up a grant of OAuth 1.0a; ``verifier`` is ``None`` when the person refused."""
        taken = self._take(state, AuthType.OAUTH1)
        if taken is None:
            return StateInvalid()
        integration, _ = taken
        kept = self._secrets(integration)
        if not hmac.compare_digest(kept.get(_REQUEST_TOKEN, "").encode(), token.encode()):
            return StateInvalid()
        if verifier is None:
            return NotGranted(integration.connection_name)
        granted = self._ports.oauth1.access_token(
            integration,
            kept.get("private_key", ""),
            token,
            kept.get(_REQUEST_SECRET, ""),
            verifier,
            self._ports.deadline,
        )
        return self._take_up(integration, granted)

    def _take_up(self, integration: Integration, granted: GrantedSecrets | JiraTrouble) -> Ended:
        """Try the grant, then store it unless it is for nothing; one with too few scopes is kept and named (R16)."""
        name = integration.connection_name
        if isinstance(granted, Throttled | Refused | Unavailable):
            return GrantFailed(name, granted.reason)
        gained = granted.as_secrets()
        tried = {**self._secrets(integration), **gained}
        report = self._ports.connections.check(integration, tried, self._ports.deadline)
        useless = _useless(integration, report)
        if useless is not None:
            return GrantFailed(name, useless)
        if not self._keep(integration, gained):
            return GrantFailed(name, "somebody else was changing the integration; authorise it once more")
        self._conclude(integration, report)
        return Authorised(name, report.missing_scopes, report.trouble)

    def _conclude(self, integration: Integration, report: ConnectionReport) -> None:
        current = self._ports.current(integration)
        if current is None:
            return
        current = self._ports.learn(current, report.site)
        doubtful = isinstance(report.trouble, Throttled | Unavailable)
        if doubtful and current.health.status is HealthStatus.PENDING:
            # Authorised it is; that Jira does not answer now is for the next run to find out.
            current = self._ports.found_well(current)
        self._checking.conclude(current, report)

    # --- State ------------------------------------------------------------------------------------------------------

    def _expect(self, integration: Integration, state: str, callback_url: str) -> datetime | None:
        expires_at = self._ports.now() + STATE_LIFE
        pending = PendingAuthorization(_hash(state), expires_at, callback_url)
        noted = self._ports.integrations.expect_authorization(integration, pending)
        return None if noted is None else expires_at

    def _take(self, state: str, auth_type: AuthType) -> tuple[Integration, str] | None:
        """The integration that a state is bound to, and the callback's address; works once."""
        name = _name_in(state)
        integration = self._ports.integrations.get(name) if name else None
        if integration is None or integration.authorization is None or integration.auth_type is not auth_type:
            return None
        taken = self._ports.integrations.take_authorization(integration, _hash(state), self._ports.now())
        return None if taken is None else (taken, integration.authorization.callback_url)

    # --- Secrets ----------------------------------------------------------------------------------------------------

    def _secrets(self, integration: Integration) -> Mapping[str, str]:
        return self._ports.secrets.read(integration.integration_ref) or {}

    def _keep(self, integration: Integration, gained: Mapping[str, str]) -> bool:
        """Add to the integration's secrets, while nobody else changes them; request tokens are used up then."""
        with self._ports.hold_secrets(integration) as held:
            if not held or self._ports.current(integration) is None:
                return False
            kept = dict(self._secrets(integration))
            for used in (_REQUEST_TOKEN, _REQUEST_SECRET):
                kept.pop(used, None)
            self._ports.secrets.write(integration.integration_ref, {**kept, **gained})
            return True

    def _of_type(self, connection_name: str, auth_type: AuthType) -> Integration | Refusal:
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        if integration.auth_type is not auth_type:
            return WrongAuthType(integration.auth_type, auth_type)
        return integration

    def _throttled(self, integration: Integration, throttled: Throttled) -> RateLimited:
        finding = self._ports.health.met(integration, throttled)
        return RateLimited(finding.until if isinstance(finding, Paused) else self._ports.now())


def _useless(integration: Integration, report: ConnectionReport) -> str | None:
    """Why a grant is not worth storing: it does not let us in, or lets us into another site."""
    known, found = integration.site, report.site
    if known is not None and found is not None and known.cloud_id and found.cloud_id:
        if known.cloud_id != found.cloud_id:
            return "access was granted to another site than the one that the tickets are in"
    if isinstance(report.trouble, Refused) and report.trouble.reason_code is not ReasonCode.MISSING_SCOPES:
        return report.trouble.reason
    return None


def _new_state(connection_name: str) -> str:
    name = urlsafe_b64encode(connection_name.encode()).decode().rstrip("=")
    return f"{name}.{secrets.token_urlsafe(_STATE_BYTES)}"


def _name_in(state: str) -> str | None:
    name = state.partition(".")[0]
    try:
        return urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except ValueError:
        return None


def _hash(state: str) -> str:
    return sha256(state.encode(errors="replace")).hexdigest()
