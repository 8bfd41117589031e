"""The embedded AWS with the gate in it: an ASGI application around MiniStack's own, in MiniStack's process.

There is no other way in: the functions, SAM, the tools and the tests all come through this one port. Being in the same
process spares a hop for each call, and lets the lag, the count of recursions and the repeated deliveries happen where
MiniStack itself reads its tables and delivers its messages.
"""

import hashlib
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict
from typing import Any, TypeAlias

from ministack import app as ministack
from ministack.core import lambda_runtime
from ministack.services import cloudwatch, dynamodb, lambda_svc, sqs

from local.gate.call import Call, Outcome, Partial, Refusal
from local.gate.faults import Faults, Partitions
from local.gate.gate import Gate, merged
from local.gate.lag import Lag
from local.gate.lag import install as install_lag
from local.gate.lineage import Deliveries, sent_by
from local.gate.lineage import install as install_deliveries
from local.gate.rules.functions import MOST_ANSWER_BYTES
from local.gate.rules.rule import KeySchema
from local.gate.settings import SETTINGS_VARIABLE, GateSettings, GateSettingsError
from local.gate.unpacking import install as install_unpacking
from local.gate.wire import Answer, Request, decode, refuse

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

API_PATH = "/_aws/execute-api/"
TRACE_HEADER = b"x-amzn-trace-id"
"""In the calls of functions."""

SETTINGS_PATH = "/_gate"
MOST_API_HEADER_BYTES = 10_240
_OK = 200


class GatedApplication:
    """Lets through to ``inner`` what the gate lets through."""

    def __init__(self, inner: Application, gate: Gate, lag: Lag, deliveries: Deliveries, seed: int) -> None:
        self._inner = inner
        self._gate = gate
        self._lag = lag
        self._deliveries = deliveries
        self._partitions = Partitions(gate.key_schema, gate.now)
        self._faults = Faults(seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
        elif scope["path"].startswith(API_PATH):
            await self._through_api(scope, receive, send)
        elif scope["path"] == SETTINGS_PATH:
            await _send(send, self._settings(scope["method"], await _body(receive)))
        elif scope["path"].startswith("/_"):  # MiniStack's own, not AWS's
            await self._inner(scope, receive, send)
        else:
            await self._call(scope, receive, send)

    def _settings(self, method: str, body: bytes) -> Answer:
        """Tell, or with ``PUT`` change, how unkind the gate is; that it refuses cannot be changed."""
        try:
            settings = (
                GateSettings.read(body) if method == "PUT" else GateSettings(self._lag.seconds, self._faults.seed)
            )
        except GateSettingsError as error:
            return _gateway(400, str(error))
        self._lag.seconds = settings.lag_seconds
        if settings.seed != self._faults.seed:
            self._faults = Faults(settings.seed)
        seen = {
            "lagged_reads": self._lag.lagged_reads,
            "stopped_messages": self._deliveries.stopped,
            "repeated_messages": self._deliveries.repeated,
            "faults": dict(self._faults.met),
        }
        told = {"settings": asdict(settings), "seen": seen}
        return Answer(_OK, {"content-type": "application/json"}, json.dumps(told).encode())

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        call = decode(_request(scope, body))
        outcome = None if call is None else self._judge(call, from_function=bool(_header(scope, TRACE_HEADER)))
        if call is None or outcome is None:
            with sent_by(_header(scope, TRACE_HEADER)):
                await self._inner(scope, _replay(body, receive), send)
        elif isinstance(outcome, Refusal):
            await _send(send, refuse(call, outcome))
        else:
            with sent_by(_header(scope, TRACE_HEADER)):
                await _send(send, await self._partly(scope, receive, body, outcome))

    def _judge(self, call: Call, *, from_function: bool) -> Outcome:
        outcome = self._gate.judge(call)
        if outcome is None:
            outcome = self._partitions.meet(call)
        if outcome is None and from_function:
            outcome = self._faults.meet(call)
        return outcome

    async def _partly(self, scope: Scope, receive: Receive, body: bytes, partial: Partial) -> Answer:
        """Have the service do what is left of a call, and complete its answer."""
        if partial.input is None:
            headers = {"content-type": "application/x-amz-json-1.0"}
            return Answer(_OK, headers, json.dumps(merged(partial, {})).encode())
        left = json.dumps(partial.input).encode()
        answer = await _captured(self._inner, _with_body(scope, body, left), left, receive)
        if answer.status != _OK:
            return answer
        whole = json.dumps(merged(partial, json.loads(answer.body))).encode()
        kept = {name: value for name, value in answer.headers.items() if name not in {"content-length", "x-amz-crc32"}}
        return Answer(answer.status, kept, whole)

    async def _through_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A call of the deployed API: the limits of API Gateway and of a function's answer."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_API_HEADER_BYTES:
            await _send(send, _gateway(431, "Request Header Fields Too Large"))
            return
        answer = await _captured(self._inner, scope, await _body(receive), receive)
        if len(answer.body) > MOST_ANSWER_BYTES:
            answer = _gateway(502, "Internal server error")
        await _send(send, answer)


def _gateway(status: int, message: str) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps({"message": message}).encode())


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(chunks)


def _request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope.get("query_string", b"").decode("latin-1"), headers, body)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _with_body(scope: Scope, signed: bytes, body: bytes) -> Scope:
    """The request with another body than the one that was signed, whose hash it names instead."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"content-length"]
    replaced = {b"content-length": str(len(body)), b"x-amz-content-sha256": hashlib.sha256(signed).hexdigest()}
    return {**scope, "headers": [*headers, *((name, value.encode()) for name, value in replaced.items())]}


async def _captured(inner: Application, scope: Scope, body: bytes, receive: Receive) -> Answer:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await inner(scope, _replay(body, receive), keep)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in messages[0]["headers"]}
    return Answer(messages[0]["status"], headers, b"".join(one.get("body", b"") for one in messages[1:]))


async def _send(send: Send, answer: Answer) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})


def key_schema(name: str) -> KeySchema | None:
    """The keys of a table of the embedded AWS; account and region are not told apart."""
    name = name.rpartition("/")[2]
    scoped = next((key for key in dynamodb._tables._data if key[-1] == name), None)  # noqa: SLF001 - see the module
    if scoped is None:
        return None
    table = dynamodb._tables._data[scoped]  # noqa: SLF001
    expiry = dynamodb._ttl_settings._data.get(scoped, {})  # noqa: SLF001
    indexes = {
        index["IndexName"]: _keys(index["KeySchema"])
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in table.get(kind) or ()
    }
    enabled = expiry.get("AttributeName") if expiry.get("TimeToLiveStatus") == "ENABLED" else None
    return KeySchema(table["pk_name"], table.get("sk_name"), indexes, enabled)


def _keys(schema: list[dict[str, str]]) -> tuple[str, str | None]:
    by_kind = {element["KeyType"]: element["AttributeName"] for element in schema}
    return by_kind["HASH"], by_kind.get("RANGE")


def main() -> None:
    """Serve until stopped, as MiniStack's own ``main`` does."""
    settings = GateSettings.read(os.environ.pop(SETTINGS_VARIABLE, ""))
    lag = install_lag(dynamodb, settings.lag_seconds)
    deliveries = install_deliveries(lambda_svc, sqs, cloudwatch)
    install_unpacking(lambda_runtime)
    ministack.app = GatedApplication(ministack.app, Gate(key_schema), lag, deliveries, settings.seed)
    ministack.main()
