"""What the calls of AWS's JSON protocols say: items written and, by AWS's rules of item sizes, bytes."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

READ_UNIT = 4096
"""Bytes of one strongly consistent read unit; an eventually consistent read costs half."""


@dataclass(frozen=True)
class Exchange:
    """One call as it passed: ``DynamoDB_20120810.Query``, its body, and when it began and ended."""

    target: str
    body: bytes
    begun: float
    ended: float

    @property
    def service(self) -> str:
        """``DynamoDB``, ``AmazonSQS``, ``secretsmanager``."""
        return self.target.partition(".")[0].partition("_")[0]

    @property
    def operation(self) -> str:
        """``Query``, ``SendMessageBatch``."""
        return self.target.rpartition(".")[2]

    @cached_property
    def written(self) -> Sequence[Mapping[str, Any]]:
        """Items that it wrote, or the keys of those that it changed."""
        return _written(self.operation, json.loads(self.body or b"{}"))


@dataclass(frozen=True)
class Calls:
    """Calls that passed in a while."""

    exchanges: Sequence[Exchange]

    @property
    def operations(self) -> Counter[str]:
        """How many of each operation."""
        return Counter(one.operation for one in self.exchanges)

    def of(self, service: str) -> "Calls":
        """Those of one service."""
        return Calls([one for one in self.exchanges if one.service == service])

    @property
    def ticket_writes(self) -> int:
        """Tickets written."""
        return sum(_is_ticket(item) for one in self.exchanges for item in one.written)

    @property
    def writes(self) -> int:
        """Items written, of whatever table."""
        return sum(len(one.written) for one in self.exchanges)

    @property
    def one_after_another(self) -> int:
        """Round trips that had to wait for each other: how often a call began when none was under way."""
        trips, end = 0, 0.0
        for one in sorted(self.exchanges, key=lambda one: one.begun):
            trips += one.begun >= end
            end = max(end, one.ended)
        return trips


def _is_ticket(item: Mapping[str, Any]) -> bool:
    return "t" in item and not item["t"]["S"].startswith("#")


def _written(operation: str, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    match operation:
        case "PutItem":
            return [body["Item"]]
        case "UpdateItem" | "DeleteItem":
            return [body["Key"]]
        case "BatchWriteItem":
            return [next(iter(one.values())) for rows in body["RequestItems"].values() for one in rows]
        case "TransactWriteItems":
            actions = [next(iter(one.items())) for one in body["TransactItems"]]
            return [action["Item" if kind == "Put" else "Key"] for kind, action in actions if kind != "ConditionCheck"]
        case _:
            return []


def item_bytes(item: Mapping[str, Mapping[str, str]]) -> int:
    """The size of an item of texts by AWS's rules: the names and the values, in UTF-8."""
    return sum(len(name.encode()) + len(value["S"].encode()) for name, value in item.items())
