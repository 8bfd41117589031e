"""The retrieval index as DynamoDB answers it: pages of up to a megabyte, from rows that were encoded beforehand.

What a worker does with a hundred thousand rows is to be measured, not what an emulator does with them.
"""

import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import ceil
from typing import Any

from bench.counting import READ_UNIT, item_bytes

PAGE = 1024 * 1024
"""Bytes of items that one Query reads at most."""

Stored = tuple[str, str, str]
"""Position, ticket id and sighting of a ticket."""


class Index:
    """One integration's rows, in ascending position, month by month."""

    def __init__(self, ref: str, months: Mapping[str, Iterable[Stored]]) -> None:
        self._months = {f"{ref}#{month}": _Month(ref, month, rows) for month, rows in months.items()}
        self.read_units = 0.0
        self.read_bytes = 0

    @property
    def partitions(self) -> list[str]:
        """The hash keys."""
        return list(self._months)

    def query(self, body: Mapping[str, Any]) -> bytes:
        """The answer to a Query; its read units are counted."""
        values = body["ExpressionAttributeValues"]
        month = self._months.get(values[":month"]["S"])
        if month is None:
            self.read_units += 0.5
            return b'{"Items":[],"Count":0}'
        after = body.get("ExclusiveStartKey", {}).get("c", {}).get("S")
        low, high, more = month.page(values[":start"]["S"], values[":end"]["S"], after)
        size = month.bytes_of(low, high)
        self.read_bytes += size
        self.read_units += ceil(max(size, 1) / READ_UNIT) / 2
        if body.get("Select") == "COUNT":
            return json.dumps({"Count": high - low}).encode()
        return month.body(low, high, more=more)


class _Month:
    def __init__(self, ref: str, month: str, rows: Iterable[Stored]) -> None:
        self._keys = {"i": {"S": ref}, "m": {"S": f"{ref}#{month}"}}
        self._positions: list[str] = []
        encoded: list[bytes] = []
        sizes: list[int] = []
        for position, id_, seen in rows:
            item = {"t": {"S": id_}, "c": {"S": position}, "o": {"S": seen}}
            self._positions.append(position)
            encoded.append(json.dumps(item, separators=(",", ":")).encode())
            sizes.append(item_bytes({**self._keys, **item}))
        self._sizes = array("Q", accumulate(sizes, initial=0))
        self._starts = array("Q", accumulate((len(one) + 1 for one in encoded), initial=0))
        self._text = b",".join(encoded)

    def page(self, start: str, end: str, after: str | None) -> tuple[int, int, bool]:
        """Rows ``low <= r < high`` of the next page, and whether more follow."""
        low = bisect_right(self._positions, after) if after else bisect_left(self._positions, start)
        last = bisect_right(self._positions, end)
        high = max(min(last, bisect_right(self._sizes, self._sizes[low] + PAGE) - 1), low)
        return low, high, high < last

    def bytes_of(self, low: int, high: int) -> int:
        """Bytes of items."""
        return self._sizes[high] - self._sizes[low]

    def body(self, low: int, high: int, *, more: bool) -> bytes:
        """The answer with these rows."""
        items = self._text[self._starts[low] : max(self._starts[high] - 1, 0)].decode()
        count = f'"Count":{high - low},"ScannedCount":{high - low}'
        if not more:
            return f'{{"Items":[{items}],{count}}}'.encode()
        last = json.dumps({**self._keys, "c": {"S": self._positions[high - 1]}, "t": {"S": "0"}})
        return f'{{"Items":[{items}],{count},"LastEvaluatedKey":{last}}}'.encode()
