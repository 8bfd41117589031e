"""R17, after everything else: no secret that was ever planted is anywhere but in the secret store.

The search proves itself: the name of an integration, which is no secret, has to be found in every place but one.
"""

import json
import re
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from urllib.parse import quote

import pytest
import requests

from local.stack import Stack
from local.template import load
from sample_jira import SampleJira
from tests.e2e.bus import Listener
from tests.e2e.driver import Service, log_lines, table_name, ticket, wait_for
from tests.e2e.poller import worker_at_rest

NOT_SECRET = {"scope", "access_token_expires_at"}
"""Members of a stored secret that are not."""
NAMED_BY_NOBODY = "environments"
"""The place where the name of an integration is not."""


class Planted:
    """Integrations of every auth type with secrets of their own, led through success and failure."""

    def __init__(self, service: Service, jira: SampleJira) -> None:
        self.secrets: set[str] = set()
        self.name = f"canary-{uuid.uuid4().hex[:8]}"
        self._service = service
        self._jira = jira

    def plant(self) -> None:
        """All of it."""
        self._misshapen()
        self._basic()
        self._personal_access_token()
        self._oauth2()
        self._oauth1()

    def canary(self, kind: str) -> str:
        """A new secret."""
        secret = f"canary-{kind}-{uuid.uuid4().hex}"
        self.secrets.add(secret)
        return secret

    def _misshapen(self) -> None:
        """Secrets in bodies that do not fit, at every member and in between."""
        path, body = "/jira-integrations", self._body("bad", "cloud", "basic")
        for member in (*body, "password", "username", "token", "client_secret", "unknown"):
            self._service.call("POST", path, {**body, "password": self.canary("password"), member: {}})
            self._service.call("POST", path, {**body, member: [self.canary("list")]})
        for member in ("password", "token", "client_secret", "unknown"):
            self._service.call("POST", path, {**body, "auth_type": "pat", member: self.canary("odd")})
        self._service.call("POST", path, [self.canary("list")])
        self._service.call("POST", path, f'{{"password": "{self.canary("broken")}"')
        state = f"{self.name}.{self.canary('state')}"
        self._service.call("GET", "/oauth2/callback", client=None, code=self.canary("code"), state=state)

    def _basic(self) -> None:
        site, name = self._jira.cloud, self.name
        first, wrong, second = self.canary("token"), self.canary("wrong"), self.canary("token")
        secret_body = {**self._body(name, "cloud", "basic"), "username": site.email}
        assert self._service.call("POST", "/jira-integrations", {**secret_body, "password": wrong}).status_code == 422
        site.add_api_token(first)
        self._service.post("/jira-integrations", {**secret_body, "password": first}, 201)
        issue = site.create(f"C{uuid.uuid4().hex[:8].upper()}", 1, status="To Do")[0]
        self._service.register(ticket(name, issue, f"{name}-v"))
        self._service.retrieve(name)
        echo = f"Basic {b64encode(f'{site.email}:{first}'.encode()).decode()} {first}"
        self.secrets.add(b64encode(f"{site.email}:{first}".encode()).decode())
        for status in (400, 401, 403, 500):
            site.fault("status", status=status, body={"errorMessages": [echo]}, headers={"X-Echo": first}, times=1)
            self._service.refresh(f"{name}-v")
            self._service.post(f"/jira-integrations/{name}/test")
        site.revoke(first)
        self._service.retrieve(name)
        assert self._service.call("PATCH", f"/jira-integrations/{name}", {"password": wrong}).status_code == 422
        site.add_api_token(second)
        assert self._service.call("PATCH", f"/jira-integrations/{name}", {"password": second}).status_code == 200
        self._service.retrieve(name)

    def _personal_access_token(self) -> None:
        site, name = self._jira.data_center, f"{self.name}-pat"
        token = self.canary("pat")
        site.add_pat(token)
        self._service.post("/jira-integrations", {**self._body(name, "server", "pat"), "token": token}, 201)
        self._service.post(f"/jira-integrations/{name}/test")

    def _oauth2(self) -> None:
        site, name = self._jira.data_center, f"{self.name}-oauth2"
        secret = self.canary("client-secret")
        site.add_application_link(name, secret)
        body = {**self._body(name, "server", "oauth2"), "client_id": name, "client_secret": secret}
        self._service.post("/jira-integrations", body, 201)
        self._grant(name, "oauth2")
        self._service.post(f"/jira-integrations/{name}/test")
        site.links.grants.expire_access()
        self._service.post(f"/jira-integrations/{name}/test")
        site.revoke_grants()
        self._service.post(f"/jira-integrations/{name}/test")

    def _oauth1(self) -> None:
        name = f"{self.name}-oauth1"
        body = {**self._body(name, "server", "oauth1"), "consumer_key": name}
        created = self._service.post("/jira-integrations", body, 201)
        self._jira.data_center.register_consumer(name, created["public_key"])
        self._grant(name, "oauth1")
        self._service.post(f"/jira-integrations/{name}/test")

    def _grant(self, name: str, kind: str) -> None:
        """What the popup does; the page that it ends on is an answer, too."""
        started = self._service.post(f"/jira-integrations/{name}/{kind}/authorization")
        with requests.Session() as browser:
            browser.trust_env = False
            page = browser.get(started["authorization_url"], timeout=30)
            kept = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)">', page.text)}
            page = browser.post(page.url.partition("?")[0], data={**kept, "decision": "accept"}, timeout=30)
        assert page.status_code == 200, page.text
        self._service.answers.append(f"{page.headers} {page.text}")

    def _body(self, name: str, installation: str, auth_type: str) -> dict[str, object]:
        site = self._jira.cloud if installation == "cloud" else self._jira.data_center
        return {
            "connection_name": name,
            "installation_type": installation,
            "jira_server_url": site.url,
            "auth_type": auth_type,
        }


