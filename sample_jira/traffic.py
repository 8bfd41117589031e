"""What was asked of a server, and what was wrong in it."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from threading import Lock
from typing import Literal

from sample_jira.clock import Clock
from sample_jira.encoding import dump
from sample_jira.messages import Request

AuthKind = Literal["none", "basic", "bearer", "oauth1", "other"]

REMEMBERED = 100_000  # exchanges; older ones are forgotten
LONGEST_LIST = 10  # members of a list in a summary; longer ones are counted
LONGEST_TEXT = 200  # characters of a text in a summary
SECRET_MEMBERS = frozenset({"client_secret", "code", "code_verifier", "password", "refresh_token", "token"})
_AUTH_KINDS: dict[str, AuthKind] = {"basic": "basic", "bearer": "bearer", "oauth": "oauth1"}


@dataclass(frozen=True, slots=True)
class Violation:
    """A request, or a part of one, that no published document of Jira allows."""

    server: str
    method: str
    path: str
    what: str


@dataclass(slots=True)
class Exchange:
    """One request and how it was answered.

    `concurrent` counts the requests under way at its start, itself included. `status` is 0 until
    there is an answer. `account` is the account id the request was taken to come from.
    """

    at: datetime
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    auth: AuthKind
    user_agent: str
    concurrent: int
    body: bytes
    status: int = 0
    account: str | None = None

    @property
    def summary(self) -> str:
        """The body, short, without secrets."""
        return summary(self.body)

    def as_json(self) -> dict[str, object]:
        """The exchange for the control interface."""
        return {
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "summary": self.summary,
            "auth": self.auth,
            "account": self.account,
            "status": self.status,
            "concurrent": self.concurrent,
        }


class Traffic:
    """The exchanges and violations of one server."""

    def __init__(self, server: str, clock: Clock) -> None:
        self.server = server
        self.violations: list[Violation] = []
        self._clock = clock
        self._exchanges: deque[Exchange] = deque(maxlen=REMEMBERED)
        self._under_way = 0
        self._lock = Lock()

    @contextmanager
    def watch(self, request: Request) -> Iterator[Exchange]:
        """Log the request, and count it as under way until the block ends."""
        with self._lock:
            self._under_way += 1
            exchange = Exchange(
                self._clock.now(),
                request.method,
                request.path,
                request.query,
                auth_kind(request.headers.get("authorization")),
                request.headers.get("user-agent", ""),
                self._under_way,
                request.body,
            )
            self._exchanges.append(exchange)
        try:
            yield exchange
        finally:
            with self._lock:
                self._under_way -= 1

    def violated(self, request: Request, what: str) -> None:
        """Remember what was wrong in a request."""
        self.violations.append(Violation(self.server, request.method, request.path, what))

    def exchanges(self, path: str = "*") -> list[Exchange]:
        """The exchanges whose path fits the pattern, oldest first."""
        with self._lock:
            return [one for one in self._exchanges if fnmatchcase(one.path, path)]

    def forget(self) -> None:
        """Forget exchanges and violations."""
        with self._lock:
            self._exchanges.clear()
            self.violations.clear()


def auth_kind(authorization: str | None) -> AuthKind:
    """The kind of an Authorization header."""
    if not authorization:
        return "none"
    return _AUTH_KINDS.get(authorization.split(" ")[0].lower(), "other")


def summary(body: bytes) -> str:
    """A JSON body with long lists counted, long texts cut and secrets left out."""
    try:
        value = json.loads(body)
    except ValueError:
        return f"{len(body)} bytes" if body else ""
    if not isinstance(value, dict):
        return f"{len(body)} bytes"
    return dump({name: _short(name, member) for name, member in value.items()})


def _short(name: str, value: object) -> object:
    if name in SECRET_MEMBERS:
        return "..."
    if isinstance(value, list) and len(value) > LONGEST_LIST:
        return f"{len(value)} members"
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}... ({len(value)} characters)"
    return value
