"""Packages and layers are unpacked once, as Lambda mounts them, and not for every process of a function.

MiniStack unpacks the layer, more than a thousand files, at each cold start, and Python compiles what is imported of it.
Here each archive is unpacked into one folder, and a process gets links to what is in it: what one process compiled is
there for the next.
"""

import hashlib
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_lock = threading.Lock()


class SharedArchive(zipfile.ZipFile):
    """An archive in a file, whose ``extractall`` makes links into the one folder that it was unpacked into."""

    def extractall(
        self,
        path: str | PathLike[str] | None = None,
        members: Iterable[str | zipfile.ZipInfo] | None = None,
        pwd: bytes | None = None,
    ) -> None:
        """Link all that is in the archive into the folder ``path``. Raises ``ValueError`` where a part is wanted."""
        if path is None or members is not None or pwd is not None:
            raise ValueError("only a whole archive without a password is shared, in a folder that is named")
        for entry in self._unpacked().iterdir():
            (Path(path) / entry.name).symlink_to(entry)

    def _unpacked(self) -> Path:
        with Path(str(self.filename)).open("rb") as file:
            folder = Path(tempfile.gettempdir()) / f"unpacked-{hashlib.file_digest(file, 'sha256').hexdigest()}"
        with _lock:
            if not folder.exists():
                draft = folder.with_suffix(".new")
                super().extractall(draft)
                draft.rename(folder)
        return folder


def install(runtime: Any) -> None:  # noqa: ANN401 - MiniStack has no types
    """Have MiniStack's processes share archives. Raises ``TypeError`` when a later MiniStack does it otherwise."""
    if runtime.zipfile is not zipfile:
        raise TypeError("MiniStack unpacks otherwise now")
    runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedArchive})