class Places:
    """Everywhere that text of the service ends up, apart from the secret store."""

    def __init__(self, stack: Stack, service: Service, bus: Listener) -> None:
        self._stack = stack
        self._service = service
        self._bus = bus

    def all(self, integration: str) -> Mapping[str, list[str]]:
        """The texts of each place; this integration's messages are looked at on their way."""
        with worker_at_rest(self._stack):
            started = self._service.call("POST", f"/jira-integrations/{integration}/sync")
            assert started.status_code == 202, started.text
            # A run waits some seconds for the index when a ticket came just now.
            messages = self._once_told_of(integration, lambda: self._messages("SyncQueueUrl"))
        sqs = self._stack.session.client("sqs", endpoint_url=self._stack.endpoint_url)
        dead = json.dumps({"version": 1, "integration_name": integration})
        sqs.send_message(QueueUrl=self._stack.outputs["SyncQueueUrl"], MessageBody=dead)
        return {
            "dead letters": self._once_told_of(integration, lambda: self._messages("SyncDeadLetterQueueUrl")),
            "messages": messages,
            "answers": self._service.answers,
            "rows": list(self._rows()),
            "logs": self._once_told_of(integration, self._logs),
            "events": self._bus.heard(),
            NAMED_BY_NOBODY: list(self._environments()),
        }

    def stored(self) -> set[str]:
        """What the secret store holds: the values of every integration's secret."""
        store = self._stack.session.client("secretsmanager", endpoint_url=self._stack.endpoint_url)
        pages = store.get_paginator("list_secrets").paginate()
        names = [secret["Name"] for page in pages for secret in page["SecretList"]]
        ours = [name for name in names if name.startswith(f"{self._stack.name}/integrations/")]
        held = [json.loads(store.get_secret_value(SecretId=name)["SecretString"]) for name in ours]
        return {value for one in held for member, value in one.items() if member not in NOT_SECRET}

    @staticmethod
    def _once_told_of(integration: str, look: Callable[[], Iterable[str]]) -> list[str]:
        """What is in a place, as soon as the integration's name is."""

        def found() -> list[str]:
            texts = list(look())
            return texts if any(integration in text for text in texts) else []

        return wait_for(found, f"a word of {integration}")

    def _messages(self, output: str) -> Iterator[str]:
        """Every message that can be had now; all can be had again a little later."""
        sqs = self._stack.session.client("sqs", endpoint_url=self._stack.endpoint_url)
        url = self._stack.outputs[output]
        seen: set[str] = set()
        while received := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=5, MessageAttributeNames=["All"]
        ).get("Messages"):
            new = [message for message in received if message["MessageId"] not in seen]
            if not new:
                return
            for message in new:
                seen.add(message["MessageId"])
                yield json.dumps(message)

    def _rows(self) -> Iterator[str]:
        dynamodb = self._stack.session.client("dynamodb", endpoint_url=self._stack.endpoint_url)
        for table in ("IntegrationsTable", "TicketsTable", "ViolationsTable", "SyncRunsTable", "WebhooksTable"):
            for page in dynamodb.get_paginator("scan").paginate(
                TableName=table_name(self._stack, table), ConsistentRead=True
            ):
                yield from (json.dumps(item, default=str) for item in page["Items"])

    def _logs(self) -> Iterator[str]:
        resources = load()["Resources"].values()
        groups = [one for one in resources if one["Type"] == "AWS::Logs::LogGroup" and "Condition" not in one]
        for group in groups:
            name = group["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", self._stack.name)
            yield from log_lines(self._stack, name)

    def _environments(self) -> Iterator[str]:
        functions = self._stack.session.client("lambda", endpoint_url=self._stack.endpoint_url)
        for page in functions.get_paginator("list_functions").paginate():
            yield from (json.dumps(function, default=str) for function in page["Functions"])


