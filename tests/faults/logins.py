"""Credentials of each kind, made at the sample sites as a person would make them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import parse_qs, urlsplit

import requests
from msgspec.structs import replace

from sample_jira import SampleJira
from sample_jira.atlassian import SERVICE_CLIENT, SERVICE_SECRET
from sample_jira.cloud import CloudSite
from sample_jira.data_center import DataCenterSite
from ticket_status.core.model import AuthType, Integration
from ticket_status.core.scopes import REQUESTED_SCOPES
from ticket_status.jira.oauth1 import AccessToken, KeyPair, OAuth1, RequestToken, new_key_pair
from ticket_status.jira.oauth2 import OAuth2
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.token_endpoint import Tokens

SampleSite = CloudSite | DataCenterSite

CALLBACK = "https://ticket-status.example/callback"
CONSUMER = "ticket-status"
LINK, LINK_SECRET = "link", "link-secret"

key_pair = cache(new_key_pair)


@dataclass(frozen=True)
class Login:
    """An integration with what its credentials take, and the secrets."""

    integration: Integration
    secrets: Mapping[str, str]


@dataclass(frozen=True)
class Logins:
    """Makes credentials."""

    jira: SampleJira
    settings: JiraSettings
    now: Callable[[], datetime]

    def at(  # noqa: PLR0911 - one return for each kind
        self, site: SampleSite, integration: Integration, api_token: str | None = None
    ) -> Login:
        """Credentials of the integration's kind at a site; ``api_token`` instead of the one that is ready."""
        match site, integration.auth_type:
            case CloudSite(), AuthType.BASIC:
                return Login(replace(integration, username=site.email), {"password": api_token or site.api_token})
            case DataCenterSite(), AuthType.BASIC:
                return Login(replace(integration, username=site.username), {"password": site.password})
            case DataCenterSite(), AuthType.PAT:
                return Login(integration, {"token": site.pat})
            case DataCenterSite(), AuthType.OAUTH1:
                return self._by_oauth1(site, replace(integration, consumer_key=CONSUMER), key_pair())
            case DataCenterSite(), AuthType.OAUTH2:
                site.add_application_link(LINK, LINK_SECRET)
                return self._by_oauth2(site, replace(integration, client_id=LINK), LINK_SECRET)
            case DataCenterSite(), AuthType.CLIENT_CREDENTIALS:
                site.add_application_link(SERVICE_CLIENT, SERVICE_SECRET, service_account=True)
                robot = replace(integration, client_id=SERVICE_CLIENT)
                return Login(robot, {"client_secret": SERVICE_SECRET})
            case _, AuthType.CLIENT_CREDENTIALS:
                self.jira.atlassian.add_service_account()
                robot = replace(integration, client_id=SERVICE_CLIENT)
                return Login(robot, {"client_secret": SERVICE_SECRET})
            case _:
                atlassian = self.jira.atlassian
                return self._by_oauth2(
                    site, replace(integration, client_id=atlassian.client_id), atlassian.client_secret
                )

    def granted(self, site: SampleSite, integration: Integration, client_secret: str) -> Tokens:
        """A person grants all that is asked for; the code is exchanged."""
        grants = site.links.grants if isinstance(site, DataCenterSite) else self.jira.atlassian.grants
        app = grants.apps[integration.client_id or ""]
        code = grants.grant(app, CALLBACK, frozenset(REQUESTED_SCOPES))
        tokens = OAuth2(self.settings, self.now).exchange(integration, client_secret, code, CALLBACK)
        assert isinstance(tokens, Tokens)
        return tokens

    def _by_oauth2(self, site: SampleSite, integration: Integration, client_secret: str) -> Login:
        tokens = self.granted(site, integration, client_secret)
        return Login(integration, {"client_secret": client_secret, **tokens.as_secrets()})

    def _by_oauth1(self, site: DataCenterSite, integration: Integration, pair: KeyPair) -> Login:
        site.register_consumer(CONSUMER, pair.public_key)
        dance = OAuth1(self.settings, self.now)
        begun = dance.request_token(integration, pair.private_key, CALLBACK)
        assert isinstance(begun, RequestToken)
        page = requests.get(f"{begun.authorization_url}&decision=accept", allow_redirects=False, timeout=10)
        verifier = parse_qs(urlsplit(page.headers["Location"]).query)["oauth_verifier"][0]
        token = dance.access_token(integration, pair.private_key, begun.token, begun.secret, verifier)
        assert isinstance(token, AccessToken)
        return Login(integration, {"private_key": pair.private_key, **token.as_secrets()})
