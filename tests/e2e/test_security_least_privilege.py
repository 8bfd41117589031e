"""Least privilege: with any statement of an execution role taken away, something that its function does fails."""

import copy
import hmac
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from http import HTTPStatus
from time import sleep
from typing import Any, NamedTuple

import pytest
import requests

from local.stack import Stack
from local.template import load
from sample_jira import SampleJira
from tests.e2e.driver import Service, table_name, ticket, wait_for
from tests.e2e.poller import worker_at_rest
from tests.fakes.policies import as_list, statements
from ticket_status.aws.queue import write_work
from ticket_status.core.work import NewTicketsWork
from ticket_status.service.retrieval.runs import INDEX_LAG

ROLES = {
    "SyncRole": "sync",
    "SyncWorkerRole": "sync-worker",
    "ProbeRole": "probe",
    "RefreshRole": "refresh",
    "SettingsRole": "settings",
    "HooksRole": "hooks",
    "EventsRole": "events",
}

USED_BY_AWS = {
    "logs:CreateLogStream": "Lambda itself writes the log",
    "sqs:ReceiveMessage": "Lambda itself polls the queue",
    "dynamodb:DescribeStream": "Lambda itself reads the stream",
    "sqs:SendMessage": "Lambda itself notes what it gave up of a stream",
    "kms:Decrypt": "Secrets Manager asks the key in the caller's name",
}
"""First actions of statements that a service needs on the function's behalf. The embedded AWS does not enforce those;
``tests/template/test_policies.py`` shows that the template makes the service do it."""


class Grant(NamedTuple):
    """One statement of a role, by its place."""

    role: str
    place: int
    actions: tuple[str, ...]

    def __str__(self) -> str:
        """As pytest names it."""
        return f"{self.role}-{self.place}-{self.actions[0]}"


GRANTS = [
    Grant(role, place, tuple(as_list(statement["Action"])))
    for role in ROLES
    for place, statement in enumerate(statements(load()["Resources"][role]))
]
OURS = [grant for grant in GRANTS if grant.actions[0] not in USED_BY_AWS]


