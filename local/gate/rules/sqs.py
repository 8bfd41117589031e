"""SQS, whose model has no constraint at all."""

import base64
import binascii
import re
from typing import Any

from local.gate.call import Call, Members, Refusal
from local.gate.rules.rule import EntryRule, Rule, World, calls, utf8

MOST_BYTES = 1_048_576
_MOST_DELAY = 900
_MOST_ATTRIBUTES = 10
_LONGEST_VISIBILITY = 43_200
_UNKNOWN_CHARACTERS = re.compile("[^\\x09\\x0a\\x0d\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_RESERVED_ATTRIBUTE = re.compile(r"(aws|amazon)\.", re.IGNORECASE)
_GROUP_ID = re.compile(r"[!-~]{1,128}")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")


def message_bytes(entry: Members) -> int:
    """Bytes of a message: its body, and the names, types and values of its attributes."""
    attributes: dict[str, Any] = entry.get("MessageAttributes") or {}
    return utf8(entry.get("MessageBody")) + sum(
        utf8(name) + utf8(one.get("DataType")) + utf8(one.get("StringValue")) + _blob_bytes(one.get("BinaryValue"))
        for name, one in attributes.items()
    )


def _blob_bytes(value: object) -> int:
    if isinstance(value, bytes):
        return len(value)
    try:
        return len(base64.b64decode(value)) if isinstance(value, str) else 0
    except binascii.Error:
        return utf8(value)


def _delay(entry: Members) -> Refusal | None:
    delay = entry.get("DelaySeconds", 0)
    if isinstance(delay, int) and not isinstance(delay, bool) and 0 <= delay <= _MOST_DELAY:
        return None
    message = f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
    return Refusal("InvalidParameterValue", message)


def _characters(entry: Members) -> Refusal | None:
    attributes: dict[str, Any] = entry.get("MessageAttributes") or {}
    texts = [entry.get("MessageBody"), *(one.get("StringValue") for one in attributes.values())]
    if not any(isinstance(text, str) and _UNKNOWN_CHARACTERS.search(text) for text in texts):
        return None
    return Refusal("InvalidMessageContents", "Invalid characters in the message body or in an attribute's value.")


def _attributes(entry: Members) -> Refusal | None:
    attributes: dict[str, Any] = entry.get("MessageAttributes") or {}
    if len(attributes) > _MOST_ATTRIBUTES:
        return _invalid(f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10].")
    for name, one in attributes.items():
        if not _ATTRIBUTE_NAME.fullmatch(name) or _RESERVED_ATTRIBUTE.match(name) or name.startswith("."):
            return _invalid(f"The message attribute name '{name}' is invalid.")
        if not (one.get("StringValue") or one.get("BinaryValue")):
            return _invalid(f"The message attribute '{name}' must contain a non-empty message attribute value.")
    return None


def _group(entry: Members) -> Refusal | None:
    group = entry.get("MessageGroupId")
    if group is None or (isinstance(group, str) and _GROUP_ID.fullmatch(group)):
        return None
    return _invalid(f"Value {group} for parameter MessageGroupId is invalid. Reason: 1 to 128 printable characters.")


def _entry_size(entry: Members) -> Refusal | None:
    return _too_long() if message_bytes(entry) > MOST_BYTES else None


ENTRY_RULES = [
    EntryRule("sqs-delay", "API SendMessage, DelaySeconds", _delay),
    EntryRule("sqs-characters", "API SendMessage, MessageBody and StringValue", _characters),
    EntryRule(
        "sqs-attributes", "SQS message quotas: ten attributes; API MessageAttributeValue: never empty", _attributes
    ),
    EntryRule("sqs-group", "API SendMessage, MessageGroupId", _group),
    EntryRule("sqs-message-bytes", "API SendMessage: 1 MiB with attributes", _entry_size),
]
"""SendMessageBatch answers these entry by entry."""


def _batch_size(call: Call, _world: World) -> Refusal | None:
    size = sum(message_bytes(entry) for entry in call.input.get("Entries") or ())
    if size <= MOST_BYTES:
        return None
    message = f"Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {size} bytes."
    return Refusal("AWS.SimpleQueueService.BatchRequestTooLong", message)


def _standard_queue(call: Call, _world: World) -> Refusal | None:
    entries = call.input.get("Entries") or [call.input]
    if call.input.get("QueueUrl", "").endswith(".fifo"):
        return None
    if not any(entry.get("MessageDeduplicationId") for entry in entries):
        return None
    return _invalid("The request includes a parameter that is not valid for this queue type: MessageDeduplicationId.")


def _visibility(call: Call, _world: World) -> Refusal | None:
    for entry in call.input.get("Entries") or [call.input]:
        seconds = entry.get("VisibilityTimeout")
        if seconds is not None and not 0 <= int(seconds) <= _LONGEST_VISIBILITY:
            message = (
                f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200."
            )
            return Refusal("InvalidParameterValue", message)
    return None


def _queue_name(call: Call, _world: World) -> Refusal | None:
    if _QUEUE_NAME.fullmatch(call.input.get("QueueName") or ""):
        return None
    return _invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidParameterValue", message)


def _too_long() -> Refusal:
    return _invalid(f"One or more parameters are invalid. Reason: Message must be shorter than {MOST_BYTES} bytes.")


def rules() -> list[Rule]:
    """Rules about whole calls."""
    sending = calls("sqs", "SendMessage", "SendMessageBatch")
    return [
        Rule("sqs-batch-bytes", "API SendMessageBatch: 1 MiB in all", calls("sqs", "SendMessageBatch"), _batch_size),
        Rule(
            "sqs-standard-queue", "API SendMessage, MessageDeduplicationId: FIFO queues only", sending, _standard_queue
        ),
        Rule(
            "sqs-visibility",
            "API ChangeMessageVisibility: 0 to 43,200 seconds",
            calls("sqs", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "ReceiveMessage"),
            _visibility,
        ),
        Rule("sqs-queue-name", "API CreateQueue, QueueName", calls("sqs", "CreateQueue"), _queue_name),
    ]
