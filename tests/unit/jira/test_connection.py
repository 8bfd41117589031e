"""R18 and the transport: where the bytes go, whatever a name says, and what never goes along."""

import gzip
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from ticket_status import __version__
from ticket_status.core.addresses import AddressRules
from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import Unavailable
from ticket_status.jira import pinning
from ticket_status.jira.pinning import Endpoint, address_problem
from ticket_status.jira.session import USER_AGENT, Answer, HttpSession, NoAnswer, Request
from ticket_status.jira.settings import JiraSettings, Limits

LOOPBACK = AddressRules(allow_loopback=True)
BRIEF = Limits(connect=0.5, read=0.5, total=1)
"""Bounds of a call that is waited out. Everywhere else the usual ones hold, which no busy machine reaches."""
FAR_BELOW_THE_USUAL = 15
"""Seconds after which a call has ended by its brief bounds, and not by the usual ones: 20 and 60 s."""
SMALL = Limits(body=100_000)
NAME = "jira.example.com"


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers every call the same way and remembers what it was sent."""

    protocol_version = "HTTP/1.1"
    answer: ClassVar[Callable[["Recorder"], None]]
    seen: ClassVar[list[dict[str, str]]]

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, "client": str(self.client_address[1]), **dict(self.headers)})
        type(self).answer(self)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def say(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(
    answer: Callable[[Recorder], None], context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A server on a loopback port, and what it was sent."""

    class Handler(Recorder):
        seen: ClassVar[list[dict[str, str]]] = []

    Handler.answer = answer
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that leave are what is tested
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1], Handler.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def session(rules: AddressRules = LOOPBACK, **changes: object) -> HttpSession:
    settings = replace(JiraSettings(addresses=rules), **changes)
    return HttpSession(settings, lambda: datetime.now(UTC), skip_proxy=True)


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str, port: int | None = None) -> None:
    """Let every name stand for these addresses."""

    def look_up(_host: str, asked_port: int) -> list[Endpoint]:
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(families[ip_address(one).version], (one, port or asked_port)) for one in addresses]

    monkeypatch.setattr(pinning, "_look_up", look_up)


def fine(handler: Recorder) -> None:
    handler.say(b"{}")


def test_calls_say_who_asks_and_want_json_and_keep_the_connection() -> None:
    with serving(fine) as (port, seen):
        connection = session()
        for _ in range(3):
            assert isinstance(connection.send(Request("GET", f"http://127.0.0.1:{port}/x", {"a": "b"})), Answer)
    assert seen[0]["User-Agent"] == USER_AGENT
    assert USER_AGENT.startswith(f"ticket-status/{__version__} ")
    assert seen[0]["Accept"] == "application/json"
    assert seen[0]["path"] == "/x?a=b"
    assert len({one["client"] for one in seen}) == 1
    assert connection.calls == 3


def test_cookies_are_not_kept_and_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login us password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(lambda handler: handler.say(b"{}", Set_Cookie="a=b; Path=/")) as (port, seen):
        connection = session()
        for _ in range(2):
            connection.send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert [name for one in seen for name in one if name in {"Cookie", "Authorization"}] == []


def test_a_redirect_is_answered_as_it_is_and_not_followed() -> None:
    def redirect(handler: Recorder) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://127.0.0.1:1/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving(redirect) as (port, seen):
        answer = session().send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(answer, Answer)
    assert (answer.status, len(seen)) == (302, 1)


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["8.8.8.8", "::1"],
        ["::ffff:10.0.0.1"],
        ["fe80::1"],
    ],
)
def test_a_name_is_refused_when_any_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    named(monkeypatch, *addresses)
    assert address_problem(f"https://{NAME}", AddressRules()) is not None
    answer = session(AddressRules()).send(Request("GET", f"https://{NAME}/"))
    assert isinstance(answer, NoAnswer)
    assert answer.trouble.reason_code is ReasonCode.UNREACHABLE
    assert "resolves to" in answer.trouble.reason


def test_a_name_that_does_not_resolve_passes_registration_and_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinning, "_look_up", lambda _host, _port: socket.gaierror(socket.EAI_NONAME, "no"))
    assert address_problem(f"https://{NAME}", AddressRules()) is None
    answer = session().send(Request("GET", f"https://{NAME}/"))
    assert answer == NoAnswer(Unavailable(ReasonCode.UNREACHABLE, f"The name {NAME} does not resolve"), connected=False)


def test_http_goes_to_loopback_only_whatever_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "8.8.8.8")
    answer = session(AddressRules(allow_private=True, allow_loopback=True)).send(Request("GET", f"http://{NAME}/"))
    assert isinstance(answer, NoAnswer)
    assert "http is allowed only for loopback" in answer.trouble.reason


def test_http_is_refused_at_registration_for_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinning, "_look_up", lambda _host, _port: socket.gaierror(socket.EAI_NONAME, "no"))
    problem = address_problem(f"http://{NAME}", LOOPBACK)
    assert problem == "The address is not accepted: http is allowed only for loopback addresses; use https"


def test_the_name_is_resolved_once_and_what_was_checked_is_what_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with serving(fine) as (port, seen):

        def look_up(_host: str, _port: int) -> list[Endpoint]:
            return [(socket.AF_INET, (one, port)) for one in answers.pop(0)]

        monkeypatch.setattr(pinning, "_look_up", look_up)
        assert isinstance(session().send(Request("GET", f"http://{NAME}/")), Answer)
    assert len(answers) == 1
    assert seen[0]["Host"] == NAME


