"""What both kinds of OAuth have in common: the state of a callback, and accepting a grant.

A state is random, bound to its integration, and valid once and for ten minutes; only a hash of it is stored. A grant
is tested, then stored, and the result of the test becomes the integration's health (R10, R16).
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import AuthType, HealthStatus, Integration, PendingAuthorization, ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused
from ticket_status.ports.connecting import GrantedSecrets
from ticket_status.service.administration.connection_test import Checking
from ticket_status.service.administration.settings_ports import SettingsPorts

STATE_LIFE = timedelta(minutes=10)
_STATE_BYTES = 32
_LONGEST_NAME = 88
"""Length of 64 characters in base64; longer ones cannot name an integration."""


class Authorised(Struct, frozen=True):
    """Access was granted and stored; ``trouble`` is what is still wrong."""

    connection_name: str
    missing_scopes: tuple[str, ...]
    trouble: JiraTrouble | None


class StateInvalid(Struct, frozen=True):
    """The state is unknown, used or expired."""


class NotGranted(Struct, frozen=True):
    """The person did not grant access."""

    connection_name: str


class GrantFailed(Struct, frozen=True):
    """Access was granted but could not be used; nothing was stored."""

    connection_name: str
    reason: str


Ended: TypeAlias = Authorised | StateInvalid | NotGranted | GrantFailed


class Granting:
    """Expects callbacks, and accepts the grants that they bring."""

    def __init__(self, ports: SettingsPorts, checking: Checking) -> None:
        self._ports = ports
        self._checking = checking

    def expect(self, integration: Integration, state: str, callback_url: str) -> datetime | None:
        """Expect a callback with this state, until the returned time; ``None`` if the integration was deleted."""
        expires_at = self._ports.now() + STATE_LIFE
        pending = PendingAuthorization(_hash(state), expires_at, callback_url)
        noted = self._ports.integrations.expect_authorization(integration, pending)
        return None if noted is None else expires_at

    def take(self, state: str, auth_type: AuthType) -> tuple[Integration, str] | None:
        """The integration that a state is bound to, and the callback's address; works once."""
        name = _name_in(state)
        integration = self._ports.integrations.get(name) if name else None
        if integration is None or integration.authorization is None or integration.auth_type is not auth_type:
            return None
        taken = self._ports.integrations.take_authorization(integration, _hash(state), self._ports.now())
        return None if taken is None else (taken, integration.authorization.callback_url)

    def take_up(
        self, integration: Integration, granted: GrantedSecrets | JiraTrouble, used: Collection[str] = ()
    ) -> Ended:
        """Test the grant, then store it unless useless; one with too few scopes is kept, and they are named (R16)."""
        name = integration.connection_name
        if isinstance(granted, JiraTrouble):
            return GrantFailed(name, granted.reason)
        gained = granted.as_secrets()
        tried = {**self.secrets(integration), **gained}
        report = self._ports.connections.check(integration, tried, self._ports.deadline)
        useless = _useless(integration, report)
        if useless is not None:
            return GrantFailed(name, useless)
        if not self.keep(integration, gained, used):
            return GrantFailed(name, "somebody else was changing the integration; authorise it again")
        self._conclude(integration, report)
        return Authorised(name, report.missing_scopes, report.trouble)

    def _conclude(self, integration: Integration, report: ConnectionReport) -> None:
        current = self._ports.current(integration)
        if current is None:
            return
        current = self._ports.learn(current, report.site)
        if report.trouble is None:
            self._checking.conclude(current, report)
            return
        doubtful = not isinstance(report.trouble, Refused)
        if doubtful and current.health.status is HealthStatus.PENDING:
            # Authorised it is; that Jira does not answer now is for the next run to find out.
            current = self._ports.recovery.succeeded(current)
        self._ports.health.met(current, report.trouble)

    def secrets(self, integration: Integration) -> Mapping[str, str]:
        """All secrets of the integration."""
        return self._ports.secrets.read(integration.integration_ref) or {}

    def keep(self, integration: Integration, gained: Mapping[str, str], used: Collection[str] = ()) -> bool:
        """Add and remove secrets of the integration while nobody else changes them; ``False`` if it was deleted."""
        with self._ports.hold_secrets(integration) as held:
            if not held or self._ports.current(integration) is None:
                return False
            kept = {name: value for name, value in self.secrets(integration).items() if name not in used}
            self._ports.secrets.write(integration.integration_ref, {**kept, **gained})
            return True


def _useless(integration: Integration, report: ConnectionReport) -> str | None:
    """Why a grant is not stored: it gives no access, or access to another site."""
    known, found = integration.site, report.site
    ids = {site.cloud_id for site in (known, found) if site is not None and site.cloud_id}
    if len(ids) > 1:
        return "access was granted to a different site from the one that has the tickets"
    if isinstance(report.trouble, Refused) and report.trouble.reason_code is not ReasonCode.MISSING_SCOPES:
        return report.trouble.reason
    return None


def new_state(connection_name: str) -> str:
    """A state for this integration: its name, and 256 random bits."""
    name = urlsafe_b64encode(connection_name.encode()).decode().rstrip("=")
    return f"{name}.{secrets.token_urlsafe(_STATE_BYTES)}"


def _name_in(state: str) -> str | None:
    name = state.partition(".")[0][:_LONGEST_NAME]
    try:
        return urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except ValueError:
        return None


def _hash(state: str) -> str:
    return sha256(state.encode(errors="replace")).hexdigest()