class Work:
    """Makes each function do everything that it can, on an integration of its own, and notes what fails."""

    def __init__(self, service: Service, jira: SampleJira, stack: Stack) -> None:
        self.failures: list[str] = []
        self._webhook: Mapping[str, Any] = {}
        self.name = f"least-{uuid.uuid4().hex[:8]}"
        self.path = f"/jira-integrations/{self.name}"
        self.token = f"token-{uuid.uuid4().hex}"
        self._service = service
        self._jira = jira
        self._stack = stack
        self._dynamodb = stack.session.client("dynamodb", endpoint_url=stack.endpoint_url)
        self._sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
        self._lambda = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
        issues = jira.cloud.create(f"L{uuid.uuid4().hex[:8].upper()}", 3, status="To Do")
        self.known, self.gone, self.by_key = (ticket(self.name, issue, f"{self.name}-v") for issue in issues)
        self._gone_key = issues[1].key
        del self.by_key["issue_id"]

    # --- Before ---------------------------------------------------------------------------------------------------

    def prepare_integration(self) -> None:
        """An integration whose credentials work."""
        self._jira.cloud.add_api_token(self.token)
        self._service.add_cloud(self.name, self._jira, password=self.token)

    def prepare_ticket(self) -> None:
        """And a ticket that was never retrieved."""
        self.prepare_integration()
        self._service.register(self.known)

    def break_integration(self) -> None:
        """An integration that is broken. That takes some seconds: a refusal counts only when it is confirmed."""
        self._service.add_cloud(self.name, self._jira, password=self.token, skip_connection_test=True)
        self._service.register(self.known)
        self._service.post(f"{self.path}/test")

    def prepare_recovery(self) -> None:
        """The broken integration's credentials work by now."""
        self._jira.cloud.add_api_token(self.token)

    def prepare_webhook(self) -> None:
        """And a webhook."""
        self.prepare_ticket()
        self._webhook = self._service.put(f"{self.path}/webhook", {"mode": "manual"})

    def prepare_webhooks(self) -> None:
        """And its webhook was heard of; and there is the webhook of an integration that is gone."""
        self.prepare_recovery()
        self._webhook = self._service.put(f"{self.path}/webhook", {"mode": "manual"})
        self._deliver()
        item = self._item("WebhooksTable", {"hook_id": {"S": self._ref()}})
        orphan = {**item, "hook_id": {"S": f"gone{uuid.uuid4().hex[:8]}"}}
        self._dynamodb.put_item(TableName=table_name(self._stack, "WebhooksTable"), Item=orphan)

    def prepare_deleted(self) -> None:
        """And a ticket that was seen, deleted in Jira, and found so."""
        self.prepare_integration()
        self._service.register(self.known, self.gone)
        self._service.refresh(f"{self.name}-v")
        self._jira.cloud.delete(self._gone_key)
        judged = self._service.post(f"{self.path}/tickets/{self.gone['issue_id']}/recheck")
        assert judged["unknown_reason"] == "DELETED"

    # --- What each function does ----------------------------------------------------------------------------------

    def sync(self) -> None:
        """Look over all integrations, and queue one."""
        self._invoke("sync", {"dry_run": True})
        self._invoke("sync", {"integration_name": self.name})

    def worker(self) -> None:
        """Look up a ticket by its key, then retrieve all: one has changed, and one that is missing is judged."""
        self._service.register(self.by_key, self.gone, self.known)
        sleep(INDEX_LAG.total_seconds())
        self._work_off(self._new_tickets())
        if not self.failures:
            self._work_off(self._new_tickets(hinted=True))
        if self.failures:
            return
        self._jira.cloud.move(str(self.known["issue_key"]), "Done")
        self._jira.cloud.delete(self._gone_key)
        self._service.post(f"{self.path}/sync", status=HTTPStatus.ACCEPTED)
        self._work_off(wait_for(self._take_slice, "the run's slice"))

    def probe(self) -> None:
        """Find the integration well again, and start its run; tell of its webhook, forget one that is nobody's."""
        answer = self._invoke("probe", {})
        if not answer or self.name not in answer["recovered"]:
            self.failures.append(f"the probe recovered {answer}")

    def refresh(self) -> None:
        """Register a ticket, show it, and press the button of an integration that is well again."""
        build = {"type": "build", "name": self.name, "version": "1"}
        self._call("POST", "/tickets", {"tickets": [{**self.by_key, "resource": build}]})
        self._call("GET", f"/violations/{self.name}-v/tickets")
        self._call("POST", f"/violations/{self.name}-v/tickets/refresh")
        self._call("GET", "/resources")

    def settings(self) -> None:
        """An integration's whole life but its creation, and another's creation."""
        self._service.register(self.by_key)  # soon more than its key is known
        self._call("POST", f"{self.path}/tickets/{self.gone['issue_id']}/recheck")
        self._call("POST", f"{self.path}/tickets/{self.by_key['issue_key']}/recheck")
        self._call("POST", f"{self.path}/tickets/recheck")
        self._call("PATCH", self.path, {"password": self.token})
        self._call("POST", f"{self.path}/test")
        self._call("POST", f"{self.path}/sync")
        self._call("GET", f"{self.path}/sync-runs")
        self._call("PUT", f"{self.path}/webhook", {"mode": "manual"})
        self._call("GET", f"{self.path}/webhook")
        self._call("DELETE", f"{self.path}/webhook")
        self._call("GET", "/jira-integrations", limit="1")
        other = f"{self.name}-2"
        self._call("POST", "/jira-integrations", {**_creation(self._jira, self.token), "connection_name": other})
        self._call("DELETE", f"/jira-integrations/{other}")

    def hooks(self) -> None:
        """Take a delivery, and have it gathered."""
        self._deliver()

    def events(self) -> None:
        """Publish that a ticket changed, which was moved."""
        key = {"i": {"S": self._ref()}, "t": {"S": str(self.known["issue_id"])}}
        image = self._item("TicketsTable", key)
        # Written before violations were counted, so the index is asked for them.
        del image["s"]
        moved = f"{self.known['issue_key']}0"
        changed = {
            "Keys": key,
            "OldImage": {**image, "o": {"S": f"{self.known['issue_key']}|new|Before"}},
            "NewImage": {**image, "issue_key": {"S": moved}, "o": {"S": f"{moved}|done|After"}},
        }
        record = {"eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": changed}
        self._invoke("events", {"Records": [record]})

    # --- After ----------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Leave no integration and no message behind."""
        for name in (self.name, f"{self.name}-2"):
            self._service.call("DELETE", f"/jira-integrations/{name}")
        while self._take():
            pass

    # --- Parts ----------------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, body: object = None, **query: str) -> None:
        answer = self._service.call(method, path, body, **query)
        if not answer.ok:
            self.failures.append(f"{method} {path}: {answer.status_code} {answer.text}")

    def _invoke(self, function: str, event: Mapping[str, object]) -> Any:  # noqa: ANN401 - its answer
        answer = self._lambda.invoke(FunctionName=f"{self._stack.name}-{function}", Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            self.failures.append(f"{function}: {payload}")
            return None
        return payload

    def _new_tickets(self, *, hinted: bool = False) -> str:
        """The message that a registration or a delivery sends; that one is held back for some seconds."""
        return write_work(NewTicketsWork(self.name, self._ref(), hinted=hinted))

    def _ref(self) -> str:
        return str(self._item("IntegrationsTable", {"connection_name": {"S": self.name}})["integration_ref"]["S"])

    def _item(self, table: str, key: Mapping[str, Any]) -> dict[str, Any]:
        found = self._dynamodb.get_item(TableName=table_name(self._stack, table), Key=key, ConsistentRead=True)
        item: dict[str, Any] = found["Item"]
        return item

    def _deliver(self) -> None:
        """What Jira sends of a change, signed with the webhook's secret."""
        event = {"webhookEvent": "jira:issue_updated", "issue": {"id": str(self.known["issue_id"])}}
        body = json.dumps(event)
        signature = hmac.new(self._webhook["secret"].encode(), body.encode(), "sha256").hexdigest()
        headers = {"X-Hub-Signature": f"sha256={signature}", "Content-Type": "application/json"}
        answer = requests.post(self._webhook["url"], body, headers=headers, timeout=30)
        if not answer.ok:
            self.failures.append(f"a delivery: {answer.status_code} {answer.text}")

    def _work_off(self, body: str) -> None:
        """Hand the worker a message, and every one that comes of it, as long as it does not fail."""
        after: str | None = body
        while after and not self.failures:
            message = {"messageId": uuid.uuid4().hex, "body": after, "eventSource": "aws:sqs", "attributes": {}}
            answer = self._invoke("sync-worker", {"Records": [message]})
            if answer and answer["batchItemFailures"]:
                self.failures.append(f"the worker failed at {after}")
            after = self._take()

    def _take_slice(self) -> str | None:
        """The run's slice; what the registration sent comes before it, and is dropped."""
        body = self._take()
        return body if body and json.loads(body)["kind"] == "slice" else None

    def _take(self) -> str | None:
        """A message of this integration off the queue, ``None`` when there is none."""
        url = self._stack.outputs["SyncQueueUrl"]
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=2)
        for message in answer.get("Messages", []):
            if json.loads(message["Body"])["integration_name"] == self.name:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return message["Body"]
        return None


