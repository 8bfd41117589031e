"""What others rely on when they pick the project up: one version, honest requirements, pages that lead somewhere."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.template import load
from ticket_status import __version__

ROOT = Path(__file__).parents[2]
OWN = {"bench", "cli", "functions", "local", "sample_jira", "tests", "ticket_status", "ticket_status_cli", "tools"}
CODE = {
    "runtime": ("layers", "functions"),
    "cli": ("cli",),
    "dev": ("local", "sample_jira", "tools", "tests"),
    "bench": ("bench",),
    "client": (),
    "sam": (),
    "emulator": (),
    "scan": (),
    "docs": (),
}
"""Folders whose imports each ``requirements/*.in`` is there for."""


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# The version


def test_the_template_and_the_api_document_have_the_projects_version() -> None:
    assert load()["Outputs"]["Version"]["Value"] == __version__
    assert yaml.safe_load(text("docs/openapi.yaml"))["info"]["version"] == __version__


def test_the_changelog_has_a_section_for_the_version_with_its_date() -> None:
    assert re.search(rf"^## {re.escape(__version__)} - \d{{4}}-\d{{2}}-\d{{2}}$", text("CHANGELOG.md"), re.MULTILINE)


def test_the_version_is_written_in_one_place() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "layers/common/ticket_status/__init__.py"


# Pythons


def test_every_python_that_the_stack_can_run_on_is_checked() -> None:
    workflow: dict[str, Any] = yaml.safe_load(text(".github/workflows/check.yml"))
    checked = workflow["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert [f"python{version}" for version in checked] == load()["Parameters"]["Runtime"]["AllowedValues"]
    oldest = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"]
    assert oldest == f">={checked[0]}"
    assert text(".python-version").strip() == checked[0], "the oldest, so that nothing newer slips in"


# Requirements


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(kind: str) -> Iterator[tuple[str, str | None]]:
    """The distributions that a file of requirements names, each with the reason on its line."""
    for line in text(f"requirements/{kind}.in").splitlines():
        if line and not line.startswith(("#", "-")):
            wanted, _, reason = line.partition("  # ")
            yield normal(re.split(r"[\[;=<>~ ]", wanted)[0]), reason or None


@cache
def imported(kind: str) -> frozenset[str]:
    """The packages, not of this project and not of Python, that the code of a kind imports."""
    paths = (path for folder in CODE[kind] for path in (ROOT / folder).rglob("*.py"))
    names = (name for path in paths for name in _imports(ast.parse(path.read_text(encoding="utf-8"))))
    return frozenset(name for name in names if name not in sys.stdlib_module_names | OWN)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def distributions(package: str) -> set[str]:
    """What has to be installed for a package; its own name where it is not installed here."""
    return {normal(name) for name in _installed().get(package, [package])}


@pytest.mark.parametrize("kind", CODE)
def test_every_requirement_is_imported_or_says_why_it_is_there(kind: str) -> None:
    used = {name for package in imported(kind) for name in distributions(package)}
    if not CODE[kind]:
        return  # an environment of its own for one tool, which the head of the file names
    idle = [name for name, reason in required(kind) if reason is None and name not in used]
    assert idle == []


@pytest.mark.parametrize(
    ("kind", "given"),
    [("runtime", ()), ("cli", ()), ("dev", ("runtime", "cli", "emulator")), ("bench", ("runtime", "dev"))],
)
def test_every_import_is_a_requirement(kind: str, given: tuple[str, ...]) -> None:
    named = {name for one in (kind, *given) for name, _ in required(one)}
    missing = {package for package in imported(kind) if not (distributions(package) & named) and not _types(package)}
    assert missing - PARTS_OF_PEERS - BESIDE_THE_EMBEDDED_AWS - GENERATED == set()


BESIDE_THE_EMBEDDED_AWS = {"samtranslator"}
"""Imported by what runs in that environment, which has it as aws-sam-translator."""

GENERATED = {"ticket_client"}
"""Made from the API document while a test runs, and imported in an environment of its own."""

PARTS_OF_PEERS = {"singer", "tap_jira"}
"""Imported by a peer of the benchmark that brings them under other names."""


def _types(package: str) -> bool:
    """Whether it is there for mypy only: stubs that an extra of ``boto3-stubs`` brings."""
    return package.startswith("mypy_boto3_")


# Pages


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/*/*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_files_and_headings_that_exist(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as they are made from their words."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_target_of_the_makefile_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", text(page), re.MULTILINE))
        assert named <= targets, page
