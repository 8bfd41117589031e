"""Clients in Python and TypeScript, generated from the API document, do a whole story against the running stack."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from local.stack import BASE_PATH, Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service

DOCUMENT = ROOT / "docs" / "openapi.yaml"
STORIES = ROOT / "tests" / "e2e"
ENVIRONMENT = ROOT / ".local" / "client-venv"
MODULES = ROOT / ".local" / "api-document" / "node_modules"
NEVER_LENIENT = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noUnusedLocals"]
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
def account(tmp_path: Path, jira: SampleJira, stack: Stack) -> str:
    """A file with what a program is given: a token, and an account in Jira."""
    site = jira.cloud
    account = {"jira_server_url": site.url, "username": site.email, "password": site.api_token}
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"token": stack.token("admin"), "account": account}))
    return str(given)


@pytest.fixture
def python_client(tmp_path: Path) -> Path:
    """The folder of a client that was generated without a warning."""
    run("make", "--silent", ".local/client-venv/.ready")
    settings = tmp_path / "settings.yaml"
    settings.write_text("post_hooks: []\n")
    target = tmp_path / "ticket_client"
    options = ["--path", str(DOCUMENT), "--output-path", str(target), "--meta", "none", "--config", str(settings)]
    told = run(str(ENVIRONMENT / "bin" / "openapi-python-client"), "generate", *options)
    assert "warning" not in told.lower(), told
    return tmp_path


@pytest.fixture
def typescript_client(tmp_path: Path) -> Path:
    """The folder of a client that was generated, and of the story, which the compiler found no fault with."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node.js: put node and npm on the PATH")
    run("make", "--silent", ".local/api-document/.ready")
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run(str(MODULES / ".bin" / "openapi-typescript"), str(DOCUMENT), "--output", str(tmp_path / "ticket_api.ts"))
    story = shutil.copy(STORIES / "client_story.ts", tmp_path)
    types = ["--typeRoots", str(MODULES / "@types"), "--types", "node"]
    run(str(MODULES / ".bin" / "tsc"), *NEVER_LENIENT, *types, "--module", "nodenext", "--target", "es2022", str(story))
    return tmp_path


def test_a_generated_client_does_a_whole_story(
    python_client: Path, account: str, service: Service, jira: SampleJira, stack: Stack
) -> None:
    issues = jira.cloud.create("GEN", 2)
    keys = [issue.key for issue in issues]
    python, story = str(ENVIRONMENT / "bin" / "python"), str(STORIES / "client_story.py")
    told = run(python, story, f"{stack.api_url}{BASE_PATH}", account, *keys, PYTHONPATH=str(python_client))
    seen: dict[str, Any] = json.loads(told)
    assert seen == {
        "missing": ["Problem", "integration_not_found"],
        "refused": "#/connection_name",
        "created": "HEALTHY_INTEGRATION",
        "edited": True,
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


def test_a_generated_typescript_client_does_a_whole_story(
    typescript_client: Path, account: str, service: Service, jira: SampleJira, stack: Stack
) -> None:
    keys = [issue.key for issue in jira.cloud.create("TYP", 3)]
    told = run("node", str(typescript_client / "client_story.js"), f"{stack.api_url}{BASE_PATH}", account, *keys)
    seen: dict[str, Any] = json.loads(told)
    pages = seen.pop("pages")
    assert sorted(key for page in pages for key in page) == sorted(keys)
    assert len(pages) >= 2
    assert seen == {
        "unauthorized": [401, "no problem document"],
        "missing": "create it first",
        "invalid": "mend #/connection_name",
        "refused": "look at authenticated: AUTHENTICATION_FAILED",
        "created": "HEALTHY_INTEGRATION",
        "edited": True,
        "again": "integration_exists",
        "registered": [3, [[3, "integration_not_found"]]],
        "statuses": {"TYPED-1": "To Do", "TYPED-2": "To Do", "TYPED-3": "To Do"},
        "outcomes": ["skipped", "skipped", "skipped"],
        "done": 0,
        "unheard": "mend category",
        "found_in": [{"type": "build", "name": "typed", "version": "7"}],
        "unregistered": 3,
        "after": "violation_not_found",
        "deleted": 204,
    }
    assert "typescript-client" not in service.integration_names()
