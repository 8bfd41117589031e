"""Layer 3: faults with which AWS occasionally answers valid calls, and the emulator never does.

The seed and the number of earlier calls of the operation decide which calls fail, so that a failure can be
reproduced. Only calls of functions, which have a trace header, are affected; a person's tools would only get slower.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from local.gate.call import Call, Outcome, Partial, Refusal
from local.gate.gate import without_entries
from local.gate.rules.dynamodb import item_bytes
from local.gate.rules.rule import KeySchema, calls

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that happens to one in a number of calls."""

    name: str
    source: str
    one_in: int
    calls: frozenset[Key]
    make: Callable[[Call], Outcome]
    """The outcome of the call; ``None`` if this fault cannot affect it."""


def _throttled(code: str, message: str, status: int = 400) -> Callable[[Call], Outcome]:
    return lambda _: Refusal(code, message, status)


def _cancelled(call: Call, reason: str) -> Refusal:
    """A transaction that fails because of its first item."""
    number = len(call.input.get("TransactItems") or ())
    reasons = (reason, *["None"] * (number - 1))
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(reasons)}]"
    return Refusal("TransactionCanceledException", message, reasons=reasons)


_THROTTLED = _throttled(
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded.",
)


def _a_third_of_keys(call: Call) -> Outcome:
    """A BatchGetItem that leaves the last third of its keys unprocessed."""
    asked: dict[str, Any] = call.input.get("RequestItems") or {}
    left, rest = {}, {}
    for table, request in asked.items():
        keys = request["Keys"]
        cut = len(keys) - len(keys) // 3
        left[table] = {**request, "Keys": keys[:cut]}
        if cut < len(keys):
            rest[table] = {**request, "Keys": keys[cut:]}
    return Partial({**call.input, "RequestItems": left}, {"UnprocessedKeys": rest}) if rest else None


def _last_entry(code: str) -> Callable[[Call], Outcome]:
    """A batch whose last entry the service fails on."""

    def fail(call: Call) -> Outcome:
        entries = call.input.get("Entries") or []
        refusals: list[Refusal | None] = [None] * (len(entries) - 1)
        return without_entries(call, [*refusals, Refusal(code, "Internal failure")], ours=False) if entries else None

    return fail


_READS_AND_WRITES = calls(
    "dynamodb", *("GetItem", "Query", "Scan", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem")
)
FAULTS = [
    Fault(
        "dynamodb-throttled",
        "DynamoDB guide: a partition takes 1,000 writes and 3,000 reads a second, a new table less",
        *(100, _READS_AND_WRITES),
        _THROTTLED,
    ),
    Fault(
        "transaction-conflict",
        "API TransactWriteItems: another write of one of its items was under way",
        *(50, calls("dynamodb", "TransactWriteItems")),
        lambda call: _cancelled(call, "TransactionConflict"),
    ),
    Fault(
        "unprocessed-keys",
        "API BatchGetItem: 16 MB, and 1 MB of a partition, in one answer",
        *(5, calls("dynamodb", "BatchGetItem")),
        _a_third_of_keys,
    ),
    Fault(
        "sqs-entry-failed",
        "API SendMessageBatch: entries fail one by one",
        *(50, calls("sqs", "SendMessageBatch")),
        _last_entry("InternalFailure"),
    ),
    Fault(
        "events-entry-failed",
        "API PutEvents: entries fail one by one, with 200",
        *(50, calls("events", "PutEvents")),
        _last_entry("InternalFailure"),
    ),
    Fault(
        "secrets-throttled",
        "Secrets Manager quotas: rates of calls",
        *(50, calls("secretsmanager", "GetSecretValue", "PutSecretValue", "CreateSecret")),
        _throttled("ThrottlingException", "Rate exceeded"),
    ),
]


class Faults:
    """Decides which calls fail."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.met: Counter[str] = Counter()
        """Faults that happened, by name."""
        self._calls: Counter[str] = Counter()
        self._by_call: defaultdict[Key, list[Fault]] = defaultdict(list)
        for fault in FAULTS:
            for key in fault.calls:
                self._by_call[key].append(fault)

    def meet(self, call: Call) -> Outcome:
        """What happens to a call."""
        for fault in self._by_call[call.service, call.operation]:
            self._calls[fault.name] += 1
            if self._chosen(fault):
                outcome = fault.make(call)
                if outcome is not None:
                    self.met[fault.name] += 1
                    return outcome
        return None

    def _chosen(self, fault: Fault) -> bool:
        return crc32(f"{self.seed} {fault.name} {self._calls[fault.name]}".encode()) % fault.one_in == 0


# --- What one partition takes -------------------------------------------------------------------------------------

WRITES_A_SECOND = 1000
BURST_WRITES = 5000
"""Unused capacity is available for a short time; AWS keeps up to five minutes of it, if there is room."""


class Partitions:
    """Counts the writes to each hash key, and refuses more than a partition accepts."""

    def __init__(self, key_schema: Callable[[str], KeySchema | None], now: Callable[[], float]) -> None:
        self._key_schema, self._now = key_schema, now
        self._used: dict[Key, tuple[float, float]] = {}

    def meet(self, call: Call) -> Outcome:
        """Refuse a write for which one of its partitions has no units left in this second."""
        units = Counter[Key]()
        for table, item in _written(call):
            schema = self._key_schema(table)
            if schema is not None and schema.hash_key in item:
                units[table, repr(item[schema.hash_key])] += -(-item_bytes(item) // 1024) or 1
        now = self._now()
        left = {key: self._left(key, now) for key in units}
        if any(left[key] <= 0 for key in units):
            return _cancelled(call, "ThrottlingError") if "TransactItems" in call.input else _THROTTLED(call)
        for key, used in units.items():
            self._used[key] = (now, left[key] - used)
        return None

    def _left(self, key: Key, now: float) -> float:
        at, left = self._used.get(key, (now, float(BURST_WRITES)))
        return min(BURST_WRITES, left + (now - at) * WRITES_A_SECOND)


def _written(call: Call) -> Iterator[tuple[str, Any]]:
    match call.operation:
        case "PutItem":
            yield call.input.get("TableName", ""), call.input.get("Item") or {}
        case "UpdateItem" | "DeleteItem":
            yield call.input.get("TableName", ""), call.input.get("Key") or {}
        case "TransactWriteItems":
            for request in call.input.get("TransactItems") or ():
                for members in request.values():
                    for _ in range(2):  # a transaction writes twice what it writes
                        yield members.get("TableName", ""), members.get("Item") or members.get("Key") or {}
        case _:
            return
