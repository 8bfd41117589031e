"""Look at the dead letters of the sync, or put them back on the sync queue.

``python -m tools.dead_letters [--put-back] [--stack-name NAME]``, or ``make dead-letters [PUT_BACK=yes]``. It talks to
the AWS account of the environment, and to the embedded AWS when ``AWS_ENDPOINT_URL`` says so.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MOST = 1000
"""Messages that one call shows or puts back; the next call handles more."""

HIDDEN_SECONDS = 300
"""How long a received message is hidden from others: long enough to put a thousand back."""

WAIT_SECONDS = 2
"""Long polling asks every server of the queue, so that an empty answer means an empty queue."""

FAILED_OFTEN = "failed five times"
"""The reason of a message that SQS moved here; one that the worker gave up has its own."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled."""

    body: str
    reason: str
    sent_at: datetime
    receipt: str

    def __str__(self) -> str:
        """Three lines for a terminal, whatever characters somebody put into the message."""
        return f"{self.sent_at:%Y-%m-%dT%H:%M:%SZ}\n  {printable(self.reason)}\n  {printable(self.body)}"


class DeadLetters:
    """The sync's dead-letter queue, and the queue that its messages came from."""

    def __init__(self, sqs: "SQSClient", dead_letter_queue_url: str, sync_queue_url: str) -> None:
        self._sqs = sqs
        self._dead = dead_letter_queue_url
        self._sync = sync_queue_url

    def look(self) -> list[DeadLetter]:
        """The messages in the queue, which stay visible to others."""
        found = list(self._receive())
        for letter in found:
            self._sqs.change_message_visibility(QueueUrl=self._dead, ReceiptHandle=letter.receipt, VisibilityTimeout=0)
        return found

    def put_back(self) -> list[DeadLetter]:
        """Send each to the sync queue unchanged, then delete it here; after a failure in between it is in both.

        All are received before the first is sent, so that one that fails again at once is not put back forever.
        """
        found = list(self._receive())
        for letter in found:
            self._sqs.send_message(QueueUrl=self._sync, MessageBody=letter.body)
            self._sqs.delete_message(QueueUrl=self._dead, ReceiptHandle=letter.receipt)
        return found

    def _receive(self) -> Iterator[DeadLetter]:
        for _ in range(0, MOST, 10):
            answer = self._sqs.receive_message(
                QueueUrl=self._dead,
                MaxNumberOfMessages=10,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageAttributeNames=["reason"],
                MessageSystemAttributeNames=["SentTimestamp"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            yield from map(_read, messages)


def _read(message: "MessageTypeDef") -> DeadLetter:
    attributes = message.get("MessageAttributes", {})
    reason = attributes["reason"]["StringValue"] if "reason" in attributes else FAILED_OFTEN
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    return DeadLetter(message["Body"], reason, sent_at, message["ReceiptHandle"])


def printable(text: str) -> str:
    """The text with everything that a terminal would obey written as an escape."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def outputs(cloudformation: "CloudFormationClient", stack_name: str) -> Mapping[str, str]:
    """The outputs of a deployed stack."""
    stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.dead_letters", description="Show dead letters, or put them back."
    )
    parser.add_argument("--stack-name", default="ticket-status")
    parser.add_argument("--put-back", action="store_true", help="move them to the sync queue")
    options = parser.parse_args(arguments)
    urls = outputs(boto3.client("cloudformation"), options.stack_name)
    letters = DeadLetters(boto3.client("sqs"), urls["SyncDeadLetterQueueUrl"], urls["SyncQueueUrl"])
    found = letters.put_back() if options.put_back else letters.look()
    for letter in found:
        print(letter)
    print(f"{len(found)} dead letters{' put back' if options.put_back else ''}")


if __name__ == "__main__":
    main()
