"""The examples of docs/connect.md, deployed beside the stack, against a scanner and chats on loopback."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from local import ROOT
from local.deploy import SAM, UNKNOWN_TYPES, sam_environment
from local.stack import CLIENTS, Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, time_text, wait_for

EXAMPLES = ROOT / "examples"
CALL_SECONDS = 30
NOT_LOCAL = UNKNOWN_TYPES | {"AWS::Events::Archive"}
"""What the embedded AWS does not know; it refuses them even where a condition leaves them out."""
HEADER_KEY = "key-of-the-header"  # pragma: allowlist secret
XRAY_TOKEN = "token-of-xray"  # pragma: allowlist secret


class World:
    """What is outside: a scanner's API and chats, on one address; everything that was asked and said."""

    def __init__(self) -> None:
        self.violations: list[dict[str, Any]] = []
        self.details: dict[str, dict[str, Any]] = {}
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.tokens: set[str] = set()
        self.url = ""

    def finds(self, violation_id: str, ticket: str | None) -> None:
        """Xray finds a violation, and opened a ticket for it or not."""
        path = f"/xray/api/v1/violations/security/{violation_id}"
        self.violations.append(
            {
                "description": "a vulnerable library",
                "severity": "High",
                "type": "Security",
                "created": time_text(datetime.now(UTC)),
                "watch_name": "production",
                "issue_id": "XRAY-173753",
                "violation_details_url": f"{self.url}{path}",
                "impacted_artifacts": ["default/libs-release/core/1.4/core-1.4.jar"],
            }
        )
        fields = {"jira_links": [f"https://abc.atlassian.net/browse/{ticket}"]} if ticket else {}
        self.details[path] = {"impacted_artifacts": ["default/libs-release/core/1.4/core-1.4.jar"], **fields}

    def answer(self, method: str, path: str, body: dict[str, Any], token: str | None) -> tuple[int, object]:
        """What Xray answers, as its documentation says; and what a chat answers."""
        if path.startswith("/chat"):
            self.said.append((path, body))
            return 200, {}
        self.tokens.add(token or "")
        if method == "POST" and path == "/xray/api/v1/violations":
            page = body["pagination"]
            found = [one for one in self.violations if body["filters"].get("watch_name") in (None, one["watch_name"])]
            start = (page["offset"] - 1) * page["limit"]
            return 200, {"total_violations": len(found), "violations": found[start : start + page["limit"]]}
        return (200, self.details[path]) if path in self.details else (404, {"error": "not found"})


@pytest.fixture
def world() -> Iterator[World]:
    with _serving(World()) as made:
        yield made


@contextmanager
def _serving(world: World) -> Iterator[World]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CALL_SECONDS

        def log_message(self, *_: object) -> None:
            """Nothing."""

        def _do(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw) if raw else {}
            status, document = world.answer(
                self.command, urlsplit(self.path).path, body, self.headers.get("Authorization")
            )
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _do  # noqa: N815 - the names that the base class calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    world.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def deployed(stack: Stack, example: str, folder: Path, parameters: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """An example, deployed as its readers do, with ``sam deploy``; its outputs.

    It is taken down at the end: it would hear of every change of every later test, and take the room for their calls.
    """
    shutil.copytree(EXAMPLES / example, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    template = folder / "template.yaml"
    document = yaml.load(template.read_text(encoding="utf-8"), Loader=_Tags)  # noqa: S506 - a SafeLoader
    document["Resources"] = {name: one for name, one in document["Resources"].items() if one["Type"] not in NOT_LOCAL}
    template.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    name = f"{example}-{uuid.uuid4().hex[:6]}"
    runtime = {"Runtime": f"python3.{sys.version_info.minor}"}
    command = [
        *(str(SAM), "deploy", "--template-file", str(template), "--stack-name", name, "--resolve-s3"),
        *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"),
        *(f"{key}={value}" for key, value in {**parameters, **runtime}.items()),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env=sam_environment(stack.endpoint_url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    cloudformation = stack.session.client("cloudformation", endpoint_url=stack.endpoint_url)
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    try:
        yield {one["OutputKey"]: one["OutputValue"] for one in outputs}
    finally:
        cloudformation.delete_stack(StackName=name)
        deleted = cloudformation.get_waiter("stack_delete_complete")
        deleted.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": CALL_SECONDS})


class _Tags(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the long ones."""


def _long_form(loader: _Tags, suffix: str, node: yaml.Node) -> dict[str, object]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value: object = loader.construct_scalar(node)
            if suffix == "GetAtt":
                value = str(value).split(".", 1)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            assert isinstance(node, yaml.MappingNode)
            value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Tags.add_multi_constructor("!", _long_form)


def client_secret(stack: Stack, client: str) -> tuple[str, str]:
    """Id and secret of an app client."""
    cognito = stack.session.client("cognito-idp", endpoint_url=stack.endpoint_url)
    client_id = stack.outputs[CLIENTS[client]]
    described = cognito.describe_user_pool_client(UserPoolId=stack.outputs["UserPoolId"], ClientId=client_id)
    return client_id, described["UserPoolClient"]["ClientSecret"]


@pytest.mark.slow("deploys a stack, and waits for two runs")
def test_xray_alerts_register_tickets_and_a_ticket_that_is_done_too_early_is_told_of(
    service: Service, stack: Stack, jira: SampleJira, world: World, tmp_path: Path
) -> None:
    name = f"xray-{uuid.uuid4().hex[:8]}"
    service.add_cloud(name, jira)
    [issue, other] = jira.cloud.create("XRY", 2, status="To Do")
    client_id, secret = client_secret(stack, "admin")
    members = {"header_key": HEADER_KEY, "xray_token": XRAY_TOKEN, "client_id": client_id, "client_secret": secret}
    secrets = stack.session.client("secretsmanager", endpoint_url=stack.endpoint_url)
    arn = secrets.create_secret(
        Name=f"example-{name}", SecretString=json.dumps({**members, "chat_url": f"{world.url}/chat/security"})
    )["ARN"]
    with deployed(
        stack,
        "xray",
        tmp_path / "xray",
        {
            "ApiUrl": stack.api_url,
            "TokenUrl": f"{stack.endpoint_url}/oauth2/token",
            "EventBusName": stack.outputs["EventBusName"],
            "XrayUrl": world.url,
            "Integration": name,
            "TicketFields": "jira_links",
            "SecretArn": arn,
        },
    ) as outputs:
        [function_url, *_] = re.findall("[a-z0-9]{32}|[0-9a-f-]{36}", outputs["WebhookUrl"])
        hook = f"{stack.endpoint_url}/_aws/lambda-url/{function_url}/"
        world.finds(f"{name}-1", issue.key)
        world.finds(f"{name}-2", None)
        alert = {"created": time_text(datetime.now(UTC)), "watch_name": "production", "issues": []}

        def send(key: str, body: object) -> int:
            headers = {"x-ticket-status-key": key, "Content-Type": "application/json"}
            return requests.post(hook, data=json.dumps(body), headers=headers, timeout=CALL_SECONDS).status_code

        assert send("a wrong key", alert) == 401
        assert send(HEADER_KEY, {"no": "alert"}) == 400
        assert world.tokens == set(), "nothing was asked for either"
        assert send(HEADER_KEY, alert) == 204
        assert send(HEADER_KEY, alert) == 204, "Xray may send it twice"
        assert world.tokens == {f"Bearer {XRAY_TOKEN}"}
        wait_for(lambda: service.tickets(f"{name}-1")[0]["ticket_status"] == "To Do", "the first status")

        # The ticket is set to Done, the violation is still listed.
        jira.cloud.move(issue.key, "Done")
        service.retrieve(name)  # the button would call a status of a moment ago fresh
        text = f"{issue.key} is Done, but violation {name}-1 still exists."
        wait_for(lambda: ("/chat/security", {"text": text}) in world.said, "the word in the chat")

        # The poll, for those who prefer that: the same registrations, through the command line.
        world.finds(f"{name}-3", other.key)
        environment = {**os.environ, "XRAY_URL": world.url, "XRAY_TOKEN": XRAY_TOKEN}
        poll = [
            sys.executable,
            str(EXAMPLES / "xray" / "poll.py"),
            "--integration",
            name,
            "--ticket-fields",
            "jira_links",
        ]
        polled = subprocess.run(
            [*poll, "--since", "2026-01-01T00:00:00Z"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=True,
        )
        done = subprocess.run(
            [sys.executable, "-m", "ticket_status_cli", "tickets", "import", "-", "--no-sync", "--output", "json"],
            input=polled.stdout,
            env={**os.environ, "TICKET_STATUS_API_URL": stack.api_url, "TICKET_STATUS_TOKEN": stack.token("admin")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=True,
        )
        assert json.loads(done.stdout)["registered"] == 2
        assert [one["ticket_no"] for one in service.tickets(f"{name}-3")] == [other.key]


@pytest.mark.slow("deploys a stack, and waits for two runs")
def test_changes_go_to_slack_teams_a_queue_and_a_table(
    service: Service, stack: Stack, jira: SampleJira, world: World, tmp_path: Path
) -> None:
    name = f"bus-{uuid.uuid4().hex[:8]}"
    service.add_cloud(name, jira)
    [issue] = jira.cloud.create("BUS", 1, status="To Do")
    ssm = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    for chat in ("slack", "teams"):
        address = f"{world.url}/chat/{name}/{chat}"
        ssm.put_parameter(Name=f"/{name}/{chat}", Value=address, Type="SecureString")
    with deployed(
        stack,
        "consumers",
        tmp_path / "consumers",
        {
            "EventBusName": stack.outputs["EventBusName"],
            "SlackParameter": f"/{name}/slack",
            "TeamsParameter": f"/{name}/teams",
            "ArchiveDays": "0",
        },
    ) as outputs:
        registration: dict[str, object] = {
            "integration_name": name,
            "issue_key": issue.key,
            "issue_id": str(issue.id),
            "violation_id": f"{name}-v",
            "created_at": time_text(issue.created),
        }
        service.register(registration)
        wait_for(lambda: service.tickets(f"{name}-v")[0]["ticket_status"] == "To Do", "the first status")
        jira.cloud.move(issue.key, "Done")
        service.retrieve(name)  # the button would call a status of a moment ago fresh

        def heard(chat: str) -> list[dict[str, Any]]:
            return [body for path, body in world.said if path == f"/chat/{name}/{chat}"]

        wait_for(lambda: heard("slack") and heard("teams"), "both chats")
        assert f"{issue.key}: To Do → Done" in heard("slack")[0]["text"]
        card = heard("teams")[0]["attachments"][0]["content"]
        assert card["body"][0]["text"] == f"{issue.key}: To Do → Done"

        sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
        queued: list[dict[str, Any]] = []

        def arrived() -> bool:
            messages = sqs.receive_message(QueueUrl=outputs["QueueUrl"], MaxNumberOfMessages=10).get("Messages", [])
            queued.extend(json.loads(one["Body"])["detail"] for one in messages)
            return any(one.get("new", {}).get("ticket_status") == "Done" for one in queued)

        wait_for(arrived, "the change in the queue")
        dynamodb = stack.session.client("dynamodb", endpoint_url=stack.endpoint_url)

        def rows() -> list[str]:
            found = dynamodb.query(
                TableName=outputs["TableName"],
                KeyConditionExpression="ticket = :ticket",
                ExpressionAttributeValues={":ticket": {"S": f"{name}#{issue.id}"}},
            )["Items"]
            return [one["new_status"]["S"] for one in found]

        wait_for(lambda: rows() == ["To Do", "Done"], "both changes in the table, in their order")


def test_the_step_of_github_actions_registers_what_the_scan_left(
    service: Service, stack: Stack, jira: SampleJira, tmp_path: Path
) -> None:
    name = f"step-{uuid.uuid4().hex[:8]}"
    service.add_cloud(name, jira)
    [issue] = jira.cloud.create("GHA", 1, status="In Progress")
    row = f"{name},{issue.key},{name}-v,{time_text(issue.created)}"
    (tmp_path / "tickets.csv").write_text(f"integration_name,issue_key,violation_id,created_at\n{row}\n")
    workflow = yaml.safe_load((EXAMPLES / "github_actions" / "tickets.yml").read_text(encoding="utf-8"))
    [step] = [one for one in workflow["jobs"]["register"]["steps"] if one["name"] == "Register the tickets"]
    client_id, secret = client_secret(stack, "admin")
    values = {
        "TICKET_STATUS_API_URL": stack.api_url,
        "TICKET_STATUS_TOKEN_URL": f"{stack.endpoint_url}/oauth2/token",
        "TICKET_STATUS_CLIENT_ID": client_id,
        "TICKET_STATUS_CLIENT_SECRET": secret,
    }
    assert step["env"].keys() == values.keys()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607 - the shell that GitHub runs it with
        env={**os.environ, **values, "PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["registered"] == 1
    wait_for(lambda: service.tickets(f"{name}-v")[0]["ticket_status"] == "In Progress", "the first status")


def test_twenty_lines_with_the_generated_client_register_what_any_scanner_found(
    service: Service, stack: Stack, jira: SampleJira, tmp_path: Path
) -> None:
    name = f"any-{uuid.uuid4().hex[:8]}"
    service.add_cloud(name, jira)
    [issue] = jira.cloud.create("ANY", 1, status="To Do")
    generator = str(Path(sys.executable).with_name("openapi-python-client"))
    document, package = str(ROOT / "docs" / "openapi.yaml"), str(tmp_path / "ticket_status_client")
    subprocess.run(
        [generator, "generate", "--path", document, "--meta", "none", "--output-path", package],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        timeout=CALL_SECONDS * 4,
        check=True,
    )
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "any_scanner" / "register.py")],
        input=f"{name}-v\t{issue.key}\t{time_text(issue.created)}\n",
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "API_URL": stack.api_url,
            "TOKEN": stack.token("registrar"),
            "INTEGRATION": name,
        },
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    wait_for(lambda: service.tickets(f"{name}-v")[0]["ticket_status"] == "To Do", "the first status")


