"""What every kind of test shares: its kind, its process, and the word about what was skipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sample_jira import SampleJira
from tests.scheduling import GroupScheduling

settings.register_profile("untimed", deadline=None)  # no test fails because a machine is busy
settings.load_profile("untimed")

TESTS = Path(__file__).parent
KINDS = {"platform_faults": "platform"}
"""Kinds of the folders that are not named like their kind."""

SLOW_SECONDS = 30
"""A test that takes longer has the mark `slow`."""
NEEDED = {
    "there is no Chromium": "Chromium (`apt-get install chromium-headless-shell`, or your system's package)",
    "there is no Node.js": "Node.js 20 or newer with npm",
}
"""How the reason of a skipped test begins, and what it takes to run it."""
NOT_EVERYTHING = "NOT EVERYTHING WAS TESTED: {reason}, so {count} tests were skipped. Get {what}, and run them again."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its kind, so that `-m "not e2e"` works without a mark on every test."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(getattr(pytest.mark, KINDS.get(folder, folder)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> GroupScheduling:
    """Tests that share a stack or an embedded AWS run in one process, which starts what they share once."""
    return GroupScheduling(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that take long and have no mark that says why."""
    for report in terminalreporter.stats.get("passed", []):
        if report.when == "call" and report.duration > SLOW_SECONDS and "slow" not in report.keywords:
            terminalreporter.write_line(f"SLOW {report.duration:.0f} s, without the mark for it: {report.nodeid}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last lines which tests were skipped because a program is missing, and how to get it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    reasons = [str(report.longrepr) for report in reporter.stats.get("skipped", [])]
    for reason, what in NEEDED.items():
        if count := sum(reason in one for one in reasons):
            reporter.write_line(NOT_EVERYTHING.format(reason=reason, count=count, what=what), red=True, bold=True)


@pytest.fixture
def jira() -> Iterator[SampleJira]:
    """A sample Jira behind a socket, for one test."""
    with SampleJira() as started:
        yield started
