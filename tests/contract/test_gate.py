"""The gate, on the embedded AWS and in front of moto: each rule is broken once, and refused in AWS's own form."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
import requests
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from local.emulator import REGION
from local.gate.gate import all_rules
from local.gate.rules import event_bridge, sqs
from tests.contract.planted import ENTRIES, KEYS_TABLE, Planted, PlantedEntry, planted
from tests.fakes.account import Account
from tests.fakes.moto import gated_session, plain_session

QUEUE = "gate-queue"
ALL = planted("https://sqs.us-east-1.amazonaws.com/000000000000/" + QUEUE, "gate-function")
NOT_IN_MOTO = {"cognito-idp", "iam", "lambda"}
"""Services that moto is not installed for."""

MakeClient = Callable[[str], Any]


def _clients(endpoint_url: str | None) -> MakeClient:
    session = plain_session() if endpoint_url else gated_session()
    # Botocore's own checks are off, as they are in the functions' DynamoDB client.
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return cache(lambda service: session.client(service, endpoint_url=endpoint_url, config=config))


def _prepare(client: MakeClient) -> None:
    keys = {"k": "HASH", "r": "RANGE"}
    client("dynamodb").create_table(
        TableName=KEYS_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "kro"],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "ByOther",
                "KeySchema": [
                    {"AttributeName": "o", "KeyType": "HASH"},
                    {"AttributeName": "r", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    expiry = {"Enabled": True, "AttributeName": "expires_at"}
    client("dynamodb").update_time_to_live(TableName=KEYS_TABLE, TimeToLiveSpecification=expiry)
    client("sqs").create_queue(QueueName=QUEUE)


@pytest.fixture(scope="module")
def embedded(emulated: Account) -> MakeClient:
    client = _clients(emulated.url)
    _prepare(client)
    return client


@pytest.fixture
def on_moto() -> Iterator[MakeClient]:
    with mock_aws():
        client = _clients(None)
        _prepare(client)
        yield client


def _named(one: Planted | PlantedEntry) -> str:
    return one.rule


def _call(client: MakeClient, one: Planted, operation: str, members: Any) -> Any:  # noqa: ANN401 - any call
    members = dict(members)
    if "QueueUrl" in members:
        members["QueueUrl"] = client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    return getattr(client(one.service), xform_name(operation))(**members)


def _is_refused(client: MakeClient, one: Planted) -> None:
    for operation, members in one.before:
        _call(client, one, operation, members)
    with pytest.raises(ClientError) as refusal:
        _call(client, one, one.operation, one.broken)
    answer = refusal.value.response
    assert answer["Error"]["Code"] == one.code
    assert one.words in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == one.status
    if one.kept is not None:
        _call(client, one, one.operation, one.kept)


@pytest.mark.parametrize("one", ALL, ids=_named)
def test_the_embedded_aws_refuses_what_aws_refuses(embedded: MakeClient, one: Planted) -> None:
    _is_refused(embedded, one)


@pytest.mark.parametrize("one", [one for one in ALL if one.service not in NOT_IN_MOTO], ids=_named)
def test_clients_on_moto_are_refused_what_aws_refuses(on_moto: MakeClient, one: Planted) -> None:
    _is_refused(on_moto, one)


@pytest.mark.parametrize("kind", ["embedded", "on_moto"])
@pytest.mark.parametrize("one", ENTRIES, ids=_named)
def test_an_entry_is_refused_by_itself(request: pytest.FixtureRequest, kind: str, one: PlantedEntry) -> None:
    client: MakeClient = request.getfixturevalue(kind)
    if one.service == "events":
        good = {"Source": "s", "DetailType": "t", "Detail": "{}"}
        answer = client("events").put_events(Entries=[good, one.entry, good])
        assert answer["FailedEntryCount"] == 1
        assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [None, one.code, None]
        assert answer["Entries"][2]["EventId"] != answer["Entries"][0]["EventId"]
        alone = client("events").put_events(Entries=[one.entry])
        assert [alone["FailedEntryCount"], alone["Entries"][0]["ErrorCode"]] == [1, one.code]
    else:
        url = client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
        entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", **one.entry}]
        answer = client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
        assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
        assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [
            ("bad", one.code, True)
        ]


def test_each_rule_is_broken_once() -> None:
    entry_rules = [*sqs.ENTRY_RULES, *event_bridge.ENTRY_RULES]
    rules = {rule.name: rule.source for rule in all_rules()} | {rule.name: rule.source for rule in entry_rules}
    broken = {one.rule for one in ALL} | {one.rule for one in ENTRIES}
    assert broken == {"model", *rules}
    assert all(rules.values())


# --- Reads that are not strongly consistent -----------------------------------------------------------------------


def test_an_index_shows_a_write_when_the_lag_is_over(embedded: MakeClient, emulated: Account) -> None:
    url = f"{emulated.url}/_gate"
    dynamodb, key = embedded("dynamodb"), {"k": {"S": "lag"}, "r": {"S": "1"}}
    query = {
        "TableName": KEYS_TABLE,
        "IndexName": "ByOther",
        "KeyConditionExpression": "o = :o",
        "ExpressionAttributeValues": {":o": {"S": "lagging"}},
    }
    before = requests.get(url, timeout=5).json()["settings"]
    requests.put(url, json={"lag_seconds": 30}, timeout=5).raise_for_status()
    try:
        dynamodb.put_item(TableName=KEYS_TABLE, Item={**key, "o": {"S": "lagging"}})
        assert dynamodb.query(**query)["Count"] == 0
        assert "Item" not in dynamodb.get_item(TableName=KEYS_TABLE, Key=key)
        assert "Item" in dynamodb.get_item(TableName=KEYS_TABLE, Key=key, ConsistentRead=True)
        asked = {KEYS_TABLE: {"Keys": [key]}}
        assert dynamodb.batch_get_item(RequestItems=asked)["Responses"][KEYS_TABLE] == []
    finally:
        requests.put(url, json={"lag_seconds": 0}, timeout=5).raise_for_status()
    assert dynamodb.query(**query)["Count"] == 1
    assert "Item" in dynamodb.get_item(TableName=KEYS_TABLE, Key=key)
    requests.put(url, json=before, timeout=5).raise_for_status()


def test_nobody_can_switch_off_what_the_gate_refuses(emulated: Account) -> None:
    answer = requests.put(f"{emulated.url}/_gate", json={"refuse": False}, timeout=5)
    assert answer.status_code == 400


# --- Faults -------------------------------------------------------------------------------------------------------


def _of_function(params: dict[str, Any], **_: object) -> None:
    params["headers"]["X-Amzn-Trace-Id"] = "Root=1-2;Lineage=a:1"


def test_calls_of_functions_are_throttled_now_and_then_the_same_for_a_seed(embedded: MakeClient) -> None:
    dynamodb = embedded("dynamodb")
    url = f"{dynamodb.meta.endpoint_url}/_gate"

    def throttled(seed: int) -> list[int]:
        requests.put(url, json={"seed": seed, "lag_seconds": 0}, timeout=5).raise_for_status()
        met: list[int] = []
        for at in range(300):
            try:
                dynamodb.get_item(TableName=KEYS_TABLE, Key={"k": {"S": "1"}, "r": {"S": "1"}})
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"  # noqa: PT017 - most calls pass
                met.append(at)
        return met

    before = requests.get(url, timeout=5).json()["settings"]
    assert throttled(7) == []
    dynamodb.meta.events.register("before-call", _of_function)
    try:
        first, _, again = throttled(1), throttled(2), throttled(1)
    finally:
        dynamodb.meta.events.unregister("before-call", _of_function)
    assert first
    assert first == again
    requests.put(url, json=before, timeout=5).raise_for_status()


def test_what_is_left_of_a_signed_call_is_still_the_callers(embedded: MakeClient) -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    iam = embedded("iam")
    policies = [json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (trust, statement)]
    role = iam.create_role(RoleName="gate-reader", AssumeRolePolicyDocument=policies[0])["Role"]
    iam.put_role_policy(RoleName="gate-reader", PolicyName="read", PolicyDocument=policies[1])
    given = embedded("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="gate")["Credentials"]
    reader = boto3.client(
        "dynamodb",
        endpoint_url=iam.meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    reader.meta.events.register("before-call", _of_function)
    keys = [{"k": {"S": str(at)}, "r": {"S": "1"}} for at in range(9)]
    answers = [reader.batch_get_item(RequestItems={KEYS_TABLE: {"Keys": keys}}) for _ in range(30)]
    left = [len(answer["UnprocessedKeys"].get(KEYS_TABLE, {"Keys": []})["Keys"]) for answer in answers]
    assert set(left) == {0, 3}
