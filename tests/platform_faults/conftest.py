"""One embedded AWS and one sample Jira for all; a deployment of its own for each test."""

from collections.abc import Iterator

import pytest

from local.emulator import Emulator
from local.gate.settings import GateSettings
from sample_jira import SampleJira
from tests.platform_faults.deployment import Deployment, forget_composed

LAG_SECONDS = 0.05
"""Of DynamoDB's indexes: outages are looked at here, and what waits for an index waits for seconds each time."""


@pytest.fixture(scope="session")
def endpoint_url() -> Iterator[str]:
    """The embedded AWS, with nothing deployed on it."""
    with Emulator("platform-tests", gate=GateSettings(lag_seconds=LAG_SECONDS)) as running:
        yield running.url


@pytest.fixture(scope="session")
def sample_jira() -> Iterator[SampleJira]:
    """The sample Jira; at the end every request that it got must have been one that Jira documents."""
    with SampleJira() as jira:
        yield jira
        assert jira.violations == []


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, endpoint_url: str, sample_jira: SampleJira) -> Iterator[Deployment]:
    """A deployment with three tickets that show To Do."""
    forget_composed()
    yield Deployment(monkeypatch, endpoint_url, sample_jira)
    forget_composed()
