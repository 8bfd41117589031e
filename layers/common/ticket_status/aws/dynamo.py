"""What the DynamoDB stores share: one client for all models, reads over all pages, retries with jitter."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import SystemRandom
from time import sleep
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import NumberAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update
from pynamodb.models import MetaModel, Model
from pynamodb.transactions import TransactWrite

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
M = TypeVar("M", bound=Model)

Item: TypeAlias = Mapping[str, Mapping[str, Any]]
"""An item as sent: ``{"t": {"S": "10412"}}``."""

AT_ONCE = 16
"""Concurrent calls of one unit of work; the client has as many connections."""

KEYS_PER_GET = 100
"""Maximum keys per BatchGetItem."""

ITEMS_PER_TRANSACTION = 100
"""Maximum items per TransactWriteItems."""

CLIENT_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=AT_ONCE,
    parameter_validation=False,
    user_agent="ticket-status",
    retries={"total_max_attempts": 6, "mode": "standard"},
)
"""For the client given to ``Dynamo``: short time-outs, since DynamoDB answers in milliseconds or not at all.

The ``user_agent`` saves botocore from composing its own, which is a quarter of the cost of a call.
"""

_REFUSALS = frozenset({"ConditionalCheckFailedException", "ConditionalCheckFailed", "TransactionConflictException"})
_CONTENTION = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "None"})

_random = SystemRandom()


class ContendedWriteError(Exception):
    """Raised when other writers came first on every try; trying again later may succeed."""


class Dynamo:
    """One client for every model and raw read, so that they share connections and start-up cost."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        for operation, member in (("Query", "Items"), ("BatchGetItem", "Responses")):
            client.meta.events.register(f"before-parse.dynamodb.{operation}", _AsSent(member))

    def bind(self, model: type[M], table_name: str) -> type[M]:
        """The model on this table, over the shared client."""
        region = self.client.meta.region_name
        meta = type("Meta", (), {"table_name": table_name, "region": region})
        bound = cast("type[M]", MetaModel(model.__name__, (model,), {"Meta": meta}))
        self._share(bound._get_connection().connection)  # noqa: SLF001 - PynamoDB has no public way to share a client
        return bound

    def transact(self, fill: Callable[[TransactWrite], None], of: object) -> bool:
        """One transaction, tried as ``insist`` does; ``of`` names it in errors."""
        return insist(lambda: self._transact(fill), of)

    def transact_once(self, fill: Callable[[TransactWrite], None]) -> bool:
        """One transaction, tried as ``attempt`` does."""
        return attempt(lambda: self._transact(fill))

    def _transact(self, fill: Callable[[TransactWrite], None]) -> None:
        with TransactWrite(connection=self._share(Connection(region=self.client.meta.region_name))) as write:
            fill(write)

    def update(self, table_name: str, key: Item, statement: "Statement", given: Mapping[str, str]) -> None:
        """Update an item; raises as PynamoDB does."""
        try:
            self.client.update_item(TableName=table_name, Key=key, **statement.over(given))
        except (BotoCoreError, ClientError) as error:
            raise UpdateError(f"{table_name}: {error}", error) from error

    def query(self, **request: Any) -> Iterator[Sequence[Item]]:  # noqa: ANN401 - the request, as boto3 types it
        """The items of every page of a query."""
        return (page["Items"] for page in _pages(self.client.query, request))

    def items(self, **request: Any) -> Iterator[Item]:  # noqa: ANN401 - the request, as boto3 types it
        """Every item of a query."""
        return (item for items in self.query(**request) for item in items)

    def scan(self, **request: Any) -> Iterator[Item]:  # noqa: ANN401 - the request, as boto3 types it
        """Every item of a scan."""
        return (item for page in _pages(self.client.scan, request) for item in page["Items"])

    def count(self, **request: Any) -> int:  # noqa: ANN401 - the request, as boto3 types it
        """How many items a query finds, over every page."""
        return sum(int(page["Count"]) for page in _pages(self.client.query, {**request, "Select": "COUNT"}))

    def batch_get(self, table_name: str, keys: Sequence[Item]) -> list[Item]:
        """The existing items with these (distinct) keys, read consistently, a hundred per call."""
        chunks = [keys[at : at + KEYS_PER_GET] for at in range(0, len(keys), KEYS_PER_GET)]
        found = side_by_side(lambda chunk: self._get_all(table_name, chunk), chunks)
        return [item for items in found for item in items]

    def _get_all(self, table_name: str, keys: Sequence[Item]) -> list[Item]:
        found: list[Item] = []
        waiting: Any = {table_name: {"Keys": keys, "ConsistentRead": True}}
        for _ in tries():
            answer: Mapping[str, Any] = self.client.batch_get_item(RequestItems=waiting)
            found += answer["Responses"].get(table_name, [])
            waiting = answer.get("UnprocessedKeys")
            if not waiting:
                return found
        raise ContendedWriteError(f"{table_name}: DynamoDB left keys unprocessed on every try")

    def _share(self, connection: Connection) -> Connection:
        connection._client = self.client  # type: ignore[assignment]  # noqa: SLF001 - see bind
        return connection


