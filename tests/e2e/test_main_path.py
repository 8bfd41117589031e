"""The main job, end to end: the schedule queues, workers ask Jira and write what changed, the API shows it."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local import ROOT
from local.stack import Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, SyncFailedError, days_ago, table_name, ticket, wait_for


@pytest.fixture
def name() -> str:
    return f"main-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def cloud(service: Service, jira: SampleJira, name: str) -> Iterator[str]:
    service.add_cloud(name, jira)
    yield name
    service.call("DELETE", f"/jira-integrations/{name}")


def test_a_new_ticket_gets_its_first_status_within_a_minute(service: Service, jira: SampleJira, cloud: str) -> None:
    issue = jira.cloud.create("NEW", 1, status="In Progress")[0]
    service.register(ticket(cloud, issue, f"{cloud}-v"))

    shown = service.tickets(f"{cloud}-v")[0]
    assert (shown["ticket_status"], shown["unknown_reason"]) == ("Unknown", "NOT_RETRIEVED_YET")

    wait_for(
        lambda: service.tickets(f"{cloud}-v")[0]["ticket_status"] == "In Progress", "its first status", patience=60
    )
    run = service.integration(cloud)["last_sync"]
    assert (run["trigger"], run["counts"]["changed"]) == ("registered", 1)


def test_a_moved_ticket_shows_its_new_status_after_the_button_and_after_a_sync(
    service: Service, jira: SampleJira, cloud: str
) -> None:
    issue = jira.cloud.create("MOV", 1, status="To Do")[0]
    service.register(ticket(cloud, issue, f"{cloud}-v"))
    service.retrieve(cloud)
    assert service.tickets(f"{cloud}-v")[0]["ticket_status"] == "To Do"

    jira.cloud.move(issue.key, "In Progress")
    wait_for(lambda: service.refresh(f"{cloud}-v")[0]["ticket_status"] == "In Progress", "the button to ask again")

    jira.cloud.move(issue.key, "Done")
    service.retrieve(cloud)
    shown = service.tickets(f"{cloud}-v")[0]
    assert (shown["ticket_status"], shown["ticket_status_category"]) == ("Done", "done")


def test_a_thousand_tickets_over_twelve_months_take_one_call_and_an_unchanged_run_writes_no_ticket(
    service: Service, jira: SampleJira, cloud: str, stack: Stack
) -> None:
    issues = [
        issue
        for month in range(12)
        for issue in jira.cloud.create(
            "BULK", 84 if month < 4 else 83, status="To Do", created=days_ago(30 * month + 5)
        )
    ]
    assert len(issues) == 1000
    registered = service.register(*(ticket(cloud, issue, f"{cloud}-{issue.id}") for issue in issues))
    assert registered == {"registered": 1000, "rejected": []}
    service.retrieve(cloud)
    before = _ticket_rows(stack)

    jira.cloud.forget_requests()
    run = service.retrieve(cloud)

    assert run["counts"] == {"changed": 0, "unchanged": 1000, "deleted": 0, "inaccessible": 0, "failed": 0}
    assert run["jira_requests"] == 2
    paths = [request.path for request in jira.cloud.requests()]
    assert paths == ["/_edge/tenant_info", "/rest/api/3/issue/bulkfetch"], "the same site, and all its tickets"
    assert _ticket_rows(stack) == before
    shown = service.tickets(f"{cloud}-{issues[0].id}")[0]
    assert shown["last_update"] >= run["started_at"]


def test_data_center_is_asked_by_one_search(service: Service, jira: SampleJira, name: str) -> None:
    service.add_data_center(name, jira)
    issues = jira.data_center.create("DC", 30, status="Done")
    service.register(*(ticket(name, issue, f"{name}-v") for issue in issues))
    service.idle(name)

    jira.data_center.forget_requests()
    run = service.retrieve(name)

    assert (run["state"], run["progress"]) == ("succeeded", {"tickets_total": 30, "tickets_done": 30})
    assert [request.path for request in jira.data_center.requests()] == ["/rest/api/2/search"]
    assert {one["ticket_status"] for one in service.tickets(f"{name}-v")} == {"Done"}


def test_a_deleted_ticket_is_unknown_and_never_asked_for_again(service: Service, jira: SampleJira, cloud: str) -> None:
    kept, gone = jira.cloud.create("DEL", 2, status="To Do")
    service.register(ticket(cloud, kept, f"{cloud}-v"), ticket(cloud, gone, f"{cloud}-gone"))
    service.retrieve(cloud)

    jira.cloud.delete(gone.key)
    run = service.retrieve(cloud)
    assert (run["counts"]["deleted"], run["state"]) == (1, "succeeded")
    shown = service.tickets(f"{cloud}-gone")[0]
    assert (shown["ticket_status"], shown["unknown_reason"]) == ("Unknown", "DELETED")
    assert (shown["last_known_status"], shown["refresh_state"]) == ("To Do", "deleted")

    jira.cloud.forget_requests()
    service.retrieve(cloud)
    assert service.refresh(f"{cloud}-gone")[0]["refresh"] == {"outcome": "skipped", "reason": "deleted"}
    assert not [
        request for request in jira.cloud.requests() if str(gone.id) in json.dumps(request.summary, default=str)
    ]


def test_a_ticket_older_than_a_year_is_never_asked_for(service: Service, jira: SampleJira, cloud: str) -> None:
    issue = jira.cloud.create("OLD", 1, created=days_ago(366))[0]
    service.register(ticket(cloud, issue, f"{cloud}-v"))
    assert service.sync({"integration_name": cloud, "dry_run": True})["integrations"][0]["tickets_in_window"] == 0
    refreshed = service.refresh(f"{cloud}-v")[0]
    assert (refreshed["refresh_state"], refreshed["refresh"]["reason"]) == ("outside_window", "outside_window")


def test_the_sync_function_answers_as_the_contract_says(service: Service, jira: SampleJira, cloud: str) -> None:
    issue = jira.cloud.create("DRY", 1)[0]
    service.register(ticket(cloud, issue, f"{cloud}-v"))
    service.idle(cloud)
    said = service.sync({"integration_name": cloud, "dry_run": True})
    assert said == {
        "dry_run": True,
        "queued": 0,
        "integrations": [
            {
                "integration_name": cloud,
                "action": "queued",
                "reason": None,
                "run_id": None,
                "tickets_in_window": 1,
            }
        ],
    }
    with pytest.raises(SyncFailedError, match="integration_nam: unknown field"):
        service.sync({"integration_nam": cloud})
    with pytest.raises(SyncFailedError, match="integration_name: there is no integration named 'nobody'"):
        service.sync({"integration_name": "nobody"})


def test_an_on_call_engineer_invokes_the_sync_function_with_sam(stack: Stack, cloud: str) -> None:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
    }
    command = [str(ROOT / ".venv" / "bin" / "sam"), "remote", "invoke", "SyncFunction", "--stack-name", stack.name]
    done = subprocess.run(
        [*command, "--event-file", str(ROOT / "events" / "dry_run.json")],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["dry_run"] is True
    assert cloud in {decision["integration_name"] for decision in answer["integrations"]}


def _ticket_rows(stack: Stack) -> list[Any]:
    """Every ticket's item as it is stored (coverage and census left out)."""
    dynamodb = stack.session.client("dynamodb", endpoint_url=stack.endpoint_url)
    pages = dynamodb.get_paginator("scan").paginate(TableName=table_name(stack, "TicketsTable"), ConsistentRead=True)
    items = [item for page in pages for item in page["Items"] if not item["t"]["S"].startswith("#")]
    return sorted(items, key=lambda item: (item["i"]["S"], item["t"]["S"]))
