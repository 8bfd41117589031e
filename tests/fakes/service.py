"""The API over HTTP on loopback: the functions' own routes over a world in memory, and a gateway that has trouble."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.api import InMemoryApi
from tests.fakes.samples import an_integration
from tests.fakes.stage import Stage
from ticket_status.api.call import BASE_PATH
from ticket_status.core.model import Ticket, Trigger

Response = tuple[int, object, Mapping[str, str]]
"""Status, body (bytes as they are, anything else as JSON) and headers."""

TOKEN = "token-of-the-tests"
CALL_SECONDS = 10


class Service:
    """What somebody meets who calls the API; and everything that was asked."""

    def __init__(self) -> None:
        self.stage = Stage(an_integration())
        self._api = InMemoryApi(self.stage)
        self._one_at_a_time = Lock()
        self.calls: list[tuple[str, str, Any]] = []
        """Method, path and body of each call that was carried out."""
        self.trouble: deque[Response | None] = deque()
        """Responses to the next calls, instead of carrying them out; ``None`` lets one through."""
        self.token = TOKEN
        self.most_per_page = 1000
        self.works = False
        """Whether workers do between two calls what is on the queue."""

    @property
    def links(self) -> dict[tuple[str, str, str], Ticket]:
        """The tickets, by integration, issue key and violation."""
        tickets = self.stage.tickets
        linked = ((tickets.stored[key], violation) for violation, key in tickets.links)
        return {(one.key.connection_name, one.issue_key, violation): one for one, violation in linked}

    @property
    def runs(self) -> list[str]:
        """The runs that were started by hand."""
        return [run.run_id for run in self.stage.run_store.stored.values() if run.trigger is Trigger.API]

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes, token: str | None) -> Response:
        """Carry out a call."""
        trouble = self.trouble.popleft() if self.trouble else None
        if trouble is not None:
            return trouble
        if token != f"Bearer {self.token}":
            return 401, {"message": "Unauthorized"}, {}
        self.calls.append((method, path, json.loads(body) if body else None))
        if "limit" in query:
            query["limit"] = str(min(int(query["limit"]), self.most_per_page))
        with self._one_at_a_time:
            answer = self._api(method, path, raw=body.decode() or None, query=query)
            if self.works:
                self.stage.work_off()
        return answer.status, answer.text.encode(), answer.headers


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The service at an address, until the end."""

    class Handler(BaseHTTPRequestHandler):
        timeout = CALL_SECONDS

        def log_message(self, *_: object) -> None:
            """Nothing."""

        def _do(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            path = parts.path.removeprefix(BASE_PATH)
            token = self.headers.get("Authorization")
            status, document, headers = service.answer(self.command, path, query, raw, token)
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - the names that the base class calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
