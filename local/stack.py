"""The deployed stack on the embedded AWS, as a context manager: used by ``make run`` and by the end-to-end tests."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import requests

from local.deploy import build_and_deploy, local_parameters
from local.emulator import CREDENTIALS, REGION, Emulator
from local.fixup import fix_up
from local.gate.settings import GateSettings

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

STACK_NAME = "ticket-status"
BASE_PATH = "/api/v1/ticketing"
CLIENTS = {"admin": "AdminClientId", "viewer": "ViewerClientId", "registrar": "RegistrarClientId"}
# A token lives an hour; a reader of the file has at least this long to use it.
RENEW_SECONDS_BEFORE = 1800
# The first call starts a Lambda from nothing.
ANSWER_SECONDS = 60


class StackError(Exception):
    """Raised when the deployed stack does not answer as it should."""


@dataclass(slots=True)
class Token:
    """An access token and when, on the monotonic clock, it expires."""

    text: str
    expires: float

    def is_old(self) -> bool:
        """Whether it is time for a new one."""
        return time.monotonic() > self.expires - RENEW_SECONDS_BEFORE


@dataclass(slots=True)
class Stack:
    """A deployed stack that answers, and how to reach it."""

    endpoint_url: str
    """Address of the embedded AWS."""
    name: str
    outputs: Mapping[str, str]
    session: boto3.Session
    alive: Callable[[], bool]
    """Whether its embedded AWS still runs."""
    _tokens: dict[str, Token] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        """Address of the API, before ``/api/v1/…``."""
        return f"{self.endpoint_url}/_aws/execute-api/{self.outputs['ApiId']}/prod"

    def token(self, client: str) -> str:
        """A valid access token of ``admin``, ``viewer`` or ``registrar``; renewed long before it expires."""
        known = self._tokens.get(client)
        if known is None or known.is_old():
            known = self._tokens[client] = self._fetch_token(client)
        return known.text

    def renew_tokens(self) -> bool:
        """Renew what will soon expire; whether anything was."""
        old = [client for client, token in self._tokens.items() if token.is_old()]
        for client in old:
            self._tokens[client] = self._fetch_token(client)
        return bool(old)

    def _fetch_token(self, client: str) -> Token:
        cognito = self.session.client("cognito-idp", endpoint_url=self.endpoint_url)
        client_id = self.outputs[CLIENTS[client]]
        described = cognito.describe_user_pool_client(UserPoolId=self.outputs["UserPoolId"], ClientId=client_id)
        answer = requests.post(
            f"{self.endpoint_url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client_id, described["UserPoolClient"]["ClientSecret"]),
            timeout=10,
        )
        answer.raise_for_status()
        body = answer.json()
        return Token(body["access_token"], time.monotonic() + body["expires_in"])

    def description(self) -> dict[str, object]:
        """What ``.local/stack.json`` says."""
        return {
            "api_url": self.api_url,
            "aws_endpoint_url": self.endpoint_url,
            "aws_region": REGION,
            "stack_name": self.name,
            "tokens": {client: self.token(client) for client in CLIENTS},
            "pid": os.getpid(),
        }

    def check(self) -> None:
        """Make one real call with a real token. Raises ``StackError`` when it is not answered well."""
        answer = requests.get(
            f"{self.api_url}{BASE_PATH}/jira-integrations",
            headers={"Authorization": f"Bearer {self.token('viewer')}"},
            timeout=ANSWER_SECONDS,
        )
        if answer.status_code != HTTPStatus.OK:
            raise StackError(f"the API answers {answer.status_code}: {answer.text[:500]}")


def deploy(session: boto3.Session, endpoint_url: str, stack_name: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Build what changed, create or update the stack; answers its outputs."""
    together = {**local_parameters(), **parameters}
    build_and_deploy(endpoint_url, stack_name, together)
    fix_up(session, endpoint_url, stack_name, together)
    return _outputs(_describe(session, endpoint_url, stack_name))


def attach(description: Path) -> Stack:
    """The local stack that a description file tells of. Raises ``StackError`` when there is none."""
    if not description.exists():
        raise StackError("no local stack is running here; start one with: make stack")
    known = json.loads(description.read_text())
    session, endpoint_url, name = _session(), known["aws_endpoint_url"], known["stack_name"]
    outputs = _outputs(_describe(session, endpoint_url, name))
    return Stack(endpoint_url, name, outputs, session, description.exists)


def redeploy(stack: Stack) -> None:
    """Bring changed code into a running stack, with the parameters that it has."""
    known = _describe(stack.session, stack.endpoint_url, stack.name)["Parameters"]
    # SAM takes no empty value on its command line; a parameter that is empty has an empty default.
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in known if one["ParameterValue"]}
    deploy(stack.session, stack.endpoint_url, stack.name, parameters)


@contextmanager
def running_stack(
    log_name: str,
    port: int | None = None,
    parameters: Mapping[str, str] | None = None,
    owned: Sequence[Path] = (),
    gate: GateSettings | None = None,
) -> Iterator[Stack]:
    """Start the embedded AWS, deploy, and give the stack once it answers; ends everything on leaving.

    Its log is ``.local/{log_name}.log``. The files ``owned`` are removed even when this process is killed.
    """
    session = _session()
    with Emulator(log_name, port, owned, gate or _gate_settings()) as emulator:
        outputs = deploy(session, emulator.url, STACK_NAME, parameters or {})
        stack = Stack(emulator.url, STACK_NAME, outputs, session, emulator.alive)
        stack.check()
        yield stack


def _gate_settings() -> GateSettings:
    """Indexes lag by ``GATE_LAG_SECONDS``, and without it not at all. Raises ``StackError`` for anything else."""
    text = os.environ.get("GATE_LAG_SECONDS") or "0"
    try:
        return GateSettings(lag_seconds=float(text))
    except ValueError as error:
        raise StackError(f"GATE_LAG_SECONDS must be a number of seconds up to 30, not {text!r}") from error


def write_description(stack: Stack, path: Path) -> None:
    """Write the stack's description whole or not at all; readers never see a half-written file."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(stack.description(), indent=2) + "\n")
    draft.replace(path)


def _session() -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


def _describe(session: boto3.Session, endpoint_url: str, stack_name: str) -> "StackTypeDef":
    cloudformation = session.client("cloudformation", endpoint_url=endpoint_url)
    return cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]


def _outputs(stack: "StackTypeDef") -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
