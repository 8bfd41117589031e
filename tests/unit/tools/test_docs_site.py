"""The rendered documentation: links lead where they lead in the repository, and nothing is fetched."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tools import docs_site

NAMES = {
    "README.md": "index.md",
    "docs/jira.md": "jira.md",
    "docs/openapi.yaml": "api-document.html",
    "LICENSE.md": "LICENSE.md",
}


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """The parts of JavaScript, as npm lays them."""
    folder = tmp_path / "node_modules"
    for part in docs_site.PARTS.values():
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_text("// a part")
    return folder


@pytest.mark.parametrize(
    ("source", "text", "shown"),
    [
        ("README.md", "[Jira](docs/jira.md#health)", "[Jira](jira.md#health)"),
        ("docs/jira.md", "[start](../README.md)", "[start](index.md)"),
        ("docs/jira.md", "[calls](openapi.yaml)", "[calls](api-document.html)"),
        ("README.md", "the [template](template.yaml) says", "the template says"),
        (
            "docs/jira.md",
            "[here](#health), [there](https://example.com/a.md)",
            "[here](#health), [there](https://example.com/a.md)",
        ),
    ],
)
def test_a_link_leads_to_the_page_that_it_leads_to_in_the_repository(source: str, text: str, shown: str) -> None:
    assert docs_site.with_links(text, source, NAMES) == shown


def test_every_page_picture_and_part_is_gathered(modules: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    docs_site.gather(docs_site.ROOT, modules, site)
    gathered = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert gathered >= {"index.md", "CONTRIBUTING.md", "rules.md", "images/tickets.png", "api-document.html"}
    assert gathered >= {f"assets/{name}" for name in docs_site.PARTS}


def test_the_api_document_is_in_the_script_as_it_is_written(modules: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    docs_site.gather(docs_site.ROOT, modules, site)
    script = (site / "assets" / "api-document.js").read_text()
    shown = json.loads(script.removeprefix("SwaggerUIBundle(").removesuffix(");\n"))
    written = yaml.safe_load((docs_site.ROOT / docs_site.API_DOCUMENT).read_text())
    assert list(shown["spec"]["paths"]) == list(written["paths"])
    assert docs_site.api_script("at: 2026-11-22T08:00:00Z").count("2026-11-22T08:00:00Z") == 1


def test_a_page_that_would_fetch_something_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f'<script src="{docs_site.FETCHED}"></script><a href="https://example.com/">elsewhere</a>')
    docs_site.finish(tmp_path)
    assert '<script src="assets/iframe-worker.js">' in page.read_text()
    page.write_text('<link rel="stylesheet" href="https://fonts.example.com/css">')
    with pytest.raises(docs_site.FetchesError, match="fonts"):
        docs_site.finish(tmp_path)


def test_every_page_has_its_place_in_the_navigation() -> None:
    configuration = (docs_site.ROOT / "mkdocs.yml").read_text()
    placed = set(re.findall(r"([\w-]+\.(?:md|html))$", configuration[configuration.index("\nnav:") :], re.MULTILINE))
    shown = {name for name in docs_site.names(docs_site.ROOT).values() if name.endswith((".md", ".html"))}
    assert placed == shown
