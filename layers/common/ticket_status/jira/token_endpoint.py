"""The OAuth 2.0 token endpoint: auth.atlassian.com, or that of a Data Center's application link (8.22 and later)."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal, Self

from msgspec import Struct

from ticket_status.core.model import Discreet, InstallationType, Integration, ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, decoded, mapping, text
from ticket_status.jira.credentials import conceal
from ticket_status.jira.quoting import quote, with_quote
from ticket_status.jira.session import Answer, HttpSession, NoAnswer, Request
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.throttling import throttled

SERVICE_ACCOUNT_SCOPE = "READ"
"""The scope that a service account on a Data Center requests."""

_DEFAULT_LIFETIME = 3600
"""Lifetime of an access token in seconds, if the response does not give it."""


class Tokens(Discreet, frozen=True):
    """The tokens of a grant. Without a ``refresh_token`` (``None``) the grant cannot be renewed."""

    access_token: str
    refresh_token: str | None
    expires_at: datetime
    scope: str

    def as_secrets(self) -> dict[str, str]:
        """Members to merge into the integration's stored secrets."""
        secrets = {
            "access_token": self.access_token,
            "access_token_expires_at": self.expires_at.isoformat(),
            "scope": self.scope,
        }
        return secrets | ({"refresh_token": self.refresh_token} if self.refresh_token else {})

    @classmethod
    def of(cls, secrets: Mapping[str, str]) -> Self | None:
        """As stored; ``None`` if the integration was never authorised. An unknown expiry counts as far away."""
        if "access_token" not in secrets:
            return None
        expires_at = secrets.get("access_token_expires_at", "9999-12-31T00:00:00+00:00")
        return cls(
            secrets["access_token"],
            secrets.get("refresh_token"),
            datetime.fromisoformat(expires_at),
            secrets.get("scope", ""),
        )


class DeadGrant(Struct, frozen=True):
    """``invalid_grant``: the code or refresh token is unknown, used or revoked."""


class TokenEndpoint:
    """Asks for tokens on behalf of one integration."""

    def __init__(
        self,
        integration: Integration,
        settings: JiraSettings,
        session: HttpSession,
        now: Callable[[], datetime],
    ) -> None:
        self._integration = integration
        self._session = session
        self._now = now
        self._cloud = integration.installation_type is InstallationType.CLOUD
        self._url = (
            f"{settings.auth_url.rstrip('/')}/oauth/token"
            if self._cloud
            else f"{integration.site_url}/rest/oauth2/latest/token"
        )

    def exchange(self, client_secret: str, code: str, redirect_uri: str) -> Tokens | DeadGrant | JiraTrouble:
        """Tokens for a code, which works once."""
        return self._ask("authorization_code", client_secret, {"code": code, "redirect_uri": redirect_uri})

    def refresh(self, client_secret: str, refresh_token: str) -> Tokens | DeadGrant | JiraTrouble:
        """A new pair, which invalidates the given refresh token, on Cloud after ten minutes."""
        answer = self._ask("refresh_token", client_secret, {"refresh_token": refresh_token})
        if isinstance(answer, Tokens) and answer.refresh_token is None:
            return Tokens(answer.access_token, refresh_token, answer.expires_at, answer.scope)
        return answer

    def for_service_account(self, client_secret: str) -> Tokens | JiraTrouble:
        """A token for a service account; a Data Center needs the scope, on Cloud it is fixed."""
        scope = {} if self._cloud else {"scope": SERVICE_ACCOUNT_SCOPE}
        answer = self._ask("client_credentials", client_secret, scope)
        return _client_refused("") if isinstance(answer, DeadGrant) else answer

    def _ask(
        self,
        grant_type: Literal["authorization_code", "refresh_token", "client_credentials"],
        client_secret: str,
        given: Mapping[str, str],
    ) -> Tokens | DeadGrant | JiraTrouble:
        fields = {
            "grant_type": grant_type,
            "client_id": self._integration.client_id or "",
            "client_secret": client_secret,
            **given,
        }
        request = Request("POST", self._url, json=fields) if self._cloud else Request("POST", self._url, form=fields)
        answer = self._session.send(request)
        secrets = [value for name, value in fields.items() if name not in {"grant_type", "client_id", "scope"}]
        return answer.trouble if isinstance(answer, NoAnswer) else self._read(answer, secrets)

    def _read(self, answer: Answer, secrets: Sequence[str]) -> Tokens | DeadGrant | JiraTrouble:
        slow_down = throttled(answer.status, answer.headers, answer.received_at)
        if slow_down is not None:
            return slow_down
        said = quote(answer, lambda text: conceal(text, secrets)) if answer.status != HTTPStatus.OK else ""
        try:
            data = mapping(json.loads(decoded(answer)), "response")
            if answer.status == HTTPStatus.OK:
                return self._tokens(data)
        except (ValueError, RecursionError, MalformedAnswerError):
            return _fails(answer, said)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _fails(answer, said)
        return _refused(data, said) or _fails(answer, said)

    def _tokens(self, data: Mapping[str, object]) -> Tokens:
        lifetime = data.get("expires_in")
        seconds = lifetime if isinstance(lifetime, int) and lifetime > 0 else _DEFAULT_LIFETIME
        refresh_token, scope = data.get("refresh_token"), data.get("scope")
        return Tokens(
            text(data, "access_token"),
            refresh_token if isinstance(refresh_token, str) and refresh_token else None,
            self._now() + timedelta(seconds=min(seconds, 10**8)),
            scope if isinstance(scope, str) else "",
        )


def _refused(data: Mapping[str, object], said: str) -> DeadGrant | Refused | None:
    error, description = str(data.get("error", "")), str(data.get("error_description", ""))
    if error == "invalid_grant" or "refresh_token is invalid" in description:
        return DeadGrant()
    if error in {"invalid_client", "unauthorized_client", "access_denied"}:
        return _client_refused(said)
    if error == "invalid_scope":
        return Refused(ReasonCode.MISSING_SCOPES, with_quote("The scopes are not granted", said), final=True)
    return None


def _client_refused(said: str) -> Refused:
    return Refused(
        ReasonCode.AUTHENTICATION_FAILED,
        with_quote("The client id or client secret is not accepted: edit the integration", said),
        final=True,
    )


def _fails(answer: Answer, said: str) -> Unavailable:
    return Unavailable(
        ReasonCode.JIRA_ERROR, with_quote(f"The token endpoint failed with status {answer.status}", said)
    )