WORK: Mapping[str, tuple[Callable[[Work], None], Callable[[Work], None]]] = {
    "SyncRole": (Work.prepare_ticket, Work.sync),
    "SyncWorkerRole": (Work.prepare_integration, Work.worker),
    "ProbeRole": (Work.prepare_webhooks, Work.probe),
    "RefreshRole": (Work.prepare_recovery, Work.refresh),
    "SettingsRole": (Work.prepare_deleted, Work.settings),
    "HooksRole": (Work.prepare_webhook, Work.hooks),
    "EventsRole": (Work.prepare_ticket, Work.events),
}
"""For each role what has to be there, and the work of its function."""


BROKEN = ("ProbeRole", "RefreshRole")
"""Roles whose work begins with an integration that is broken."""


@pytest.fixture(scope="module")
def new_work(service: Service, jira: SampleJira, stack: Stack) -> Callable[[str], Work]:
    """Makes work for a role's function, and prepares it. Integrations are broken side by side, as that takes long."""
    roles = (*ROLES, *(grant.role for grant in OURS))
    broken = [Work(service, jira, stack) for role in roles if role in BROKEN]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Work.break_integration, broken))

    def new(role: str) -> Work:
        work = broken.pop() if role in BROKEN else Work(service, jira, stack)
        WORK[role][0](work)
        return work

    return new


@pytest.mark.parametrize("role", ROLES)
def test_a_function_works_with_its_whole_role(role: str, new_work: Callable[[str], Work], stack: Stack) -> None:
    assert _failures(role, new_work(role), stack, Policy(stack, role).document) == []


@pytest.mark.parametrize("grant", OURS, ids=str)
def test_a_function_fails_without_any_statement_of_its_role(
    grant: Grant, new_work: Callable[[str], Work], stack: Stack
) -> None:
    document = copy.deepcopy(Policy(stack, grant.role).document)
    taken = document["Statement"].pop(grant.place)
    assert tuple(as_list(taken["Action"])) == grant.actions
    assert _failures(grant.role, new_work(grant.role), stack, document) != []


def _failures(role: str, work: Work, stack: Stack, document: Mapping[str, Any]) -> list[str]:
    """What fails of a function's work while its role has this policy."""
    assert work.failures == []
    rest = worker_at_rest(stack) if role == "SyncWorkerRole" else nullcontext()
    with rest, Policy(stack, role).replaced(document):
        WORK[role][1](work)
    work.clear()
    return work.failures


class Policy:
    """The one inline policy of a role of the deployed stack."""

    def __init__(self, stack: Stack, role: str) -> None:
        cloudformation = stack.session.client("cloudformation", endpoint_url=stack.endpoint_url)
        described = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId=role)
        self._role = described["StackResourceDetail"]["PhysicalResourceId"]
        self._iam = stack.session.client("iam", endpoint_url=stack.endpoint_url)
        [self._name] = self._iam.list_role_policies(RoleName=self._role)["PolicyNames"]
        got: Any = self._iam.get_role_policy(RoleName=self._role, PolicyName=self._name)["PolicyDocument"]
        self.document: Mapping[str, Any] = got

    @contextmanager
    def replaced(self, document: Mapping[str, Any]) -> Iterator[None]:
        """While another takes its place."""
        self._put(document)
        try:
            yield
        finally:
            self._put(self.document)

    def _put(self, document: Mapping[str, Any]) -> None:
        self._iam.put_role_policy(RoleName=self._role, PolicyName=self._name, PolicyDocument=json.dumps(document))


def _creation(jira: SampleJira, token: str) -> dict[str, object]:
    site = jira.cloud
    return {
        "installation_type": "cloud",
        "jira_server_url": site.url,
        "auth_type": "basic",
        "username": site.email,
        "password": token,
    }
