"""The service's API and its sync function, as the demo calls them."""

import json
import time
from collections.abc import Callable
from typing import Any

import requests

from local.stack import BASE_PATH, Stack

ANSWER_SECONDS = 60
POLL_SECONDS = 0.5


class CallError(Exception):
    """Raised when the response to a call is not as expected; the text has the response."""


class Client:
    """An administrator of the local stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy would look for 127.0.0.1 on its own machine

    def get(self, path: str) -> dict[str, Any]:
        """The response to a GET."""
        return self._call("GET", path)

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        """The response to a POST."""
        return self._call("POST", path, body)

    def put(self, path: str, body: object) -> dict[str, Any]:
        """The response to a PUT."""
        return self._call("PUT", path, body)

    def sync(self, event: dict[str, object]) -> dict[str, Any]:
        """Invoke the sync function, as ``sam remote invoke SyncFunction`` does."""
        functions = self._stack.session.client("lambda", endpoint_url=self._stack.endpoint_url)
        answer = functions.invoke(FunctionName=f"{self._stack.name}-sync", Payload=json.dumps(event).encode())
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise CallError(f"SyncFunction {event}: {payload}")
        return payload

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = self._http.request(
            method,
            f"{self._stack.api_url}{BASE_PATH}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._stack.token('admin')}"},
            timeout=ANSWER_SECONDS,
        )
        if not answer.ok:
            raise CallError(f"{method} {path}: {answer.status_code} {answer.text}")
        document: dict[str, Any] = answer.json()
        return document


def wait_for(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Poll until it is true. Raises ``CallError`` if ``what`` did not happen within the given seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise CallError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(POLL_SECONDS)
