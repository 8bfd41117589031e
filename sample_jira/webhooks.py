"""Webhooks of a site: how they are registered, and how changes are delivered, with real signatures and faults at will.

Deliveries go to loopback addresses only. They are signed as Jira signs them: an HMAC over the body for administrators'
webhooks, a token of the app (HS256) for dynamic ones.
"""

import hmac
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, Queue
from threading import Thread
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
from pydantic import Field

from sample_jira import scopes
from sample_jira.auth import Viewer
from sample_jira.clock import Clock, jira_time
from sample_jira.messages import Answer, errors_answer, json_answer
from sample_jira.model import Event, Issue
from sample_jira.operations import Call, Operation, delete, get, post, put
from sample_jira.schemas import JsonBody, NoBody, NoParameters, PageQuery, Text

LIVES = timedelta(days=30)
FIRST_WITH_PLUGIN = (10,)
MOST_TRIES = 6
RETRIED = frozenset({408, 409, 425, 429, *range(500, 600)})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT_SECONDS = 20.0
IDLE_SECONDS = 0.05


class AdminWebhook(JsonBody):
    """POST /rest/webhooks/1.0/webhook."""

    name: Text
    url: Text
    events: list[Event]
    filters: dict[Literal["issue-related-events-section"], str] = Field(default_factory=dict)
    exclude_body: bool = False
    secret: str | None = None


class PluginWebhook(JsonBody):
    """POST /rest/jira-webhook/1.0/webhooks: only the secret in ``configuration`` counts."""

    name: Text
    url: Text
    events: list[Event]
    configuration: dict[str, str] = Field(default_factory=dict)
    active: bool = True


class DynamicWebhook(JsonBody):
    """One of POST /rest/api/3/webhook."""

    events: list[Event]
    jql_filter: str
    field_ids_filter: list[Text] | None = None


class DynamicWebhooks(JsonBody):
    """POST /rest/api/3/webhook."""

    url: Text
    webhooks: list[DynamicWebhook]


class WebhookIds(JsonBody):
    """Which dynamic webhooks are meant."""

    webhook_ids: list[int]


@dataclass(slots=True)
class Hook:
    """A webhook as a site has it. `app_secret`: it is dynamic, of that app."""

    id: str
    url: str
    events: Sequence[str]
    jql: str = ""
    secret: str | None = None
    app_secret: str | None = None
    expires_at: datetime | None = None
    delivers: bool = True
    by_plugin: bool = False


@dataclass(slots=True)
class DeliveryFaults:
    """What goes wrong with deliveries from now on; chances are between 0 and 1, drawn with `seed`."""

    drop: float = 0
    double: float = 0
    delay_seconds: float = 0
    reorder: bool = False
    retry_seconds: float = 300
    private_app: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """One try of a delivery; no status when nothing answered."""

    hook: str
    event: str
    issue: str
    identifier: str
    status: int | None
    dropped: bool = False


@dataclass(slots=True)
class _Waiting:
    hook: Hook
    event: str
    issue: str
    body: bytes
    identifier: str
    at: float
    retry: int = 0


