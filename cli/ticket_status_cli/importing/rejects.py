"""The file of rejected rows and reasons, which can be corrected and imported again."""

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TextIO

from ticket_status_cli.importing.journal import Journal
from ticket_status_cli.importing.source import REJECT_COLUMNS, UNREADABLE, Record, Source


class Rejects:
    """Written as records are rejected; the file is made with the first of them.

    Rows are unchanged, after three columns that say why, so that the same options can read them again.
    """

    def __init__(self, path: Path, source: Source, journal: Journal) -> None:
        self._kind = source.kind
        self._header = source.header
        self._delimiter = source.delimiter
        self._encoding = source.encoding
        self._journal = journal
        # Of a file of rejects that was mended in part, the old reasons are left out.
        self._leave_out = len(REJECT_COLUMNS) if source.header[: len(REJECT_COLUMNS)] == [*REJECT_COLUMNS] else 0
        self._file: TextIO | None = None
        known = Path(journal.output) if journal.output else None
        # An interrupted run goes on with its own file; what was mended meanwhile, or left half-written by a crash, is
        # neither added to nor cut: what follows goes into another one.
        self._goes_on = known is not None and _size(known) == journal.output_bytes
        self.path = known if known is not None and self._goes_on else _free(path)
        self.before = known if known is not None and not self._goes_on and known.exists() else None
        """A file of rejects of the same import that is left alone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, record: Record, code: str, detail: str) -> None:
        """Write a record with the reason."""
        file = self._file or self._open()
        if self._kind == "csv":
            writer = csv.writer(file, delimiter=self._delimiter, lineterminator="\n")
            writer.writerow([code, detail, record.line, *record.raw[self._leave_out :]])
        else:
            file.write(json.dumps(_annotated(record, code, detail), ensure_ascii=False) + "\n")

    def keep(self) -> None:
        """Flush the file to disk, and note its length in the journal."""
        if self._file is not None:
            self._file.flush()
            self._journal.output = str(self.path)
            self._journal.output_bytes = self.path.stat().st_size

    def _open(self) -> TextIO:
        new = not self._goes_on
        # Bytes that were not UTF-8 in the source are written as they were.
        mode: Literal["x", "a"] = "x" if new else "a"
        file = self.path.open(mode, encoding=self._encoding, errors="surrogateescape", newline="")
        if new and self._kind == "csv":
            writer = csv.writer(file, delimiter=self._delimiter, lineterminator="\n")
            writer.writerow([*REJECT_COLUMNS, *self._header[self._leave_out :]])
        self._file = file
        return file


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.exists() else None


def _free(path: Path) -> Path:
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def _annotated(record: Record, code: str, detail: str) -> dict[str, object]:
    why: dict[str, object] = dict(zip(REJECT_COLUMNS, (code, detail, record.line), strict=True))
    [line] = record.raw
    try:
        known = json.loads(line)
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, dict):
        return {**why, UNREADABLE: line}
    return {**why, **{name: value for name, value in known.items() if name not in REJECT_COLUMNS}}
