"""Layer 3: reads that are not strongly consistent see an earlier state of the tables.

Every write of MiniStack passes ``_set_item`` or ``_remove_item``; a second copy of each table follows with a limited
delay, and serves reads of an index (always eventually consistent) and reads without ``ConsistentRead``.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Table: TypeAlias = MutableMapping[str, Any]
Handler: TypeAlias = Callable[[dict[str, Any]], tuple[Any, ...]]


@dataclass(slots=True)
class _Follower:
    """A table and its delayed copy."""

    table: Table
    items: Any
    """The table's items when they were copied whole; others mean that they were replaced."""
    copy: Table
    coming: "deque[tuple[float, Any, Any, Any]]" = field(default_factory=deque)
    """Writes that the copy does not show yet: when, hash key, range key, item (``None``: removed)."""


class Lag:
    """Tables as they were ``seconds`` ago."""

    def __init__(self, dynamodb: Any, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:  # noqa: ANN401 - MiniStack's module has no types
        self.seconds = seconds
        self.lagged_reads = 0
        self._clock = clock
        self._set, self._remove = dynamodb._set_item, dynamodb._remove_item  # noqa: SLF001 - see the module
        self._members: str = dynamodb._INDEX_MEMBERS  # noqa: SLF001
        self._followers: dict[int, _Follower] = {}
        self._lock = threading.RLock()

    def set_item(self, table: Table, hash_key: Any, range_key: Any, item: Any) -> Any:  # noqa: ANN401 - as MiniStack's
        """In place of MiniStack's ``_set_item``."""
        with self._lock:
            self._follower(table).coming.append((self._clock(), hash_key, range_key, item))
            return self._set(table, hash_key, range_key, item)

    def remove_item(self, table: Table, hash_key: Any, range_key: Any) -> Any:  # noqa: ANN401 - as MiniStack's
        """In place of MiniStack's ``_remove_item``."""
        with self._lock:
            self._follower(table).coming.append((self._clock(), hash_key, range_key, None))
            return self._remove(table, hash_key, range_key)

    def view(self, table: Table) -> Table:
        """The table as it was."""
        with self._lock:
            follower = self._follower(table)
            follower.copy.update({name: value for name, value in table.items() if name not in {"items", self._members}})
            shown = self._clock() - self.seconds
            while follower.coming and follower.coming[0][0] <= shown:
                _, hash_key, range_key, item = follower.coming.popleft()
                if item is None:
                    self._remove(follower.copy, hash_key, range_key)
                else:
                    self._set(follower.copy, hash_key, range_key, item)
            self.lagged_reads += bool(follower.coming)
            return follower.copy

    def _follower(self, table: Table) -> _Follower:
        follower = self._followers.get(id(table))
        if follower is None or follower.table is not table or follower.items is not table["items"]:
            items = defaultdict(dict, {hash_key: dict(found) for hash_key, found in table["items"].items()})
            copy = {**{name: value for name, value in table.items() if name != self._members}, "items": items}
            follower = self._followers[id(table)] = _Follower(table, table["items"], copy)
        return follower


_lagging: ContextVar[frozenset[str]] = ContextVar("gate_lagging", default=frozenset())


@contextmanager
def _reading(tables: frozenset[str]) -> Iterator[None]:
    token = _lagging.set(tables)
    try:
        yield
    finally:
        _lagging.reset(token)


def lagged_tables(operation: str, data: dict[str, Any]) -> frozenset[str]:
    """Names of the tables that a request reads without strong consistency."""
    if operation == "BatchGetItem":
        requests: dict[str, Any] = data.get("RequestItems") or {}
        return frozenset(name for name, request in requests.items() if not request.get("ConsistentRead"))
    if data.get("IndexName") or not data.get("ConsistentRead"):
        return frozenset({data.get("TableName", "")})
    return frozenset()


def install(dynamodb: Any, seconds: float) -> Lag:  # noqa: ANN401 - MiniStack's module has no types
    """Make MiniStack's DynamoDB lag. Fails at once if a later MiniStack lacks what this replaces."""
    lag = Lag(dynamodb, seconds)
    dynamodb._set_item, dynamodb._remove_item = lag.set_item, lag.remove_item  # noqa: SLF001
    readers = {"Query": "_query", "Scan": "_scan", "GetItem": "_get_item", "BatchGetItem": "_batch_get_item"}
    for operation, name in readers.items():
        setattr(dynamodb, name, _lagging_handler(operation, getattr(dynamodb, name)))
    tables = dynamodb._tables  # noqa: SLF001
    kind = type(tables)

    class LaggedTables(kind):  # type: ignore[misc, valid-type]  # a class of MiniStack's
        """The tables, some in their earlier state while a request without strong consistency reads them."""

        __slots__ = ()

        def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as MiniStack's
            table = super().get(name, default)
            return lag.view(table) if table and _asked(name) else table

        def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as MiniStack's
            table = super().__getitem__(name)
            return lag.view(table) if _asked(name) else table

    tables.__class__ = LaggedTables
    return lag


def _asked(name: str) -> bool:
    return any(name == one.rpartition("/")[2] for one in _lagging.get())


def _lagging_handler(operation: str, handler: Handler) -> Handler:
    def handle(data: dict[str, Any]) -> tuple[Any, ...]:
        with _reading(lagged_tables(operation, data)):
            return handler(data)

    return handle
