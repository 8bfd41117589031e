"""A Python client, generated from the API document, does a whole story against the running stack."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from local.stack import BASE_PATH, Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service

ENVIRONMENT = ROOT / ".local" / "client-venv"
SECONDS = 240


def run(*command: str, **environment: str) -> str:
    """What a command printed; it must succeed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr if "generate" in command else done.stdout


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """The folder of a client that was generated without a warning."""
    run("make", "--silent", ".local/client-venv/.ready")
    settings = tmp_path / "settings.yaml"
    settings.write_text("post_hooks: []\n")
    document, target = ROOT / "docs" / "openapi.yaml", tmp_path / "ticket_client"
    options = ["--path", str(document), "--output-path", str(target), "--meta", "none", "--config", str(settings)]
    told = run(str(ENVIRONMENT / "bin" / "openapi-python-client"), "generate", *options)
    assert "warning" not in told.lower(), told
    return tmp_path


def test_a_generated_client_does_a_whole_story(
    generated: Path, service: Service, jira: SampleJira, stack: Stack
) -> None:
    issues = jira.cloud.create("GEN", 2)
    given = generated / "given.json"
    site = jira.cloud
    account = {"jira_server_url": site.url, "username": site.email, "password": site.api_token}
    given.write_text(json.dumps({"token": stack.token("admin"), "account": account}))
    keys = [issue.key for issue in issues]
    story = str(ROOT / "tests" / "e2e" / "client_story.py")
    told = run(
        str(ENVIRONMENT / "bin" / "python"),
        story,
        f"{stack.api_url}{BASE_PATH}",
        str(given),
        *keys,
        PYTHONPATH=str(generated),
    )
    seen: dict[str, Any] = json.loads(told)
    assert seen == {
        "missing": ["Problem", "integration_not_found"],
        "refused": "#/connection_name",
        "created": "HEALTHY_INTEGRATION",
        "registered": [2, 0],
        "columns": {"GEN-1": "To Do", "GEN-2": "To Do"},
        "created_at": True,
        "found": [["GEN-1"]],
        "listed": sorted(keys),
        "refreshed": ["GEN-1", "GEN-2"],
        "of_resource": ["GEN-1", "GEN-2"],
        "resource": [2],
        "summary": 2,
        "integrations": True,
        "unregistered": 2,
        "after": "violation_not_found",
        "deleted": 204,
    }
    assert "generated-client" not in service.integration_names()
