"""What the calls of AWS's JSON protocols say: items written and, by AWS's rules of item sizes, units."""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

READ_UNIT = 4096
"""Bytes of one strongly consistent read unit; an eventually consistent read costs half."""

READS = ("Query", "GetItem", "BatchGetItem")

WRITE_UNIT = 1024
"""Bytes of one write unit; in a transaction a write costs twice."""


@dataclass(frozen=True)
class Exchange:
    """One call as it passed: ``DynamoDB_20120810.Query``, its body, and when it began and ended."""

    target: str
    body: bytes
    begun: float
    ended: float
    read_units: float = 0.0
    refused: bool = False
    """Whether a condition did not hold."""

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
    def reads(self) -> int:
        """Calls that read."""
        return sum(self.operations[operation] for operation in READS)

    @property
    def read_units(self) -> float:
        """Read units of the tables and their indexes, by AWS's rules."""
        return sum(one.read_units for one in self.exchanges)

    @property
    def write_units(self) -> int:
        """Write units of the tables; their indexes take more. An update counts as of an item below a kilobyte."""
        return sum(_write_units(one) for one in self.exchanges)

    @property
    def refused(self) -> int:
        """Writes whose conditions did not hold: they are paid for like others."""
        return sum(one.refused for one in self.exchanges)

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


def _write_units(one: Exchange) -> int:
    each = 2 if one.operation == "TransactWriteItems" else 1
    return sum(each * ceil(item_bytes(item) / WRITE_UNIT) for item in one.written)


def read_units(operation: str, body: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """The read units of a call. A query's answer has to have whole items, however little was asked for."""
    match operation:
        case "Query":
            size = sum(map(item_bytes, answer["Items"]))
            return _units(size, consistent=bool(body.get("ConsistentRead")))
        case "GetItem":
            return _units(item_bytes(answer.get("Item", {})), consistent=bool(body.get("ConsistentRead")))
        case "BatchGetItem":
            return sum(
                _of_table(asked, answer["Responses"].get(table, ())) for table, asked in body["RequestItems"].items()
            )
        case _:
            return 0.0


def _of_table(asked: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> float:
    """Each item is rounded up by itself; what was not found is as if it were small."""
    consistent = bool(asked.get("ConsistentRead"))
    absent = len(asked["Keys"]) - len(found)
    return sum(_units(item_bytes(item), consistent=consistent) for item in found) + absent * _units(
        0, consistent=consistent
    )


def _units(size: int, *, consistent: bool) -> float:
    return max(1, ceil(size / READ_UNIT)) * (1.0 if consistent else 0.5)


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item by AWS's rules: the names and the values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, held)] = value.items()
    measure = _BYTES.get(kind)
    return 1 if measure is None else measure(held)


_BYTES: Mapping[str, Callable[[Any], int]] = {
    "S": lambda held: len(held.encode()),
    "N": lambda held: (len(held.strip("-").replace(".", "")) + 1) // 2 + 1,
    "B": lambda held: len(b64decode(held)),
    "SS": lambda held: sum(len(one.encode()) for one in held),
    "L": lambda held: 3 + sum(_value_bytes(one) + 1 for one in held),
    "M": lambda held: 3 + item_bytes(held) + len(held),
}
