"""R19 on the deployed stack: Jira delivers, and statuses show within seconds; forged deliveries change nothing."""

import hmac
import json
from collections.abc import Iterator
from time import monotonic, sleep

import pytest
import requests

from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket

NAME = "cloud-live"
MOVES = 20
P95_SECONDS = 10


@pytest.fixture
def issues(service: Service, jira: SampleJira) -> Iterator[list[str]]:
    """Ten tickets of an integration with a registered webhook, each seen once."""
    made = jira.cloud.create("LIVE", 10)
    keys = [issue.key for issue in made]
    service.add_cloud(NAME, jira)
    service.register(*(ticket(NAME, issue, f"LIVE-V{issue.id}") for issue in made))
    service.put(f"/jira-integrations/{NAME}/webhook", {"mode": "register"})
    yield keys
    service.call("DELETE", f"/jira-integrations/{NAME}")


def status_of(service: Service, key: str) -> str:
    return str(service.get("/tickets", ticket_no=key)["tickets"][0]["ticket_status"])


def wait_until_shown(service: Service, key: str, status: str, seconds: float = 60) -> float:
    """How long it took until the API showed this status."""
    began = monotonic()
    while status_of(service, key) != status:
        assert monotonic() - began < seconds, f"{key} does not show {status}"
        sleep(0.25)
    return monotonic() - began


def test_statuses_show_within_seconds_after_they_changed_in_jira(
    service: Service, jira: SampleJira, issues: list[str]
) -> None:
    for key in issues:
        wait_until_shown(service, key, "To Do")
    jira.cloud.move(issues[0], "In Progress")
    wait_until_shown(service, issues[0], "In Progress")  # a function that was not called before starts from nothing
    took = []
    for number in range(MOVES):
        key, status = issues[number % len(issues)], ("Done", "To Do")[number // len(issues)]
        jira.cloud.move(key, status)
        took.append(wait_until_shown(service, key, status))
    assert sorted(took)[int(MOVES * 0.95) - 1] <= P95_SECONDS
    webhook = service.get(f"/jira-integrations/{NAME}/webhook")
    assert (webhook["state"], webhook["missed_24h"]) == ("live", 0)
    jira.cloud.delete(issues[9])
    wait_until_shown(service, issues[9], "Unknown")


def test_a_forged_delivery_is_refused_and_changes_nothing(
    service: Service, jira: SampleJira, issues: list[str]
) -> None:
    made = service.put(f"/jira-integrations/{NAME}/webhook", {"mode": "manual"})
    body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": str(jira.cloud.issue(issues[0]).id)}})
    asked = len(jira.cloud.requests("*/issue/bulkfetch"))

    def deliver(secret: str, address: str = made["url"]) -> requests.Response:
        signed = hmac.new(secret.encode(), body.encode(), "sha256").hexdigest()
        headers = {"X-Hub-Signature": f"sha256={signed}", "Content-Type": "application/json"}
        return requests.post(address, body, headers=headers, timeout=30)

    forged = deliver("guessed")
    assert (forged.status_code, forged.text) == (401, "")
    assert deliver(made["secret"], made["url"] + "x").status_code == 401
    sleep(5)
    assert len(jira.cloud.requests("*/issue/bulkfetch")) == asked
    assert deliver(made["secret"]).status_code == 204
    assert deliver("guessed").status_code == 401
    assert service.call("DELETE", f"/jira-integrations/{NAME}/webhook").status_code == 204
    assert deliver(made["secret"]).status_code == 401
    assert service.get(f"/jira-integrations/{NAME}/webhook")["state"] == "off"
