"""The table of ``docs/reliability.md`` and the tests say the same."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from local import ROOT

FOLDERS = ("platform_faults/test_workers.py", "platform_faults/test_outages.py", "e2e/test_platform_faults.py")
"""Where the tests of this table's own are; others that it names are about more."""

ABOUT_MORE = {"test_one_id_joins_the_press_of_a_button_to_its_calls_to_jira"}
WORDS = (
    *("killed in mid-slice", "timed out", "out of memory before or after a write", "twice", "late", "previous format"),
    *("throttles", "unprocessed", "condition", "conflict", "Secrets Manager", "EventBridge", "SQS", "poison"),
    *("backed up for a day", "fires twice", "clock off by a minute"),
)
"""What the table has to speak of."""


@dataclass(frozen=True)
class Row:
    """One line: a fault, what is shown, tried again and put aside, the heading of the runbook, and its tests."""

    fault: str
    shown: str
    again: str
    dead_letter: str
    runbook: str
    tests: tuple[str, ...]


@cache
def rows() -> tuple[Row, ...]:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = text.partition("\n## Faults of the platform\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][2:]
    return tuple(
        Row(fault, shown, again, dead_letter, runbook, tuple(re.findall(r"`([^`]+)`", tests)))
        for fault, shown, again, dead_letter, runbook, tests in lines
    )


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def named() -> Iterator[tuple[str, str]]:
    for row in rows():
        for test in row.tests:
            path, _, name = test.partition("::")
            yield path, name


def test_every_fault_of_the_platform_has_a_row() -> None:
    faults = " ".join(row.fault for row in rows())
    assert [word for word in WORDS if word not in faults] == []
    assert len({row.fault for row in rows()}) == len(rows())


def test_every_row_says_everything_and_names_tests_that_there_are() -> None:
    for row in rows():
        assert all((row.shown, row.again, row.dead_letter, row.runbook, row.tests)), row.fault
    missing = [(path, name) for path, name in named() if name not in names_in(path)]
    assert missing == []


def test_every_test_of_a_fault_of_the_platform_is_named_by_a_row() -> None:
    shown = set(named())
    unnamed = {(path, name) for path in FOLDERS for name in names_in(path) - ABOUT_MORE} - shown
    assert unnamed == set()


def test_every_heading_of_the_runbook_that_a_row_names_is_there() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", runbook, flags=re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}
    wanted = [re.findall(r"operations\.md#([a-z0-9-]+)", row.runbook) for row in rows() if row.runbook != "none needed"]
    assert all(wanted)
    assert {anchor for found in wanted for anchor in found} <= anchors
