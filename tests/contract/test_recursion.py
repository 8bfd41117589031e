"""Chains of messages from a function through a queue to itself, on the embedded AWS, as Lambda counts and cuts them."""

import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import pytest
import requests

from tests.fakes.account import Account
from tests.fakes.moto import plain_session

LINKS = 200
"""More than the pauses of a day."""

PATIENCE = 120
LINK = """
import json, os
import boto3
from botocore.exceptions import ClientError

sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")

def handler(event, context):
    for record in event["Records"]:
        number, last = json.loads(record["body"])
        try:  # a message can come twice
            dynamodb.put_item(
                TableName=os.environ["SEEN"],
                Item={"k": {"S": str(number)}},
                ConditionExpression="attribute_not_exists(k)",
            )
        except ClientError:
            continue
        queue = os.environ["QUEUE"] if number < last else os.environ["DONE"]
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps([number + 1, last]))
"""


@dataclass
class Loop:
    """A function that sends to its own queue."""

    sqs: Any
    functions: Any
    name: str
    queue: str
    dead: str
    done: str

    def start(self, links: int) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps([1, links]))

    def arrived(self, queue: str) -> str:
        """The next message on a queue."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for message in self.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
                return str(message["Body"])
        raise AssertionError(f"nothing arrived on {queue} within {PATIENCE} s")


@pytest.fixture
def loop(emulated: Account) -> Iterator[Loop]:
    session, name = plain_session(), f"loop-{token_hex(4)}"
    client: Any = lambda service: session.client(service, endpoint_url=emulated.url)  # noqa: E731 - typed by service
    sqs, functions = client("sqs"), client("lambda")

    def queue(suffix: str, **attributes: str) -> tuple[str, str]:
        url = sqs.create_queue(QueueName=f"{name}-{suffix}", Attributes=attributes)["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    (dead, dead_arn), (done, _) = queue("dead"), queue("done")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 5})
    own, own_arn = queue("own", RedrivePolicy=redrive, VisibilityTimeout="60")
    client("dynamodb").create_table(
        TableName=f"{name}-seen",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    functions.create_function(
        FunctionName=name,
        Runtime=f"python3.{sys.version_info.minor}",
        Role=_role(client("iam"), name),
        Handler="app.handler",
        Code={"ZipFile": _zipped("app.py", LINK)},
        Environment={"Variables": {"QUEUE": own, "DONE": done, "SEEN": f"{name}-seen"}},
        Timeout=10,
    )
    mapping = functions.create_event_source_mapping(EventSourceArn=own_arn, FunctionName=name, BatchSize=1)
    yield Loop(sqs, functions, name, own, dead, done)
    functions.delete_event_source_mapping(UUID=mapping["UUID"])


def _role(iam: Any, name: str) -> str:  # noqa: ANN401 - boto3's client
    def policy(**statement: object) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

    trust = policy(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    allowed = policy(Action=["sqs:*", "dynamodb:*"], Resource="*")
    iam.put_role_policy(RoleName=name, PolicyName="calls", PolicyDocument=allowed)
    return str(role["Arn"])


def _zipped(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()


def test_the_seventeenth_invocation_in_a_chain_goes_to_the_dead_letter_queue(loop: Loop) -> None:
    loop.start(LINKS)
    assert json.loads(loop.arrived(loop.dead)) == [17, LINKS]


def test_a_chain_of_200_ends_well_where_the_function_allows_it(loop: Loop, emulated: Account) -> None:
    def repeated() -> int:
        seen: int = requests.get(f"{emulated.url}/_gate", timeout=5).json()["seen"]["repeated_messages"]
        return seen

    before = repeated()
    loop.functions.put_function_recursion_config(FunctionName=loop.name, RecursiveLoop="Allow")
    loop.start(LINKS)
    assert json.loads(loop.arrived(loop.done)) == [LINKS + 1, LINKS]
    assert repeated() > before  # each 20th message came twice on the way
