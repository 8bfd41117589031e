"""The four forms of output: a table for people; JSON, CSV and NDJSON for programs."""

import csv
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

Format = Literal["table", "json", "csv", "ndjson"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "ndjson")
WIDTH_OF_A_PIPE = 400
"""Columns; a pipe has no width, and a table that is cut off cannot be searched."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of tables and CSV files: its name, and how to find its value in a row's document."""

    name: str
    value: Callable[[Mapping[str, Any]], object]
    title: str | None = None
    """Of the table; the name, if left out."""


def column(path: str, title: str | None = None) -> Column:
    """A column whose value is a member of the document, below others if the path has dots."""

    def value(row: Mapping[str, Any]) -> object:
        found: Any = row
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    return Column(path.replace(".", "_"), value, title)


@dataclass(frozen=True, slots=True)
class Output:
    """Writes what a command found."""

    format: Format
    stream: TextIO

    def rows(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], document: object) -> None:
        """Write rows; as JSON, the document that they are from, or an object with them under this name."""
        match self.format:
            case "table":
                self._table(rows, columns)
            case "json":
                self._json({document: list(rows)} if isinstance(document, str) else document, indent=2)
            case "ndjson":
                for row in rows:
                    self._json(row)
            case "csv":
                writer = csv.writer(self.stream, lineterminator="\n")
                writer.writerow([one.name for one in columns])
                for row in rows:
                    writer.writerow([cell(one.value(row)) for one in columns])

    def one(self, document: Mapping[str, Any], columns: Sequence[Column]) -> None:
        """Write one thing: a table with a line for each column that has a value."""
        if self.format != "table":
            self.rows([document], columns, document)
            return
        table = _grid()
        for each in columns:
            if (value := each.value(document)) not in (None, [], {}):
                table.add_row(each.title or each.name, Text(printable(words(value))))
        self._console().print(table)

    def say(self, text: str) -> None:
        """Print a sentence for people; not in the formats for programs."""
        if self.format == "table":
            self._console().print(Text(printable(text)))

    def _table(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> None:
        table = Table(box=box.SIMPLE, pad_edge=False)
        for each in columns:
            table.add_column(each.title or each.name, overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(words(each.value(row)))) for each in columns))
        self._console().print(table)

    def _json(self, document: object, indent: int | None = None) -> None:
        self.stream.write(json.dumps(document, ensure_ascii=False, indent=indent) + "\n")

    def _console(self) -> Console:
        return console(self.stream)


def _grid() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def console(stream: TextIO) -> Console:
    """A console for a stream; wide if it is not a terminal."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH_OF_A_PIPE)


def errors() -> Console:
    """Where errors, notes and progress bars go."""
    return console(sys.stderr)


def words(value: object) -> str:
    """A value as people read it: ``invalid_request 134, no_violation 66``."""
    match value:
        case dict():
            return ", ".join(f"{name} {words(one)}" for name, one in value.items())
        case list() if not all(isinstance(one, str) for one in value):
            return "; ".join(map(words, value))
        case _:
            return cell(value)


def cell(value: object) -> str:
    """A value as the text of a CSV file's cell."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() if all(isinstance(one, str) for one in value):
            return " ".join(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def printable(text: str) -> str:
    """Untrusted text without terminal controls: escape sequences, reversed writing, bells."""
    return "".join(
        character if character == "\n" or unicodedata.category(character)[0] != "C" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )
