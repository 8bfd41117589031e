"""What AWS does now and then to a call that is in order: how it looks, and that a seed repeats it."""

from typing import Any

import pytest

from local.gate.call import Call, Outcome, Partial, Refusal
from local.gate.faults import BURST_WRITES, FAULTS, WRITES_A_SECOND, Faults, Partitions
from local.gate.gate import merged
from local.gate.rules.rule import KeySchema

GET = Call("dynamodb", "GetItem", {"TableName": "t", "Key": {"k": {"S": "1"}}})
CALLS = {
    "dynamodb-throttled": GET,
    "transaction-conflict": Call("dynamodb", "TransactWriteItems", {"TransactItems": [{}, {}]}),
    "unprocessed-keys": Call("dynamodb", "BatchGetItem", {"RequestItems": {"t": {"Keys": [1, 2, 3, 4]}}}),
    "sqs-entry-failed": Call("sqs", "SendMessageBatch", {"Entries": [{"Id": "1"}, {"Id": "2"}]}),
    "events-entry-failed": Call("events", "PutEvents", {"Entries": [{"Source": "a"}, {"Source": "b"}]}),
    "secrets-throttled": Call("secretsmanager", "GetSecretValue", {"SecretId": "s"}),
}


def made(name: str) -> Outcome:
    fault = next(fault for fault in FAULTS if fault.name == name)
    return fault.make(CALLS[name])


def partial(name: str) -> Partial:
    outcome = made(name)
    assert isinstance(outcome, Partial)
    return outcome


def test_every_fault_is_looked_at_here() -> None:
    assert set(CALLS) == {fault.name for fault in FAULTS}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dynamodb-throttled", "ProvisionedThroughputExceededException"),
        ("secrets-throttled", "ThrottlingException"),
    ],
)
def test_a_throttled_call_is_refused(name: str, code: str) -> None:
    refusal = made(name)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.status) == (code, 400)


def test_a_conflict_names_the_item() -> None:
    refusal = made("transaction-conflict")
    assert isinstance(refusal, Refusal)
    assert refusal.reasons == ("TransactionConflict", "None")


def test_a_third_of_the_keys_is_left() -> None:
    left = partial("unprocessed-keys")
    assert left.input == {"RequestItems": {"t": {"Keys": [1, 2, 3]}}}
    answer: dict[str, Any] = {"Responses": {"t": []}, "UnprocessedKeys": {}}
    assert merged(left, answer) == {"Responses": {"t": []}, "UnprocessedKeys": {"t": {"Keys": [4]}}}


def test_a_message_is_refused_by_the_service_itself() -> None:
    left = partial("sqs-entry-failed")
    assert left.input == {"Entries": [{"Id": "1"}]}
    answer = merged(left, {"Successful": [{"Id": "1"}]})
    assert [one["Id"] for one in answer["Successful"]] == ["1"]
    assert [(one["Id"], one["SenderFault"]) for one in answer["Failed"]] == [("2", False)]


def test_an_event_is_refused_by_the_service_itself() -> None:
    answer = merged(partial("events-entry-failed"), {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    assert answer["FailedEntryCount"] == 1
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [None, "InternalFailure"]


def positions(seed: int) -> list[int]:
    faults = Faults(seed)
    return [at for at in range(1000) if faults.meet(GET) is not None]


def test_a_seed_repeats_the_same_faults() -> None:
    assert positions(1) == positions(1)
    assert positions(1) != positions(2)
    assert 3 <= len(positions(1)) <= 30


def test_a_partition_takes_a_thousand_writes_a_second_after_a_burst() -> None:
    now = [0.0]
    partitions = Partitions(lambda _: KeySchema("k", None, {}), lambda: now[0])
    write = Call("dynamodb", "PutItem", {"TableName": "t", "Item": {"k": {"S": "1"}}})
    assert [partitions.meet(write) for _ in range(BURST_WRITES)] == [None] * BURST_WRITES
    refusal = partitions.meet(write)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "ProvisionedThroughputExceededException"
    other = Call("dynamodb", "PutItem", {"TableName": "t", "Item": {"k": {"S": "2"}}})
    assert partitions.meet(other) is None
    transaction = Call("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": write.input}]})
    refusal = partitions.meet(transaction)
    assert isinstance(refusal, Refusal)
    assert refusal.reasons == ("ThrottlingError",)
    now[0] = 0.5
    assert [partitions.meet(write) for _ in range(WRITES_A_SECOND // 2)] == [None] * (WRITES_A_SECOND // 2)
    assert partitions.meet(write) is not None
