"""Layer 3: Lambda's detection of recursive loops through SQS, and messages that come twice.

A function's calls have its trace header, in which Lambda counts how often each function was invoked in the same chain
(``Lineage``). SQS keeps the header with the message, and Lambda does not deliver one whose chain has been through the
function about 16 times, unless the function says ``RecursiveLoop: Allow``: it goes to the dead-letter queue of its
queue, or is lost. There is no log line, only a metric (Lambda guide, "Recursive loop detection").
"""

import json
import re
import secrets
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeAlias

from local.gate.call import Members

Lineage: TypeAlias = Mapping[str, int]
"""How often each function was invoked in a chain, by a short hash of its ARN."""

MOST_INVOCATIONS = 16
_LINEAGE = re.compile(r"(?:^|;)Lineage=([^;]*)")
_TWICE = 20
"""Each message whose number is a multiple of this comes twice."""

_AGAIN_SECONDS = 0.5

_chain: ContextVar[Lineage] = ContextVar("gate_chain", default=MappingProxyType({}))
"""Of what is being delivered to a function."""

_sender: ContextVar[str] = ContextVar("gate_sender", default="")
"""Trace header of the call that is being handled."""


def function_hash(arn: str) -> str:
    """A function's name in a lineage; its versions and aliases share it."""
    return f"{zlib.crc32(':'.join(arn.split(':')[:7]).encode()):08x}"


def read_lineage(header: str) -> Lineage:
    """The lineage in a trace header; empty when there is none."""
    found = _LINEAGE.search(header)
    counts: dict[str, int] = {}
    for one in (found[1] if found else "").split("|"):
        name, _, number = one.rpartition(":")
        if name and number.isdecimal():
            counts[name] = int(number)
    return counts


def write_trace(lineage: Lineage) -> str:
    """A new trace header with this lineage."""
    counts = "|".join(f"{name}:{number}" for name, number in lineage.items())
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage={counts}"


def longest(lineages: Sequence[Lineage]) -> Lineage:
    """The longest chain for each function among those in one batch."""
    together: dict[str, int] = {}
    for lineage in lineages:
        for name, number in lineage.items():
            together[name] = max(number, together.get(name, 0))
    return together


@contextmanager
def sent_by(trace_header: str) -> Iterator[None]:
    """Handle a call with this trace header: messages keep it, and invocations continue its chain."""
    token, chain = _sender.set(trace_header), _chain.set(read_lineage(trace_header))
    try:
        yield
    finally:
        _sender.reset(token)
        _chain.reset(chain)


class Deliveries:
    """Replaces MiniStack's delivery of messages to functions and their deletion."""

    def __init__(self, functions: Any, sqs: Any, cloudwatch: Any) -> None:  # noqa: ANN401 - MiniStack has no types
        self.stopped = 0
        """Messages that were not delivered, because their chain was too long."""
        self.repeated = 0
        """Messages that came twice."""
        self._functions, self._sqs, self._cloudwatch = functions, sqs, cloudwatch
        self._run, self._forget = functions._run_sqs_batch, sqs._delete_messages_for_esm  # noqa: SLF001 - see the module
        self._attributes, self._trace = sqs._build_send_sys_attrs, functions._xray_trace_id_for_invocation  # noqa: SLF001
        self._delivered = 0
        self._lock = threading.Lock()

    def trace(self, config: Mapping[str, Any], inbound: str | None = None) -> str:
        """In place of MiniStack's ``_xray_trace_id_for_invocation``: every invocation has a header, as on AWS."""
        lineage = dict(read_lineage(inbound or "") or _chain.get())
        name = function_hash(config["FunctionArn"])
        lineage[name] = lineage.get(name, 0) + 1
        return write_trace(lineage)

    def attributes(self, now: float, given: Mapping[str, Any]) -> dict[str, Any]:
        """In place of MiniStack's ``_build_send_sys_attrs``: a message keeps the header of the call that sent it."""
        attributes: dict[str, Any] = self._attributes(now, given)
        if _sender.get():
            attributes.setdefault("AWSTraceHeader", _sender.get())
        return attributes

    def run(  # noqa: PLR0913, PLR0917 - as MiniStack's
        self,
        mapping: object,
        function: Members,
        event: dict[str, Any],
        batch: list[Any],
        queue_url: str,
        queue_name: str,
    ) -> None:
        """In place of MiniStack's ``_run_sqs_batch``."""
        config = function.get("config") or function
        name = function_hash(config["FunctionArn"])
        lineages = {message["id"]: _lineage_of(message) for message in batch}
        stopped = [message for message in batch if lineages[message["id"]].get(name, 0) >= MOST_INVOCATIONS]
        if stopped and not self._allowed(config["FunctionName"]):
            self._stop(stopped, queue_url, config["FunctionName"])
            batch = [message for message in batch if message not in stopped]
            left = {message["id"] for message in batch}
            event = {"Records": [record for record in event["Records"] if record["messageId"] in left]}
        if not batch:
            return
        token = _chain.set(longest([lineages[message["id"]] for message in batch]))
        try:
            self._run(mapping, function, event, batch, queue_url, queue_name)
        finally:
            _chain.reset(token)

    def forget(self, queue_url: str, handles: set[str]) -> None:
        """In place of MiniStack's ``_delete_messages_for_esm``: now and then a deletion is lost, as on AWS."""
        with self._lock:
            numbered = {handle: self._delivered + at for at, handle in enumerate(sorted(handles), 1)}
            self._delivered += len(handles)
        again = {handle for handle, number in numbered.items() if number % _TWICE == 0}
        with self._sqs._queues_lock:  # noqa: SLF001 - see the module
            for message in self._sqs._get_q(queue_url)["messages"] if again else ():  # noqa: SLF001
                if message.get("receipt_handle") in again and not message.get("gate_twice"):
                    message["gate_twice"], message["visible_at"] = True, time.time() + _AGAIN_SECONDS
                    handles = handles - {message["receipt_handle"]}
                    self.repeated += 1
        self._forget(queue_url, handles)

    def _allowed(self, function_name: str) -> bool:
        function = self._functions._functions.get(function_name) or {}  # noqa: SLF001 - see the module
        return bool(function.get("recursive_loop") == "Allow")

    def _stop(self, messages: Sequence[Any], queue_url: str, function_name: str) -> None:
        with self._sqs._queues_lock:  # noqa: SLF001 - see the module
            queue = self._sqs._get_q(queue_url)  # noqa: SLF001
            queue["messages"] = [one for one in queue["messages"] if one not in messages]
            dead_letters = self._dead_letters(queue)
            if dead_letters is not None:
                source = {"DeadLetterQueueSourceArn": queue["attributes"].get("QueueArn", "")}
                for one in messages:
                    moved = {"receipt_handle": None, "visible_at": time.time(), "sys": {**one["sys"], **source}}
                    dead_letters["messages"].append({**one, **moved})
        self.stopped += len(messages)
        self._cloudwatch.record_metric(
            *("AWS/Lambda", "RecursiveInvocationsDropped", len(messages), "Count"), {"FunctionName": function_name}
        )

    def _dead_letters(self, queue: Any) -> Any:  # noqa: ANN401 - MiniStack's queues
        policy = queue["attributes"].get("RedrivePolicy")
        arn = json.loads(policy).get("deadLetterTargetArn", "") if policy else ""
        return self._sqs._queue_by_arn(arn) if arn else None  # noqa: SLF001 - see the module


def _lineage_of(message: Mapping[str, Any]) -> Lineage:
    return read_lineage((message.get("sys") or {}).get("AWSTraceHeader", ""))


def install(functions: Any, sqs: Any, cloudwatch: Any) -> Deliveries:  # noqa: ANN401 - MiniStack has no types
    """Count MiniStack's deliveries. Fails at once if a later MiniStack lacks what this replaces."""
    deliveries = Deliveries(functions, sqs, cloudwatch)
    functions._run_sqs_batch = deliveries.run  # noqa: SLF001 - see the module
    functions._xray_trace_id_for_invocation = deliveries.trace  # noqa: SLF001
    sqs._build_send_sys_attrs = deliveries.attributes  # noqa: SLF001
    sqs._delete_messages_for_esm = deliveries.forget  # noqa: SLF001
    return deliveries
