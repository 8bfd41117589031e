"""How a file of tickets is read: the options that import and unregister share, and what they mean."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ticket_status_cli.importing.columns import FIELDS, JIRA_COLUMNS, JIRA_TEXTS, Columns
from ticket_status_cli.importing.dates import Dates
from ticket_status_cli.importing.source import DELIMITERS, Kind
from ticket_status_cli.options import complete_integration

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def file_options(command: Decorated) -> Decorated:
    """How a file of tickets is read."""
    options = (
        click.option(
            "--format",
            "kind",
            type=click.Choice(["csv", "ndjson"]),
            help="Format of the file (default: from its name).",
        ),
        click.option(
            "--map", "mapped", metavar="COLUMN=NAME", multiple=True, help="The file calls COLUMN by this NAME."
        ),
        click.option(
            "--set", "constants", metavar="COLUMN=VALUE", multiple=True, help="Use VALUE for COLUMN in every row."
        ),
        click.option(
            "--integration",
            metavar="NAME",
            shell_complete=complete_integration,
            help="Same as --set integration_name=NAME.",
        ),
        click.option("--from-jira-csv", is_flag=True, help="The file is Jira's own CSV export."),
        click.option(
            "--violation-pattern",
            metavar="REGEX",
            help="What a violation id looks like; if it has a group, the first group is the id.",
        ),
        click.option(
            "--violation-in",
            metavar="COLUMN",
            multiple=True,
            help="Column to search with the pattern (default: summary, description and labels).",
        ),
        click.option(
            "--timezone",
            metavar="ZONE",
            default="UTC",
            help="Time zone of times that name none, such as Europe/Berlin.",
        ),
        click.option(
            "--date-format",
            "date_formats",
            metavar="FORMAT",
            multiple=True,
            help="Format of times, such as '%d/%m/%Y %H:%M'.",
        ),
        click.option(
            "--delimiter", metavar="CHARACTER", help="Separator of the CSV file (default: found in its header)."
        ),
        click.option("--encoding", help="Encoding of the file (default: UTF-8, or what its byte order mark says)."),
        click.option("--rejects", metavar="FILE", help="File for rejected rows (default: FILE.rejects.csv)."),
        click.option(
            "--restart", is_flag=True, help="Start from the beginning instead of resuming an interrupted run."
        ),
        click.option("--dry-run", is_flag=True, help="Show what would be done, with samples; send and write nothing."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file of tickets is read, as the options say."""

    path: str
    kind: Kind | None
    delimiter: str | None
    encoding: str | None
    columns: Columns
    rejects: str | None
    restart: bool
    dry_run: bool
    said: Mapping[str, object]
    """The options that identify the work: others mean different work."""


def read_options(path: str, given: dict[str, Any]) -> FileOptions:
    """Parse the options; raises ``click.UsageError`` that says what is invalid."""
    pattern = _pattern(given["violation_pattern"])
    if given["from_jira_csv"] and pattern is None:
        raise click.UsageError(
            "--from-jira-csv needs --violation-pattern, which finds the violation in summary, description or labels."
        )
    if given["violation_in"] and pattern is None:
        raise click.UsageError("--violation-in needs --violation-pattern.")
    constants = _pairs(given["constants"], "--set")
    if given["integration"]:
        constants["integration_name"] = given["integration"]
    delimiter = given["delimiter"]
    if delimiter is not None and len(delimiter := delimiter.replace("\\t", "\t")) != 1:
        raise click.UsageError(f"--delimiter must be one character, such as one of {DELIMITERS!r}.")
    names = dict(JIRA_COLUMNS) if given["from_jira_csv"] else {}
    columns = Columns(
        names=names | _names(given["mapped"]),
        constants=constants,
        dates=Dates(_zone(given["timezone"]), tuple(given["date_formats"])),
        pattern=pattern,
        texts=tuple(given["violation_in"]) or JIRA_TEXTS,
    )
    kind: Kind | None = "csv" if given["from_jira_csv"] else given["kind"]
    of_work = {name: value for name, value in given.items() if name not in ("rejects", "restart", "dry_run")}
    return FileOptions(
        path,
        kind,
        delimiter,
        _known_encoding(given["encoding"]),
        columns,
        given["rejects"],
        given["restart"],
        given["dry_run"],
        of_work,
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise click.UsageError(f"--violation-pattern is not a regular expression: {error}.") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.UsageError(f"--timezone {name} is not known; expected a name such as Europe/Berlin.") from error


def _known_encoding(name: str | None) -> str | None:
    try:
        if name:
            "".encode(name)
    except LookupError as error:
        raise click.UsageError(f"--encoding {name} is not known; expected a name such as cp1252.") from error
    return name


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = dict(one.split("=", 1) for one in given if "=" in one)
    if len(pairs) != len(given) or not pairs.keys() <= set(FIELDS):
        raise click.UsageError(f"{option} takes COLUMN=…, each column once; columns are {', '.join(FIELDS)}.")
    return {name: value.strip() for name, value in pairs.items()}


def _names(given: Sequence[str]) -> dict[str, str]:
    """COLUMN=NAME; the reverse order is accepted too if it is unambiguous."""
    turned = []
    for one in given:
        left, _, right = one.partition("=")
        turned.append(f"{right}={left}" if left not in FIELDS and right in FIELDS else one)
    return {name: column.casefold() for name, column in _pairs(turned, "--map").items()}
