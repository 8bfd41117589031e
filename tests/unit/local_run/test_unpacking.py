"""Archives of functions and layers, unpacked once for all processes."""

import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.gate.unpacking import SharedArchive, install


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layer with a package in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    layer = tmp_path / "layer.zip"
    with zipfile.ZipFile(layer, "w") as writing:
        writing.writestr("python/package/__init__.py", "NUMBER = 1")
    return layer


def unpacked(archive: Path, folder: Path) -> Path:
    folder.mkdir()
    with SharedArchive(archive) as reading:
        reading.extractall(folder)
    return folder / "python" / "package"


def test_what_one_process_compiled_is_there_for_the_next(archive: Path, tmp_path: Path) -> None:
    first, second = (unpacked(archive, tmp_path / name) for name in ("first", "second"))
    assert (second / "__init__.py").read_text() == "NUMBER = 1"
    (first / "__pycache__").mkdir()
    assert (second / "__pycache__").is_dir()


def test_another_archive_in_the_place_of_the_first_is_another(archive: Path, tmp_path: Path) -> None:
    unpacked(archive, tmp_path / "first")
    with zipfile.ZipFile(archive, "a") as writing:
        writing.writestr("python/package/more.py", "")
    assert not (tmp_path / "first" / "python" / "package" / "more.py").exists()
    assert (unpacked(archive, tmp_path / "second") / "more.py").exists()


def test_a_part_of_an_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    with SharedArchive(archive) as reading, pytest.raises(ValueError, match="whole archive"):
        reading.extractall(tmp_path, members=["python/package/__init__.py"])


def test_a_runtime_that_unpacks_otherwise_is_noticed() -> None:
    runtime = SimpleNamespace(zipfile=zipfile)
    install(runtime)
    assert runtime.zipfile.ZipFile is SharedArchive
    with pytest.raises(TypeError, match="otherwise"):
        install(runtime)
