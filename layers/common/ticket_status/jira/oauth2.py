"""Authorises OAuth 2.0 integrations: Cloud (3LO), or application links on Data Center 8.22 and later."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from ticket_status.core.model import InstallationType, Integration, ReasonCode
from ticket_status.core.scopes import REQUESTED_SCOPES, WEBHOOK_SCOPES
from ticket_status.core.trouble import JiraTrouble, Refused
from ticket_status.jira.session import Deadline, HttpSession
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.token_endpoint import DeadGrant, TokenEndpoint, Tokens


class OAuth2:
    """The start and the end of the OAuth 2.0 flow. The caller provides the ``state``."""

    def __init__(self, settings: JiraSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now

    def authorization_url(
        self, integration: Integration, redirect_uri: str, state: str, *, webhook: bool = False
    ) -> str:
        """Where a person's browser is sent to grant access; with ``webhook`` also to register webhooks."""
        asked = {
            "client_id": integration.client_id or "",
            "redirect_uri": redirect_uri,
            "state": state,
            "response_type": "code",
        }
        if integration.installation_type is InstallationType.SERVER:
            asked |= {"scope": "READ"}
            return f"{integration.site_url}/rest/oauth2/latest/authorize?{urlencode(asked)}"
        asked |= {
            "audience": "api.atlassian.com",
            "scope": " ".join((*REQUESTED_SCOPES, *(WEBHOOK_SCOPES if webhook else ()))),
            "prompt": "consent",
        }
        return f"{self._settings.auth_url.rstrip('/')}/authorize?{urlencode(asked)}"

    def exchange(
        self,
        integration: Integration,
        client_secret: str,
        code: str,
        redirect_uri: str,
        deadline: datetime | None = None,
    ) -> Tokens | JiraTrouble:
        """The tokens for a code; ``redirect_uri`` is the one of the authorisation URL."""
        session = HttpSession(
            self._settings,
            self._now,
            skip_proxy=integration.skip_proxy,
            deadline=Deadline.of(deadline, self._now()),
        )
        endpoint = TokenEndpoint(integration, self._settings, session, self._now)
        answer = endpoint.exchange(client_secret, code, redirect_uri)
        if isinstance(answer, DeadGrant):
            return Refused(
                ReasonCode.AUTHORIZATION_EXPIRED,
                "The authorisation code has been used or has expired: authorise again",
                final=True,
            )
        return answer
