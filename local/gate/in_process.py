"""The gate's rules for clients of this process that never reach the embedded AWS: those on moto.

It uses botocore's events: a call is checked before it is sent, and a refusal is returned as AWS would.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

from local.gate.call import Partial, Refusal
from local.gate.gate import Gate, merged
from local.gate.rules.rule import KeySchema
from local.gate.wire import Request, decode

_REGION = "us-east-1"


@contextmanager
def gated_clients(gate: Gate) -> Iterator[None]:
    """Send the calls of every client created inside through this gate."""
    hook = _Hook(gate)
    events = [("before-call", hook.before), ("after-call", hook.after)]
    with patch.object(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, *events]):
        yield


class _Hook:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def before(
        self, model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: object
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Check a call; a returned pair replaces AWS's response."""
        call = decode(_request(model, params))
        outcome = None if call is None else self._gate.judge(call)
        if isinstance(outcome, Refusal):
            return _answer(outcome.status, {"Error": {"Code": outcome.code, "Message": outcome.message}})
        if isinstance(outcome, Partial):
            if outcome.input is None:
                return _answer(200, merged(outcome, {}))
            params["body"] = json.dumps(outcome.input).encode()
            context["gate"] = outcome
        return None

    @staticmethod
    def after(parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        """Complete the response to the rest of a call."""
        partial = context.pop("gate", None)
        if partial is not None:
            parsed.update(merged(partial, parsed))


def _answer(status: int, parsed: dict[str, Any]) -> tuple[AWSResponse, dict[str, Any]]:
    parsed["ResponseMetadata"] = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
    return AWSResponse("", status, HTTPHeaders(), None), parsed


def _request(model: OperationModel, params: dict[str, Any]) -> Request:
    """The request as it will be sent, without its signature."""
    headers = {name.lower(): str(value) for name, value in params["headers"].items()}
    service = model.service_model.service_name
    headers["authorization"] = f"Credential=test/20000101/{_REGION}/{service}/aws4_request"
    body = params["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    if isinstance(body, str):
        body = body.encode()
    query = params.get("query_string") or {}
    text = urlencode(query) if isinstance(query, dict) else str(query)
    return Request(params["method"], params["url_path"], text, headers, body if isinstance(body, bytes) else b"")


def moto_key_schema(backend: Callable[[], Any]) -> Callable[[str], KeySchema | None]:
    """The keys of the tables of moto's DynamoDB."""

    def key_schema(name: str) -> KeySchema | None:
        table = backend().tables.get(name)
        if table is None:
            return None
        indexes = {index.name: _keys(index.schema) for index in (*table.global_indexes, *table.indexes)}
        expiry = table.ttl if table.ttl.get("TimeToLiveStatus") == "ENABLED" else {}
        return KeySchema(table.hash_key_attr, table.range_key_attr, indexes, expiry.get("AttributeName"))

    return key_schema


def _keys(schema: list[dict[str, str]]) -> tuple[str, str | None]:
    by_kind = {element["KeyType"]: element["AttributeName"] for element in schema}
    return by_kind["HASH"], by_kind.get("RANGE")
