"""Opens sites: credentials, address, and finding out where the API is."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from ticket_status.core.addresses import Unfit, read_address
from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import AuthType, Integration, ReasonCode
from ticket_status.core.observations import Account
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.jira.connection_test import ConnectionTest, unreachable_report
from ticket_status.jira.credentials import Credentials, NoCredentials, advice, fixed_credentials, not_authorised
from ticket_status.jira.discovery import Discovery
from ticket_status.jira.session import Deadline, HttpSession
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.signed_client import SignedClient
from ticket_status.jira.site import JiraSite
from ticket_status.jira.token_endpoint import TokenEndpoint
from ticket_status.jira.tokens import ServiceAccountCredentials, TokenCredentials
from ticket_status.jira.webhooks import webhooks_of
from ticket_status.ports.integrations import RefreshLease
from ticket_status.ports.secrets import SecretStore
from ticket_status.ports.webhooks import JiraWebhooks

_TOKEN_SECONDS: Final = 12.0
"""Bound of a call to the token endpoint: a third of `tokens.LEASE` at most, so that a lease outlives its refresh."""


class Connector:
    """A ``ports.JiraConnector``."""

    def __init__(
        self,
        secrets: SecretStore,
        lease: RefreshLease,
        settings: JiraSettings,
        now: Callable[[], datetime],
    ) -> None:
        self._secrets = secrets
        self._lease = lease
        self._settings = settings
        self._now = now

    def open(self, integration: Integration, deadline: datetime | None = None) -> JiraSite | JiraTrouble:
        """The integration's Jira. Makes no call if the site was connected before."""
        opened = self._opened(integration, None, deadline)
        if not isinstance(opened, tuple):
            return opened
        _, discovery = opened
        if integration.site is not None:
            return discovery.jira(integration.site)
        site, account = discovery.find()
        if site is None or not isinstance(account, Account):
            return account if not isinstance(account, Account) else not_authorised()
        return discovery.jira(site)

    def open_webhooks(self, integration: Integration, deadline: datetime | None = None) -> JiraWebhooks | JiraTrouble:
        """The integration's Jira, for registering webhooks."""
        opened = self._opened(integration, None, deadline)
        if not isinstance(opened, tuple):
            return opened
        client, discovery = opened
        site = integration.site
        if site is None:
            site, account = discovery.find()
            if site is None:
                return account if not isinstance(account, Account) else not_authorised()
        return webhooks_of(integration, site, client)

    def check(
        self,
        integration: Integration,
        secrets: Mapping[str, str] | None = None,
        deadline: datetime | None = None,
    ) -> ConnectionReport:
        """Test the integration, with these secrets (if given) instead of the stored ones; they are not stored."""
        match self._opened(integration, secrets, deadline):
            case (client, discovery):
                return ConnectionTest(integration, client, discovery).report()
            case Unavailable() as trouble:
                return unreachable_report(trouble)
            case trouble:
                return unreachable_report(trouble, "authenticated")

    def cloud_id(self, integration: Integration, deadline: datetime | None = None) -> str | None:
        """The public id of the Cloud site at the integration's address; ``None`` if it gives none."""
        opened = self._opened(integration, {}, deadline, unsigned=True)
        told = opened[1].tenant() if isinstance(opened, tuple) else None
        return told if isinstance(told, str) else None

    def _opened(
        self,
        integration: Integration,
        secrets: Mapping[str, str] | None,
        deadline: datetime | None,
        *,
        unsigned: bool = False,
    ) -> tuple[SignedClient, Discovery] | Refused | Unavailable:
        address = read_address(integration.jira_server_url, self._settings.addresses)
        if isinstance(address, Unfit):
            return Unavailable(ReasonCode.UNREACHABLE, address.problem)
        until = Deadline.of(deadline, self._now())
        given = secrets if secrets is not None else self._stored(integration)
        credentials = (
            NoCredentials() if unsigned else self._credentials(integration, given, until, stored=secrets is None)
        )
        if isinstance(credentials, Refused):
            return credentials
        session = self._session(self._settings, integration, until)
        client = SignedClient(session, credentials, advice(integration, given, self._now()))
        scopes = credentials.scopes if isinstance(credentials, ServiceAccountCredentials) else frozenset
        return client, Discovery(integration, client, self._settings, self._now, scopes)

    def _credentials(
        self, integration: Integration, secrets: Mapping[str, str], deadline: Deadline, *, stored: bool
    ) -> Credentials | Refused:
        """OAuth 2.0 tokens are refreshed in the secret store; all other credentials are used as they are."""
        match integration.auth_type:
            case AuthType.OAUTH2 if stored:
                endpoint = self._endpoint(integration, deadline)
                return TokenCredentials(
                    integration, self._secrets, self._lease, endpoint, now=self._now, deadline=deadline
                )
            case AuthType.CLIENT_CREDENTIALS if integration.client_id and "client_secret" in secrets:
                return ServiceAccountCredentials(secrets["client_secret"], self._endpoint(integration, deadline))
            case _:
                return fixed_credentials(integration, secrets)

    def _endpoint(self, integration: Integration, deadline: Deadline) -> TokenEndpoint:
        limits = self._settings.limits
        brief = replace(self._settings, limits=replace(limits, total=min(limits.total, _TOKEN_SECONDS)))
        return TokenEndpoint(integration, brief, self._session(brief, integration, deadline), self._now)

    def _stored(self, integration: Integration) -> Mapping[str, str]:
        return self._secrets.read(integration.integration_ref) or {}

    def _session(self, settings: JiraSettings, integration: Integration, deadline: Deadline) -> HttpSession:
        return HttpSession(settings, self._now, skip_proxy=integration.skip_proxy, deadline=deadline)
