"""Jira sites that can be tried, and both kinds of OAuth, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from tests.fakes.jira import FakeJiraConnector, FakeSite
from ticket_status.core.connection import Check, ConnectionReport
from ticket_status.core.model import Integration
from ticket_status.core.model import Site as KnownSite
from ticket_status.core.trouble import JiraTrouble

CHECKS = ("reachable", "is_jira", "authenticated", "scopes", "can_read_issues")


def site(url: str = "https://cloud-abc.example", **known: object) -> KnownSite:
    """What connecting learns of a site at this address."""
    return replace(KnownSite(url, base_url=url), **known)


def report(
    trouble: JiraTrouble | None = None, found: KnownSite | None = None, missing: tuple[str, ...] = ()
) -> ConnectionReport:
    """What trying an integration found."""
    ok = trouble is None
    return ConnectionReport(tuple(Check(name, ok, "as tried") for name in CHECKS), missing, found, trouble)


class FakeConnections(FakeJiraConnector):
    """Tries integrations by address; a site that nothing is said of is well."""

    def __init__(self, sites: dict[str, FakeSite]) -> None:
        super().__init__(sites)
        self.reports: dict[str, ConnectionReport] = {}
        self.tried: list[tuple[Integration, Mapping[str, str] | None]] = []
        self.cloud_ids: dict[str, str] = {}

    def check(
        self,
        integration: Integration,
        secrets: Mapping[str, str] | None = None,
        deadline: datetime | None = None,  # noqa: ARG002 - fakes take no time
    ) -> ConnectionReport:
        self.tried.append((integration, secrets))
        url = integration.site_url
        return self.reports.get(url) or report(found=site(url))

    def cloud_id(
        self,
        integration: Integration,
        deadline: datetime | None = None,  # noqa: ARG002 - fakes take no time
    ) -> str | None:
        told = self.reports.get(integration.site_url)
        by_report = told.site.cloud_id if told is not None and told.site is not None else None
        return self.cloud_ids.get(integration.site_url) or by_report


@dataclass(frozen=True)
class Granted:
    """What an authorisation gave."""

    secrets: dict[str, str]

    def as_secrets(self) -> dict[str, str]:
        return self.secrets


@dataclass
class FakeOAuth2:
    """Gives tokens for any code, and keeps what it was asked."""

    trouble: JiraTrouble | None = None
    exchanged: list[tuple[str, str, str]] = field(default_factory=list)

    def authorization_url(
        self,
        integration: Integration,
        redirect_uri: str,
        state: str,
        *,
        webhook: bool = False,  # noqa: ARG002 - any scopes are granted
    ) -> str:
        return f"https://auth.example/authorize?client_id={integration.client_id}&redirect_uri={redirect_uri}&state={state}"

    def exchange(
        self,
        integration: Integration,  # noqa: ARG002 - one site
        client_secret: str,
        code: str,
        redirect_uri: str,
        deadline: datetime | None = None,  # noqa: ARG002 - fakes take no time
    ) -> Granted | JiraTrouble:
        self.exchanged.append((client_secret, code, redirect_uri))
        return self.trouble or Granted({"access_token": f"access-{code}", "refresh_token": f"refresh-{code}"})


@dataclass(frozen=True)
class FakeRequestToken:
    """The first leg of OAuth 1.0a."""

    token: str
    secret: str
    authorization_url: str


@dataclass(frozen=True)
class FakeKeyPair:
    """A key pair that is none."""

    private_key: str = "private key"
    public_key: str = "public key"


@dataclass
class FakeOAuth1:
    """Gives a request token, and an access token for it."""

    trouble: JiraTrouble | None = None
    callback_url: str = ""

    def request_token(
        self,
        integration: Integration,
        private_key: str,  # noqa: ARG002 - nothing is signed
        callback_url: str,
        deadline: datetime | None = None,  # noqa: ARG002 - fakes take no time
    ) -> FakeRequestToken | JiraTrouble:
        self.callback_url = callback_url
        url = f"{integration.site_url}/plugins/servlet/oauth/authorize?oauth_token=request-1"
        return self.trouble or FakeRequestToken("request-1", "request-secret-1", url)

    def access_token(  # noqa: PLR0913 - the port has so many
        self,
        integration: Integration,  # noqa: ARG002 - one site
        private_key: str,
        token: str,
        secret: str,
        verifier: str,
        *,
        deadline: datetime | None = None,  # noqa: ARG002 - fakes take no time
    ) -> Granted | JiraTrouble:
        proof = f"{private_key}/{token}/{secret}/{verifier}"
        return self.trouble or Granted({"access_token": proof, "access_token_secret": "access-secret"})
