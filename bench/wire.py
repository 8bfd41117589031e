"""The boundary at which calls are counted: an address before the embedded AWS that notes what passes.

It answers reads of the retrieval index, and conditional writes of its tickets, itself; everything else goes on.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING

import urllib3

from bench.counting import READS, Calls, Exchange, read_units
from ticket_status.aws.tickets.table import RETRIEVAL_INDEX

if TYPE_CHECKING:
    from bench.index import Index

_OK, _BAD_REQUEST = 200, 400
_CONDITION = b"ConditionalCheckFailed"
_LESS = {"ProjectionExpression", "Select", "FilterExpression"}
"""Members of a query that let less travel than is read."""
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


class Wire:
    """Counts calls on their way to the embedded AWS."""

    def __init__(self, aws_url: str) -> None:
        self.index: Index | None = None
        self.delay = 0.0
        """Seconds that each call takes longer: what is sent side by side then surely overlaps."""
        self.aws_url = aws_url
        self._pool = urllib3.PoolManager(maxsize=32)
        self._exchanges: list[Exchange] = []
        self._counting = False
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Wire"]:
        """Take calls until left."""
        thread = Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def counted(self, do: Callable[[], object]) -> Calls:
        """The calls that pass while something is done."""
        with self._lock:
            self._exchanges, self._counting = [], True
        do()
        with self._lock:
            self._counting = False
            return Calls(list(self._exchanges))

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answer a call, and note it."""
        begun = time.perf_counter()
        time.sleep(self.delay)
        target = headers.get("X-Amz-Target", "")
        own = self._own(target, body)
        if own is None:
            passed = self._pool.request("POST", self.aws_url, headers=headers, body=body, retries=False)
            answer = passed.status, dict(passed.headers), passed.data
        else:
            answer = 200, {"Content-Type": "application/x-amz-json-1.0"}, own
        if self._counting:
            ended = time.perf_counter()
            units = 0.0 if own is not None else self._read_units(target, headers, body, answer)
            refused = answer[0] == _BAD_REQUEST and _CONDITION in answer[2]
            with self._lock:
                self._exchanges.append(Exchange(target, body, begun, ended, units, refused))
        return answer

    def _read_units(
        self, target: str, headers: dict[str, str], body: bytes, answer: tuple[int, dict[str, str], bytes]
    ) -> float:
        """What a read costs. A query is paid for by whole items: one for less is repeated, for all that it read."""
        operation = target.rpartition(".")[2]
        if answer[0] != _OK or operation not in READS:
            return 0.0
        asked, read = json.loads(body), json.loads(answer[2])
        left_out = asked.keys() & _LESS
        if left_out and operation == "Query":
            whole = json.dumps({name: value for name, value in asked.items() if name not in left_out})
            sent = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            read = json.loads(self._pool.request("POST", self.aws_url, headers=sent, body=whole, retries=False).data)
        return read_units(operation, asked, read)

    def _own(self, target: str, body: bytes) -> bytes | None:
        if self.index is None:
            return None
        operation = target.rpartition(".")[2]
        if operation == "Query" and RETRIEVAL_INDEX.encode() in body:
            return self.index.query(json.loads(body))
        if operation == "UpdateItem":
            key = json.loads(body)["Key"]
            if "t" in key and not key["t"]["S"].startswith("#"):
                return json.dumps({"Attributes": key}).encode()
        return None


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together: two small writes would wait for an acknowledgement
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            """Answer one call."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, text = wire.answer(dict(self.headers), body)
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    return Handler
