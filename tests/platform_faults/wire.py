"""The wire between our AWS clients and AWS: what goes over it is counted, and made to go wrong at will.

Everything above it is the real thing: PynamoDB and botocore with their retries, as each function configures them.
"""

import json
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN_AND_AGAIN = 10_000
"""Times: until somebody says otherwise."""


class WorkerKilledError(BaseException):
    """Raised where a worker ends without another word: killed, out of time or out of memory. Nothing catches it."""


@dataclass
class Fault:
    """What the next calls of an operation meet."""

    operation: str
    """``DynamoDB.UpdateItem``, ``SQS.SendMessageBatch`` …; ``DynamoDB.*`` is any of a service."""
    what: Literal["refused", "answer lost", "killed before", "killed after"]
    status: int = 400
    code: str = ""
    times: int = 1
    skip: int = 0
    names: str = ""
    """Only calls whose body has this in it."""

    def meets(self, operation: str, body: str) -> bool:
        """Whether this call is one of those; counts it."""
        service, _, wanted = self.operation.partition(".")
        if not (operation == self.operation or (wanted == "*" and operation.startswith(f"{service}."))):
            return False
        if self.names not in body or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Wire:
    """Every call of every AWS client in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.struck = 0
        """How many calls met a fault."""
        self._faults: list[Fault] = []
        self._send: Callable[..., AWSResponse] = URLLib3Session.send

        def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
            return self._sent(session, request)

        monkeypatch.setattr(URLLib3Session, "send", send)
        no_wait = SimpleNamespace(sleep=lambda _: None)  # what botocore waits between its tries
        monkeypatch.setattr("botocore.endpoint.time", no_wait)

    def meets(self, *faults: Fault) -> None:
        """From now on, calls meet these, and no others."""
        self._faults = list(faults)

    def _sent(self, session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        operation, body = _operation(request), _text(request.body)
        self.calls[operation] += 1
        fault = next((one for one in self._faults if one.meets(operation, body)), None)
        if fault is None:
            return self._send(session, request)
        self.struck += 1
        match fault.what:
            case "refused":
                return _refusal(request, fault)
            case "killed before":
                raise WorkerKilledError
            case "answer lost":
                self._send(session, request)
                raise ReadTimeoutError(endpoint_url=request.url)
            case "killed after":
                self._send(session, request)
                raise WorkerKilledError


def _operation(request: AWSPreparedRequest) -> str:
    """``DynamoDB.GetItem`` of the header ``X-Amz-Target: DynamoDB_20120810.GetItem``."""
    target = _text(request.headers.get("X-Amz-Target", ""))
    service, _, operation = target.partition(".")
    names = {"DynamoDB_20120810": "DynamoDB", "AmazonSQS": "SQS", "secretsmanager": "Secrets", "AWSEvents": "Events"}
    return f"{names.get(service, service)}.{operation}"


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a request is made of
    return value.decode() if isinstance(value, bytes) else str(value or "")


def _refusal(request: AWSPreparedRequest, fault: Fault) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws#{fault.code}", "message": "refused", "Message": "refused"}).encode()
    raw = HTTPResponse(BytesIO(body), preload_content=False)
    headers = HTTPHeaders()
    headers["Content-Type"] = "application/x-amz-json-1.0"
    return AWSResponse(request.url, fault.status, headers, raw)
