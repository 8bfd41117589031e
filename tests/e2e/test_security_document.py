"""The API document tried on the running stack: whatever is sent, no 5xx, and every answer fits the document."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from local import ROOT
from local.stack import BASE_PATH, Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket

SECONDS_TO_END = 5
"""How long work may still be under way when its integration is deleted."""

MOST_SECONDS = 600
"""After which it hangs. Examples and limits of each operation are tried first, then chance, then what links lead to."""

EXAMPLES = {"integration_name": "cloud-abc", "violation_id": "XRAY-552871"}
"""Names in the document's examples; here they are of things that there are."""


@pytest.fixture
def lenient() -> Iterator[SampleJira]:
    """A Jira of its own: made-up addresses of it are tried, too, and asked for what no Jira has."""
    with SampleJira() as jira:
        yield jira


@pytest.fixture
def nothing_left_behind(service: Service, jira: SampleJira) -> Iterator[None]:
    """Delete what was made up, and forget what it made of the other tests' Jira, whose address it can come upon."""
    before = set(service.integration_names())
    assert jira.violations == []
    yield
    for name in set(service.integration_names()) - before:
        service.call("DELETE", f"/jira-integrations/{quote(name)}")
    time.sleep(SECONDS_TO_END)
    jira.forget_requests()


@pytest.mark.slow(reason="schemathesis gets a minute")
@pytest.mark.usefixtures("nothing_left_behind")
def test_every_answer_fits_the_api_document(
    service: Service, lenient: SampleJira, stack: Stack, tmp_path: Path
) -> None:
    service.add_cloud(EXAMPLES["integration_name"], lenient)
    issue = lenient.cloud.create("JAS", 1)[0]
    service.register(ticket(EXAMPLES["integration_name"], issue, EXAMPLES["violation_id"]))
    command = [str(ROOT / ".venv" / "bin" / "schemathesis")]
    command += ["--config-file", str(ROOT / "tests" / "security" / "schemathesis.toml"), "run"]
    command += [str(ROOT / "docs" / "openapi.yaml"), "--url", f"{stack.api_url}{BASE_PATH}"]
    command += ["--header", f"Authorization: Bearer {stack.token('admin')}"]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=MOST_SECONDS
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in done.stdout, done.stdout[-5_000:]