@dataclass(slots=True)
class Webhooks:
    """The webhooks of one site."""

    clock: Clock
    address: Callable[[], str]
    describe: Callable[[Issue], Mapping[str, Any]]
    administers: Callable[[Viewer], bool]
    faults: DeliveryFaults = field(default_factory=DeliveryFaults)
    delivered: list[Delivered] = field(default_factory=list)
    _hooks: dict[str, Hook] = field(default_factory=dict)
    _waiting: Queue[_Waiting] = field(default_factory=Queue)
    _worker: Thread | None = None
    _random: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - faults, not secrets  # nosec B311
    _next_id: int = 1

    # By hand

    def add(self, url: str, secret: str | None = None, events: Sequence[str] = (), jql: str = "") -> str:
        """An administrator's webhook, made in the browser: its id."""
        made = self._add(Hook("", url, events or ("jira:issue_updated", "jira:issue_deleted"), jql, secret))
        return made.id

    def remove(self, hook_id: str) -> bool:
        """Remove one; whether there was one."""
        return self._hooks.pop(hook_id, None) is not None

    def hooks(self) -> list[dict[str, object]]:
        """What is registered, without secrets."""
        return [
            {
                "id": one.id,
                "url": one.url,
                "events": list(one.events),
                "jql": one.jql,
                "signed": bool(one.secret or one.app_secret),
            }
            for one in self._hooks.values()
        ]

    def expire(self) -> None:
        """Dynamic webhooks are gone, as after 30 days."""
        for one in [one for one in self._hooks.values() if one.app_secret is not None]:
            self.remove(one.id)

    # What happens

    def happened(self, event: Event, issue: Issue, items: Sequence[Mapping[str, object]] = ()) -> None:
        """Tell everybody who asked to be told."""
        for hook in list(self._hooks.values()):
            if event in hook.events and self._concerns(hook, issue) and self._alive(hook):
                self._put(hook, event, issue, items)

    def _put(self, hook: Hook, event: Event, issue: Issue, items: Sequence[Mapping[str, object]]) -> None:
        document: dict[str, object] = {
            "timestamp": int(self.clock.now().timestamp() * 1000),
            "webhookEvent": event,
            "issue": self.describe(issue),
        }
        if items:
            document["changelog"] = {"id": str(self._next_id), "items": list(items)}
        if hook.app_secret is not None:
            document["matchedWebhookIds"] = [int(hook.id)]
        body = json.dumps(document, ensure_ascii=False).encode()
        due = time.monotonic() + self.faults.delay_seconds
        waiting = _Waiting(hook, event, str(issue.id), body, uuid4().hex, due)
        if self._random.random() < self.faults.drop:
            self.delivered.append(Delivered(hook.id, event, str(issue.id), waiting.identifier, None, dropped=True))
            return
        times = 2 if self._random.random() < self.faults.double else 1
        for _ in range(times):
            self._waiting.put(waiting)
        self._work()

    def _concerns(self, hook: Hook, issue: Issue) -> bool:
        """JQL as far as webhooks are registered with it here: `project in (A, B)`."""
        if not hook.jql:
            return True
        named = hook.jql.partition("(")[2].rstrip(")") if "(" in hook.jql else hook.jql.partition("=")[2]
        return issue.project in {one.strip() for one in named.split(",")}

    def _alive(self, hook: Hook) -> bool:
        if self.faults.private_app and hook.app_secret is not None:
            return False
        return hook.expires_at is None or self.clock.now() < hook.expires_at

    # Delivering

    def _work(self) -> None:
        if self._worker is None or not self._worker.is_alive():
            self._worker = Thread(target=self._deliver_all, daemon=True)
            self._worker.start()

    def _deliver_all(self) -> None:
        later: list[_Waiting] = []
        while True:
            try:
                later.append(self._waiting.get(timeout=IDLE_SECONDS))
            except Empty:
                if not later:
                    return
            if self.faults.reorder:
                self._random.shuffle(later)
            due = [one for one in later if one.at <= time.monotonic()]
            later = [one for one in later if one not in due]
            later += [again for one in due if (again := self._deliver(one)) is not None]

    def _deliver(self, one: _Waiting) -> _Waiting | None:
        """One try; the next one when it has to be tried again."""
        status = self._send(one)
        self.delivered.append(Delivered(one.hook.id, one.event, one.issue, one.identifier, status))
        if (status is not None and status not in RETRIED) or one.retry + 1 >= MOST_TRIES:
            return None
        one.retry += 1
        one.at = time.monotonic() + self.faults.retry_seconds
        return one

    def _send(self, one: _Waiting) -> int | None:
        if urlsplit(one.hook.url).hostname not in LOOPBACK:
            return None
        request = urllib.request.Request(one.hook.url, one.body, self._headers(one), method="POST")  # noqa: S310 - loopback
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None

    def _headers(self, one: _Waiting) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian HttpClient unknown / JIRA",
            "X-Atlassian-Webhook-Identifier": one.identifier,
            "X-Atlassian-Webhook-Flow": "Primary",
        }
        if one.retry:
            headers["X-Atlassian-Webhook-Retry"] = str(one.retry)
        if one.hook.app_secret is not None:
            now = int(self.clock.now().timestamp())
            claims = {"iat": now, "exp": now + 180, "iss": "sample"}
            headers["Authorization"] = f"Bearer {jwt.encode(claims, one.hook.app_secret, 'HS256')}"
        elif one.hook.secret is not None:
            told = hmac.new(one.hook.secret.encode(), one.body, "sha256").hexdigest()
            headers["X-Hub-Signature"] = f"sha256={told}"
        return headers

    # Registering over HTTP

    def administrators_operations(self, base: str = "") -> Sequence[Operation[Any, Any]]:
        """Those of Cloud, and of Data Center before 10."""
        path = f"{base}/rest/webhooks/1.0/webhook"
        return (
            post(path, self._register, AdminWebhook),
            get(f"{path}/{{hook}}", self._shown, NoParameters),
            delete(f"{path}/{{hook}}", self._removed, NoBody),
        )

    def plugin_operations(self, base: str) -> Sequence[Operation[Any, Any]]:
        """Those of Data Center from 10 on."""
        path = f"{base}/rest/jira-webhook/1.0/webhooks"
        return (
            post(path, self._register_by_plugin, PluginWebhook),
            get(f"{path}/{{hook}}", self._shown, NoParameters),
            delete(f"{path}/{{hook}}", self._removed, NoBody),
        )

    def app_operations(self) -> Sequence[Operation[Any, Any]]:
        """Those of OAuth 2.0 apps on Cloud."""
        path = "/rest/api/3/webhook"
        needed = scopes.WEBHOOKS
        return (
            post(path, self._register_app, DynamicWebhooks, scopes=needed),
            get(path, self._list_app, PageQuery, scopes=needed),
            delete(path, self._remove_app, WebhookIds, scopes=needed),
            put(f"{path}/refresh", self._refresh_app, WebhookIds, scopes=needed),
        )

    def _register(self, call: Call[NoParameters, AdminWebhook]) -> Answer:
        if not self.administers(call.viewer):
            return errors_answer(403, "You do not have permission to manage webhooks.")
        body = call.body
        hook = Hook("", body.url, body.events, body.filters.get("issue-related-events-section", ""), body.secret)
        return json_answer(self._as_json(self._add(hook)), 201)

    def _register_by_plugin(self, call: Call[NoParameters, PluginWebhook]) -> Answer:
        if not self.administers(call.viewer):
            return errors_answer(403, "You do not have permission to manage webhooks.")
        body = call.body
        hook = Hook("", body.url, body.events, secret=body.configuration.get("SECRET"), by_plugin=True)
        return json_answer(self._as_json(self._add(hook)), 201)

    def _shown(self, call: Call[NoParameters, NoBody]) -> Answer:
        hook = self._hooks.get(call.arguments["hook"])
        return errors_answer(404, "The webhook does not exist.") if hook is None else json_answer(self._as_json(hook))

    def _removed(self, call: Call[Any, NoBody]) -> Answer:
        found = self.remove(call.arguments["hook"])
        return Answer(204, content_type=None) if found else errors_answer(404, "The webhook does not exist.")

    def _as_json(self, hook: Hook) -> dict[str, object]:
        path = "jira-webhook/1.0/webhooks" if hook.by_plugin else "webhooks/1.0/webhook"
        return {
            "self": f"{self.address()}/rest/{path}/{hook.id}",
            "name": "webhook",
            "url": hook.url,
            "events": list(hook.events),
            "enabled": True,
            "isSigned": hook.secret is not None,
            **({"id": int(hook.id)} if hook.by_plugin else {}),
        }

    def _register_app(self, call: Call[NoParameters, DynamicWebhooks]) -> Answer:
        if call.viewer.app_secret is None:
            return errors_answer(403, "Only Connect and OAuth 2.0 apps can use this operation.")
        return json_answer({"webhookRegistrationResult": [self._made(call, one) for one in call.body.webhooks]})

    def _made(self, call: Call[NoParameters, DynamicWebhooks], one: DynamicWebhook) -> dict[str, object]:
        if not one.jql_filter:
            return {"errors": ["The JQL filter must not be empty."]}
        ends = self.clock.now() + LIVES
        secret = call.viewer.app_secret
        hook = Hook("", call.body.url, one.events, one.jql_filter, app_secret=secret, expires_at=ends)
        return {"createdWebhookId": int(self._add(hook).id)}

    def _list_app(self, call: Call[PageQuery, NoBody]) -> Answer:
        mine = [one for one in self._hooks.values() if one.app_secret == call.viewer.app_secret]
        values = [
            {
                "id": int(one.id),
                "jqlFilter": one.jql,
                "events": list(one.events),
                "url": one.url,
                "expirationDate": jira_time(one.expires_at or self.clock.now()),
            }
            for one in mine
        ]
        page = {"isLast": True, "maxResults": call.query.max_results, "startAt": 0, "total": len(values)}
        return json_answer({**page, "values": values})

    def _remove_app(self, call: Call[Any, WebhookIds]) -> Answer:
        for number in call.body.webhook_ids:
            self.remove(str(number))
        return Answer(202, content_type=None)

    def _refresh_app(self, call: Call[Any, WebhookIds]) -> Answer:
        """Unknown ids are ignored without a word, as Jira does."""
        ends = self.clock.now() + LIVES
        for number in call.body.webhook_ids:
            hook = self._hooks.get(str(number))
            if hook is not None:
                hook.expires_at = ends
        return json_answer({"expirationDate": jira_time(ends)})

    def _add(self, hook: Hook) -> Hook:
        hook.id = str(self._next_id)
        self._next_id += 1
        self._hooks[hook.id] = hook
        return hook
