"""What a webhook's delivery costs: taken by ``HooksFunction``, and gathered by the worker, counted at the boundary."""

import hmac
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from unittest.mock import patch
from uuid import uuid4

import requests

from bench.api import Caller, connect, quiet
from bench.counting import Calls
from bench.sample import Sample
from bench.world import World, client
from functions.hooks import app as hooks
from functions.settings import app as settings
from functions.sync import worker
from tests.fakes.gateway import Invocation, request

TOGETHER = 100
_NAME = "bench-hints"
_FIRST = 6_000_000
_COUNTS = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]


@dataclass(frozen=True)
class Gathered:
    """Hints that came together: what taking each, and retrieving all of them, took."""

    hints: int
    taken: Calls
    retrieved: Calls
    jira_requests: int
    messages: int

    def each(self, of: Callable[[Calls], int]) -> float:
        """So much of both for a hint."""
        return (of(self.taken) + of(self.retrieved)) / self.hints


@dataclass(frozen=True)
class Hints:
    """Deliveries by what became of them, by a warm function."""

    one: Gathered
    many: Gathered
    duplicate: Calls
    unknown: Calls
    """Of an issue that is no ticket."""
    forged: Calls


def measure(world: World, sample: Sample) -> Hints:
    """Move issues, deliver, and work off what that sends."""
    with patch.dict(os.environ, world.environment), quiet():
        known = connect(world, sample, _NAME)
        sample.call("cloud", "create", project="HINT", count=TOGETHER + 1, first_id=_FIRST, status="To Do")
        for first, count in ((0, 1), (1, TOGETHER)):
            Caller().register(known, first, count, first_id=_FIRST, project="HINT")
        _work_off(world)
        hook = _Hook.of(world)
        hook.deliver(_FIRST - 1)  # the function is warm, and knows its keys
        one, many = _gathered(world, sample, hook, 0, 1), _gathered(world, sample, hook, 1, TOGETHER)
        identifier = uuid4().hex
        hook.deliver(_FIRST, identifier)
        return Hints(
            one,
            many,
            duplicate=world.wire.counted(lambda: hook.deliver(_FIRST, identifier)),
            unknown=world.wire.counted(lambda: hook.deliver(_FIRST - 1)),
            forged=world.wire.counted(lambda: hook.deliver(_FIRST, secret="guessed")),  # noqa: S106 - a wrong one
        )


def _gathered(world: World, sample: Sample, hook: "_Hook", first: int, count: int) -> Gathered:
    for number in range(first, first + count):
        sample.call("cloud", "move", issue=f"HINT-{number + 1}", status="Done")
    taken = world.wire.counted(lambda: hook.deliver_each(range(_FIRST + first, _FIRST + first + count)))
    sample.call("cloud", "forget_requests")
    messages: list[int] = []
    retrieved = world.wire.counted(lambda: messages.append(_work_off(world)))
    asked = len(requests.get(f"{sample.control}/cloud/requests", timeout=60).json())
    return Gathered(count, taken, retrieved.of("DynamoDB"), asked, *messages)


@dataclass(frozen=True)
class _Hook:
    """A webhook that was set up by hand."""

    world: World
    address: str
    secret: str

    @classmethod
    def of(cls, world: World) -> "_Hook":
        event = request("PUT", f"/jira-integrations/{_NAME}/webhook", body={"mode": "manual"})
        made = json.loads(settings.handler(event, Invocation())["body"])
        return cls(world, made["url"], made["secret"])

    def deliver_each(self, issue_ids: Iterable[int]) -> None:
        """Deliver that they changed."""
        for issue_id in issue_ids:
            self.deliver(issue_id)

    def deliver(self, issue_id: int, identifier: str | None = None, secret: str | None = None) -> None:
        """Deliver that an issue changed."""
        body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": str(issue_id)}})
        signed = hmac.new((secret or self.secret).encode(), body.encode(), "sha256").hexdigest()
        headers = {"X-Hub-Signature": f"sha256={signed}", "X-Atlassian-Webhook-Identifier": identifier or uuid4().hex}
        event = {"pathParameters": {"hook_id": self.address.rpartition("/")[2]}, "headers": headers, "body": body}
        hooks.handler(event, Invocation())


def _work_off(world: World) -> int:
    """Hand over messages until there are none, delayed ones included; how many there were."""
    sqs, url, done = client(world.wire.aws_url, "sqs"), world.environment["SYNC_QUEUE_URL"], 0

    def waiting() -> bool:
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
        return any(int(counts[name]) for name in _COUNTS)

    while waiting():
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            failures = worker.handler({"Records": [record]}, Invocation())["batchItemFailures"]
            if failures:
                raise AssertionError(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            done += 1
    return done
