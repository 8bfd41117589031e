"""R19: webhooks are registered in Jira over real sockets, and what Jira then delivers is signed as we hold it to be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from time import monotonic, sleep

import pytest
from msgspec.structs import replace

from sample_jira.cloud import CloudSite
from tests.unit.jira.conftest import Bench, Kind, granted
from ticket_status.core.model import AuthType, Integration
from ticket_status.core.trouble import Refused
from ticket_status.core.webhooks import Signing
from ticket_status.jira.delivery_signatures import JiraDeliverySignatures
from ticket_status.ports.webhooks import JiraWebhooks, NotPermitted, Registered

SECRET = "of-the-webhook"
JQL = "project in (SEC)"


class Inbox:
    """What was delivered: headers in lower case, and bodies."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.statuses: list[int] = []
        """What is answered, in this order; then 204."""

    def wait_for(self, number: int, seconds: float = 30) -> None:
        end = monotonic() + seconds
        while len(self.deliveries) < number and monotonic() < end:
            sleep(0.01)
        assert len(self.deliveries) >= number

    @property
    def signed(self) -> bool:
        headers, body = self.deliveries[-1]
        return JiraDeliverySignatures().holds(Signing.HMAC, headers, body, [SECRET], datetime.now(UTC))


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with listening() as opened:
        yield opened