def test_the_next_address_is_tried_when_one_takes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(fine) as (port, _):
        named(monkeypatch, "::1", "127.0.0.1", port=port)
        assert isinstance(session().send(Request("GET", f"http://{NAME}/")), Answer)


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(_host: str, _port: int) -> list[Endpoint]:
        over.wait(60)
        return []

    monkeypatch.setattr(pinning, "_look_up", hang)
    started = time.monotonic()
    answer = session(limits=BRIEF).send(Request("GET", f"http://{NAME}/"))
    over.set()
    assert time.monotonic() - started < FAR_BELOW_THE_USUAL
    assert answer == NoAnswer(Unavailable(ReasonCode.UNREACHABLE, f"{NAME} did not answer in time"), slow=True)


# TLS


def certified(tmp_path: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate for this name, and the file of who signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, str(pem)


def test_the_certificate_is_checked_against_the_name_and_not_the_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context, authority = certified(tmp_path, NAME)
    asked_for: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with serving(fine, context) as (port, seen):
        named(monkeypatch, "127.0.0.1", port=port)
        answer = session(ca_bundle=authority).send(Request("GET", f"https://{NAME}/"))
        assert isinstance(answer, Answer), answer
        other = session(ca_bundle=authority).send(Request("GET", "https://other.example.com/"))
        unknown = session().send(Request("GET", f"https://{NAME}/"))
    assert asked_for[0] == NAME
    assert seen == [seen[0]]
    for refused in (other, unknown):
        assert isinstance(refused, NoAnswer)
        assert "certificate" in refused.trouble.reason


def test_a_drip_over_tls_ends_with_the_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context, authority = certified(tmp_path, NAME)
    with serving(drip_headers, context) as (port, _):
        named(monkeypatch, "127.0.0.1", port=port)
        started = time.monotonic()
        answer = session(ca_bundle=authority, limits=BRIEF).send(Request("GET", f"https://{NAME}/"))
    assert isinstance(answer, NoAnswer)
    assert time.monotonic() - started < FAR_BELOW_THE_USUAL


# Bounds


def drip_headers(handler: Recorder) -> None:
    for _ in range(600):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def test_a_server_that_drips_its_headers_is_left_in_time() -> None:
    with serving(drip_headers) as (port, _):
        started = time.monotonic()
        answer = session(limits=BRIEF).send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(answer, NoAnswer)
    assert answer.trouble.reason_code is ReasonCode.UNREACHABLE
    assert time.monotonic() - started < FAR_BELOW_THE_USUAL


def test_an_answer_that_ends_with_its_connection_is_not_believed_when_time_ended_it() -> None:
    def endless(handler: Recorder) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        drip_headers(handler)

    with serving(endless) as (port, _):
        assert isinstance(session(limits=BRIEF).send(Request("GET", f"http://127.0.0.1:{port}/")), NoAnswer)


def test_the_bound_of_an_answer_counts_what_is_unpacked() -> None:
    packed = gzip.compress(b" " * 5_000_000)
    assert len(packed) < SMALL.body
    with serving(lambda handler: handler.say(packed, Content_Encoding="gzip")) as (port, _):
        answer = session(limits=SMALL).send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(answer, NoAnswer)
    assert answer.trouble.reason_code is ReasonCode.JIRA_ERROR


def test_a_packed_answer_is_unpacked() -> None:
    with serving(lambda handler: handler.say(gzip.compress(b"{}"), Content_Encoding="gzip")) as (port, _):
        answer = session().send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(answer, Answer)
    assert answer.body == b"{}"


def test_a_broken_packing_is_no_whole_answer() -> None:
    with serving(lambda handler: handler.say(b"not packed", Content_Encoding="gzip")) as (port, _):
        answer = session().send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(answer, NoAnswer)
    assert answer.trouble.reason_code is ReasonCode.JIRA_ERROR


# Proxies


def through_proxy(monkeypatch: pytest.MonkeyPatch, *, skip_proxy: bool) -> tuple[list[dict[str, str]], object]:
    with serving(fine) as (port, seen):
        monkeypatch.setattr(Recorder, "do_CONNECT", Recorder.do_GET, raising=False)
        settings = JiraSettings(https_proxy=f"http://127.0.0.1:{port}")
        made = HttpSession(settings, lambda: datetime.now(UTC), skip_proxy=skip_proxy)
        return seen, made.send(Request("GET", f"https://{NAME}/"))


def test_the_proxy_is_asked_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "8.8.8.8")
    seen, answer = through_proxy(monkeypatch, skip_proxy=False)
    assert [one["path"] for one in seen] == [f"{NAME}:443"]
    assert isinstance(answer, NoAnswer)


def test_skip_proxy_asks_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "10.0.0.1")
    seen, _ = through_proxy(monkeypatch, skip_proxy=True)
    assert seen == []


def test_a_proxy_is_not_asked_for_addresses_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "169.254.169.254")
    seen, answer = through_proxy(monkeypatch, skip_proxy=False)
    assert seen == []
    assert isinstance(answer, NoAnswer)


def test_a_proxy_that_the_environment_names_is_none_of_jira_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(fine) as (port, _):
        made = HttpSession(JiraSettings(addresses=LOOPBACK), lambda: datetime.now(UTC))
        assert isinstance(made.send(Request("GET", f"http://127.0.0.1:{port}/")), Answer)


def test_a_jira_on_this_machine_is_not_asked_for_at_a_proxy() -> None:
    with serving(fine) as (port, _):
        settings = JiraSettings(addresses=LOOPBACK, https_proxy="http://127.0.0.1:1")
        made = HttpSession(settings, lambda: datetime.now(UTC))
        assert isinstance(made.send(Request("GET", f"http://127.0.0.1:{port}/")), Answer)
