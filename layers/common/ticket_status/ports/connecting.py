"""Trying integrations, and having access granted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import (
    Integration,
)
from ticket_status.core.trouble import JiraTrouble


class ConnectionTester(Protocol):
    """Tries integrations."""

    def check(
        self,
        integration: Integration,
        secrets: Mapping[str, str] | None = None,
        deadline: datetime | None = None,
    ) -> ConnectionReport:
        """Try it with its stored secrets, or with others without storing anything."""

    def cloud_id(self, integration: Integration, deadline: datetime | None = None) -> str | None:
        """The id of the Cloud site at its address, asked without credentials; ``None`` when it cannot be told."""


class GrantedSecrets(Protocol):
    """What an authorisation gave."""

    def as_secrets(self) -> Mapping[str, str]:
        """As members of the integration's secrets."""


class OAuth2Grants(Protocol):
    """OAuth 2.0, of Cloud (3LO) and Data Center (application link)."""

    def authorization_url(
        self, integration: Integration, redirect_uri: str, state: str, *, webhook: bool = False
    ) -> str:
        """Where a person grants access; with ``webhook`` also to having webhooks registered."""

    def exchange(
        self,
        integration: Integration,
        client_secret: str,
        code: str,
        redirect_uri: str,
        deadline: datetime | None = None,
    ) -> GrantedSecrets | JiraTrouble:
        """Tokens for a code."""


class RequestToken(Protocol):
    """The first leg of OAuth 1.0a."""

    @property
    def token(self) -> str:
        """The temporary token."""

    @property
    def secret(self) -> str:
        """Its secret."""

    @property
    def authorization_url(self) -> str:
        """Where a person grants access."""


class KeyPair(Protocol):
    """A key pair of an OAuth 1.0a integration, as PEM texts."""

    @property
    def private_key(self) -> str:
        """A secret."""

    @property
    def public_key(self) -> str:
        """What the administrator of Jira is given."""


class OAuth1Grants(Protocol):
    """OAuth 1.0a of Server and Data Center."""

    def request_token(
        self,
        integration: Integration,
        private_key: str,
        callback_url: str,
        deadline: datetime | None = None,
    ) -> RequestToken | JiraTrouble:
        """Begin."""

    def access_token(  # noqa: PLR0913 - the protocol has so many
        self,
        integration: Integration,
        private_key: str,
        token: str,
        secret: str,
        verifier: str,
        *,
        deadline: datetime | None = None,
    ) -> GrantedSecrets | JiraTrouble:
        """End."""
