"""The control interface over HTTP, the process, and the speed of it all."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import requests

from sample_jira import SampleJira
from sample_jira.control import ATLASSIAN_CALLS, SITE_CALLS, WHOLE_CALLS

Client = Callable[..., requests.Response]
Control = Callable[..., requests.Response]
ROOT = Path(__file__).parents[2]
OWN = {"bench", "local", "sample_jira", "tests", "ticket_status", "ticket_status_cli", "tools"}


@pytest.fixture
def control(jira: SampleJira) -> Iterator[Control]:
    with requests.Session() as session:

        def call(target: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - JSON
            url = f"{jira.atlassian_url}/_control/{target}"
            return session.post(url, json=arguments, timeout=5)

        yield call


def test_a_person_moves_an_issue_by_curl(jira: SampleJira, control: Control, bulk_fetch: Client) -> None:
    created = control("cloud/create", project="SEC", count=2, created="2026-11-01T00:00:00Z")
    assert [issue["key"] for issue in created.json()] == ["SEC-1", "SEC-2"]
    assert created.json()[0]["created"] == "2026-11-01T00:00:00Z"

    assert control("cloud/move", issue="SEC-1", status="Done").status_code == 200
    assert control("cloud/move", issue=10002, status="In Progress").status_code == 200

    names = [one["fields"]["status"]["name"] for one in bulk_fetch("10001", "10002").json()["issues"]]
    assert names == ["Done", "In Progress"]
    assert jira.violations == []


def test_faults_options_and_the_log_by_curl(jira: SampleJira, control: Control, bulk_fetch: Client) -> None:
    control("cloud/fault", kind="status", status=429, headers={"Retry-After": "9"}, times=1)
    control("cloud/configure", bulk_cap=7)

    assert bulk_fetch("1").headers["Retry-After"] == "9"
    assert jira.cloud.options.bulk_cap == 7
    log = requests.get(f"{jira.atlassian_url}/_control/cloud/requests", timeout=5).json()
    assert [(one["method"], one["status"]) for one in log] == [("POST", 429)]
    control("data-center/throttle", seconds=3)
    control("atlassian/configure", auto_grant=True)
    assert jira.atlassian.options.auto_grant


def test_more_sites_and_the_clock_by_curl(jira: SampleJira, control: Control) -> None:
    before = jira.clock.now()

    control("jira/add_data_center", name="second", context_path="/jira")
    control("jira/advance", seconds=600)

    sites = control("jira/sites").json()
    assert set(sites) == {"cloud", "data-center", "second"}
    assert sites["second"].endswith("/jira")
    assert (jira.clock.now() - before).total_seconds() >= 600
    assert control("jira/violations").json() == []


def test_control_calls_that_do_not_fit_are_told_why(control: Control) -> None:
    assert control("cloud/move", issue="SEC-9", status="Done").status_code == 404
    assert control("cloud/explode").status_code == 404
    assert control("nowhere/move").status_code == 404
    assert control("cloud/move", issue="SEC-9").status_code == 422
    assert control("cloud/fault", kind="earthquake").status_code == 422
    assert control("cloud/configure", bulk_cap=0).status_code == 422
    assert control("cloud").status_code == 400


def test_every_control_call_exists(jira: SampleJira) -> None:
    both = {*dir(jira.cloud), *dir(jira.data_center)}

    assert both >= SITE_CALLS
    assert set(dir(jira.atlassian)) >= ATLASSIAN_CALLS
    assert set(dir(jira)) >= WHOLE_CALLS


def test_the_documented_control_calls_work_as_written(jira: SampleJira) -> None:
    """The curl lines of the package's docstring, with their `$A` and a project to act on."""
    jira.cloud.create("SEC", 3)
    text = sys.modules["sample_jira"].__doc__ or ""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]

    assert len(lines) >= 5
    for line in lines:
        command = line.replace("$A", jira.atlassian_url).replace("curl", "curl -sf", 1)
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
        assert done.returncode == 0, line


@pytest.mark.parametrize("how", ["time", "signal"])
def test_as_a_process_it_tells_its_addresses_and_stops_by_itself(tmp_path: Path, how: str) -> None:
    port_file = tmp_path / "ports.json"
    seconds = "3" if how == "time" else "60"
    arguments = ["--port-file", str(port_file), "--max-seconds", seconds]
    process = subprocess.Popen([sys.executable, "-m", "sample_jira", *arguments], cwd=ROOT, env=os.environ)
    try:
        end = monotonic() + 30
        while not port_file.exists() and monotonic() < end:
            sleep(0.02)
        addresses = json.loads(port_file.read_text())
        info = requests.get(f"{addresses['cloud']}/rest/api/3/serverInfo", timeout=5)
        assert info.json()["baseUrl"] == addresses["cloud"]
        assert addresses["pid"] == process.pid
        if how == "signal":
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not port_file.exists()
    finally:
        process.kill()
        process.wait()


def test_it_runs_without_the_rest_of_the_project(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample_jira", tmp_path / "sample_jira", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sample_jira, sys; sample_jira.SampleJira; print(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert {"sample_jira"} == {name.split(".")[0] for name in done.stdout.split()} & OWN


def test_as_a_process_it_prints_its_addresses() -> None:
    command = [sys.executable, "-m", "sample_jira", "--max-seconds", "0"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "cloud       http://127.0.0.1:" in printed


def test_a_hundred_thousand_issues_can_be_made(jira: SampleJira) -> None:
    issues = jira.cloud.create("SEC", 100_000)

    assert (issues[-1].key, len(jira.cloud.issues)) == ("SEC-100000", 100_000)
