"""``docs/rules.md`` and the code say the same of the contract's rules."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "common" / "ticket_status"
FUNCTIONS = ROOT / "functions"

RULES = 18
_MENTION = re.compile(r"\bR([1-9][0-9]?)(?: to R([1-9][0-9]?))?\b")


@dataclass(frozen=True)
class Entry:
    """What the page says of one rule."""

    decided_by: tuple[str, ...]
    carried_out_in: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def modules(self) -> set[str]:
        """Every module that the rule is attributed to."""
        return {module_of(name) for name in self.decided_by} | set(self.carried_out_in)


@cache
def page() -> Mapping[int, Entry]:
    """The page, by number of the rule."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    sections = re.split(r"^## R(\d+) .+$", text, flags=re.MULTILINE)[1:]
    numbers = [int(number) for number in sections[::2]]
    assert numbers == list(range(1, RULES + 1)), "every rule once, in order"
    return {number: entry(section) for number, section in zip(numbers, sections[1::2], strict=True)}


def entry(section: str) -> Entry:
    """The entry in a section's text: three lists of code words."""
    parts = dict(re.findall(r"^\* (decided by|carried out in|held by)(.*(?:\n  .*)*)", section, flags=re.MULTILINE))
    named = {title: tuple(re.findall(r"`([^`]+)`", text)) for title, text in parts.items()}
    return Entry(named.get("decided by", ()), named.get("carried out in", ()), named.get("held by", ()))


def module_of(name: str) -> str:
    """The module that a dotted name below the package lies in."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if PACKAGE.joinpath(*parts[:length]).with_suffix(".py").exists():
            return ".".join(parts[:length])
    raise AssertionError(f"{name}: there is no such module")


def mentions() -> Iterator[tuple[str, int]]:
    """Every module of package and functions with each rule that its text speaks of."""
    for base, folder in ((PACKAGE, PACKAGE), (ROOT, FUNCTIONS)):
        for path in folder.rglob("*.py"):
            name = ".".join(path.relative_to(base).with_suffix("").parts)
            for first, last in _MENTION.findall(path.read_text(encoding="utf-8")):
                yield from ((name, number) for number in range(int(first), int(last or first) + 1))


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


def test_every_rule_that_a_module_speaks_of_is_attributed_to_it() -> None:
    attributed = {(module, number) for number, rule in page().items() for module in rule.modules}
    assert not set(mentions()) - attributed, "docs/rules.md has to name these modules under 'carried out in'"


def test_every_module_that_carries_a_rule_out_speaks_of_it() -> None:
    said = set(mentions())
    silent = {(module, number) for number, rule in page().items() for module in rule.carried_out_in} - said
    assert not silent, "docs/rules.md attributes rules to modules that do not mention them"


def test_no_module_is_named_twice_under_a_rule() -> None:
    for number, rule in page().items():
        assert len(set(rule.carried_out_in)) == len(rule.carried_out_in), number
        assert not {module_of(name) for name in rule.decided_by} & set(rule.carried_out_in), number
