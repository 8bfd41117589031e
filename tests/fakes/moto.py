"""Sessions whose clients pass the gate's rules in this process, for what runs on moto; and moto without its detours.

The two detours took nine tenths of the time of tests whose transactions or answers are large. What moto does stays.
"""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
from moto.core.model import StructureShape
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.serialize import SERVICE_SPECIFIC_SERIALIZERS, JSONSerializer
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table

from local.emulator import REGION
from local.gate.gate import Gate
from local.gate.in_process import gated_clients, moto_key_schema


def gated_session() -> boto3.Session:
    """A session that the gate stands in front of; its clients work within ``mock_aws`` only."""
    gate = Gate(moto_key_schema(lambda: dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]))
    with gated_clients(gate):
        return plain_session()


def plain_session() -> boto3.Session:
    """A session for the embedded AWS, which has the gate on its own side."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


class _AsItIs(JSONSerializer):
    """Writes a value of an item as it is kept, which is as DynamoDB writes it: moto looks for ten names in each."""

    def _serialize_type_structure(self, serialized: Any, value: Any, shape: StructureShape, key: str) -> None:  # noqa: ANN401 - moto's own
        if shape.name == "AttributeValue" and isinstance(value, dict):
            serialized[key] = value
        else:
            super()._serialize_type_structure(serialized, value, shape, key)


SERVICE_SPECIFIC_SERIALIZERS["dynamodb"] = {"json": _AsItIs}

_transact = DynamoDBBackend.transact_write_items


def _transact_on_one_copy(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Before it writes, moto copies a table once for each item of the transaction that is in it."""
    copies: dict[int, Table] = {}

    def copy(one: Any) -> Any:  # noqa: ANN401 - a table, or one of its items
        if not isinstance(one, Table):
            return deepcopy(one)
        if id(one) not in copies:
            copies[id(one)] = deepcopy(one)
        return copies[id(one)]

    with patch.object(models, "copy", SimpleNamespace(deepcopy=copy)):
        _transact(backend, transact_items)


DynamoDBBackend.transact_write_items = _transact_on_one_copy  # type: ignore[method-assign, assignment]  # of all
