"""R19 on the deployed stack: Jira delivers, and statuses show by themselves; forged deliveries change nothing."""

import hmac
import json
from collections.abc import Iterator
from time import sleep

import pytest
import requests

from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket, wait_for

NAME = "cloud-live"


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


def wait_until_shown(service: Service, key: str, status: str) -> None:
    wait_for(lambda: status_of(service, key) == status, f"{key} to show {status}")


@pytest.mark.slow(reason="ten tickets are waited for, four times")
def test_statuses_show_by_themselves_after_they_changed_in_jira(
    service: Service, jira: SampleJira, issues: list[str]
) -> None:
    for key in issues:
        wait_until_shown(service, key, "To Do")
    for status in ("In Progress", "Done"):
        for key in issues:
            jira.cloud.move(key, status)
        for key in issues:
            wait_until_shown(service, key, status)
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