def forms(secret: str) -> set[str]:
    """How a secret can be written: as it is, in an address, in JSON, and a key by any line of it."""
    lines = {line for line in secret.splitlines() if not line.startswith("-----")}
    return {form for line in lines for form in (line, quote(line, safe=""), json.dumps(line)[1:-1])}


def where(words: Iterable[str], places: Mapping[str, list[str]]) -> dict[str, str]:
    """The places that have one of these words, each with a text that has it."""
    found = re.compile("|".join(map(re.escape, words)))
    having = {place: [text for text in texts if found.search(text)] for place, texts in places.items()}
    return {place: texts[0] for place, texts in having.items() if texts}


@pytest.fixture(scope="module")
def planted(service: Service, jira: SampleJira) -> Planted:
    planted = Planted(service, jira)
    planted.plant()
    return planted


def test_no_secret_is_anywhere_but_in_the_secret_store(
    planted: Planted, service: Service, stack: Stack, bus: Listener, jira: SampleJira
) -> None:
    everywhere = Places(stack, service, bus)
    places = everywhere.all(planted.name)
    known = {jira.cloud.api_token, jira.data_center.pat, jira.data_center.password, jira.atlassian.client_secret}
    stored = everywhere.stored()
    secrets = planted.secrets | known | stored

    assert where([planted.name], places).keys() == places.keys() - {NAMED_BY_NOBODY}, "the search finds what is there"
    assert any("PRIVATE KEY" in secret for secret in stored)
    assert where({form for secret in secrets for form in forms(secret)}, places) == {}


def test_a_secret_in_the_wrong_place_would_be_found(
    service: Service, stack: Stack, bus: Listener, jira: SampleJira
) -> None:
    secret = f"canary-{uuid.uuid4().hex}"
    service.add_cloud(secret, jira)
    places = Places(stack, service, bus).all(secret)
    assert {"answers", "rows", "messages", "logs", "dead letters"} <= where(forms(secret), places).keys()
    service.call("DELETE", f"/jira-integrations/{secret}")
