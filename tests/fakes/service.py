"""The API as the command line meets it, in memory, over HTTP on loopback.

It behaves as the API document says for what the command line calls; a test says what goes wrong and when.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Document = dict[str, Any]
Answer = tuple[int, object, dict[str, str]]

BASE_PATH = "/api/v1/ticketing"
TOKEN = "token-of-the-tests"
CALL_SECONDS = 10


class ProblemError(Exception):
    """Raised to answer with a problem document."""

    def __init__(self, status: int, code: str, detail: str, **members: object) -> None:
        super().__init__(code)
        self.answer: Answer = (status, {"status": status, "code": code, "detail": detail, **members}, {})


@dataclass
class Service:
    """Integrations, links and tickets; and everything that was asked."""

    integrations: dict[str, Document] = field(default_factory=dict)
    links: dict[tuple[str, str, str], Document] = field(default_factory=dict)
    """By integration, issue key and violation."""
    shown: dict[str, Document] = field(default_factory=dict)
    """What a ticket shows by its key, beside what every ticket has."""
    runs: list[str] = field(default_factory=list)
    """Integrations for which a run was started."""
    calls: list[tuple[str, str, Document]] = field(default_factory=list)
    """Method, path and body of each call that was carried out."""
    trouble: deque[Answer | None] = field(default_factory=deque)
    """Answers to the next calls, instead of carrying them out; ``None`` lets one through."""
    token: str = TOKEN
    page: int = 1000
    run_state: str = "succeeded"

    def add(self, name: str, **changes: object) -> None:
        """Let there be an integration."""
        health = {"status": "HEALTHY_INTEGRATION", "reason_code": None, "reason": "", "since": None, "checked_at": None}
        self.integrations[name] = {
            "connection_name": name,
            "installation_type": "cloud",
            "auth_type": "basic",
            "jira_server_url": "https://abc.atlassian.net",
            "health": health,
            "retrieve_jira_tickets": True,
            "paused_until": None,
            "last_sync": None,
            **changes,
        }

    def tickets(self, name: str) -> list[Document]:
        """The tickets of an integration, each once."""
        found: dict[str, Document] = {}
        for (integration, key, violation), link in self.links.items():
            if integration == name:
                ticket = found.setdefault(key, self._ticket(link))
                ticket["violation_ids"].append(violation)
                ticket["violations"] += 1
        return list(found.values())

    def _ticket(self, link: Document) -> Document:
        return {
            "ticket_no": link["issue_key"],
            "issue_id": link.get("issue_id"),
            "ticket_url": f"https://abc.atlassian.net/browse/{link['issue_key']}",
            "integration_name": link["integration_name"],
            "created_at": link["created_at"],
            "ticket_status": "To Do",
            "ticket_status_category": "new",
            "unknown_reason": None,
            "last_known_status": "To Do",
            "last_update": "2026-11-22T08:00:00Z",
            "ticket_status_since": "2026-11-20T08:00:00Z",
            "refresh_state": "active",
            "violation_ids": [],
            "violations": 0,
            **self.shown.get(link["issue_key"], {}),
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str | None) -> Answer:  # noqa: ANN401 - any JSON
        """Carry out a call."""
        trouble = self.trouble.popleft() if self.trouble else None
        if trouble is not None:
            return trouble
        if token != f"Bearer {self.token}":
            return 401, {"message": "Unauthorized"}, {}
        self.calls.append((method, path, body))
        for route_method, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and route_method == method:
                try:
                    return 200, handler(self, *map(unquote, match.groups()), query=query, body=body), {}
                except ProblemError as problem:
                    return problem.answer
        return 403, {"message": "Missing Authentication Token"}, {}

    # --- Routes -----------------------------------------------------------------------------------------------------

    def integration(self, name: str, **_: object) -> Document:
        """One integration."""
        if name not in self.integrations:
            raise ProblemError(404, "integration_not_found", f"There is no integration named {name}.")
        return self.integrations[name]

    def list_integrations(self, **_: object) -> Document:
        """All of them, on one page."""
        return {"integrations": list(self.integrations.values())}

    def create(self, *, body: Document, **_: object) -> Document:
        """Create one."""
        if body["connection_name"] in self.integrations:
            raise ProblemError(409, "integration_exists", "There is an integration of this name.")
        self.add(name=body["connection_name"], auth_type=body["auth_type"])
        return self.integrations[body["connection_name"]]

    def edit(self, name: str, *, body: Document, **_: object) -> Document:
        """Edit one; a password that is too long does not fit."""
        if len(body.get("password", "")) > 100:
            errors = [{"pointer": "#/password", "detail": "must have at most 100 characters"}]
            raise ProblemError(422, "invalid_request", "password", errors=errors)
        return self.integration(name)

    def remove(self, name: str, **_: object) -> Document:
        """Delete one."""
        self.integration(name)
        del self.integrations[name]
        return {}

    def sync(self, name: str, **_: object) -> Document:
        """Start a run."""
        if not self.integration(name)["retrieve_jira_tickets"]:
            raise ProblemError(409, "retrieval_disabled", "Retrieve Jira Tickets is off.")
        self.runs.append(name)
        return {"run_id": f"run-{len(self.runs)}"}

    def run(self, name: str, run_id: str, **_: object) -> Document:
        """A run, which has ended."""
        self.integration(name)
        return {
            "run_id": run_id,
            "state": self.run_state,
            "completed_at": "2026-11-22T08:00:09Z",
            "progress": {"tickets_total": 2, "tickets_done": 2},
            "counts": {"changed": 1},
            "error": None if self.run_state == "succeeded" else "Jira said no",
        }

    def settings(self, name: str, *, body: Document | None = None, **_: object) -> Document:
        """The toggle, read or set."""
        known = self.integration(name)
        if body is None:
            return {"retrieve_jira_tickets": known["retrieve_jira_tickets"]}
        known |= body
        return {**body, "run_id": None}

    def test(self, name: str, **_: object) -> Document:
        """Test Integration."""
        health = self.integration(name)["health"]
        well = health["status"] == "HEALTHY_INTEGRATION"
        checks = [
            {"name": "reachable", "ok": True, "detail": "ok"},
            {"name": "authenticated", "ok": well, "detail": "?"},
        ]
        return {**health, "reason": health["reason"] or "well", "checks": checks, "missing_scopes": []}

    def webhook(self, name: str, *, body: Document | None = None, **_: object) -> Document:
        """The webhook, read or set up."""
        self.integration(name)
        if body is None:
            return {"state": "awaiting", "mode": "manual", "counts_24h": {"accepted": 3}, "missed_24h": 0}
        return {**body, "url": "https://x/hooks/1", "secret": "shown-once", "steps": ["Open Jira.", "Paste it."]}

    def recheck(self, name: str, issue: str = "", **_: object) -> Document:
        """Look at one ticket, or at all."""
        self.integration(name)
        return {"ticket_no": issue, "ticket_status": "Done"} if issue else {"run_id": "run-of-recheck"}

    def authorise(self, name: str, **_: object) -> Document:
        """Begin an authorisation."""
        self.integration(name)
        return {"authorization_url": "https://auth.example.com/authorize?x", "expires_at": "2026-11-22T08:10:00Z"}

    def summary(self, name: str, **_: object) -> Document:
        """Counts."""
        number = len(self.tickets(name))
        status = {"ticket_status": "To Do", "ticket_status_category": "new", "tickets": number}
        return {"as_of": None, "tickets": number, "by_status": [status], "unknown": {}, "outside_window": 0}

    def register(self, *, body: Document, **_: object) -> Document:
        """Register tickets."""
        rejected = []
        for index, one in enumerate(body["tickets"]):
            if one["integration_name"] not in self.integrations:
                rejected.append({"index": index, "code": "integration_not_found", "detail": "no such integration"})
            else:
                self.links.setdefault((one["integration_name"], one["issue_key"], one["violation_id"]), one)
        return {"registered": len(body["tickets"]) - len(rejected), "rejected": rejected}

    def unregister(self, *, body: Document, **_: object) -> Document:
        """Remove links."""
        for one in body["tickets"]:
            for known in [*self.links]:
                names = (self.links[known]["issue_key"], self.links[known].get("issue_id"))
                if known[0] == one["integration_name"] and known[2] == one["violation_id"]:
                    wanted = (one.get("issue_key"), one.get("issue_id"))
                    if any(name and name == want for name, want in zip(names, wanted, strict=True)):
                        del self.links[known]
        return {"unregistered": len(body["tickets"]), "rejected": []}

    def list_tickets(self, *, query: dict[str, str], **_: object) -> Document:
        """Tickets by number, or a page of those of an integration."""
        if "ticket_no" in query:
            all_ = [one for name in self.integrations for one in self.tickets(name)]
            return {"tickets": [one for one in all_ if one["ticket_no"] == query["ticket_no"]]}
        self.integration(query["integration_name"])
        found, start = self.tickets(query["integration_name"]), int(query.get("next_token", 0))
        page = found[start : start + self.page]
        page = [one for one in page if query.get("status") in (None, one["ticket_status"])]
        following = {"next_token": str(start + self.page)} if start + self.page < len(found) else {}
        return {"tickets": page, **following}

    def violation(self, violation_id: str, **_: object) -> Document:
        """The tickets of a violation."""
        links = [link for (_, _, violation), link in self.links.items() if violation == violation_id]
        if not links:
            raise ProblemError(404, "violation_not_found", "No ticket is known for this violation.")
        tickets = [self._ticket(link) for link in links]
        return {"violation_id": violation_id, "resources": [], "tickets": tickets, "last_update": None}

    def refresh(self, *, body: Document, **_: object) -> Document:
        """Refresh several violations."""
        known = {violation for (_, _, violation) in self.links}
        found = {one: self.violation(one) for one in body["violation_ids"] if one in known}
        for each in found.values():
            for ticket in each["tickets"]:
                ticket["refresh"] = ticket.get("refresh", {"outcome": "unchanged", "reason": None})
        return {"violations": found}


ROUTES: list[tuple[str, str, Callable[..., Document]]] = [
    ("GET", "/jira-integrations", Service.list_integrations),
    ("POST", "/jira-integrations", Service.create),
    ("GET", "/jira-integrations/([^/]+)", Service.integration),
    ("PATCH", "/jira-integrations/([^/]+)", Service.edit),
    ("DELETE", "/jira-integrations/([^/]+)", Service.remove),
    ("POST", "/jira-integrations/([^/]+)/sync", Service.sync),
    ("GET", "/jira-integrations/([^/]+)/sync-runs/([^/]+)", Service.run),
    ("GET", "/jira-integrations/([^/]+)/settings", Service.settings),
    ("PUT", "/jira-integrations/([^/]+)/settings", Service.settings),
    ("POST", "/jira-integrations/([^/]+)/test", Service.test),
    ("GET", "/jira-integrations/([^/]+)/webhook", Service.webhook),
    ("PUT", "/jira-integrations/([^/]+)/webhook", Service.webhook),
    ("DELETE", "/jira-integrations/([^/]+)/webhook", Service.integration),
    ("POST", "/jira-integrations/([^/]+)/tickets/recheck", Service.recheck),
    ("POST", "/jira-integrations/([^/]+)/tickets/([^/]+)/recheck", Service.recheck),
    ("POST", "/jira-integrations/([^/]+)/oauth2/authorization", Service.authorise),
    ("GET", "/jira-integrations/([^/]+)/summary", Service.summary),
    ("GET", "/tickets", Service.list_tickets),
    ("POST", "/tickets", Service.register),
    ("POST", "/tickets/unregister", Service.unregister),
    ("GET", "/violations/([^/]+)/tickets", Service.violation),
    ("POST", "/violations/refresh", Service.refresh),
]


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
            body = json.loads(raw) if raw else None
            status, document, headers = service.answer(
                self.command, path, query, body, self.headers.get("Authorization")
            )
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
