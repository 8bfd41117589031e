"""One stack and one sample Jira for all end-to-end tests of a session.

To repeat a test without deploying each time, start a stack whose Atlassian is a port of your choice, and name both::

    ATLASSIAN_API_URL=http://127.0.0.1:18600 ATLASSIAN_AUTH_URL=http://127.0.0.1:18600 make stack
    E2E_STACK=.local/stack.json E2E_ATLASSIAN_PORT=18600 .venv/bin/python -m pytest tests/e2e
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.gate.settings import GateSettings
from local.stack import Stack, attach, running_stack
from sample_jira import SampleJira
from tests.e2e.bus import Listener
from tests.e2e.driver import Service


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The search for secrets comes last, after everything else has left its traces."""
    items.sort(key=lambda item: item.path.name == "test_security_secrets.py")


LAG_SECONDS = 2.0
"""How far DynamoDB's indexes lag here: more than they usually do, so that nothing relies on them."""


@pytest.fixture(scope="session")
def jira() -> Iterator[SampleJira]:
    """The sample Jira; at the end every request that it got must have been one that Jira documents."""
    with SampleJira(atlassian_port=int(os.environ.get("E2E_ATLASSIAN_PORT", "0"))) as jira:
        yield jira
        assert jira.violations == []


@pytest.fixture(scope="session")
def stack(jira: SampleJira) -> Iterator[Stack]:
    """The deployed stack, which takes the sample's Atlassian for Atlassian."""
    if "E2E_STACK" in os.environ:
        yield attach(Path(os.environ["E2E_STACK"]))
        return
    atlassian = {"AtlassianApiUrl": jira.atlassian_url, "AtlassianAuthUrl": jira.atlassian_url}
    with running_stack("e2e", parameters=atlassian, gate=GateSettings(lag_seconds=LAG_SECONDS)) as stack:
        yield stack


@pytest.fixture(scope="session")
def service(stack: Stack) -> Service:
    """The service on that stack."""
    return Service(stack)


@pytest.fixture(scope="session", autouse=True)
def bus(stack: Stack) -> Iterator[Listener]:
    """Hears everything that the stack's bus is told, from the first test to the last."""
    listener = Listener(stack)
    yield listener
    listener.stop()
