"""What every kind of test shares: its kind, the group that runs in one process, and the word about Chromium."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # no test fails because a machine is busy
settings.load_profile("untimed")

TESTS = Path(__file__).parent
KINDS = {"platform_faults": "platform"}
"""Kinds of the folders that are not named like their kind."""

SLOW_SECONDS = 30
"""A test that takes longer has the mark `slow`."""
SECURITY_OF_THE_STACK = "test_security_"
NO_CHROMIUM = "there is no Chromium"
"""How the reason of a skipped browser test begins."""
HOW_TO_GET_IT = (
    "NOT EVERYTHING WAS TESTED: there is no Chromium on the PATH, so {count} browser tests were skipped. "
    "Get it with `apt-get install chromium` (or your system's package of that name) and run the tests again."
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its kind, so that `-m "not e2e"` works without a mark on every test.

    Tests that share a stack or an embedded AWS are one group: `--dist loadgroup` gives a group to one process, which
    starts what they share once.
    """
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(getattr(pytest.mark, KINDS.get(folder, folder)))
        if group := _group(item, folder):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item, folder: str) -> str | None:
    """The group of a test, ``None`` for one that can run anywhere."""
    match folder:
        case "e2e":
            return "e2e-security" if item.path.name.startswith(SECURITY_OF_THE_STACK) else "e2e"
        case "browser" | "platform_faults":
            return folder
        case "contract":
            return "emulator" if "emulator" in item.name or "emulated" in getattr(item, "fixturenames", ()) else None
        case _:
            return None


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
