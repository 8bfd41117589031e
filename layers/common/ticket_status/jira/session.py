"""Makes HTTP calls within limits, and returns only complete responses. Knows nothing about Jira.

A read time-out only bounds silence; a server that drips a byte every second never meets it. So a watch ends the call.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

import requests
import urllib3
from msgspec import Struct, field
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from ticket_status import __version__
from ticket_status.core.model import Discreet, ReasonCode
from ticket_status.core.trouble import Unavailable
from ticket_status.jira.pinning import AddressRefusedError, PinningAdapter, address_problem
from ticket_status.jira.settings import JiraSettings, MadeCall

USER_AGENT: Final = f"ticket-status/{__version__} (status of Jira tickets of policy violations)"
_CHUNK: Final = 65536
_A_MOMENT: Final = 0.05
"""Tolerance in seconds when deciding which of two limits ended a call."""

_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]


class Request(Discreet, frozen=True):
    """A call to make. It may contain secrets, so it is not shown."""

    method: Method
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, str] | None = None
    auth: AuthBase | None = None


class Answer(Discreet, frozen=True):
    """A complete response. Header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class NoAnswer(Struct, frozen=True):
    """Why there is no complete response."""

    trouble: Unavailable
    slow: bool = False
    """The call used all its time."""
    connected: bool = True
    """Whether a connection was made."""
    too_large: bool = False
    """The response exceeds its limit, as it would again."""


class _TooLargeError(Exception):
    """Raised when a response exceeds its limit."""


class _PlainSession(requests.Session):
    """A session that never follows redirects."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would read the redirect's whole body, however large, even when told not to follow."""


class Deadline(Struct, frozen=True):
    """``at`` is on the monotonic clock, in seconds; ``None`` is never."""

    at: float | None = None

    @classmethod
    def of(cls, deadline: datetime | None, now: datetime) -> Self:
        """The deadline for a point in time."""
        return cls(None if deadline is None else time.monotonic() + (deadline - now).total_seconds())

    def left(self, most: float) -> float:
        """Seconds left, capped at ``most``; zero or negative once the deadline has passed."""
        return most if self.at is None else min(most, self.at - time.monotonic())

    def within(self, seconds: float) -> "Deadline":
        """This deadline, or this many seconds from now, whichever is earlier."""
        return Deadline(time.monotonic() + self.left(seconds))


class HttpSession:
    """Makes calls; connections are kept and shared between threads.

    No cookies, no ``.netrc``, no redirects; uses the proxy of the settings, unless ``skip_proxy``.
    """

    def __init__(
        self,
        settings: JiraSettings,
        now: Callable[[], datetime],
        *,
        skip_proxy: bool = False,
        deadline: Deadline | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._skip_proxy = skip_proxy
        self._deadline = deadline or Deadline()
        self._current = _CurrentCall()
        self._session = self._plain_session()
        self._calls = 0
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        """Calls begun so far."""
        return self._calls

    def _plain_session(self) -> requests.Session:
        session = _PlainSession()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers = CaseInsensitiveDict(
            {
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "Connection": "keep-alive",
            }
        )
        adapter = PinningAdapter(
            self._settings.addresses,
            self._current.answers_over,
            connect_seconds=self._settings.limits.connect,
            connections=self._settings.connections,
        )
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def send(self, request: Request) -> Answer | NoAnswer:
        """The response, whatever it says, or why there is none. Never raises because of the network."""
        seconds = self._deadline.left(self._settings.limits.total)
        if seconds <= 0:
            over = Unavailable(ReasonCode.UNREACHABLE, "There was no time left to ask Jira", own_deadline=True)
            return NoAnswer(over)
        with self._lock:
            self._calls += 1
        address, started = urlsplit(request.url), time.perf_counter()
        answer: Answer | NoAnswer
        with _Watch(seconds) as watch:
            self._current.watch = watch
            try:
                answer = self._sent(request, seconds)
            except Exception as error:  # noqa: BLE001 - judged by _failure, which raises what is a bug
                slow = watch.expired or isinstance(error, _TIMEOUTS)
                answer = self._too_slow(address.netloc) if slow else _failure(error, address.netloc)
            finally:
                self._current.watch = None
        if watch.expired:
            answer = self._too_slow(address.netloc)
        status = answer.status if isinstance(answer, Answer) else None
        took = round((time.perf_counter() - started) * 1000)
        self._settings.tell(MadeCall(request.method, address.netloc, address.path, status, took))
        return answer

    def _too_slow(self, host: str) -> NoAnswer:
        """A call that reached its time-out, or that our own deadline ended, which says nothing about Jira (R9)."""
        if self._deadline.left(_A_MOMENT) < _A_MOMENT:
            ended = Unavailable(ReasonCode.UNREACHABLE, f"{host} had not answered when time ran out", own_deadline=True)
            return NoAnswer(ended, slow=True)
        return NoAnswer(_unreachable(f"{host} did not answer in time"), slow=True)

    def _sent(self, request: Request, seconds: float) -> Answer:
        proxies = self._proxies(request.url)
        prepared = self._session.prepare_request(
            requests.Request(
                request.method,
                request.url,
                params=dict(request.params),
                json=request.json,
                data=request.form,
                auth=request.auth,
            )
        )
        limits = self._settings.limits
        response = self._session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(min(limits.connect, seconds), min(limits.read, seconds)),
            proxies=proxies,
            verify=self._settings.ca_bundle or True,
        )
        with response:
            body = _whole_body(response, limits.body)
        return Answer(response.status_code, response.headers, body, self._now())

    def _proxies(self, url: str) -> dict[str, str]:
        """The proxies to use; the target is checked if its name resolves here."""
        direct = self._skip_proxy or _is_this_machine(url)
        proxy = None if direct else self._settings.https_proxy
        proxies = {"https": proxy} if proxy else {}
        if proxies:
            parts = urlsplit(url)
            problem = address_problem(f"{parts.scheme}://{parts.netloc}", self._settings.addresses)
            if problem is not None:
                raise AddressRefusedError(problem)
        return proxies


