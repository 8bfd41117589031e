"""All tickets of an integration, each once: to standard output, or to a file that is complete or absent."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from ticket_status_cli.client import Client, Document
from ticket_status_cli.errors import ApiError
from ticket_status_cli.importing.journal import Journal, identity
from ticket_status_cli.options import note
from ticket_status_cli.output import cell
from ticket_status_cli.progress import Bar, bar

PAGE = 1000
COLUMNS = (
    "integration_name",
    "ticket_no",
    "issue_id",
    "violation_ids",
    "violations",
    "created_at",
    "ticket_status",
    "ticket_status_category",
    "unknown_reason",
    "last_known_status",
    "last_update",
    "ticket_status_since",
    "refresh_state",
    "ticket_url",
)


class Walk:
    """The pages of an export, and the current position."""

    def __init__(self, client: Client, query: Mapping[str, str]) -> None:
        self._client = client
        self._query = {**query, "limit": str(PAGE)}

    def pages(self, token: str | None) -> Iterator[tuple[list[Document], str | None]]:
        """Each page with the token of the next one."""
        while True:
            page = self._client.get("tickets", **self._query, next_token=token)
            token = page.get("next_token")
            yield page["tickets"], token
            if token is None:
                return


def export_tickets(client: Client, name: str, filters: Mapping[str, str], kind: str, to: str | None) -> int:
    """Write them; returns their number."""
    client.patient = True
    walk = Walk(client, {"integration_name": name, **filters})
    with bar(f"exporting {name}", None if filters else _expected(client, name)) as shown:
        if to is None:
            return _to_stream(walk, sys.stdout, kind, shown)
        about = identity(
            "-", {"what": "export", "service": client.connection.url, "name": name, "kind": kind, **filters}
        )
        return _to_file(walk, Path(to), kind, about, shown)


def _expected(client: Client, name: str) -> int | None:
    """How many there will be, for the estimate; ``None`` if they have not been counted."""
    try:
        summary = client.get("jira-integrations", name, "summary")
    except ApiError:
        return None
    return int(summary["tickets"] + sum(summary["unknown"].values()) + summary["outside_window"]) or None


def _to_stream(walk: Walk, stream: TextIO, kind: str, shown: Bar) -> int:
    number = 0
    write_head(stream, kind)
    for tickets, _token in walk.pages(None):
        number += len(tickets)
        write_tickets(stream, kind, tickets)
        shown.at(number)
    stream.flush()
    return number


def _to_file(walk: Walk, path: Path, kind: str, about: str, shown: Bar) -> int:
    """Write to a draft beside the file; the journal has the draft's length and the token of the next page."""
    draft = path.with_name(f"{path.name}.part")
    journal = Journal.open(path.with_name(f"{path.name}.export-journal"), about, restart=not draft.exists())
    token = journal.token
    with draft.open("a", encoding="utf-8", newline="") as file:
        file.truncate(journal.output_bytes)
        if journal.resumed:
            note(f"Resuming after the first {journal.counts.records} tickets, which are written.")
        else:
            write_head(file, kind)
        for tickets, following in walk.pages(token):
            write_tickets(file, kind, tickets)
            file.flush()
            journal.counts.records += len(tickets)
            journal.token, journal.output_bytes = following, draft.stat().st_size
            if following is not None:
                journal.write()
            shown.at(journal.counts.records)
    draft.replace(path)
    journal.remove()
    return journal.counts.records


def write_head(stream: TextIO, kind: str) -> None:
    """The names of a CSV file's columns."""
    if kind == "csv":
        csv.writer(stream, lineterminator="\n").writerow(COLUMNS)


def write_tickets(stream: TextIO, kind: str, tickets: list[Document]) -> None:
    """A line for each."""
    if kind == "csv":
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([cell(ticket.get(name)) for name in COLUMNS] for ticket in tickets)
        return
    stream.writelines(json.dumps(ticket, ensure_ascii=False) + "\n" for ticket in tickets)
