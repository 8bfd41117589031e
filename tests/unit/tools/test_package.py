"""The package: all that was built and what goes with it, the same bytes each time."""

import zipfile
from pathlib import Path

import pytest

from tools import package


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository in which ``sam build`` was run."""
    for name in (
        *package.BESIDE,
        "console/index.html",
        ".aws-sam/build/template.yaml",
        ".aws-sam/build/Layer/python/x.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}")
    return tmp_path


def test_what_was_built_is_at_the_root_of_the_package_beside_how_to_deploy_it(root: Path) -> None:
    path = root / "package.zip"
    package.pack(path, package.files(root, root / ".aws-sam" / "build"))
    with zipfile.ZipFile(path) as packed:
        names = {name.removeprefix(f"{package.NAME}/") for name in packed.namelist()}
        assert packed.read(f"{package.NAME}/template.yaml") == b"this is .aws-sam/build/template.yaml"
    assert names == {"README.md", "template.yaml", "Layer/python/x.py", "console/index.html", *package.BESIDE}


def test_the_same_sources_make_the_same_bytes(root: Path) -> None:
    first, second = root / "first.zip", root / "second.zip"
    for path in (first, second):
        package.pack(path, package.files(root, root / ".aws-sam" / "build"))
    assert first.read_bytes() == second.read_bytes()


def test_the_files_that_go_with_it_exist() -> None:
    assert [name for name in package.BESIDE if not (package.ROOT / name).exists()] == []


def test_without_a_build_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(package, "BUILD", package.ROOT / "nowhere")
    monkeypatch.setattr(package, "DIST", tmp_path)
    with pytest.raises(package.NotBuiltError, match="sam build"):
        package.main()
