"""One HTTP call at a time, from request to whole answer, within its bounds. Knows nothing of Jira."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter
from typing import Final, Literal
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies

from ticket_status import __version__
from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import Unavailable
from ticket_status.jira.call_timer import CurrentCall, Deadline, Watch
from ticket_status.jira.pinning import PinningAdapter
from ticket_status.jira.resolution import AddressRefusedError, address_problem
from ticket_status.jira.settings import JiraSettings, MadeCall

USER_AGENT: Final = f"ticket-status/{__version__} (status of Jira tickets of policy violations)"
_CHUNK: Final = 65536


@dataclass(frozen=True, slots=True)
class Request:
    """A call to make. What it carries may be secret, so it is not shown."""

    method: Literal["GET", "POST"]
    url: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    auth: AuthBase | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Header names are matched without regard to case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime


class _TooLargeError(Exception):
    """Raised when an answer exceeds its bound."""


class _PlainSession(requests.Session):
    """A session that never looks at where a redirect leads."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would read the redirect's whole body, however large, even when told not to follow."""


class HttpSession:
    """Makes calls; connections are kept and shared between threads.

    Neither cookies nor ``.netrc`` nor redirects; proxies as the environment names them, unless ``skip_proxy``.
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
        self._current = CurrentCall()
        self._session = self._plain_session()
        self._calls = 0
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        """Calls that were begun so far."""
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
            self._current,
            connect_seconds=self._settings.limits.connect,
            connections=self._settings.connections,
        )
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def send(self, request: Request) -> Answer | Unavailable:
        """The answer, whatever it says, or why there is none. Never raises for what the network does."""
        seconds = self._deadline.left(self._settings.limits.total)
        if seconds <= 0:
            return _unreachable("There was no time left to ask Jira")
        with self._lock:
            self._calls += 1
        started = perf_counter()
        answer = self._watched(request, seconds)
        address, status = urlsplit(request.url), answer.status if isinstance(answer, Answer) else None
        took = round((perf_counter() - started) * 1000)
        self._settings.tell(MadeCall(request.method, address.netloc, address.path, status, took))
        return answer

    def _watched(self, request: Request, seconds: float) -> Answer | Unavailable:
        with Watch(seconds) as watch:
            self._current.watch = watch
            try:
                answer = self._sent(request, seconds)
            except Exception as error:  # noqa: BLE001 - judged by _failure, which raises what is a bug
                return _failure(error, urlsplit(request.url).netloc, expired=watch.expired)
            finally:
                self._current.watch = None
        return _unreachable("Jira did not answer in time") if watch.expired else answer

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
        """The proxies to use; what they would connect to is checked as far as its name resolves here."""
        direct = self._skip_proxy or _is_this_machine(url)
        proxies = {} if direct else get_environ_proxies(url)
        if proxies:
            problem = address_problem(url, self._settings.addresses)
            if problem is not None:
                raise AddressRefusedError(problem)
        return proxies


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


def _failure(error: Exception, host: str, *, expired: bool) -> Unavailable:
    """What kept the answer from coming, in words without the error's own: those can carry what was sent."""
    timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if expired or isinstance(error, timeouts):
        return _unreachable(f"{host} did not answer in time")
    match error:
        case AddressRefusedError():
            return _unreachable(str(error))
        case _TooLargeError():
            return Unavailable(ReasonCode.JIRA_ERROR, f"{host} sent more than an answer can have")
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            return _unreachable(f"No encrypted connection to {host}: check its certificate")
        case requests.exceptions.ProxyError() | urllib3.exceptions.ProxyError():
            return _unreachable(f"The proxy did not connect to {host}")
        case requests.RequestException() | urllib3.exceptions.HTTPError() | OSError():
            return _network_failure(error, host)
        case _:
            raise error


def _network_failure(error: Exception, host: str) -> Unavailable:
    reasons = set(_chain(error))
    if reasons & {urllib3.exceptions.NameResolutionError}:
        return _unreachable(f"The name of {host} does not resolve")
    if reasons & {urllib3.exceptions.NewConnectionError}:
        return _unreachable(f"{host} takes no connections")
    if reasons & {urllib3.exceptions.IncompleteRead, urllib3.exceptions.DecodeError}:
        return Unavailable(ReasonCode.JIRA_ERROR, f"The answer of {host} was not whole")
    return _unreachable(f"{host} broke the connection off")


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
