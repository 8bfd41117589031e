"""The pages name nothing that is no more: functions, classes, settings, files and tests."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])
FOLDERS = (
    *("bench", "cli", "console", "docs", "events", "examples"),
    *("functions", "layers", "local", "sample_jira", "tests", "tools"),
)
READ = {".css", ".html", ".js", ".json", ".mjs", ".py", ".toml", ".ts", ".yaml", ".yml"}

MADE = {".local/stack.json", "dist/ticket-status.yaml"}
"""Files that are made, and not kept."""
OTHERS = {"AWS_PROFILE", "ROLLBACK_FAILED", "ConcurrentExecutions"}
"""Names that are AWS's, and in no code of ours."""

NAME = re.compile(r"_?[A-Za-z]\w*(?:\.\w+)*(?:\(\))?")
FILE = re.compile(r"([\w./-]+\.(?:css|html|js|json|md|py|toml|yaml|yml))(?:::(\w+))?")


@cache
def files() -> frozenset[Path]:
    """What is kept, as far as it is text."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in READ)
    built = {"node_modules", "__pycache__", "build"}
    kept = {path for path in found if not built & set(path.relative_to(ROOT).parts) and ".egg-info" not in str(path)}
    return frozenset(
        {*kept, *PAGES, *(path for path in ROOT.iterdir() if path.suffix in READ or path.name == "Makefile")}
    )


@cache
def words() -> frozenset[str]:
    """Every name in the code."""
    read = (path.read_text(encoding="utf-8", errors="ignore") for path in files() if path.suffix != ".md")
    return frozenset(word for text in read for word in re.findall(r"\w+", text))


def named(text: str) -> Iterator[str]:
    """Code words of a page, without its blocks."""
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def is_ours(name: str) -> bool:
    """Whether a code word looks like a name of code: with an underscore, or with a capital inside."""
    return bool(NAME.fullmatch(name) and not FILE.fullmatch(name) and re.search(r"_|[a-z][A-Z]", name))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_name_of_code_is_in_the_code(page: Path) -> None:
    found = {name for name in named(page.read_text(encoding="utf-8")) if is_ours(name)} - OTHERS
    assert [name for name in sorted(found) if set(re.findall(r"\w+", name)) - words()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_file_or_test_that_is_named_exists(page: Path) -> None:
    found = {name for name in named(page.read_text(encoding="utf-8")) if FILE.fullmatch(name)} - MADE
    assert [name for name in sorted(found) if not _exists(*FILE.fullmatch(name).groups())] == []  # type: ignore[union-attr]


def _exists(name: str, test: str | None) -> bool:
    paths = [path for path in files() if f"/{path.relative_to(ROOT)}".endswith(f"/{name}")]
    return any(test is None or f"def {test}(" in path.read_text(encoding="utf-8") for path in paths)
