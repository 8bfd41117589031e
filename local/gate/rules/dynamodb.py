"""DynamoDB: sizes of items, keys and expressions, reserved words, times to live, transactions."""

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from local.gate.call import Call, Members, Refusal
from local.gate.rules.rule import Rule, World, calls, utf8

Value: TypeAlias = Mapping[str, Any]
Item: TypeAlias = Mapping[str, Value]

_MOST_ITEM_BYTES = 400 * 1024
_MOST_TRANSACTION_BYTES = 4 * 1024 * 1024
_MOST_HASH_BYTES, _MOST_RANGE_BYTES = 2048, 1024
_LONGEST_EXPRESSION = 4096
_MOST_OPERATORS = 300
_MOST_OPERANDS_OF_IN = 100
_MOST_BATCH_WRITES = 25
_OLDEST_EXPIRY_SECONDS = 5 * 365 * 86_400

_EXPRESSIONS = (
    *("KeyConditionExpression", "FilterExpression", "ConditionExpression"),
    *("UpdateExpression", "ProjectionExpression"),
)
_RESERVED = frozenset((Path(__file__).parent / "reserved_words.txt").read_text().split())
_SYNTAX = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "ADD", "DELETE", "REMOVE"})
_WORD = re.compile(r"(?<![:#\w])[A-Za-z_]\w*(?!\w)(?!\s*\()")
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+]|(?<=\s)-(?=\s)|\b(?:AND|OR|NOT|IN|BETWEEN)\b|\w+\s*\(", re.IGNORECASE)
_IN = re.compile(r"\bIN\s*\(([^)]*)\)", re.IGNORECASE)
_NAME, _OPERAND = r"(#?[A-Za-z_]\w*)", r"(:\w+)"
_COMPARED = re.compile(rf"{_NAME}\s*(?:<>|<=|>=|=|<|>)\s*{_OPERAND}")
_BEGINS = re.compile(rf"begins_with\s*\(\s*{_NAME}\s*,\s*{_OPERAND}\s*\)")
_BETWEEN = re.compile(rf"{_NAME}\s+BETWEEN\s+{_OPERAND}\s+AND\s+{_OPERAND}", re.IGNORECASE)

_WRITES = calls("dynamodb", "PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems")
_ANY_EXPRESSION = calls(
    "dynamodb",
    *("Query", "Scan", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
    *("TransactWriteItems", "TransactGetItems"),
)


def item_bytes(item: Item) -> int:
    """Bytes of an item, names included, as DynamoDB counts them."""
    return sum(utf8(name) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Value) -> int:  # noqa: PLR0911 - one for each type
    """Bytes of one attribute's value."""
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return utf8(content)
        case "N":
            return _number_bytes(content)
        case "B":
            return _binary_bytes(content)
        case "SS":
            return sum(map(utf8, content))
        case "NS":
            return sum(map(_number_bytes, content))
        case "BS":
            return sum(map(_binary_bytes, content))
        case "L":
            return 3 + sum(1 + value_bytes(member) for member in content)
        case "M":
            return 3 + sum(1 + utf8(name) + value_bytes(member) for name, member in content.items())
        case _:
            return 1


def _number_bytes(text: str) -> int:
    return len(text.strip("-0.").replace(".", "")) // 2 + 2


def _binary_bytes(content: str | bytes) -> int:
    return len(content) if isinstance(content, bytes) else len(base64.b64decode(content))


def _requests(call: Call) -> Iterator[tuple[str, str, Members]]:
    """Each single request in a call: what it does (``Put``, ``Get``, ``Update`` …), its table and its members."""
    match call.operation:
        case "BatchGetItem":
            for table, request in (call.input.get("RequestItems") or {}).items():
                yield "Keys", table, request
        case "BatchWriteItem":
            for table, requests in (call.input.get("RequestItems") or {}).items():
                for request in requests:
                    for kind, members in request.items():
                        yield kind.removesuffix("Request"), table, members
        case "TransactWriteItems" | "TransactGetItems":
            for request in call.input.get("TransactItems") or ():
                for kind, members in request.items():
                    yield kind, members.get("TableName", ""), members
        case operation:
            yield operation.removesuffix("Item"), call.input.get("TableName", ""), call.input


def _written_items(call: Call) -> Iterator[tuple[str, Item]]:
    for kind, table, members in _requests(call):
        if kind == "Put":
            yield table, members.get("Item") or {}


def _assigned(members: Members) -> Iterator[tuple[str, Value]]:
    """Attributes that an update sets to one of its values, and the value."""
    values = members.get("ExpressionAttributeValues") or {}
    for name, operand in _COMPARED.findall(members.get("UpdateExpression") or ""):
        if operand in values:
            yield _attribute(members, name), values[operand]


def _attribute(members: Members, name: str) -> str:
    named: str = (members.get("ExpressionAttributeNames") or {}).get(name, name)
    return named


# --- Sizes --------------------------------------------------------------------------------------------------------


def _item_size(call: Call, _world: World) -> Refusal | None:
    if all(item_bytes(item) <= _MOST_ITEM_BYTES for _, item in _written_items(call)):
        return None
    return _validation("Item size has exceeded the maximum allowed size")


def _key_sizes(call: Call, world: World) -> Refusal | None:
    for kind, table, members in _requests(call):
        schema = world.key_schema(table)
        if schema is None:
            continue
        written = dict(members.get("Item") or {}) | (dict(_assigned(members)) if kind == "Update" else {})
        start = members.get("ExclusiveStartKey") or {}
        for values in (written, members.get("Key") or {}, start, *(members.get("Keys") or ())):
            for keys in (schema.keys(), *schema.indexes.values()):
                if refusal := _too_long_key(keys, values):
                    return refusal
    return None


def _operand_sizes(call: Call, world: World) -> Refusal | None:
    schema = world.key_schema(call.input.get("TableName", ""))
    if schema is None:
        return None
    for name, value in _key_operands(call.input):
        if refusal := _too_long_key(schema.keys(call.input.get("IndexName")), {name: value}):
            return refusal
    return None


def _key_operands(members: Members) -> Iterator[tuple[str, Value]]:
    expression = members.get("KeyConditionExpression") or ""
    values = members.get("ExpressionAttributeValues") or {}
    found = [*_COMPARED.findall(expression), *_BEGINS.findall(expression), *_BETWEEN.findall(expression)]
    for name, *operands in found:
        for operand in operands:
            if operand in values:
                yield _attribute(members, name), values[operand]


def _too_long_key(keys: tuple[str, str | None], values: Item) -> Refusal | None:
    for name, most, kind in zip(keys, (_MOST_HASH_BYTES, _MOST_RANGE_BYTES), ("hashkey", "rangekey"), strict=True):
        if name is not None and name in values and value_bytes(values[name]) > most:
            return _validation(
                "One or more parameter values were invalid: "
                f"Size of {kind} has exceeded the maximum size limit of {most} bytes"
            )
    return None


# --- Expressions --------------------------------------------------------------------------------------------------


def _expressions(call: Call) -> Iterator[tuple[str, str]]:
    for _, _, members in _requests(call):
        for name in _EXPRESSIONS:
            if text := members.get(name):
                yield name, text


def _expression_size(call: Call, _world: World) -> Refusal | None:
    for name, text in _expressions(call):
        if utf8(text) > _LONGEST_EXPRESSION:
            return _validation(
                f"Invalid {name}: Expression size has exceeded the maximum allowed size; expression size: {utf8(text)}"
            )
    return None


def _operators(call: Call, _world: World) -> Refusal | None:
    for name, text in _expressions(call):
        for operands in _IN.findall(text):
            if (number := operands.count(",") + 1) > _MOST_OPERANDS_OF_IN:
                return _validation(
                    f"Invalid {name}: The IN operator is provided with too many operands; number of operands: {number}"
                )
        if (number := len(_OPERATOR.findall(text))) > _MOST_OPERATORS:
            return _validation(f"Invalid {name}: The expression contains too many operators; operator count: {number}")
    return None


def _reserved_words(call: Call, _world: World) -> Refusal | None:
    for name, text in _expressions(call):
        for word in _WORD.findall(text):
            if word.upper() in _RESERVED and word.upper() not in _SYNTAX:
                return _validation(f"Invalid {name}: Attribute name is a reserved keyword; reserved keyword: {word}")
    return None


# --- Times to live, transactions, batches, pages ------------------------------------------------------------------


def _expiry(call: Call, world: World) -> Refusal | None:
    oldest = world.now() - _OLDEST_EXPIRY_SECONDS
    for kind, table, members in _requests(call):
        schema = world.key_schema(table)
        if schema is None or schema.expiry is None:
            continue
        written = dict(members.get("Item") or {}) | (dict(_assigned(members)) if kind == "Update" else {})
        value = written.get(schema.expiry)
        if value is None:
            continue
        if "N" not in value:
            return _validation(f"{schema.expiry}: an expiry that is not a number is never acted on")
        if float(value["N"]) < oldest:
            return _validation(f"{schema.expiry}: an expiry more than five years past is never acted on")
    return None


def _transaction(call: Call, world: World) -> Refusal | None:
    size = sum(item_bytes(item) for _, item in _written_items(call))
    if size > _MOST_TRANSACTION_BYTES:
        return _validation("Transaction request exceeds the 4MB transaction size limit")
    return _twice(call, world, "Transaction request cannot include multiple operations on one item")


def _batch(call: Call, world: World) -> Refusal | None:
    if call.operation == "BatchWriteItem":
        number = sum(1 for _ in _requests(call))
        if number > _MOST_BATCH_WRITES:
            return _validation("Too many items requested for the BatchWriteItem call")
    return _twice(call, world, "Provided list of item keys contains duplicates")


def _twice(call: Call, world: World, message: str) -> Refusal | None:
    seen: set[tuple[str, str]] = set()
    for kind, table, members in _requests(call):
        schema = world.key_schema(table)
        if schema is None:
            continue
        keys = members.get("Keys") if kind == "Keys" else [members.get("Key") or members.get("Item") or {}]
        for values in keys or ():
            key = repr([values.get(name) for name in (schema.hash_key, schema.range_key) if name])
            if (table, key) in seen:
                return _validation(message)
            seen.add((table, key))
    return None


def _starting_key(call: Call, world: World) -> Refusal | None:
    start: Item = call.input.get("ExclusiveStartKey") or {}
    schema = world.key_schema(call.input.get("TableName", ""))
    if not start or schema is None:
        return None
    hash_key, _ = schema.keys(call.input.get("IndexName"))
    named = dict(_key_operands(call.input)).get(hash_key)
    if named is None or start.get(hash_key) == named:
        return None
    message = "The provided starting key is outside query boundaries based on provided conditions"
    return _validation(message)


def _validation(message: str) -> Refusal:
    return Refusal("ValidationException", message)


def rules() -> list[Rule]:
    """Rules about whole calls; DynamoDB does not refuse single entries."""
    guide = "DynamoDB guide, "
    transaction, batches = calls("dynamodb", "TransactWriteItems"), calls("dynamodb", "BatchWriteItem", "BatchGetItem")
    query = calls("dynamodb", "Query")
    return [
        Rule("item-bytes", guide + "quotas: 400 KB with names", _WRITES, _item_size),
        Rule(
            "key-bytes", guide + "quotas: 2,048 and 1,024 bytes, of indexes too", _WRITES | _ANY_EXPRESSION, _key_sizes
        ),
        Rule("key-operand-bytes", guide + "quotas: as the keys themselves", query, _operand_sizes),
        Rule("expression-bytes", guide + "quotas: 4 KB", _ANY_EXPRESSION, _expression_size),
        Rule("expression-operators", guide + "quotas: 300 operators, 100 operands of IN", _ANY_EXPRESSION, _operators),
        Rule("reserved-words", guide + "reserved words", _ANY_EXPRESSION, _reserved_words),
        Rule("expiry", guide + "TTL: a number of seconds, not more than five years past", _WRITES, _expiry),
        Rule("transaction", "API TransactWriteItems: 4 MB, no item twice", transaction, _transaction),
        Rule("batch", "API BatchWriteItem: 25 writes, no item twice; BatchGetItem: no key twice", batches, _batch),
        Rule("starting-key", guide + "Query: ExclusiveStartKey lies within the key condition", query, _starting_key),
    ]