@contextmanager
def listening() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            inbox.deliveries.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(inbox.statuses.pop(0) if inbox.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    inbox.url = f"http://127.0.0.1:{server.server_port}/hooks/it"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()


def connected(bench: Bench, kind: Kind, version: str | None = None) -> Integration:
    if version is not None:
        bench.jira.data_center.configure(version=version)
    integration = bench.integration(kind)
    site = bench.connector.check(integration).site
    return replace(integration, site=site)


def webhooks(bench: Bench, integration: Integration) -> JiraWebhooks:
    opened = bench.connector.open_webhooks(integration)
    assert not hasattr(opened, "reason"), opened
    return opened


KINDS: list[tuple[Kind, str | None]] = [("cloud", None), ("data center", "9.12.0"), ("data center", "10.3.0")]


@pytest.mark.parametrize(("kind", "version"), KINDS)
def test_a_webhook_is_registered_delivers_signed_and_is_removed(
    bench: Bench, inbox: Inbox, kind: Kind, version: str | None
) -> None:
    site = bench.site(kind)
    [issue] = site.create("SEC", 1)
    jira = webhooks(bench, connected(bench, kind, version))
    registered = jira.register(inbox.url, SECRET, JQL, "Ticket Status")
    assert isinstance(registered, Registered), registered
    assert registered.expires_at is None
    site.move(issue.key, "Done")
    inbox.wait_for(1)
    document = json.loads(inbox.deliveries[0][1])
    assert document["webhookEvent"] == "jira:issue_updated"
    assert document["issue"]["id"] == str(issue.id)
    assert inbox.signed
    assert jira.renew(registered.jira_id) == Registered(registered.jira_id)
    assert jira.remove(registered.jira_id) is None
    assert jira.remove(registered.jira_id) is None, "removing what is gone is fine"
    assert jira.renew(registered.jira_id) is None
    site.move(issue.key, "To Do")
    sleep(0.2)
    assert len(inbox.deliveries) == 1


@pytest.mark.parametrize(("kind", "version"), KINDS)
def test_an_account_that_is_no_administrator_may_not(
    bench: Bench, inbox: Inbox, kind: Kind, version: str | None
) -> None:
    bench.site(kind).configure(administrator=False)
    jira = webhooks(bench, connected(bench, kind, version))
    refused = jira.register(inbox.url, SECRET, "", "Ticket Status")
    assert isinstance(refused, NotPermitted)
    assert "403" in refused.reason


def test_deletions_and_moves_are_delivered_too_and_retried_under_the_same_identifier(
    bench: Bench, inbox: Inbox
) -> None:
    cloud = bench.jira.cloud
    first, second = cloud.create("SEC", 2)
    cloud.spoil_deliveries(retry_seconds=0.05)
    jira = webhooks(bench, connected(bench, "cloud"))
    jira.register(inbox.url, SECRET, "", "Ticket Status")
    inbox.statuses = [503]
    cloud.delete(first.key)
    inbox.wait_for(2)
    identifiers = {headers["x-atlassian-webhook-identifier"] for headers, _ in inbox.deliveries}
    assert len(identifiers) == 1
    assert inbox.deliveries[1][0]["x-atlassian-webhook-retry"] == "1"
    cloud.move_to_project(second.key, "OPS")
    inbox.wait_for(3)
    assert json.loads(inbox.deliveries[2][1])["issue"]["key"] == "OPS-1"


def test_a_webhook_is_about_its_projects_only(bench: Bench, inbox: Inbox) -> None:
    cloud = bench.jira.cloud
    [ours], [other] = cloud.create("SEC", 1), cloud.create("HR", 1)
    webhooks(bench, connected(bench, "cloud")).register(inbox.url, SECRET, JQL, "Ticket Status")
    cloud.move(other.key, "Done")
    cloud.move(ours.key, "Done")
    inbox.wait_for(1)
    assert json.loads(inbox.deliveries[0][1])["issue"]["key"] == ours.key


def dropped(site: CloudSite, count: int) -> list[object]:
    """Which deliveries were dropped, once so many were made: they are made beside what caused them."""
    end = monotonic() + 30
    while len(site.deliveries()) < count and monotonic() < end:
        sleep(0.01)
    return [one["dropped"] for one in site.deliveries()]


def test_faults_at_will(bench: Bench, inbox: Inbox) -> None:
    cloud = bench.jira.cloud
    [issue] = cloud.create("SEC", 1)
    webhooks(bench, connected(bench, "cloud")).register(inbox.url, SECRET, "", "Ticket Status")
    cloud.spoil_deliveries(drop=1)
    cloud.move(issue.key, "Done")
    assert dropped(cloud, 1) == [True]
    cloud.spoil_deliveries(double=1)
    cloud.move(issue.key, "To Do")
    assert dropped(cloud, 3) == [True, False, False]


def test_a_site_that_is_down_registers_nothing(bench: Bench, inbox: Inbox) -> None:
    integration = connected(bench, "cloud")
    bench.jira.cloud.down()
    refused = webhooks(bench, integration).register(inbox.url, SECRET, "", "Ticket Status")
    assert not isinstance(refused, Registered | NotPermitted)


def app(bench: Bench, *, webhook: bool) -> Integration:
    """An integration with OAuth 2.0, granted with or without the scopes of webhooks."""
    atlassian = bench.jira.atlassian
    atlassian.options.auto_grant = True
    secret = {"client_secret": atlassian.client_secret}
    integration = bench.integration(
        "cloud", secret, auth_type=AuthType.OAUTH2, client_id=atlassian.client_id, username=None
    )
    tokens = granted(bench, integration, atlassian.client_secret, webhook=webhook)
    bench.secrets.write(integration.integration_ref, secret | dict(tokens.as_secrets()))
    return replace(integration, site=bench.connector.check(integration).site)


def test_a_webhook_of_an_app_expires_is_renewed_and_bears_a_token_signed_with_the_client_secret(
    bench: Bench, inbox: Inbox
) -> None:
    cloud, secret = bench.jira.cloud, bench.jira.atlassian.client_secret
    [issue] = cloud.create("SEC", 1)
    jira = webhooks(bench, app(bench, webhook=True))
    assert jira.projects() == ["SEC"]
    registered = jira.register(inbox.url, "ignored", JQL, "ignored")
    assert isinstance(registered, Registered), registered
    assert registered.expires_at is not None
    assert 29 <= (registered.expires_at - bench.now()).days <= 30
    cloud.move(issue.key, "Done")
    inbox.wait_for(1)
    headers, body = inbox.deliveries[0]
    signatures = JiraDeliverySignatures()
    assert "x-hub-signature" not in headers
    assert signatures.holds(Signing.JWT, headers, body, [secret], bench.now())
    assert not signatures.holds(Signing.JWT, headers, body, ["another-" + secret], bench.now())
    assert json.loads(body)["matchedWebhookIds"] == [int(registered.jira_id)]
    assert isinstance(jira.renew(registered.jira_id), Registered)
    cloud.expire_webhooks()
    assert jira.renew(registered.jira_id) is None, "renewing what is gone is silently ignored by Jira, so it is listed"
    assert jira.remove(registered.jira_id) is None


def test_an_app_without_the_scope_may_not_register(bench: Bench, inbox: Inbox) -> None:
    refused = webhooks(bench, app(bench, webhook=False)).register(inbox.url, "", JQL, "")
    assert isinstance(refused, Refused | NotPermitted)


def test_deliveries_of_a_private_app_of_somebody_else_never_come(bench: Bench, inbox: Inbox) -> None:
    cloud = bench.jira.cloud
    [issue] = cloud.create("SEC", 1)
    cloud.spoil_deliveries(private_app=True)
    assert isinstance(webhooks(bench, app(bench, webhook=True)).register(inbox.url, "", JQL, ""), Registered)
    cloud.move(issue.key, "Done")
    sleep(0.2)
    assert not inbox.deliveries
