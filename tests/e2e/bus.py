"""Listens to the stack's bus."""

import json
import uuid
from typing import TYPE_CHECKING

from local.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import TargetTypeDef


class Listener:
    """A queue behind a rule on the bus that lets everything through."""

    def __init__(self, stack: Stack) -> None:
        self._name = f"listener-{uuid.uuid4().hex[:8]}"
        self._bus = stack.outputs["EventBusName"]
        self._sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
        self._events = stack.session.client("events", endpoint_url=stack.endpoint_url)
        self._url = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"account": [{"exists": True}]})
        self._events.put_rule(Name=self._name, EventBusName=self._bus, EventPattern=pattern)
        targets: list[TargetTypeDef] = [{"Id": "queue", "Arn": arn}]
        self._events.put_targets(Rule=self._name, EventBusName=self._bus, Targets=targets)
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """Every event so far, as text."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._heard.append(message["Body"])
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self._heard

    def stop(self) -> None:
        """Leave the bus as it was."""
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=["queue"])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._url)
