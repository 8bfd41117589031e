"""The story of docs/first-day.md in small, by commands of ``ticket-status`` only: from Jira's export to statuses."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.jira_export import PROJECT, compare, mend, violation, write_export
from sample_jira import SampleJira
from sample_jira.cloud import CloudSite
from tests.e2e.driver import Service, days_ago

COMMAND_SECONDS = 240
TICKETS = 300
JIRA = ("--from-jira-csv", "--violation-pattern", "XRAY-[0-9]+")

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(service: Service, tmp_path: Path) -> Command:
    """Run ``ticket-status`` as a user does, in a folder of its own; everything that it says is searched for secrets."""
    environment = {
        **os.environ,
        "TICKET_STATUS_API_URL": service.stack.api_url,
        "TICKET_STATUS_TOKEN": service.stack.token("admin"),
    }

    def run(*arguments: str, stdin: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "ticket_status_cli", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        service.answers.append(f"{done.stdout} {done.stderr}")
        assert done.returncode == status, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
        return done

    return run


@pytest.fixture
def site(jira: SampleJira) -> CloudSite:
    return jira.add_cloud(f"first-day-{uuid.uuid4().hex[:8]}")


def create_issues(site: CloudSite) -> list[dict[str, Any]]:
    """Issues of the last months in all statuses, as Jira's export has them."""
    found = []
    for status, days in (("To Do", 200), ("In Progress", 100), ("Done", 30)):
        for issue in site.create(PROJECT, TICKETS // 3, status=status, created=days_ago(days), spread_seconds=86_400):
            found.append(  # noqa: PERF401 - the nested comprehension reads worse
                {
                    "id": issue.id,
                    "key": issue.key,
                    "project": issue.project,
                    "status": status,
                    "created": issue.created.isoformat(),
                }
            )
    return found


@pytest.mark.slow("a whole day's story, with several runs")
def test_from_jiras_export_to_statuses_that_equal_what_jira_holds(
    command: Command, site: CloudSite, tmp_path: Path
) -> None:
    name = site.name
    create = ("integrations", "create", name, "--installation-type", "cloud", "--url", site.url, "--auth-type", "basic")
    command(*create, "--username", site.email, "--password-file", "-", stdin=f"{site.api_token}\n")

    # Jira's export, with one bad row in a hundred, is tried and imported.
    issues = create_issues(site)
    with (tmp_path / "jira.csv").open("w", encoding="utf-8", newline="") as file:
        write_export(file, issues, spoil_every=100)
    import_ = ("tickets", "import", "jira.csv", *JIRA, "--integration", name, "--output", "json")
    assert json.loads(command(*import_, "--dry-run").stdout)["rejected"] == 3
    report = json.loads(command(*import_, status=1).stdout)
    assert (report["registered"], report["rejected"]) == (TICKETS - 3, 3)
    assert [run["integration_name"] for run in report["runs"]] == [name]

    # The rejects are mended where they are, and imported the same way.
    rejects = tmp_path / report["rejects_file"]
    by_id = {str(issue["id"]): issue for issue in issues}
    assert mend(rejects, by_id.__getitem__) == 3
    report = json.loads(command(*import_[:2], rejects.name, *import_[3:], "--wait").stdout)
    assert (report["registered"], report["rejected"]) == (3, 0)
    assert [run["state"] for run in report["runs"]] == ["succeeded"]

    # The credential is revoked in Jira: `why` says so, and what to do; doing it mends the integration.
    some = violation(issues[0])
    site.revoke(site.api_token)
    command("integrations", "sync", name, "--wait", status=1)
    said = command("why", some).stdout
    assert "INTEGRATION_BROKEN" in said
    assert f"ticket-status integrations edit {name} --ask-secret" in said
    site.add_api_token("another-sample-token")
    command("integrations", "edit", name, "--password-file", "-", stdin="another-sample-token\n")
    command("integrations", "test", name)
    command("integrations", "sync", name, "--wait")
    assert "Jira last showed this status" in command("why", some).stdout

    # Everything is exported, and equals what Jira holds.
    command("tickets", "export", "--integration", name, "--to", "statuses.ndjson")
    exported = (tmp_path / "statuses.ndjson").read_text(encoding="utf-8").splitlines()
    assert compare(exported, site.issue_statuses(PROJECT)) == []

    # The way back: nothing is left of it.
    command("tickets", "unregister", "statuses.ndjson", "--yes")
    assert command("tickets", "export", "--integration", name).stdout == ""
    command("integrations", "delete", name, "--yes")
