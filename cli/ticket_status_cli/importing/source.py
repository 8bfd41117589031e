"""Records of a file, one after another: CSV with any of the usual separators and encodings, or NDJSON."""

import codecs
import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

import click

Kind = Literal["csv", "ndjson"]

NDJSON_NAMES = (".ndjson", ".jsonl", ".json")
DELIMITERS = ",;\t|^"
"""The comma, and the alternatives in Jira's export and spreadsheets."""
LONGEST_FIELD = 4 * 1024 * 1024
"""Characters; descriptions and comments in an export are long, but a quotation mark that is never closed is longer."""
LONGEST_LINE = 1024 * 1024
"""Characters of a line of NDJSON."""
PEEK_BYTES = 64 * 1024

REJECT_COLUMNS = ("reject_code", "reject_detail", "reject_line")
"""The columns that a file of rejects has first; importing it again ignores them."""
UNREADABLE = "unreadable"
"""Member of a rejected NDJSON line that has the original line, if that was not JSON."""


@dataclass(slots=True)
class Record:
    """One row or object of the file."""

    line: int
    """Where it begins, counted from 1."""
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    """Values by column name in lower case; a name that is repeated, as in Jira's exports, has several."""
    raw: list[str] = field(default_factory=list)
    """As it was: the cells of a row, or one line of NDJSON."""
    problem: tuple[str, str] | None = None
    """Code and detail, when it cannot be read."""
    resource: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Source:
    """A file while it is read."""

    kind: Kind
    header: list[str]
    """Column names of a CSV file as they are written; empty for NDJSON."""
    delimiter: str
    text: io.TextIOWrapper
    binary: io.RawIOBase
    size: int | None
    """Bytes; ``None`` for standard input."""
    header_lines: int = 0

    @property
    def encoding(self) -> str:
        """Of the file; without the mark that only its beginning has."""
        return "utf-8" if self.text.encoding == "utf-8-sig" else self.text.encoding

    def position(self) -> int:
        """Bytes that were read."""
        return self.binary.tell() if self.binary.seekable() else 0

    def records(self) -> Iterator[Record]:
        """Every record once."""
        return _rows(self) if self.kind == "csv" else _objects(self.text)

    def lines(self) -> Iterator[str]:
        """The lines that follow."""
        return iter(self.text)


@contextmanager
def open_source(path: str, kind: Kind | None, delimiter: str | None, encoding: str | None) -> Iterator[Source]:
    """Open a file, or standard input for ``-``; raises ``click.UsageError`` when that cannot be."""
    try:
        raw = _Standard(sys.stdin.buffer) if path == "-" else io.FileIO(path)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from error
    with io.BufferedReader(raw, PEEK_BYTES) as binary:
        start = binary.peek(PEEK_BYTES)
        kind = kind or _kind_of(path, start)
        text = io.TextIOWrapper(binary, encoding=encoding or _encoding_of(start), errors="surrogateescape", newline="")
        size = None if path == "-" else Path(path).stat().st_size
        source = Source(kind, [], delimiter or ",", text, raw, size)
        if kind == "csv":
            _read_header(source, path, delimiter)
        yield source


class _Standard(io.RawIOBase):
    """Standard input, which stays open afterwards."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as the base class has it
        data = self._stream.read1(len(buffer)) if hasattr(self._stream, "read1") else self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _kind_of(path: str, start: bytes) -> Kind:
    if path.lower().endswith(NDJSON_NAMES):
        return "ndjson"
    if path.lower().endswith(".csv"):
        return "csv"
    return "ndjson" if start.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"{") else "csv"


def _encoding_of(start: bytes) -> str:
    """UTF-8 unless a byte order mark says UTF-16; bytes that are not UTF-8 stay what they are, cell by cell."""
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _read_header(source: Source, path: str, delimiter: str | None) -> None:
    csv.field_size_limit(LONGEST_FIELD)
    first = source.text.readline(LONGEST_LINE)
    source.delimiter = delimiter or _delimiter_of(first)
    # A quoted name may hold a line break.
    while first.count('"') % 2 and (more := source.text.readline(LONGEST_LINE)):
        first += more
    rows = list(csv.reader(io.StringIO(first, newline=""), delimiter=source.delimiter))
    if not rows or not any(name.strip() for name in rows[0]):
        raise click.UsageError(f"{path} has no header line with the names of its columns.")
    source.header = [name.strip() for name in rows[0]]
    source.header_lines = first.count("\n")


def _delimiter_of(header: str) -> str:
    """The separator that occurs most often in the header, outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _rows(source: Source) -> Iterator[Record]:
    """Rows of CSV, with the line each begins in; a repeated header, as in files put together, is passed over."""
    names = [name.casefold() for name in source.header]
    reader = csv.reader(source.lines(), delimiter=source.delimiter)
    while True:
        line = source.header_lines + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            detail = f"cannot be read as CSV ({error}): is a quotation mark not closed?"
            yield Record(line, problem=("invalid_csv", detail))
            continue
        if not row or [cell.strip() for cell in row] == source.header:
            continue
        record = Record(line, raw=row)
        if len(row) == len(names):
            fields: dict[str, list[str]] = {}
            for name, value in zip(names, row, strict=True):
                fields.setdefault(name, []).append(value)
            record.fields = fields
        else:
            record.problem = ("invalid_csv", f"has {len(row)} cells where the header has {len(names)}")
        yield record


def _objects(text: TextIO) -> Iterator[Record]:
    """Objects of NDJSON."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith("\n"):
            rest = text.readline(LONGEST_LINE)
        stripped = line.strip()
        if stripped:
            yield _object(number, stripped)


def _object(number: int, line: str) -> Record:
    record = Record(number, raw=[line])
    if len(line) >= LONGEST_LINE:
        record.raw = [line[:1000]]
        record.problem = ("invalid_json", f"the line has more than {LONGEST_LINE} characters")
        return record
    try:
        document = json.loads(line)
        if isinstance(document, dict) and isinstance(document.get(UNREADABLE), str):
            document = json.loads(document[UNREADABLE])
    except (ValueError, RecursionError) as error:
        record.problem = ("invalid_json", f"is not JSON: {error}")
        return record
    if not isinstance(document, dict):
        record.problem = ("invalid_json", "is not a JSON object")
        return record
    record.fields = {str(name).casefold(): _values(value) for name, value in document.items()}
    resource = document.get("resource")
    if isinstance(resource, dict):
        record.fields |= {f"resource_{name}": _values(resource.get(name)) for name in ("type", "name", "version")}
    return record


def _values(value: object) -> list[str]:
    match value:
        case None:
            return []
        case list():
            return [text for one in value for text in _values(one)]
        case dict():
            return []
        case bool():
            return [str(value).lower()]
        case _:
            return [str(value)]


def skip(records: Iterator[Record], number: int) -> None:
    """Skip records that were handled before."""
    next(islice(records, number, number), None)