class _Watch:
    """Shuts the call's socket down after ``seconds``, and then sets ``expired``."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def uses(self, connection: socket.socket) -> None:
        """The call goes over this socket."""
        with self._lock:
            self._socket = connection
            if self.expired:
                _shut(connection)

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(connection: socket.socket) -> None:
    """Not ``SSLSocket.shutdown``, which would remove the encryption while another thread is reading."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _CurrentCall(threading.local):
    """The watch of the call that this thread makes."""

    watch: _Watch | None = None

    def answers_over(self, connection: socket.socket) -> None:
        """The answer is about to come over this socket."""
        if self.watch is not None:
            self.watch.uses(connection)


def _is_this_machine(url: str) -> bool:
    """A proxy would look for it on its own machine."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _whole_body(response: requests.Response, most: int) -> bytes:
    chunks: list[bytes] = []
    length = 0
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        length += len(chunk)
        if length > most:
            raise _TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)


def _unreachable(reason: str) -> Unavailable:
    return Unavailable(ReasonCode.UNREACHABLE, reason)


def _failure(error: Exception, host: str) -> NoAnswer:
    """What prevented the response, without the error's own text, which can contain what was sent."""
    match error:
        case AddressRefusedError():
            return NoAnswer(_unreachable(str(error)), connected=False)
        case _TooLargeError():
            return NoAnswer(
                Unavailable(ReasonCode.JIRA_ERROR, f"{host} sent a response that is too large"), too_large=True
            )
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            reason = f"No encrypted connection to {host} could be made: check its certificate"
            return NoAnswer(_unreachable(reason), connected=False)
        case requests.exceptions.ProxyError() | urllib3.exceptions.ProxyError():
            return NoAnswer(_unreachable(f"The proxy did not connect to {host}"), connected=False)
        case requests.RequestException() | urllib3.exceptions.HTTPError() | OSError():
            return _network_failure(error, host)
        case _:
            raise error


def _network_failure(error: Exception, host: str) -> NoAnswer:
    reasons = set(_chain(error))
    if reasons & {urllib3.exceptions.NameResolutionError}:
        return NoAnswer(_unreachable(f"The name {host} does not resolve"), connected=False)
    if reasons & {urllib3.exceptions.NewConnectionError}:
        return NoAnswer(_unreachable(f"{host} refused the connection"), connected=False)
    if reasons & {urllib3.exceptions.IncompleteRead, urllib3.exceptions.DecodeError}:
        return NoAnswer(Unavailable(ReasonCode.JIRA_ERROR, f"The response of {host} was cut short"))
    return NoAnswer(_unreachable(f"{host} closed the connection"))


def _chain(error: BaseException | None) -> list[type[BaseException]]:
    """The types of an error and of what it wraps."""
    found: list[type[BaseException]] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 20:  # noqa: PLR2004 - wraps are a handful deep
        one = waiting.pop()
        if isinstance(one, BaseException):
            found.append(type(one))
            waiting += [*one.args, getattr(one, "reason", None)]
    return found
