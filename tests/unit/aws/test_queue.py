"""Messages of the sync queue: read as written, refused when not exactly ours; sent in batches."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.fakes.samples import REF
from ticket_status.aws.queue import (
    MalformedMessageError,
    Message,
    MessageRefusedError,
    NewerMessageError,
    SqsWorkQueue,
    read_message,
    write_work,
)
from ticket_status.core.work import NewTicketsWork, SliceWork, VerdictWork, Work

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SLICE = SliceWork("cloud-abc", REF, "r-1", "0")
WORK: Sequence[Work] = (SLICE, VerdictWork("cloud-abc", REF, "r-1"), NewTicketsWork("cloud-abc", REF))

CLOCK = {"clock": "2026-11-22T08:00:00+00:00"}
PART = {"start": "", "end": "9999999999#", "months": ["2026-10", "2026-11"], "step": 3, "cursor": ""}
UNTIL_VERSION_3: dict[str, dict[str, Any]] = {"slice": {**CLOCK, **PART}, "verdict": CLOCK, "new_tickets": {}}
"""What older messages say beside what is read of them today."""


def written_by(version: int, work: Work, origin: str | None = None) -> dict[str, Any]:
    """The message of an older version."""
    members: dict[str, Any] = json.loads(write_work(work, origin))
    members = {**members, **UNTIL_VERSION_3[members["kind"]], "version": version}
    later = {2: ("again", "hinted"), 1: ("again", "hinted", "origin")}.get(version, ())
    return {name: value for name, value in members.items() if name not in later}


class FakeSqs:
    """Takes messages, but those in ``refuses``: so many times."""

    def __init__(self, refuses: Mapping[str, int] | None = None) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.messages: list[dict[str, Any]] = []
        self._refuses = dict(refuses or {})

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - SQS's names
        assert QueueUrl == "queue"
        self.batches.append(Entries)
        failed = [entry for entry in Entries if self._refuses.get(entry["Id"], 0) > 0]
        for entry in failed:
            self._refuses[entry["Id"]] -= 1
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalFailure"} for entry in failed]} if failed else {}

    def send_message(self, **message: object) -> None:
        self.messages.append(message)


def queue(sqs: FakeSqs) -> SqsWorkQueue:
    return SqsWorkQueue(cast("SQSClient", sqs), "queue", "dead-letters")


@pytest.mark.parametrize("work", WORK, ids=lambda work: type(work).__name__)
def test_work_is_read_as_it_was_written(work: Work) -> None:
    assert read_message(write_work(work)) == Message(work, None)
    assert read_message(write_work(work, "request-1")) == Message(work, "request-1")


@pytest.mark.parametrize("work", WORK, ids=lambda work: type(work).__name__)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_message_of_an_older_version_is_read_beside_the_new_one(version: int, work: Work) -> None:
    assert read_message(json.dumps(written_by(version, work))) == Message(work, None)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_each_version_has_its_own_members_and_no_others(version: int) -> None:
    members = written_by(version, SLICE)
    with pytest.raises(MalformedMessageError, match="do not have"):
        read_message(json.dumps({**members, "again": True}))
    with pytest.raises(MalformedMessageError, match="do not have"):
        read_message(json.dumps({**members, "origin": None, "version": 4}))


def test_that_new_tickets_are_looked_for_again_came_with_version_3() -> None:
    work = NewTicketsWork("cloud-abc", "cloud-abc~k3f9x2", again=True)
    assert read_message(write_work(work)).work == work
    members = json.loads(write_work(work))
    for broken in ({**members, "version": 2}, {**members, "again": 1}, {**members, "hinted": 1}):
        with pytest.raises(MalformedMessageError):
            read_message(json.dumps(broken))


@pytest.mark.parametrize("work", WORK, ids=lambda work: type(work).__name__)
def test_each_message_is_of_the_group_of_its_integration(work: Work) -> None:
    sqs = FakeSqs()
    queue(sqs).send([work])
    assert [entry["MessageGroupId"] for entry in sqs.batches[0]] == [work.integration_ref]


def test_a_message_of_a_version_to_come_is_left_to_the_code_that_knows_it() -> None:
    with pytest.raises(NewerMessageError):
        read_message('{"version": 5, "kind": "something new"}')


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "[" * 100_000, '"slice"'])
def test_what_is_not_a_json_object_is_refused(body: str) -> None:
    with pytest.raises(MalformedMessageError, match="JSON"):
        read_message(body)


@pytest.mark.parametrize("member", sorted(json.loads(write_work(SLICE))))
def test_a_missing_member_is_named(member: str) -> None:
    members = json.loads(write_work(SLICE))
    del members[member]
    with pytest.raises(MalformedMessageError, match=member):
        read_message(json.dumps(members))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("version", 0),
        ("version", -1),
        ("version", 2.0),
        ("origin", ""),
        ("origin", 7),
        ("version", True),
        ("version", "1"),
        ("kind", "ticket"),
        ("kind", ["slice"]),
        ("integration_name", ""),
        ("integration_name", 7),
        ("integration_ref", None),
        ("run_id", {}),
        ("name", ""),
    ],
)
def test_a_member_that_does_not_fit_is_named(member: str, value: object) -> None:
    body = json.dumps({**json.loads(write_work(SLICE)), member: value})
    with pytest.raises(MalformedMessageError, match=member):
        read_message(body)


@pytest.mark.parametrize("work", WORK, ids=lambda work: type(work).__name__)
def test_an_unknown_member_is_refused_without_repeating_it(work: Work) -> None:
    body = json.dumps({**json.loads(write_work(work)), "password": "hunter2"})
    with pytest.raises(MalformedMessageError) as refused:
        read_message(body)
    assert "hunter2" not in str(refused.value)


def test_messages_are_sent_ten_at_a_time_with_their_delay() -> None:
    sqs = FakeSqs()
    queue(sqs).send([SLICE] * 23, 90)
    assert [len(batch) for batch in sqs.batches] == [10, 10, 3]
    assert {entry["DelaySeconds"] for batch in sqs.batches for entry in batch} == {90}
    assert {entry["MessageBody"] for batch in sqs.batches for entry in batch} == {write_work(SLICE)}


def test_what_is_sent_bears_the_origin_of_that_moment() -> None:
    sqs, origins = FakeSqs(), iter(["request-1", None])
    sender = SqsWorkQueue(cast("SQSClient", sqs), "queue", origin=lambda: next(origins))
    sender.send([SLICE])
    sender.send([SLICE])
    sent = [read_message(entry["MessageBody"]).origin for batch in sqs.batches for entry in batch]
    assert sent == ["request-1", None]


def test_no_work_is_no_call() -> None:
    sqs = FakeSqs()
    queue(sqs).send([])
    assert sqs.batches == []


def test_a_message_that_sqs_fails_on_is_sent_again() -> None:
    sqs = FakeSqs({"1": 2})
    queue(sqs).send(WORK)
    assert [[entry["Id"] for entry in batch] for batch in sqs.batches] == [["0", "1", "2"], ["1"], ["1"]]


def test_a_message_that_sqs_fails_on_for_long_is_an_error() -> None:
    sqs = FakeSqs({"1": 100})
    with pytest.raises(MessageRefusedError, match="SQS refused 1 of 3 messages: InternalFailure"):
        queue(sqs).send(WORK)
    assert len(sqs.batches) == 5


def test_what_is_given_up_goes_to_the_dead_letters_as_it_was_with_the_reason() -> None:
    sqs = FakeSqs()
    queue(sqs).give_up("{", "the message is not JSON" * 100)
    (message,) = sqs.messages
    assert (message["QueueUrl"], message["MessageBody"]) == ("dead-letters", "{")
    reason = message["MessageAttributes"]["reason"]["StringValue"]
    assert reason.startswith("the message is not JSON")
    assert len(reason) == 1000
