"""Integrations of the sample Jira's sites, opened as the functions open them: over real sockets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from msgspec.structs import replace

from sample_jira import SampleJira
from sample_jira.cloud import CloudSite
from sample_jira.data_center import DataCenterSite
from sample_jira.messages import Request
from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.samples import an_integration
from tests.fakes.secrets import InMemorySecretStore
from ticket_status.core.addresses import AddressRules
from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode
from ticket_status.jira.connector import Connector
from ticket_status.jira.oauth2 import OAuth2
from ticket_status.jira.settings import JiraSettings, Limits
from ticket_status.jira.site import JiraSite
from ticket_status.jira.token_endpoint import Tokens

Kind: TypeAlias = Literal["cloud", "data center"]
CALLBACK = "https://us.example/oauth2/callback"
BRIEF = Limits(read=1, total=1.5)
"""Bounds of a call that is waited out: short, so that waiting is. Everywhere else the usual ones hold, which no busy
machine reaches."""


@dataclass
class Bench:
    """Sites, and one integration for each kind of them."""

    jira: SampleJira
    settings: JiraSettings
    secrets: InMemorySecretStore = field(default_factory=InMemorySecretStore)
    integrations: InMemoryIntegrationStore = field(default_factory=InMemoryIntegrationStore)
    ahead: timedelta = timedelta()
    """How far our clock is from the machine's."""

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def connector(self) -> Connector:
        return Connector(self.secrets, self.integrations, self.settings, self.now)

    def be_brief(self) -> None:
        """Give each call little time from here on."""
        self.settings = replace(self.settings, limits=BRIEF)

    def site(self, kind: Kind) -> CloudSite | DataCenterSite:
        return self.jira.cloud if kind == "cloud" else self.jira.data_center

    def integration(self, kind: Kind, secrets: Mapping[str, str] | None = None, **changes: Any) -> Integration:  # noqa: ANN401 - whatever the attribute is
        """One with working Basic (Cloud) or PAT (Data Center) credentials, unless said otherwise."""
        ways: dict[str, Any]
        if kind == "cloud":
            cloud = self.jira.cloud
            ways = {"installation_type": InstallationType.CLOUD, "auth_type": AuthType.BASIC, "username": cloud.email}
            working = {"password": cloud.api_token}
        else:
            ways = {"installation_type": InstallationType.SERVER, "auth_type": AuthType.PAT}
            working = {"token": self.jira.data_center.pat}
        ways |= {"connection_name": kind, "integration_ref": f"{kind}~k3f9x2", "jira_server_url": self.site(kind).url}
        integration = replace(an_integration(**ways), **changes)
        self.integrations.stored[integration.connection_name] = integration
        self.secrets.write(integration.integration_ref, working if secrets is None else secrets)
        return integration

    def opened(self, integration: Integration, seconds: float | None = None) -> JiraSite:
        """Its Jira; the calls of connecting are forgotten."""
        deadline = None if seconds is None else self.now() + timedelta(seconds=seconds)
        jira = self.connector.open(integration, deadline)
        assert isinstance(jira, JiraSite), jira
        self.jira.cloud.forget_requests()
        self.jira.data_center.forget_requests()
        return jira

    def connected(self, kind: Kind, seconds: float | None = None) -> JiraSite:
        """The site of this kind, connected before: opening it asks nothing."""
        integration = self.integration(kind)
        site = self.opened(integration).site
        return self.opened(replace(integration, site=site), seconds)

    def calls(self, kind: Kind) -> list[str]:
        """What this site was asked for: methods and paths."""
        return [f"{one.method} {one.path}" for one in self.site(kind).requests()]

    def bodies(self, kind: Kind) -> list[Request]:
        """The requests as they were sent, as far as their path and body."""
        return [Request(one.method, one.path, {}, one.body) for one in self.site(kind).requests()]


def met(answer: object) -> tuple[type, ReasonCode | None]:
    """Which kind of trouble an answer is, and its code."""
    return type(answer), getattr(answer, "reason_code", None)


@pytest.fixture
def bench(jira: SampleJira) -> Iterator[Bench]:
    """Fresh sites; a test fails when it made a request that Jira's documents do not allow."""
    yield Bench(jira, JiraSettings(jira.atlassian_url, jira.atlassian_url, AddressRules(allow_loopback=True)))
    assert jira.violations == []


def failed(report: ConnectionReport) -> list[str]:
    """The names of the checks that failed."""
    return [check.name for check in report.checks if not check.ok]


def granted(bench: Bench, integration: Integration, client_secret: str, *, webhook: bool = False) -> Tokens:
    """The tokens after a browser was sent to the authorisation page and back."""
    dance = OAuth2(bench.settings, bench.now)
    url = dance.authorization_url(integration, CALLBACK, "the-state", webhook=webhook)
    back = requests.get(url, allow_redirects=False, timeout=5).headers["Location"]
    query = parse_qs(urlsplit(back).query)
    assert query["state"] == ["the-state"]
    tokens = dance.exchange(integration, client_secret, query["code"][0], CALLBACK)
    assert isinstance(tokens, Tokens), tokens
    return tokens


def granted_with(bench: Bench, *scopes: str) -> Integration:
    """An integration with OAuth 2.0 on Cloud whose grant has these scopes."""
    atlassian = bench.jira.atlassian
    app = atlassian.grants.apps[atlassian.client_id]
    code = atlassian.grants.grant(app, "https://x", frozenset(scopes))
    tokens = atlassian.grants.exchange(app, code, "https://x")
    secrets = {"client_secret": atlassian.client_secret, "access_token": tokens.access, "refresh_token": "none"}
    return bench.integration("cloud", secrets, auth_type=AuthType.OAUTH2, client_id=atlassian.client_id, username=None)
