"""How long a call may take: the moment when everything has to be over, and the watch that ends a call then.

A read time-out only bounds silence; a server that drips a byte every second never meets it.
"""

import contextlib
import socket
import threading
import time
from datetime import datetime
from types import TracebackType
from typing import Self

from msgspec import Struct


class Deadline(Struct, frozen=True):
    """``at`` is on the monotonic clock, in seconds; ``None`` is never."""

    at: float | None = None

    @classmethod
    def of(cls, deadline: datetime | None, now: datetime) -> Self:
        """The deadline that was given as a time of day."""
        return cls(None if deadline is None else time.monotonic() + (deadline - now).total_seconds())

    def left(self, most: float) -> float:
        """Seconds left, capped at ``most``; zero or negative once the deadline has passed."""
        return most if self.at is None else min(most, self.at - time.monotonic())

    def within(self, seconds: float) -> "Deadline":
        """This deadline, or so many seconds from now if that is earlier."""
        return Deadline(time.monotonic() + self.left(seconds))


class Watch:
    """Shuts the call's socket down after ``seconds``; ``expired`` tells that it did."""

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
    """Not ``SSLSocket.shutdown``, which would take the encryption away from under a reader in another thread."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class CurrentCall(threading.local):
    """The watch of the call that this thread makes."""

    watch: Watch | None = None
