"""``docs/rules.md`` and the code say the same about the rules."""

import ast
import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "common" / "ticket_status"
FUNCTIONS = ROOT / "functions"

RULES = 19


@dataclass(frozen=True)
class Entry:
    """What the page says of one rule."""

    decided_by: tuple[str, ...]
    tests: tuple[str, ...]


@cache
def page() -> Mapping[int, Entry]:
    """The page, by number of the rule."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    sections = re.split(r"^## R(\d+) .+$", text, flags=re.MULTILINE)[1:]
    numbers = [int(number) for number in sections[::2]]
    assert numbers == list(range(1, RULES + 1)), "every rule once, in order"
    return {number: entry(section) for number, section in zip(numbers, sections[1::2], strict=True)}


def entry(section: str) -> Entry:
    """The entry in a section's text: two lists of code words."""
    parts = dict(re.findall(r"^\* (decided by|held by)(.*(?:\n  .*)*)", section, flags=re.MULTILINE))
    named = {title: tuple(re.findall(r"`([^`]+)`", text)) for title, text in parts.items()}
    return Entry(named.get("decided by", ()), named.get("held by", ()))


def module_of(name: str) -> str:
    """The module that a dotted name below the package lies in."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if PACKAGE.joinpath(*parts[:length]).with_suffix(".py").exists():
            return ".".join(parts[:length])
    raise AssertionError(f"{name}: there is no such module")


@pytest.mark.parametrize("number", range(1, RULES + 1))
def test_every_rule_has_a_decider_and_tests_that_exist(number: int) -> None:
    rule = page()[number]
    assert rule.decided_by
    assert rule.tests
    assert len(set(rule.tests)) == len(rule.tests)
    for name in rule.decided_by:
        found: object = imported(module_of(name))
        for part in name.removeprefix(module_of(name)).strip(".").split("."):
            found = getattr(found, part)
        assert callable(found), name
    for test in rule.tests:
        path, _, function = test.partition("::")
        assert function in named_in(ROOT / "tests" / path), test


def imported(module: str) -> ModuleType:
    return importlib.import_module(f"ticket_status.{module}")


@cache
def named_in(path: Path) -> frozenset[str]:
    """The tests of a file, unread by Python."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
