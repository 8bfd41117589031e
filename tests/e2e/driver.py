"""What the end-to-end tests drive the service with: its API over HTTP, the sync function, and the sample Jira."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import requests

from local.stack import BASE_PATH, Stack
from sample_jira import SampleJira

T = TypeVar("T")

MOST_LOG_EVENTS = 10_000
"""Of one answer to FilterLogEvents."""

PATIENCE = 90
"""Seconds that anything may take before a test gives up on it."""


class Service:
    """The deployed service, as its users and operators see it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.answers: list[str] = []
        """Everything that was ever answered, headers too; searched for secrets at the end."""
        self._http = requests.Session()
        self._http.trust_env = False

    def call(
        self, method: str, path: str, body: object = None, *, client: str | None = "admin", **query: str
    ) -> requests.Response:
        """One request to the API with the token of a client (``None``: without one)."""
        headers = {} if client is None else {"Authorization": f"Bearer {self.stack.token(client)}"}
        url = f"{self.stack.api_url}{BASE_PATH}{path}"
        answer = self._http.request(
            method, url, json=body, headers=headers, params=query, timeout=PATIENCE, allow_redirects=False
        )
        self.answers.append(f"{answer.headers} {answer.text}")
        return answer

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """What a GET answers with 200."""
        return _answer(self.call("GET", path, **query), 200)

    def post(self, path: str, body: object = None, status: int = 200) -> dict[str, Any]:
        """What a POST answers."""
        return _answer(self.call("POST", path, body), status)

    def put(self, path: str, body: object, status: int = 200) -> dict[str, Any]:
        """What a PUT answers."""
        return _answer(self.call("PUT", path, body), status)

    def sync(self, event: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Invoke the sync function, as ``sam remote invoke`` does."""
        return self._invoke("sync", event or {})

    def probe(self) -> dict[str, Any]:
        """Invoke the probe of broken integrations, as its schedule does."""
        return self._invoke("probe", {})

    def _invoke(self, function: str, event: Mapping[str, object]) -> dict[str, Any]:
        functions = self.stack.session.client("lambda", endpoint_url=self.stack.endpoint_url)
        answer = functions.invoke(FunctionName=f"{self.stack.name}-{function}", Payload=json.dumps(event).encode())
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        self.answers.append(json.dumps(payload))
        if answer.get("FunctionError"):
            raise SyncFailedError(payload["errorMessage"])
        return payload

    # --- Words of the product's page --------------------------------------------------------------------------------

    def add_cloud(self, name: str, jira: SampleJira, **more: object) -> dict[str, Any]:
        """Create a Cloud integration with Basic credentials."""
        site = jira.cloud
        body = {
            "connection_name": name,
            "installation_type": "cloud",
            "jira_server_url": site.url,
            "auth_type": "basic",
        }
        return self.post(
            "/jira-integrations", {**body, "username": site.email, "password": site.api_token, **more}, 201
        )

    def add_data_center(self, name: str, jira: SampleJira, **more: object) -> dict[str, Any]:
        """Create a Data Center integration with a personal access token."""
        site = jira.data_center
        body = {"connection_name": name, "installation_type": "server", "jira_server_url": site.url, "auth_type": "pat"}
        return self.post("/jira-integrations", {**body, "token": site.pat, **more}, 201)

    def register(self, *tickets: dict[str, object]) -> dict[str, Any]:
        """Register tickets, a hundred a call."""
        registered: dict[str, Any] = {"registered": 0, "rejected": []}
        for start in range(0, len(tickets), 100):
            answer = self.post("/tickets", {"tickets": tickets[start : start + 100]})
            registered["registered"] += answer["registered"]
            registered["rejected"] += answer["rejected"]
        return registered

    def tickets(self, violation_id: str) -> list[dict[str, Any]]:
        """The tickets of a violation."""
        found: list[dict[str, Any]] = self.get(f"/violations/{violation_id}/tickets")["tickets"]
        return found

    def refresh(self, violation_id: str) -> list[dict[str, Any]]:
        """Press the refresh button."""
        found: list[dict[str, Any]] = self.post(f"/violations/{violation_id}/tickets/refresh")["tickets"]
        return found

    def integration_names(self) -> list[str]:
        """The names of all integrations, page by page."""
        page = self.get("/jira-integrations", limit="100")
        names = [one["connection_name"] for one in page["integrations"]]
        while "next_token" in page:
            page = self.get("/jira-integrations", limit="100", next_token=page["next_token"])
            names += [one["connection_name"] for one in page["integrations"]]
        return names

    def integration(self, name: str) -> dict[str, Any]:
        """An integration."""
        return self.get(f"/jira-integrations/{name}")

    def run(self, name: str, run_id: str) -> dict[str, Any]:
        """A sync run."""
        return self.get(f"/jira-integrations/{name}/sync-runs/{run_id}")

    def ended(self, name: str, run_id: str) -> dict[str, Any]:
        """A sync run, once it has ended."""
        return wait_for(
            lambda: run if (run := self.run(name, run_id))["completed_at"] else None, f"run {run_id} to end"
        )

    def retrieve(self, name: str) -> dict[str, Any]:
        """Retrieve an integration now, once nothing else is retrieving it; its ended run."""
        self.idle(name)
        decision = self.sync({"integration_name": name})["integrations"][0]
        assert decision["action"] == "queued", decision
        return self.ended(name, decision["run_id"])

    def idle(self, name: str) -> None:
        """Wait until new tickets have been looked at and no run is at work."""

        def quiet() -> bool:
            last = self.integration(name)["last_sync"]
            return last is None or last["completed_at"] is not None

        wait_for(quiet, f"{name} to be idle")


class SyncFailedError(Exception):
    """Raised when the sync function fails its invocation, with its words."""


def wait_for(look: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """What ``look`` finds, as soon as it finds something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.25)
    raise AssertionError(f"waited {patience} s for {what}")


def ticket(integration: str, issue: Any, violation: str, **more: object) -> dict[str, object]:  # noqa: ANN401 - an issue of either site
    """The registration of a sample issue."""
    return {
        "integration_name": integration,
        "issue_key": issue.key,
        "issue_id": str(issue.id),
        "violation_id": violation,
        "created_at": time_text(issue.created),
        **more,
    }


def time_text(at: datetime) -> str:
    """A time as the API takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_ago(days: float) -> datetime:
    """A moment in the past."""
    return datetime.now(UTC) - timedelta(days=days)


def log_lines(stack: Stack, group: str) -> Iterator[str]:
    """Every line of a log group. The embedded AWS answers with the first ten thousand, and never with a next page."""
    logs, start = stack.session.client("logs", endpoint_url=stack.endpoint_url), 0
    while len(events := logs.filter_log_events(logGroupName=group, startTime=start)["events"]) == MOST_LOG_EVENTS:
        start = events[-1]["timestamp"]
        yield from (event["message"] for event in events if event["timestamp"] < start)
    yield from (event["message"] for event in events)


def table_name(stack: Stack, logical_id: str) -> str:
    """The name that a table got."""
    cloudformation = stack.session.client("cloudformation", endpoint_url=stack.endpoint_url)
    described = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId=logical_id)
    return described["StackResourceDetail"]["PhysicalResourceId"]


def _answer(response: requests.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, f"{response.status_code} {response.text}"
    answer: dict[str, Any] = response.json()
    return answer
