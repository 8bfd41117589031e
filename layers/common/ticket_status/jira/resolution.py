"""R18: resolving a name once, checking every address it resolves to, and connecting to just those."""

import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias

from ticket_status.core.addresses import PLAIN_HTTP, AddressRules, IPAddress, Unfit, read_address, refusal

Endpoint: TypeAlias = tuple[socket.AddressFamily, tuple[str, int]]
"""What a socket connects to: its family, and an IP address and port."""

SocketOptions: TypeAlias = Sequence[tuple[int, int, int | bytes]]

_RESOLVING = 5.0
"""Seconds for a name outside a call."""


class AddressRefusedError(Exception):
    """Raised when a name resolves to an address that is not connected to; its text is a sentence without secrets."""


def address_problem(url: str, rules: AddressRules) -> str | None:
    """Why this address is not accepted, as a sentence saying what to do; ``None`` when it is.

    Its name is resolved. One that does not resolve (now) passes with ``https``: whether it is reachable is a question
    of its own.
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
    """The addresses of a name, of every family. OSError when it has none, TimeoutError when nobody says in time.

    The operating system's resolver cannot be interrupted, so it is left behind in a thread when time is up.
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
    """A connection to the first endpoint that takes it, all of them together within ``timeout`` seconds."""
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
