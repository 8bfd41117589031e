"""R18: a name is resolved once, every address of it is checked, and ``requests`` connects to just those.

This decides only where the bytes go: ``Host``, SNI and the certificate's name stay those of the address as written. A
proxy's address is used as given.
"""

import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse

from ticket_status.core.addresses import PLAIN_HTTP, AddressRules, IPAddress, Unfit, read_address, refusal

Endpoint: TypeAlias = tuple[socket.AddressFamily, tuple[str, int]]
"""What a socket connects to: its family, and an IP address and port."""

SocketOptions: TypeAlias = Sequence[tuple[int, int, int | bytes]]

_RESOLVING = 5.0
"""Seconds for a name outside a call."""


class AddressRefusedError(Exception):
    """Raised when a name resolves to a forbidden address; its text is a sentence without secrets."""


def address_problem(url: str, rules: AddressRules) -> str | None:
    """Why this address is not accepted, as a sentence saying what to do; ``None`` if it is.

    Its name is resolved. With ``https``, a name that does not resolve now passes: reachability is checked elsewhere.
    """
    address = read_address(url, rules)
    if isinstance(address, Unfit):
        return address.problem
    try:
        endpoints = resolve(address.host, address.port, _RESOLVING)
        checked(endpoints, rules, address.host, plain_http=address.scheme == "http")
    except AddressRefusedError as refused:
        return str(refused)
    except OSError:
        return f"The address is not accepted: {PLAIN_HTTP}" if address.scheme == "http" else None
    return None


def resolve(host: str, port: int, timeout: float) -> list[Endpoint]:
    """The addresses of a name, of every family. OSError if it has none, TimeoutError if time runs out.

    The operating system's resolver cannot be interrupted, so it is left running in a thread.
    """
    outcome: SimpleQueue[list[Endpoint] | OSError] = SimpleQueue()
    Thread(target=lambda: outcome.put(_look_up(host, port)), daemon=True).start()
    try:
        found = outcome.get(timeout=max(timeout, 0))
    except Empty:
        raise TimeoutError(f"the name {host} was not resolved in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _look_up(host: str, port: int) -> list[Endpoint] | OSError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    except UnicodeError:
        return socket.gaierror(socket.EAI_NONAME, "not a host name")
    return [(family, (str(sockaddr[0]), port)) for family, _, _, _, sockaddr in found]


def checked(endpoints: Sequence[Endpoint], rules: AddressRules, host: str, *, plain_http: bool) -> Sequence[Endpoint]:
    """These endpoints, when each of them is allowed; AddressRefusedError when any is not."""
    for _, (address, _) in endpoints:
        problem = refusal(_ip(address), rules, plain_http=plain_http)
        if problem is not None:
            raise AddressRefusedError(f"{host} resolves to {address}, which is not allowed: {problem}")
    return endpoints


def _ip(address: str) -> IPAddress:
    return ip_address(address.partition("%")[0])


def connect(endpoints: Sequence[Endpoint], timeout: float, options: SocketOptions) -> socket.socket:
    """A connection to the first endpoint that accepts it, within ``timeout`` seconds for all of them."""
    over = time.monotonic() + timeout
    failure: OSError = OSError("the name has no address")
    for tried, endpoint in enumerate(endpoints):
        share = (over - time.monotonic()) / (len(endpoints) - tried)
        if share <= 0:
            raise TimeoutError("connecting took too long") from failure
        try:
            return _connected(endpoint, share, options)
        except OSError as error:
            failure = error
    raise failure


def _connected(endpoint: Endpoint, timeout: float, options: SocketOptions) -> socket.socket:
    family, address = endpoint
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in options:
            connection.setsockopt(*option)
        connection.settimeout(timeout)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


class _Dialler:
    """Makes connections, and tells over which one an answer is about to come."""

    def __init__(
        self, rules: AddressRules, answers_over: Callable[[socket.socket], None], connect_seconds: float
    ) -> None:
        self._rules = rules
        self._answers_over = answers_over
        self._connect_seconds = connect_seconds

    def dial(self, connection: HTTPConnection, *, plain_http: bool) -> socket.socket:
        """A socket to an address of the connection's host, all of which are allowed."""
        host = connection._dns_host  # noqa: SLF001 - urllib3's name as given, a final dot kept
        seconds = self._connect_seconds if connection.timeout is None else connection.timeout
        over = time.monotonic() + seconds
        try:
            endpoints = checked(resolve(host, connection.port, seconds), self._rules, host, plain_http=plain_http)
            return connect(endpoints, over - time.monotonic(), connection.socket_options or ())
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, str(error)) from error
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error

    def tell(self, connection: HTTPConnection) -> None:
        """Let the caller close this connection from now on: the response is about to be read."""
        if isinstance(connection.sock, socket.socket):
            self._answers_over(connection.sock)


class _WatchedHTTPConnection(HTTPConnection):
    """To a proxy, for an unencrypted site: not pinned, but ended in time."""

    dialler: _Dialler

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        self.dialler.tell(self)
        return super().getresponse()


class _WatchedHTTPSConnection(HTTPSConnection):
    """Through a proxy, for an encrypted site."""

    dialler: _Dialler

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        self.dialler.tell(self)
        return super().getresponse()


class _PinnedHTTPConnection(_WatchedHTTPConnection):
    def _new_conn(self) -> socket.socket:
        return self.dialler.dial(self, plain_http=True)


class _PinnedHTTPSConnection(_WatchedHTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return self.dialler.dial(self, plain_http=False)


_CLASSES: dict[tuple[str, bool], type[_WatchedHTTPConnection | _WatchedHTTPSConnection]] = {
    ("http", False): _PinnedHTTPConnection,
    ("https", False): _PinnedHTTPSConnection,
    ("http", True): _WatchedHTTPConnection,
    ("https", True): _WatchedHTTPSConnection,
}
"""By the site's scheme, and whether there is a proxy."""


def _made(
    kind: type[_WatchedHTTPConnection | _WatchedHTTPSConnection],
    dialler: _Dialler,
    host: str,
    **options: Any,  # noqa: ANN401 - urllib3's own, passed on
) -> HTTPConnection:
    connection = kind(host, **options)
    connection.dialler = dialler
    return connection


class PinningAdapter(HTTPAdapter):
    """Keeps up to ``connections`` open, and opens more while needed."""

    def __init__(
        self,
        rules: AddressRules,
        answers_over: Callable[[socket.socket], None],
        *,
        connect_seconds: float,
        connections: int,
    ) -> None:
        super().__init__(pool_connections=4, pool_maxsize=connections)
        self._dialler = _Dialler(rules, answers_over, connect_seconds)

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 - requests' own signature
        proxies: Any = None,  # noqa: ANN401 - requests' own signature
        cert: Any = None,  # noqa: ANN401 - requests' own signature
    ) -> HTTPConnectionPool:
        """The pool for this request, made to connect as it should."""
        made = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        pool = cast("HTTPConnectionPool", made)
        kind = _CLASSES[str(pool.scheme), pool.proxy is not None]
        pool.ConnectionCls = cast("Any", partial(_made, kind, self._dialler))
        return pool
