"""What every kind of test shares: its kind, its process, and the word about Chromium."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.scheduling import GroupScheduling

settings.register_profile("untimed", deadline=None)  # no test fails because a machine is busy
settings.load_profile("untimed")

TESTS = Path(__file__).parent
KINDS = {"platform_faults": "platform"}
"""Kinds of the folders that are not named like their kind."""

SLOW_SECONDS = 30
"""A test that takes longer has the mark `slow`."""
NO_CHROMIUM = "there is no Chromium"
"""How the reason of a skipped browser test begins."""
HOW_TO_GET_IT = (
    "NOT EVERYTHING WAS TESTED: there is no Chromium on the PATH, so {count} browser tests were skipped. "
    "Get it with `apt-get install chromium` (or your system's package of that name) and run the tests again."
)


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
    """Say in the last line that browser tests were skipped, and how to get what they need."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if NO_CHROMIUM in str(report.longrepr)]
    if skipped:
        reporter.write_line(HOW_TO_GET_IT.format(count=len(skipped)), red=True, bold=True)
