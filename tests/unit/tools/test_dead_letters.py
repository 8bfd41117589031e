"""Dead letters: looked at without keeping them from anybody, put back once each, whatever is in them."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from tools import dead_letters
from tools.dead_letters import FAILED_OFTEN, DeadLetters, main

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

GIVEN_UP = {"reason": {"StringValue": "kind: missing", "DataType": "String"}}


class FakeSqs:
    """Two queues; a message that is received is hidden until it is deleted or shown again."""

    def __init__(self, *bodies: str) -> None:
        self.queues: dict[str, list[str]] = {"dead": list(bodies), "sync": []}
        self.hidden: list[str] = []
        self.refuses = False
        self.comes_back = False
        """What is sent to the sync queue fails there at once."""

    def receive_message(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 has it
        assert wanted["QueueUrl"] == "dead"
        shown = [body for body in self.queues["dead"] if body not in self.hidden][: wanted["MaxNumberOfMessages"]]
        self.hidden += shown
        return {"Messages": [self._message(body) for body in shown]} if shown else {}

    @staticmethod
    def _message(body: str) -> dict[str, Any]:
        attributes = {"MessageAttributes": GIVEN_UP} if body.startswith("odd") else {}
        return {"Body": body, "ReceiptHandle": body, "Attributes": {"SentTimestamp": "1795334400250"}, **attributes}

    def change_message_visibility(self, **given: Any) -> None:  # noqa: ANN401 - as boto3 has it
        assert given["VisibilityTimeout"] == 0
        self.hidden.remove(given["ReceiptHandle"])

    def send_message(self, **given: Any) -> None:  # noqa: ANN401 - as boto3 has it
        if self.refuses:
            raise ConnectionError
        to = "dead" if self.comes_back else given["QueueUrl"]
        self.queues[to].append(given["MessageBody"] + (" again" if self.comes_back else ""))

    def delete_message(self, **given: Any) -> None:  # noqa: ANN401 - as boto3 has it
        self.queues[given["QueueUrl"]].remove(given["ReceiptHandle"])


def letters(sqs: FakeSqs) -> DeadLetters:
    return DeadLetters(cast("SQSClient", sqs), "dead", "sync")


def test_looking_shows_each_with_its_reason_and_leaves_it_for_others() -> None:
    sqs = FakeSqs(*(f"m{number}" for number in range(11)), "odd")
    found = letters(sqs).look()
    assert [(one.body, one.reason) for one in found][-2:] == [("m10", FAILED_OFTEN), ("odd", "kind: missing")]
    assert str(found[-1]) == "2026-11-22T08:00:00Z\n  kind: missing\n  odd"
    assert sqs.hidden == []
    assert len(letters(sqs).look()) == 12


def test_putting_back_moves_all_of_them_as_they_were() -> None:
    sqs = FakeSqs(*(f"m{number}" for number in range(25)))
    assert len(letters(sqs).put_back()) == 25
    assert sqs.queues == {"dead": [], "sync": [f"m{number}" for number in range(25)]}


def test_one_that_fails_again_at_once_is_put_back_once() -> None:
    sqs = FakeSqs("odd")
    sqs.comes_back = True
    assert [one.body for one in letters(sqs).put_back()] == ["odd"]
    assert sqs.queues["dead"] == ["odd again"]


def test_one_that_cannot_be_sent_is_not_deleted() -> None:
    sqs = FakeSqs("m")
    sqs.refuses = True
    with pytest.raises(ConnectionError):
        letters(sqs).put_back()
    assert sqs.queues["dead"] == ["m"]


def test_there_is_an_end_to_what_one_call_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "MOST", 20)
    assert len(letters(FakeSqs(*(f"m{number}" for number in range(30)))).put_back()) == 20


def test_what_a_terminal_would_obey_is_shown_as_text() -> None:
    (found,) = letters(FakeSqs("red \x1b[31m\nline \u202e\u00e4")).look()
    assert str(found).splitlines()[-1] == "  red \\x1b[31m\\nline \\u202e\u00e4"


@pytest.mark.parametrize(
    ("arguments", "left", "said"), [([], ["m"], "1 dead letters"), (["--put-back"], [], "1 dead letters put back")]
)
def test_the_command_finds_the_queues_of_the_stack(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    left: list[str],
    said: str,
) -> None:
    sqs = FakeSqs("m")

    class FakeCloudFormation:
        @staticmethod
        def describe_stacks(StackName: str) -> dict[str, Any]:  # noqa: N803 - CloudFormation's
            assert StackName == "mine"
            urls = {"SyncDeadLetterQueueUrl": "dead", "SyncQueueUrl": "sync"}
            return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in urls.items()]}]}

    clients = {"sqs": sqs, "cloudformation": FakeCloudFormation()}
    monkeypatch.setattr("boto3.client", clients.__getitem__)
    main(["--stack-name", "mine", *arguments])
    assert sqs.queues["dead"] == left
    assert capsys.readouterr().out.splitlines()[-1] == said
