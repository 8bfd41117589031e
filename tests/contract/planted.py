"""For each of the gate's rules a call that breaks it, and one beside it that does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Members = Mapping[str, Any]
KEYS_TABLE = "gate-keys"
"""Hash key ``k``, range key ``r``; index ``ByOther`` on ``o`` and ``r``; expiry ``expires_at``."""
LATE = 1_400_000_000
"""May 2014: long past, in seconds."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A violation of a rule."""

    rule: str
    service: str
    operation: str
    broken: Members
    kept: Members | None
    """The nearest call that AWS takes; ``None`` where there is none that leaves nothing behind."""
    code: str
    words: str
    status: int = 400
    before: tuple[tuple[str, Members], ...] = ()
    """Calls that come first."""


def _item(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - DynamoDB's values
    return {"k": {"S": "1"}, "r": {"S": "1"}, **more}


def _put(item: Members) -> Members:
    return {"TableName": KEYS_TABLE, "Item": item}


def _scan(expression: str, values: Members) -> Members:
    return {"TableName": KEYS_TABLE, "FilterExpression": expression, "ExpressionAttributeValues": values}


def _query(hash_key: str, **more: Any) -> Members:  # noqa: ANN401 - a request's members
    values = {":k": {"S": hash_key}, **more.pop("values", {})}
    condition = more.pop("condition", "k = :k")
    return {
        "TableName": KEYS_TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        **more,
    }


def _in(number: int) -> Members:
    names = [f":v{at}" for at in range(number)]
    return _scan(f"a IN ({', '.join(names)})", {name: {"S": name} for name in names})


def _compared(number: int) -> Members:
    return _scan(" OR ".join(["a = :v"] * number), {":v": {"S": "x"}})


def _transact(*keys: str, size: int = 1) -> Members:
    puts = [{"Put": _put({**_item(), "k": {"S": key}, "v": {"S": "x" * size}})} for key in keys]
    return {"TransactItems": puts}


def _keys(*keys: str) -> Members:
    return {"RequestItems": {KEYS_TABLE: {"Keys": [{"k": {"S": key}, "r": {"S": "1"}} for key in keys]}}}


def _secret(name: str, value: str = "x") -> Members:
    return {"Name": name, "SecretString": value}


def planted(queue_url: str, function: str) -> list[Planted]:
    """All of them; ``function`` need not exist, since a call that is refused does not reach it."""

    def sent(body: str = "x", **more: Any) -> Members:  # noqa: ANN401 - a request's members
        return {"QueueUrl": queue_url, "MessageBody": body, **more}

    def text(value: str, name: str = "reason") -> Members:
        return {"MessageAttributes": {name: {"DataType": "String", "StringValue": value}}}

    half = "x" * (512 * 1024)
    entries = [{"Id": "1", "MessageBody": half}, {"Id": "2", "MessageBody": half + "x"}]
    ten = {f"name-{at}": {"DataType": "String", "StringValue": "x"} for at in range(10)}
    eleven = {**ten, "name-10": {"DataType": "String", "StringValue": "x"}}
    invalid, validation = "InvalidParameterValue", "ValidationException"
    receive = {"QueueUrl": queue_url, "WaitTimeSeconds": 0}
    long_key, key = "k" * 2049, "k" * 2048
    longer = "a = :v" + " " * 4091
    return [
        # --- The model's own ---
        Planted("model", "dynamodb", "Query", _query("1", Limit=0), _query("1", Limit=1), validation, "greater than"),
        Planted(
            *("model", "events", "PutEvents", {"Entries": []}, None, validation),
            "Member must have length greater than or equal to 1",
        ),
        Planted("model", "secretsmanager", "GetSecretValue", {}, None, validation, "must not be null"),
        Planted(
            *("model", "cognito-idp", "DescribeUserPool", {"UserPoolId": "no pool"}, None),
            *("InvalidParameterException", "regular expression pattern"),
        ),
        Planted(
            *("model", "iam", "GetRole", {"RoleName": "a b"}, None, "ValidationError", "regular expression pattern"),
        ),
        Planted(
            *("model", "lambda", "GetFunction", {"FunctionName": "a b"}, None),
            *("InvalidParameterValueException", "regular expression pattern"),
        ),
        # --- Secrets Manager ---
        Planted(
            *("secret-name", "secretsmanager", "CreateSecret", _secret("stack/cloud-abc~k3f9x2")),
            *(_secret("stack/cloud-abc/k3f9x2"), validation, "Invalid name"),
        ),
        Planted(
            *("secret-name-suffix", "secretsmanager", "CreateSecret", _secret("stack/cloud-k3f9x2")),
            *(_secret("stack/cloud-k3f9x"), validation, "hyphen followed by six characters"),
        ),
        Planted(
            *("secret-value-bytes", "secretsmanager", "CreateSecret", _secret("bytes/1", "ä" * 32_769)),
            *(_secret("bytes/2", "ä" * 32_768), validation, "65536"),
        ),
        Planted(
            *("secret-versions", "secretsmanager", "PutSecretValue", {"SecretId": "often", "SecretString": "x"}),
            *(None, "LimitExceededException", "maximum number of versions", 400),
            (
                ("CreateSecret", _secret("often")),
                *[("PutSecretValue", {"SecretId": "often", "SecretString": str(at)}) for at in range(100)],
            ),
        ),
        Planted(
            *("secret-name-reused", "secretsmanager", "CreateSecret", _secret("again")),
            *(None, "InvalidRequestException", "already scheduled for deletion", 400),
            (
                ("CreateSecret", _secret("again")),
                ("DeleteSecret", {"SecretId": "again", "ForceDeleteWithoutRecovery": True}),
            ),
        ),
        # --- SQS ---
        Planted("sqs-delay", "sqs", "SendMessage", sent(DelaySeconds=901), sent(DelaySeconds=900), invalid, "<= 900"),
        Planted("sqs-characters", "sqs", "SendMessage", sent("\x0b"), sent("\t"), "InvalidMessageContents", "Invalid"),
        Planted(
            *("sqs-characters", "sqs", "SendMessage", sent(**text("\uffff")), sent(**text("\ufffd"))),
            *("InvalidMessageContents", "Invalid"),
        ),
        Planted(
            *("sqs-attributes", "sqs", "SendMessage", sent(MessageAttributes=eleven), sent(MessageAttributes=ten)),
            *(invalid, "exceeds the allowed maximum"),
        ),
        Planted("sqs-attributes", "sqs", "SendMessage", sent(**text("")), sent(**text("x")), invalid, "non-empty"),
        Planted(
            *("sqs-attributes", "sqs", "SendMessage", sent(**text("x", "AWS.reason"))),
            *(sent(**text("x", "AWSreason")), invalid, "is invalid"),
        ),
        Planted(
            *("sqs-group", "sqs", "SendMessage", sent(MessageGroupId="g" * 129)),
            *(sent(MessageGroupId="g" * 128), invalid, "MessageGroupId"),
        ),
        Planted(
            *("sqs-message-bytes", "sqs", "SendMessage", sent("x" * (1_048_576 - 12), **text("x"))),
            *(sent("x" * (1_048_576 - 12)), invalid, "must be shorter"),
        ),
        Planted(
            *("sqs-batch-bytes", "sqs", "SendMessageBatch", {"QueueUrl": queue_url, "Entries": entries}),
            *(
                {"QueueUrl": queue_url, "Entries": entries[:1]},
                "AWS.SimpleQueueService.BatchRequestTooLong",
                "cannot be longer than",
            ),
        ),
        Planted(
            *("sqs-standard-queue", "sqs", "SendMessage", sent(MessageDeduplicationId="x"), sent()),
            *(invalid, "MessageDeduplicationId"),
        ),
        Planted(
            *("sqs-visibility", "sqs", "ReceiveMessage", {**receive, "VisibilityTimeout": 43_201}),
            *({**receive, "VisibilityTimeout": 43_200}, invalid, "VisibilityTimeout"),
        ),
        Planted(
            *("sqs-queue-name", "sqs", "CreateQueue", {"QueueName": "a b"}, {"QueueName": "a-b"}),
            *(invalid, "alphanumeric"),
        ),
        # --- EventBridge ---
        Planted(
            *("events-bytes", "events", "PutEvents"),
            {"Entries": [{"Source": "s", "DetailType": "t", "Detail": '{"a":"' + "x" * 1_048_576 + '"}'}]},
            {"Entries": [{"Source": "s", "DetailType": "t", "Detail": '{"a":"' + "x" * 1_000_000 + '"}'}]},
            *(validation, "over the limit"),
        ),
        # --- Lambda ---
        Planted(
            *("invoke-payload", "lambda", "Invoke"),
            {"FunctionName": function, "InvocationType": "Event", "Payload": b'"' + b"x" * 1_048_576 + b'"'},
            kept=None,
            code="RequestEntityTooLargeException",
            words="must be smaller",
            status=413,
        ),
        # --- DynamoDB ---
        Planted(
            *("item-bytes", "dynamodb", "PutItem", _put(_item(v={"S": "x" * 409_600}))),
            *(_put(_item(v={"S": "x" * 400_000})), validation, "maximum allowed size"),
        ),
        Planted(
            *("key-bytes", "dynamodb", "PutItem", _put(_item(o={"S": long_key}))),
            *(_put(_item(o={"S": key})), validation, "maximum size limit"),
        ),
        Planted(
            *("key-bytes", "dynamodb", "UpdateItem"),
            {
                "TableName": KEYS_TABLE,
                "Key": _item(),
                "UpdateExpression": "SET o = :o",
                "ExpressionAttributeValues": {":o": {"S": long_key}},
            },
            {
                "TableName": KEYS_TABLE,
                "Key": _item(),
                "UpdateExpression": "SET o = :o",
                "ExpressionAttributeValues": {":o": {"S": key}},
            },
            *(validation, "maximum size limit"),
        ),
        Planted(
            *("key-bytes", "dynamodb", "Query", _query("1", ExclusiveStartKey=_item(r={"S": "r" * 1025}))),
            *(_query("1", ExclusiveStartKey=_item(r={"S": "r" * 1024})), validation, "maximum size limit"),
        ),
        Planted(
            *("key-operand-bytes", "dynamodb", "Query", _query(long_key), _query(key)),
            *(validation, "maximum size limit"),
        ),
        Planted(
            *("key-operand-bytes", "dynamodb", "Query"),
            _query("1", condition="k = :k AND begins_with(r, :r)", values={":r": {"S": "r" * 1025}}),
            _query("1", condition="k = :k AND begins_with(r, :r)", values={":r": {"S": "r" * 1024}}),
            *(validation, "maximum size limit"),
        ),
        Planted(
            *("expression-bytes", "dynamodb", "Scan", _scan(longer, {":v": {"S": "x"}})),
            *(_scan(longer[:-1], {":v": {"S": "x"}}), validation, "Expression size"),
        ),
        Planted("expression-operators", "dynamodb", "Scan", _in(101), _in(100), validation, "too many operands"),
        Planted("expression-operators", "dynamodb", "Scan", _compared(151), _compared(150), validation, "too many"),
        Planted(
            *("reserved-words", "dynamodb", "Scan", _scan("status = :v", {":v": {"S": "x"}})),
            *(_scan("statuses = :v", {":v": {"S": "x"}}), validation, "reserved keyword: status"),
        ),
        Planted(
            *("expiry", "dynamodb", "PutItem", _put(_item(expires_at={"N": str(LATE)}))),
            *(_put(_item(expires_at={"N": "4102444800"})), validation, "five years past"),
        ),
        Planted(
            *("expiry", "dynamodb", "PutItem", _put(_item(expires_at={"S": "2030-01-01"}))),
            *(None, validation, "not a number"),
        ),
        Planted(
            *("transaction", "dynamodb", "TransactWriteItems", _transact("1", "1"), _transact("1", "2")),
            *(validation, "multiple operations on one item"),
        ),
        Planted(
            *("transaction", "dynamodb", "TransactWriteItems", _transact(*"abcdefghijk", size=390_000)),
            *(None, validation, "4MB"),
        ),
        Planted(
            *("batch", "dynamodb", "BatchGetItem", _keys("1", "1"), _keys("1", "2"), validation, "duplicates"),
        ),
        Planted(
            *("starting-key", "dynamodb", "Query", _query("2", ExclusiveStartKey=_item())),
            *(_query("1", ExclusiveStartKey=_item()), validation, "outside query boundaries"),
        ),
    ]


@dataclass(frozen=True, slots=True)
class PlantedEntry:
    """A violation by one entry of a batch, whose other entry is taken."""

    rule: str
    service: str
    entry: Members
    code: str


_LONG = "x" * 129
ENTRIES = [
    PlantedEntry("events-required", "events", {"Source": "s", "DetailType": "t"}, "InvalidArgument"),
    PlantedEntry("events-lengths", "events", {"Source": "s", "DetailType": _LONG, "Detail": "{}"}, "InvalidArgument"),
    PlantedEntry(
        *("events-source", "events", {"Source": "aws.s3", "DetailType": "t", "Detail": "{}"}),
        "NotAuthorizedForSourceException",
    ),
    PlantedEntry("events-detail", "events", {"Source": "s", "DetailType": "t", "Detail": "[]"}, "MalformedDetail"),
    PlantedEntry(
        "events-detail", "events", {"Source": "s", "DetailType": "t", "Detail": '{"a":NaN}'}, "MalformedDetail"
    ),
    PlantedEntry("sqs-delay", "sqs", {"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
    PlantedEntry("sqs-characters", "sqs", {"MessageBody": "\x00"}, "InvalidMessageContents"),
    PlantedEntry("sqs-group", "sqs", {"MessageBody": "x", "MessageGroupId": ""}, "InvalidParameterValue"),
]