class _AsSent:
    """Returns items as they were sent, because botocore's conversion costs ten times the decoding.

    Binary values would stay base64 text; these tables have none.
    """

    def __init__(self, member: str) -> None:
        self._member = member

    def __call__(self, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
        if response_dict["status_code"] == 200:  # noqa: PLR2004 - HTTP's OK
            body = json.loads(response_dict["body"])
            if self._member in body:
                customized_response_dict[self._member] = body.pop(self._member)
                response_dict["body"] = json.dumps(body).encode()


class Statement:
    """A conditional update with placeholders, rendered once and sent with the values of each call.

    PynamoDB takes as long to render an update as botocore takes to send it.
    """

    def __init__(self, actions: Sequence[Action], condition: Condition) -> None:
        names: dict[str, str] = {}
        values: dict[str, dict[str, str]] = {}
        self._texts: Mapping[str, Any] = {
            "UpdateExpression": Update(*actions).serialize(names, values),  # type: ignore[arg-type]  # values are typed
            "ConditionExpression": condition.serialize(names, values),  # type: ignore[arg-type]  # as names there
            "ExpressionAttributeNames": {placeholder: name for name, placeholder in names.items()},
        }
        self._values = {placeholder: value["S"] for placeholder, value in values.items()}

    def over(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The members of the request; ``given`` has the value of each placeholder."""
        values = {placeholder: {"S": given.get(text, text)} for placeholder, text in self._values.items()}
        return {**self._texts, "ExpressionAttributeValues": values}


def _pages(read: Callable[..., Any], request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    page: Mapping[str, Any] = read(**request)
    yield page
    while "LastEvaluatedKey" in page:
        page = read(**request, ExclusiveStartKey=page["LastEvaluatedKey"])
        yield page


def listed(page: Mapping[str, Any], limit: int) -> tuple[Sequence[Item], bool]:
    """Split a page that was read with one extra item: the items to show, and whether more follow."""
    items: Sequence[Item] = page["Items"]
    return items[:limit], len(items) > limit or "LastEvaluatedKey" in page


def insist(write: Callable[[], object], of: object) -> bool:
    """Make a conditional write, retried while others conflict; ``False`` if its condition does not hold.

    Raises ``ContendedWriteError``, naming ``of``, if others conflicted on every try.
    """
    for _ in tries():
        try:
            write()
        except PynamoDBException as error:
            if _condition_failed(error):
                return False
            if not _refused(error):
                raise
        else:
            return True
    raise ContendedWriteError(f"{of}: another write was in the way on every try")


def attempt(write: Callable[[], object]) -> bool:
    """Make a conditional write once; ``False`` if its condition failed or another write conflicted."""
    try:
        write()
    except PynamoDBException as error:
        if not _refused(error):
            raise
        return False
    return True


def _refused(error: PynamoDBException) -> bool:
    """Whether a write failed because of its condition or a conflict; anything else is an outage."""
    code = error.cause_response_code
    if code == "TransactionCanceledException":
        reasons = getattr(error, "cancellation_reasons", [])
        return all(why is None or why.code in _REFUSALS | _CONTENTION for why in reasons)
    return code in _REFUSALS


def _condition_failed(error: PynamoDBException) -> bool:
    """Whether the write's condition failed, so that a retry is pointless."""
    if error.cause_response_code == "TransactionCanceledException":
        reasons = getattr(error, "cancellation_reasons", [])
        return any(why is not None and why.code == "ConditionalCheckFailed" for why in reasons)
    return error.cause_response_code == "ConditionalCheckFailedException"


def either(one: Condition, other: Condition) -> Condition:
    """One of two conditions, typed as PynamoDB's own operator is not."""
    condition: Condition = one | other
    return condition


def same(attribute: Any, value: object) -> Condition:  # noqa: ANN401 - an attribute of any type
    """The attribute has this value, or is not there for ``None``."""
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def has_version(attribute: NumberAttribute, version: int) -> Condition:
    """The item's version is the one that was read; zero is no item."""
    return same(attribute, version or None)


def tries(most: int = 10) -> Iterator[int]:
    """Yield the tries, waiting longer and randomly between them, so that rivals do not collide again."""
    for number in range(most):
        if number:
            sleep(_random.uniform(0, min(1.0, 0.01 * 2**number)))
        yield number


R = TypeVar("R")


def side_by_side(call: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
    """The results of the calls, in order, a limited number at a time; a single one without a thread."""
    if len(arguments) <= 1:
        return [call(argument) for argument in arguments]
    with ThreadPoolExecutor(min(AT_ONCE, len(arguments))) as pool:
        return list(pool.map(call, arguments))


def read_ahead(pages: Iterator[T]) -> Iterator[T]:
    """The same pages, the next one fetched while the caller works on this one."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pages, end)
        while (page := coming.result()) is not end:
            coming = pool.submit(next, pages, end)
            yield page  # type: ignore[misc]
