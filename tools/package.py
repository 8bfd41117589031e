"""``python -m tools.package``: makes one file of what ``sam build`` built, which is deployed without the repository.

``dist/ticket-status-VERSION.zip`` has the template, the functions and the layer as they were built, the console's
files, and a page that says how to deploy them. The same sources make the same bytes.
"""

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ticket_status import __version__

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".aws-sam" / "build"
DIST = ROOT / "dist"
NAME = f"ticket-status-{__version__}"
BESIDE = (
    "samconfig.toml",
    "LICENSE",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/deploy.md",
    "docs/operations.md",
    "docs/openapi.yaml",
)
"""Files of the repository that are needed to deploy and operate the service."""
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it: the earliest that the format knows."""
READABLE = 0o100644 << 16

HOW_TO_DEPLOY = f"""\
# Ticket Status {__version__}

Everything is built. You need the AWS SAM CLI, a region, and AWS credentials that may create everything in
`template.yaml` and the templates in the folders beside it, including roles.

    sam deploy --guided

This asks for the stack's name and parameters, shows what will be created, and creates it. `template.yaml` describes
each parameter; leave `Runtime` and `Architecture` as they are, because the code was built for them. The output `ApiUrl`
is the address of the API, `docs/openapi.yaml` describes it, and `docs/operations.md` begins with how an administrator
gets a token.

To upgrade, run it again with the next package. `CHANGELOG.md` says what else has to be done; `docs/deploy.md` has the
rest: a Jira inside your network, your own identity provider, roll-back, deletion.

`console/` has the files of the console. A stack with `ConsoleAccess` has the outputs `ConsoleBucketName` and
`ConsoleUrl`; docs/console.md in the repository says how to upload the files.
"""


class NotBuiltError(Exception):
    """Raised when there is nothing to make a package of."""


def main() -> None:
    """Make it, and say where it is."""
    if not (BUILD / "template.yaml").exists():
        raise NotBuiltError(f"{BUILD.relative_to(ROOT)} has no template: run sam build first")
    DIST.mkdir(exist_ok=True)
    path = DIST / f"{NAME}.zip"
    pack(path, files(ROOT, BUILD))
    sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1_000_000:.1f} MB\n")


def files(root: Path, build: Path) -> dict[str, bytes]:
    """All that belongs into the package, by name inside it."""
    built = {path.relative_to(build).as_posix(): path for path in _below(build)}
    console = {path.relative_to(root).as_posix(): path for path in _below(root / "console")}
    beside = {name: root / name for name in BESIDE}
    read = {name: path.read_bytes() for name, path in {**built, **console, **beside}.items()}
    return {"README.md": HOW_TO_DEPLOY.encode(), **read}


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def pack(path: Path, contents: dict[str, bytes]) -> None:
    """Write the file whole or not at all."""
    draft = path.with_suffix(".new")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in sorted(contents.items()):
            info = zipfile.ZipInfo(f"{NAME}/{name}", MOMENT)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, READABLE
            package.writestr(info, body)
    draft.replace(path)


if __name__ == "__main__":
    main()
