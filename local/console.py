"""The console of the local run: its files, the API page, the API and a token, on one origin, on loopback only.

On AWS a distribution does the same (``console.yaml``), and people sign in to get a token.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from local import ROOT
from local.stack import BASE_PATH

HOST = "127.0.0.1"
FILES = ROOT / "console"
SESSION = "/session.json"
API_PAGE = "api.html"

_DISTRIBUTION = "drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist"
SWAGGER_UI = {
    name: Path(str(distribution("drf-spectacular-sidecar").locate_file(f"{_DISTRIBUTION}/{name}")))
    for name in ("swagger-ui-bundle.js", "swagger-ui.css")
}
"""Swagger UI's own files, from a package that contains only those."""

CONNECTIONS = 64
LARGEST_BODY = 1_000_000
IDLE_SECONDS = 60
# The API answers within 25 seconds.
ANSWER_SECONDS = 40

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""No inline code, no other host; and no way at all to turn a text into markup."""

API_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For the API page only: Swagger UI creates markup from texts, and has icons as data URLs. No other host here
either."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
HANDED_ON = ("Authorization", "Content-Type", "Accept")
HANDED_BACK = ("Content-Type", "Retry-After")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to one request."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class ConsoleServer:
    """Serves the console of one API until left. A context manager."""

    def __init__(self, api_url: str, token: Callable[[], str], port: int = 0) -> None:
        """Prepare it; ``token`` returns a valid access token whenever the page needs one."""
        self._server = _Server(api_url, token, port)
        self.url = self._server.origin
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api_url: str, token: Callable[[], str], port: int) -> None:
        self.api_url = api_url
        self.token = token
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((HOST, port), _Handler)
        number = self.server_address[1]
        self.origin = f"http://{HOST}:{number}"
        self.names = {f"{HOST}:{number}", f"localhost:{number}"}

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class has it so
        """Handle the connection in its own thread, or close it if there are too many."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Ignore browsers that close their connections."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._is_asked_by_name():
            self._send(_text(HTTPStatus.MISDIRECTED_REQUEST, "This is not the name of this server."))
        elif path == SESSION:
            self._send(_json({"access_token": self.server.token(), "sign_in": None}))
        elif path.startswith(f"{BASE_PATH}/"):
            self._hand_on()
        else:
            self._send(_file(path))

    def do_POST(self) -> None:
        if self._is_asked_by_name() and urlsplit(self.path).path.startswith(f"{BASE_PATH}/"):
            self._hand_on()
        else:
            self._send(_text(HTTPStatus.NOT_FOUND, "There is nothing here."), last=True)

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the base class finds them by these names

    def _is_asked_by_name(self) -> bool:
        """Whether the request names this server: another host name that resolves here does not get the token."""
        return self.headers.get("Host") in self.server.names

    def _hand_on(self) -> None:
        """Forward the request to the API."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY or "/../" in self.path:
            self._send(_text(HTTPStatus.BAD_REQUEST, "This request cannot be forwarded."), last=True)
            return
        body = self.rfile.read(int(length))
        headers = {name: self.headers[name] for name in HANDED_ON if name in self.headers}
        self._send(_ask(self.command, f"{self.server.api_url}{self.path}", headers, body))

    def _send(self, reply: Reply, *, last: bool = False) -> None:
        self.send_response(reply.status)
        length = {} if reply.status == HTTPStatus.NO_CONTENT else {"Content-Length": str(len(reply.body))}
        closing = {"Connection": "close"} if last else {}  # a body that was not read is in the way of what follows
        kind = {"Content-Type": reply.content_type}
        for name, value in (HEADERS | kind | dict(reply.headers) | length | closing).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class has it so
        """Keep the terminal quiet."""


def _ask(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    try:
        with requests.Session() as http:
            http.trust_env = False
            answer = http.request(
                method, url, headers=dict(headers), data=body, timeout=ANSWER_SECONDS, allow_redirects=False
            )
    except requests.RequestException:
        return _text(HTTPStatus.BAD_GATEWAY, "The API does not answer.")
    kept = {name: answer.headers[name] for name in HANDED_BACK if name in answer.headers}
    return Reply(answer.status_code, kept.pop("Content-Type", "application/json"), answer.content, kept)


def files() -> dict[str, Path]:
    """All files of the console by address: its own, the API document, and the viewer of that."""
    own = {path.relative_to(FILES).as_posix(): path for path in sorted(FILES.rglob("*")) if path.suffix in TYPES}
    parts = {f"swagger-ui/{name}": path for name, path in SWAGGER_UI.items()}
    return {**own, **parts, "openapi.yaml": ROOT / "docs" / "openapi.yaml"}


def _file(path: str) -> Reply:
    """One of those files; no other file can be requested."""
    wanted = path.removeprefix("/") or "index.html"
    found = files().get(wanted)
    if found is None:
        return _text(HTTPStatus.NOT_FOUND, "There is nothing here.")
    policy = {"Content-Security-Policy": API_PAGE_POLICY} if wanted == API_PAGE else {}
    return Reply(HTTPStatus.OK, TYPES[found.suffix], found.read_bytes(), policy)


def _json(document: Mapping[str, object]) -> Reply:
    return Reply(HTTPStatus.OK, "application/json", json.dumps(document).encode())


def _text(status: HTTPStatus, text: str) -> Reply:
    return Reply(status, "text/plain; charset=utf-8", f"{text}\n".encode())
