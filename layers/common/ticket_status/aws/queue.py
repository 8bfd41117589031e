"""The sync queue in SQS. A message is JSON with a format version; anything else is refused.

Version 1 lacks ``origin``, and version 2 lacks ``again`` and ``hinted`` of new tickets. Up to version 3 a run's
messages repeated what its record says (its clock, the slice's part and cursor), which is no longer read. A version
newer than this code means that a deployment or roll-back is under way: the message stays on the queue for a worker
that can read it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import Struct

from ticket_status.aws.batches import send_in_full
from ticket_status.core.work import NewTicketsWork, SliceWork, VerdictWork, Work

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

VERSION = 4
"""Format of the messages. Old formats are read until no old message can be under way."""

OLDEST_VERSION = 1

_BATCH = 10
"""Maximum messages per SendMessageBatch."""

_REASON_LENGTH = 1000

_INTEGRATION = {"version", "kind", "integration_name", "integration_ref"}
_RUN = _INTEGRATION | {"run_id"}
_MEMBERS = {"slice": _RUN | {"name"}, "verdict": _RUN, "new_tickets": _INTEGRATION}
"""Members of messages in every version."""
_ADDED: Mapping[str, Mapping[str, int]] = {
    "slice": {"origin": 2},
    "verdict": {"origin": 2},
    "new_tickets": {"origin": 2, "again": 3, "hinted": 3},
}
"""Members added later, and since which version."""
_DROPPED: Mapping[str, Mapping[str, int]] = {
    "slice": dict.fromkeys(("clock", "start", "end", "months", "step", "cursor"), 4),
    "verdict": {"clock": 4},
    "new_tickets": {},
}
"""Members no longer read, and since which version they may be missing."""


class MalformedMessageError(ValueError):
    """Raised when a message is not in a known format; names the member at fault, never its value."""


class NewerMessageError(Exception):
    """Raised when a message has a newer format version than this code knows; newer code will read it."""


class MessageRefusedError(Exception):
    """Raised when SQS did not accept a message in any try."""


class Message(Struct, frozen=True):
    """A message that was understood."""

    work: Work
    origin: str | None
    """Id of the request or invocation that caused the work; all its log lines have it."""


def _nothing() -> None:
    """No origin, for work whose origin is not recorded."""


class SqsWorkQueue:
    """The ``WorkQueue``. Each message gets the current ``origin``, so that work inherits it from its cause."""

    def __init__(
        self,
        client: "SQSClient",
        queue_url: str,
        dead_letter_url: str | None = None,
        origin: Callable[[], str | None] = _nothing,
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url
        self._origin = origin

    def send(self, work: Sequence[Work], delay_seconds: int = 0) -> None:
        """Ten messages per call; those that SQS fails on are retried. Raises ``MessageRefusedError``."""
        origin = self._origin()
        for at in range(0, len(work), _BATCH):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {
                    "Id": str(number),
                    "MessageBody": write_work(one, origin),
                    "DelaySeconds": delay_seconds,
                    "MessageGroupId": one.integration_ref,  # a fair queue: a busy integration does not hold up others
                }
                for number, one in enumerate(work[at : at + _BATCH])
            ]
            codes = send_in_full(entries, self._send)
            if codes:
                raise MessageRefusedError(f"SQS refused {len(codes)} of {len(entries)} messages: {min(codes)}")

    def give_up(self, body: str, reason: str) -> None:
        """The body is unchanged, the reason is an attribute. Only workers have a dead-letter queue."""
        if self._dead_letter_url is None:
            raise MessageRefusedError("there is no dead-letter queue here")
        self._client.send_message(
            QueueUrl=self._dead_letter_url,
            MessageBody=body,
            MessageAttributes={"reason": {"DataType": "String", "StringValue": reason[:_REASON_LENGTH] or "unknown"}},
        )

    def _send(
        self, entries: "Sequence[SendMessageBatchRequestEntryTypeDef]"
    ) -> "list[tuple[SendMessageBatchRequestEntryTypeDef, str]]":
        failed = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries).get("Failed", ())
        codes = {one["Id"]: one["Code"] for one in failed}
        return [(entry, codes[entry["Id"]]) for entry in entries if entry["Id"] in codes]


def write_work(work: Work, origin: str | None = None) -> str:
    """The message for a piece of work."""
    members: dict[str, Any] = {
        "version": VERSION,
        "origin": origin,
        "integration_name": work.integration_name,
        "integration_ref": work.integration_ref,
    }
    match work:
        case SliceWork(run_id=run_id, name=name):
            members |= {"kind": "slice", "run_id": run_id, "name": name}
        case VerdictWork(run_id=run_id):
            members |= {"kind": "verdict", "run_id": run_id}
        case NewTicketsWork(again=again, hinted=hinted):
            members |= {"kind": "new_tickets", "again": again, "hinted": hinted}
        case _:
            assert_never(work)
    return json.dumps(members)


def read_message(body: str) -> Message:
    """What a message says. Raises ``MalformedMessageError`` and ``NewerMessageError``."""
    members = _members(body)
    return Message(_work(members), _origin(members))


def _work(members: Mapping[str, Any]) -> Work:
    name, ref = _text(members, "integration_name"), _text(members, "integration_ref")
    match members["kind"]:
        case "slice":
            return SliceWork(name, ref, _text(members, "run_id"), _text(members, "name"))
        case "verdict":
            return VerdictWork(name, ref, _text(members, "run_id"))
        case _:
            return NewTicketsWork(name, ref, _flag(members, "again"), _flag(members, "hinted"))


def _members(body: str) -> Mapping[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError("the message is not JSON") from error
    if not isinstance(members, dict):
        raise MalformedMessageError("the message is not a JSON object")
    version = _version(members)
    kind = members.get("kind")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise MalformedMessageError("kind: not one of " + ", ".join(_MEMBERS))
    wanted = _MEMBERS[kind] | {name for name, since in _ADDED[kind].items() if since <= version}
    for name in sorted(wanted - members.keys()):
        raise MalformedMessageError(f"{name}: missing")
    if members.keys() - wanted - {name for name, since in _DROPPED[kind].items() if version < since}:
        raise MalformedMessageError(f"a member that {kind!r} messages do not have")
    return members


def _version(members: Mapping[str, Any]) -> int:
    version = members.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < OLDEST_VERSION:
        raise MalformedMessageError(f"version: not {OLDEST_VERSION} to {VERSION}")
    if version > VERSION:
        raise NewerMessageError(f"version: later than {VERSION}")
    return version


def _origin(members: Mapping[str, Any]) -> str | None:
    return None if members.get("origin") is None else _text(members, "origin")


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members[name]
    if not isinstance(value, str) or not value:
        raise MalformedMessageError(f"{name}: not a string")
    return value


def _flag(members: Mapping[str, Any], name: str) -> bool:
    value = members.get(name, False)
    if not isinstance(value, bool):
        raise MalformedMessageError(f"{name}: not true or false")
    return value
