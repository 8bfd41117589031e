"""Calls of the API, retried a limited number of times if that is safe."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase

from ticket_status_cli.connection import LOOPBACK, Connection
from ticket_status_cli.errors import ApiError, CommandError, NoAnswerError, api_error

Document = dict[str, Any]

TIMEOUT_SECONDS = (10, 60)
"""For connecting, and between two parts of a response; API Gateway gives a function 29 seconds."""
FEW_TRIES = 5
"""For a call that somebody waits for, after no response or a 5xx: a few seconds."""
MANY_TRIES = 12
"""For a call of long work, and after a 429."""
MOST_WAITING_SECONDS = 300
"""For all waits of one call together."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30

REPEATED = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def wait_before(
    attempt: int, retry_after: float | None, waited: float, spread: float, tries: int = MANY_TRIES
) -> float | None:
    """Seconds to wait after try number ``attempt`` (from 1), or ``None`` when it is time to give up.

    The service's ``Retry-After`` is used if present; otherwise the wait doubles from half a second, spread by a
    number between 0 and 1 so that many clients do not return together.
    """
    doubled = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    wait = doubled * (0.5 + spread / 2) if retry_after is None else max(retry_after, FIRST_WAIT_SECONDS)
    return wait if attempt < tries and waited + wait <= MOST_WAITING_SECONDS else None


class _Bearer(AuthBase):
    """Sets the header; being an auth object, it keeps ``requests`` from looking into a .netrc file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _ignore_wait(_seconds: float, _why: str) -> None:
    """Ignore the wait."""


@dataclass(slots=True)
class Client:
    """A client of the service's API."""

    connection: Connection
    on_wait: Callable[[float, str], None] = _ignore_wait
    """Called for each wait, with its seconds and the reason."""
    sleep: Callable[[float], None] = time.sleep
    patient: bool = False
    """Whether this is long work, which should wait minutes rather than stop half-way."""
    _http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        # A proxy of the environment would look for 127.0.0.1 on its own machine.
        self._http.trust_env = urlsplit(self.connection.url).hostname not in LOOPBACK

    def get(self, *path: str, **query: str | None) -> Document:
        """The response to a GET; parts of the path are quoted here."""
        return self._call("GET", path, query=query)

    def find(self, *path: str) -> Document | None:
        """The response to a GET; ``None`` if it does not exist or was just deleted."""
        try:
            return self.get(*path)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def pages(self, member: str, *path: str, **query: str | None) -> Iterator[Document]:
        """The elements of a list, page by page, each page asked for when it is needed."""
        page = self.get(*path, **query)
        while True:
            yield from page[member]
            if not page.get("next_token"):
                return
            page = self.get(*path, **{**query, "next_token": page["next_token"]})

    def post(self, *path: str, body: object = None, repeatable: bool = True) -> Document:
        """The response to a POST. Unless ``repeatable``, it is retried only if it was surely not carried out."""
        return self._call("POST", path, body=body, repeatable=repeatable)

    def put(self, *path: str, body: object) -> Document:
        """The response to a PUT."""
        return self._call("PUT", path, body=body)

    def patch(self, *path: str, body: object) -> Document:
        """The response to a PATCH; the same edit twice is the same as once."""
        return self._call("PATCH", path, body=body)

    def delete(self, *path: str) -> None:
        """Delete; gone at a second try counts as deleted."""
        self._call("DELETE", path)

    def _call(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        body: object = None,
        query: dict[str, str | None] | None = None,
        repeatable: bool = True,
    ) -> Document:
        url = "/".join((self.connection.url, *(quote(part, safe="") for part in path)))
        waited, attempt, renewed = 0.0, 1, False
        while True:
            answer = self._once(method, url, body, query)
            if isinstance(answer, requests.Response):
                if answer.ok:
                    return _document(answer)
                error: CommandError = _error(answer)
                if answer.status_code == HTTPStatus.UNAUTHORIZED and not renewed:
                    renewed = True
                    if self.connection.credentials.renewed():
                        continue
                if method == "DELETE" and attempt > 1 and answer.status_code == HTTPStatus.NOT_FOUND:
                    return {}
                may = answer.status_code in REPEATED and (
                    repeatable or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
                )
            else:
                error, may = answer, repeatable
            retry_after = error.retry_after if isinstance(error, ApiError) else None
            throttled = isinstance(error, ApiError) and error.status == HTTPStatus.TOO_MANY_REQUESTS
            tries = MANY_TRIES if self.patient or throttled else FEW_TRIES
            wait = wait_before(attempt, retry_after, waited, random.random(), tries) if may else None  # noqa: S311 - no secret  # nosec B311
            if wait is None:
                raise error
            self.on_wait(wait, str(error).splitlines()[0])
            self.sleep(wait)
            waited, attempt = waited + wait, attempt + 1

    def _once(
        self, method: str, url: str, body: object, query: dict[str, str | None] | None
    ) -> requests.Response | NoAnswerError:
        auth = _Bearer(self.connection.credentials.token())
        try:
            # A redirect would carry the token to an address that nobody gave.
            return self._http.request(
                method, url, json=body, params=query, auth=auth, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            return NoAnswerError(f"{urlsplit(url).netloc} does not answer ({type(error).__name__}).")


def _document(answer: requests.Response) -> Document:
    if answer.status_code == HTTPStatus.NO_CONTENT or not answer.content:
        return {}
    body = _json(answer)
    if not isinstance(body, dict) or answer.is_redirect:
        where = urlsplit(answer.url).netloc
        raise CommandError(f"{where} does not answer like this service: check the address (HTTP {answer.status_code}).")
    return body


def _error(answer: requests.Response) -> ApiError:
    return api_error(answer.status_code, _json(answer), retry_after(answer.headers.get("Retry-After")))


def _json(answer: requests.Response) -> object:
    try:
        body: object = answer.json()
    except ValueError:
        return None
    return body


def retry_after(text: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a ``Retry-After`` header, which is a number or a date; ``None`` when it is missing or unreadable."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, TypeError):
        return None
