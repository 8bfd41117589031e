"""A service on a port: HTTP/1.1 with keep-alive, on the loopback address only."""

import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Protocol

from sample_jira.messages import Answer, Request

HOST = "127.0.0.1"
IDLE = 120  # seconds until a silent connection is closed
BACKLOG = 256  # connections waiting to be accepted


class Served(Protocol):
    """What a listener needs of a service."""

    def serve(self, request: Request, send: Callable[[Answer], None]) -> None:
        """Answer a request."""

    def date(self) -> str:
        """The present, as the Date header has it."""


class Listener:
    """Serves a service on a port (a free one for 0) until closed."""

    def __init__(self, service: Served, port: int = 0) -> None:
        self._server = _Server(service, port)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}"
        self._thread = Thread(target=self._server.serve_until_stopped, daemon=True)
        self._thread.start()

    def serve(self, service: Served) -> None:
        """Let another service answer on this port."""
        self._server.service = service

    def close(self) -> None:
        """Refuse connections from now on, end those there are, wake every wait."""
        self._server.stopping.set()
        socket.create_connection((HOST, self.port)).close()  # wakes the thread that accepts
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = BACKLOG

    def __init__(self, service: Served, port: int) -> None:
        self.service = service
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()
        super().__init__((HOST, port), _Handler)

    def serve_until_stopped(self) -> None:
        """Accept connections; a last one wakes it up once it is to stop."""
        while not self.stopping.is_set():
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class has it so
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base class has it so
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Shut the connections down; their threads wake up and close them."""
        with self._open_lock:
            for connection in self._open:
                _shut_down(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class has it so
        """Pass over clients that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the second write of an answer waits for an ACK
    timeout = IDLE
    server: _Server

    def _exchange(self) -> None:
        service = self.server.service
        service.serve(self._request(), lambda answer: self._deliver(answer, service.date()))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _exchange  # noqa: N815 - http.server looks these names up

    def _request(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, self.rfile.read(length))

    def _deliver(self, answer: Answer, date: str) -> None:
        how = answer.delivery
        self._wait(how.before)
        if how.silent or self.server.stopping.is_set():
            self.close_connection = True
            return
        head = self._head(answer, date)
        body = answer.body[: int(len(answer.body) * how.share)]
        if how.midway or how.per_chunk:
            self._send_slowly(head, body, answer)
        else:
            self.wfile.write(head + body)
        if how.share < 1:
            self.close_connection = True

    def _send_slowly(self, head: bytes, body: bytes, answer: Answer) -> None:
        how = answer.delivery
        half = len(body) // 2
        self.wfile.write(head)
        step = how.chunk if how.per_chunk else half or 1
        for start in range(0, len(body), step):
            self._wait(how.per_chunk or how.midway * (start > 0))
            if self.server.stopping.is_set():
                self.close_connection = True
                return
            self.wfile.write(body[start : start + step])

    def _head(self, answer: Answer, date: str) -> bytes:
        reason = self.responses.get(answer.status, ("",))[0]
        headers = {"Date": date, **answer.headers, "Content-Length": str(len(answer.body))}
        if answer.content_type:
            headers["Content-Type"] = answer.content_type
        lines = [f"HTTP/1.1 {answer.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _wait(self, seconds: float) -> None:
        if seconds:
            self.server.stopping.wait(seconds)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base class has it so
        """Keep quiet: the log of requests is kept by the service."""


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster
