"""``python -m tools.docs_site gather | finish FOLDER``: what comes before and after ``mkdocs build``.

Before:
The pages of ``docs/`` and of the project's root in one folder, with links that lead where they lead in the repository;
the API document as a page of its own; and the parts of JavaScript that draw diagrams and the API document, so that
nothing is fetched when somebody reads. MkDocs is told of all this by ``mkdocs.yml``. After: the one script that the
theme would fetch is taken from the folder, too.
"""

import json
import posixpath
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from local.console import SWAGGER_UI

ROOT = Path(__file__).parents[1]
MODULES = ROOT / ".local" / "docs-js" / "node_modules"
PARTS = {
    "iframe-worker.js": "iframe-worker/shim/index.js",
    "mermaid.tiny.js": "@mermaid-js/tiny/dist/mermaid.tiny.js",
}
API_DOCUMENT = "docs/openapi.yaml"
API_PAGE = "api-document.html"
FETCHED = "https://unpkg.com/iframe-worker/shim"
"""What the theme's plugin for pages without a server wants to fetch."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")

API_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>API document - Ticket Status</title>
<link rel="stylesheet" href="assets/swagger-ui.css">
</head>
<body>
<p style="margin: 1em; font-family: sans-serif"><a href="api.html">Ticket Status</a> &middot;
<a href="openapi.yaml">openapi.yaml</a></p>
<div id="document"></div>
<script src="assets/swagger-ui-bundle.js"></script>
<script src="assets/api-document.js"></script>
</body>
</html>
"""


class _AsWritten(yaml.SafeLoader):
    """Leaves times the text that they are."""


_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class FetchesError(Exception):
    """Raised when a page would fetch something from elsewhere."""


def main(step: str, folder: str) -> None:
    """Fill the folder anew, or finish what was built in it."""
    target = Path(folder)
    if step == "finish":
        finish(target)
        return
    shutil.rmtree(target, ignore_errors=True)
    gather(ROOT, MODULES, target)


def finish(site: Path) -> None:
    """Have no page fetch anything. Raises ``FetchesError`` when one still would."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8").replace(FETCHED, "assets/iframe-worker.js")
        if fetched := re.search(r"""<(?:(?:script|img|iframe)[^>]* src|link[^>]* href)="?https?://[^">]*""", text):
            raise FetchesError(f"{page.relative_to(site)} fetches: {fetched.group()}")
        page.write_text(text, encoding="utf-8")


def gather(root: Path, modules: Path, target: Path) -> None:
    """Everything that the pages are made of, in ``target``."""
    pages = names(root)
    shutil.copytree(root / "docs", target, ignore=shutil.ignore_patterns("*.md"))
    for source, name in pages.items():
        if source.endswith(".md"):
            text = (root / source).read_text(encoding="utf-8")
            (target / name).write_text(with_links(text, source, pages), encoding="utf-8")
    assets = target / "assets"
    assets.mkdir()
    for name, part in {**{name: modules / part for name, part in PARTS.items()}, **SWAGGER_UI}.items():
        shutil.copyfile(part, assets / name)
    (target / API_PAGE).write_text(API_HTML, encoding="utf-8")
    (assets / "api-document.js").write_text(api_script((root / API_DOCUMENT).read_text(encoding="utf-8")))


def names(root: Path) -> Mapping[str, str]:
    """What each file of the repository that is shown is called there: paths from the root, paths in the folder."""
    shown = {path.relative_to(root).as_posix() for path in (root / "docs").rglob("*") if path.is_file()}
    below = {path: path.removeprefix("docs/") for path in shown}
    top = {path.name: path.name for path in root.glob("*.md")}
    return {**below, **top, "README.md": "index.md", API_DOCUMENT: API_PAGE}


def with_links(text: str, source: str, pages: Mapping[str, str]) -> str:
    """A page with its links as they are in the folder. A link to a file that is not shown becomes its words."""
    folder, here = posixpath.dirname(source), posixpath.dirname(pages[source])

    def relinked(found: re.Match[str]) -> str:
        image, words, target = found.groups()
        path, mark, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return found.group()
        name = pages.get(posixpath.normpath(posixpath.join(folder, path)))
        if name is None:
            return words
        return f"{image}[{words}]({posixpath.relpath(name, here or '.')}{mark}{anchor})"

    return LINK.sub(relinked, text)


def api_script(document: str) -> str:
    """The script that shows the API document, which it bears: a page that was opened from a folder fetches nothing."""
    shown = {
        "spec": yaml.load(document, Loader=_AsWritten),  # noqa: S506 - a SafeLoader  # nosec B506
        "dom_id": "#document",
        "deepLinking": True,
        "docExpansion": "list",
        "supportedSubmitMethods": [],
        "validatorUrl": None,
    }
    return f"SwaggerUIBundle({json.dumps(shown)});\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
