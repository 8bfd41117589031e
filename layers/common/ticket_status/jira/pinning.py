"""The transport of ``requests``, connecting to the very addresses that were checked (R18).

Only where the bytes go is decided here: ``Host``, SNI and the certificate's name stay those of the address as
written. A proxy is connected to as its operator named it.
"""

import socket
import time
from functools import partial
from typing import Any, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse

from ticket_status.core.addresses import AddressRules
from ticket_status.jira.call_timer import CurrentCall
from ticket_status.jira.resolution import checked, connect, resolve


class _Dialler:
    """Makes connections, and tells the watch of the call over which one it goes."""

    def __init__(self, rules: AddressRules, current: CurrentCall, connect_seconds: float) -> None:
        self._rules = rules
        self._current = current
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

    def watch(self, connection: HTTPConnection) -> None:
        """Let the call's watch end this connection, from the first byte of the answer on."""
        watch = self._current.watch
        if watch is not None and isinstance(connection.sock, socket.socket):
            watch.uses(connection.sock)


class _WatchedHTTPConnection(HTTPConnection):
    """To a proxy, for an unencrypted site: not to be pinned, but to be ended in time."""

    dialler: _Dialler

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        self.dialler.watch(self)
        return super().getresponse()


class _WatchedHTTPSConnection(HTTPSConnection):
    """Through a proxy, for an encrypted site."""

    dialler: _Dialler

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        self.dialler.watch(self)
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
    """Keeps up to ``connections`` open, and more while more are needed."""

    def __init__(self, rules: AddressRules, current: CurrentCall, *, connect_seconds: float, connections: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=connections)
        self._dialler = _Dialler(rules, current, connect_seconds)

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