def test_what_terraform_sends_is_what_the_service_takes(service: Service, jira: SampleJira, tmp_path: Path) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("there is no terraform")
    formatted = [terraform, "fmt", "-check", "-recursive", str(EXAMPLES / "terraform")]
    subprocess.run(formatted, capture_output=True, timeout=CALL_SECONDS, check=True)
    name = f"tf-{uuid.uuid4().hex[:8]}"
    shutil.copy(EXAMPLES / "terraform" / "integration" / "bodies.tf", tmp_path)
    values = {"name": name, "jira_server_url": jira.cloud.url, "username": jira.cloud.email}
    evaluated = subprocess.run(
        [terraform, "console", *(f"-var={key}={value}" for key, value in values.items())],
        input="nonsensitive(jsonencode({create = local.create, edit = local.edit, settings = local.settings}))\n",
        env={**os.environ, "TF_VAR_api_token": jira.cloud.api_token, "CHECKPOINT_DISABLE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )
    assert evaluated.returncode == 0, evaluated.stderr
    bodies = json.loads(json.loads(evaluated.stdout))
    # What the documentation of the provider says it does to create, read, update and destroy the two objects.
    one = f"/jira-integrations/{name}"
    assert service.post("/jira-integrations", bodies["create"], 201)["connection_name"] == name
    assert service.put(f"{one}/settings", bodies["settings"])["retrieve_jira_tickets"] is True
    assert service.call("PATCH", one, bodies["edit"]).status_code == 200
    assert service.get(one)["username"] == jira.cloud.email
    assert service.get(f"{one}/settings") == bodies["settings"]
    assert service.call("DELETE", one).status_code == 204
