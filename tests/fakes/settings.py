"""The world of an administrator in memory: stores, Jira sites that can be tried, and both kinds of OAuth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.jira import FakeJiraConnector
from tests.fakes.queue import FakeWorkQueue
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.samples import NOW
from tests.fakes.secrets import InMemorySecretStore
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.violations import InMemoryViolationStore
from tests.fakes.webhooks import FakeJiraWebhooks, InMemoryHookKeyStore, InMemoryWebhookStore
from ticket_status.core.connection import Check, ConnectionReport
from ticket_status.core.model import Integration, SyncRun
from ticket_status.core.model import Site as KnownSite
from ticket_status.core.trouble import JiraTrouble
from ticket_status.service.administration.services import SettingsServices, settings_services
from ticket_status.service.administration.settings_ports import SettingsPorts
from ticket_status.service.administration.webhook import WebhookPorts
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.tickets.reading import Reading

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

    def __init__(self) -> None:
        super().__init__({})
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


class SettingsWorld:
    """Everything that the use cases of administrators touch, and a clock that stands until it is moved."""

    def __init__(self, *integrations: Integration) -> None:
        self.now = NOW
        self.integrations = InMemoryIntegrationStore(*integrations)
        self.tickets = InMemoryTicketStore()
        self.run_store = InMemoryRunStore(self.integrations)
        self.queue = FakeWorkQueue()
        self.secrets = InMemorySecretStore()
        self.connections = FakeConnections()
        self.webhooks, self.hook_keys = InMemoryWebhookStore(), InMemoryHookKeyStore()
        self.jira_webhooks = FakeJiraWebhooks()
        self.oauth1 = FakeOAuth1()
        self.oauth2 = FakeOAuth2()
        self.refused_addresses: dict[str, str] = {}
        self.runs = Runs(self.integrations, self.tickets, self.run_store, self.queue)
        self.services = self._services()

    def pass_time(self, seconds: float) -> None:
        """Move the clock; what waits sees it move."""
        self.now += timedelta(seconds=seconds)

    def stored(self, name: str = "cloud-abc") -> Integration:
        """An integration that has to be there."""
        return self.integrations.stored[name]

    def secret(self, name: str = "cloud-abc") -> dict[str, str]:
        """All secrets of an integration."""
        return self.secrets.stored[self.stored(name).integration_ref]

    def last_run(self, name: str = "cloud-abc") -> SyncRun | None:
        """The newest run of an integration."""
        return self.run_store.latest(self.stored(name).integration_ref)

    def _services(self) -> SettingsServices:
        ports = SettingsPorts(
            integrations=self.integrations,
            tickets=self.tickets,
            run_store=self.run_store,
            runs=self.runs,
            secrets=self.secrets,
            lease=self.integrations,
            connections=self.connections,
            address_problem=self.refused_addresses.get,
            new_key_pair=FakeKeyPair,
            oauth1=self.oauth1,
            oauth2=self.oauth2,
            now=lambda: self.now,
            sleep=self.pass_time,
        )
        violations = InMemoryViolationStore(self.tickets)
        webhooks = WebhookPorts(self.webhooks, self.hook_keys, self.jira_webhooks)
        return settings_services(ports, Reading(self.integrations, self.tickets, violations), webhooks)
