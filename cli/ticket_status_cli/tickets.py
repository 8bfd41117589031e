"""``ticket-status tickets``."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from ticket_status_cli.client import Client
from ticket_status_cli.errors import ApiError
from ticket_status_cli.export import export_tickets
from ticket_status_cli.file_options import FileOptions, file_options, read_options
from ticket_status_cli.importing.columns import (
    FIELDS,
    JIRA_TEXTS,
    NOT_MISSED,
    Columns,
    Ticket,
)
from ticket_status_cli.importing.dry_run import Forecast, forecast
from ticket_status_cli.importing.journal import Journal, identity
from ticket_status_cli.importing.rejects import Rejects
from ticket_status_cli.importing.sending import Read, Send, Work, send_all
from ticket_status_cli.importing.source import Kind, Source, open_source
from ticket_status_cli.options import Group, Session, complete_integration, confirm, example, note, pass_session
from ticket_status_cli.output import column
from ticket_status_cli.progress import bar, follow_run
from ticket_status_cli.violations import TICKET_COLUMNS

REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
"""Refusals to start a run that a retry will not change: no scope, deleted meanwhile, switched off."""


@click.group(cls=Group)
def tickets() -> None:
    """Tickets: import, export, find, unregister."""


@tickets.command(
    "import",
    epilog=example(
        "ticket-status tickets import tickets.csv --dry-run",
        "ticket-status tickets import jira.csv --from-jira-csv --integration cloud-abc \\",
        "  --violation-pattern 'XRAY-[0-9]+' --timezone Europe/Berlin",
    ),
)
@click.argument("file")
@file_options
@click.option("--sync/--no-sync", default=True, help="Retrieve all statuses when the import is done.")
@click.option("--wait", is_flag=True, help="Wait until the statuses have been retrieved.")
@pass_session
def import_(session: Session, file: str, *, sync: bool, wait: bool, **given: Any) -> None:  # noqa: ANN401 - the options
    """Register the tickets of a CSV or NDJSON file (- is standard input).

    Columns: integration_name, issue_key, issue_id, violation_id, created_at, resource_type, resource_name,
    resource_version. issue_id and the resource may be left out.

    Rows that cannot be registered go into a file of rejects with the reason; correct them there and import that file
    the same way. Importing a row again changes nothing. If interrupted, repeat the command to resume.
    The exit status is 1 if something was rejected.
    """
    options = read_options(file, given)
    client = session.client
    if options.dry_run:
        _show_forecast(session, options, options.columns.registrations)
        return
    _check_integration(client, options.columns.constants.get("integration_name"))
    send = _sender(client, "tickets")
    with _work(session, options, "import", options.columns.registrations, send) as journal:
        runs = _first_statuses(client, journal.counts.integrations, wait=wait) if sync else []
    _report(session, journal, "registered", runs)


@tickets.command(
    epilog=example(
        "ticket-status tickets unregister tickets.csv",
        "ticket-status tickets unregister --integration cloud-abc --issue SEC-7 --violation V-101",
    )
)
@click.argument("file", required=False)
@file_options
@click.option("--issue", metavar="KEY_OR_ID", help="One ticket instead of a file; needs --integration and --violation.")
@click.option("--violation", metavar="ID", help="The violation whose link to the ticket is removed.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_session
def unregister(
    session: Session,
    file: str | None,
    issue: str | None,
    violation: str | None,
    *,
    yes: bool,
    **given: Any,  # noqa: ANN401 - the options
) -> None:
    """Remove links between tickets and violations: those in a file, read as for import, or one.

    A ticket without links is forgotten. The file can be the one that was imported, or an export.
    """
    client = session.client
    if file is None:
        if not (given["integration"] and issue and violation):
            raise click.UsageError("Give a FILE, or --integration, --issue and --violation.")
        _unregister_one(session, given["integration"], issue, violation)
        return
    if issue or violation:
        raise click.UsageError("--issue and --violation are for one ticket without a FILE.")
    options = read_options(file, given)
    if options.dry_run:
        _show_forecast(session, options, options.columns.links)
        return
    confirm(f"Remove the links that {file} names?", sure=yes or file == "-")
    send = _sender(client, "tickets", "unregister")
    with _work(session, options, "unregister", options.columns.links, send) as journal:
        pass
    _report(session, journal, "unregistered", [])


def _unregister_one(session: Session, integration: str, issue: str, violation: str) -> None:
    which = "issue_id" if issue.isdecimal() else "issue_key"
    link = {"integration_name": integration, which: issue, "violation_id": violation}
    answered = session.client.post("tickets", "unregister", body={"tickets": [link]})
    session.output.one(answered, (column("unregistered", "Unregistered"), column("rejected", "Rejected")))
    if answered["rejected"]:
        sys.exit(1)


def _sender(client: Client, *path: str) -> Send:
    def send(part: Sequence[Ticket]) -> list[dict[str, object]]:
        rejected: list[dict[str, object]] = client.post(*path, body={"tickets": part})["rejected"]
        return rejected

    return send


@contextmanager
def _work(session: Session, options: FileOptions, what: str, read: Read, send: Send) -> Iterator[Journal]:
    """Send the whole file; keep the journal until the body of the ``with`` statement is done too."""
    session.client.patient = True
    about = {"what": what, "service": session.client.connection.url, **options.said}
    journal_path = None if options.path == "-" else Path(f"{options.path}.{what}-journal")
    journal = Journal.open(journal_path, identity(options.path, about), restart=options.restart)
    with open_source(options.path, options.kind, options.delimiter, options.encoding) as source:
        _check_columns(source, options.columns)
        if journal.resumed:
            note(f"Resuming after the first {journal.counts.records} records, which are done.")
        with Rejects(_rejects_path(options, source.kind), source, journal) as rejects, _going_on(journal):
            if rejects.before:
                note(f"Earlier rejects are in {rejects.before}; new ones go to {rejects.path}.")
            with bar(what, source.size, in_bytes=True) as shown:
                work = Work(source, read, send, journal, rejects)
                send_all(work, lambda at: shown.at(at, source.size))
            yield journal
    journal.remove()


@contextmanager
def _going_on(journal: Journal) -> Iterator[None]:
    """Say how to resume after an interruption or failure; SIGTERM counts as an interruption, like Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except BaseException:
        if journal.path is not None:
            note(f"{journal.counts.records} records are done. Repeat the command to resume there.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _rejects_path(options: FileOptions, kind: Kind) -> Path:
    if options.rejects:
        return Path(options.rejects)
    return Path(f"{'tickets' if options.path == '-' else options.path}.rejects.{kind}")


def _check_columns(source: Source, columns: Columns) -> None:
    """Before anything is sent, check that named columns exist, and name ignored ones."""
    if source.kind != "csv":
        return
    known = {name.casefold() for name in source.header}
    missing = [name for name in columns.names.values() if name not in known]
    if columns.pattern:
        missing += [name for name in columns.texts if columns.texts is not JIRA_TEXTS and name.casefold() not in known]
        if columns.texts is JIRA_TEXTS and known.isdisjoint(JIRA_TEXTS):
            missing.append(f"one of {', '.join(JIRA_TEXTS)}")
    if missing:
        raise click.UsageError(
            f"The file has no column {', '.join(missing)}. It has: {', '.join(dict.fromkeys(source.header))}. "
            "Use --map COLUMN=NAME to say what a column is called."
        )
    used = {*FIELDS, *columns.names.values(), *NOT_MISSED, "ticket_no", "violation_ids"}
    unused = [name for name in source.header if name.casefold() not in used]
    if unused and not columns.pattern:
        note(f"Ignored columns: {', '.join(unused)}.")


def _check_integration(client: Client, name: str | None) -> None:
    """If all rows share an integration, check that it exists before a hundred thousand rows are rejected."""
    if name is None:
        return
    try:
        client.get("jira-integrations", name)
    except ApiError as error:
        if error.status != HTTPStatus.FORBIDDEN:  # who may register only cannot look; then the service rejects rows
            raise


def _first_statuses(client: Client, names: Mapping[str, int], *, wait: bool) -> list[dict[str, object]]:
    """One run of all tickets for each integration, instead of many of a few."""
    runs: list[dict[str, object]] = []
    for name in names:
        try:
            run_id = client.post("jira-integrations", name, "sync")["run_id"]
        except ApiError as error:
            if error.status not in REFUSALS:
                raise
            note(f"{name}: no run was started. {error.detail}")
            continue
        run = {"state": follow_run(client, name, run_id)["state"]} if wait else {}
        runs.append({"integration_name": name, "run_id": run_id, **run})
    return runs


def _report(session: Session, journal: Journal, done: str, runs: list[dict[str, object]]) -> None:
    counts = journal.counts
    document = {
        "records": counts.records,
        done: counts.sent,
        "rejected": counts.rejected,
        "rejected_by_code": counts.by_code,
        "by_integration": counts.integrations,
        "rejects_file": journal.output,
        "runs": runs,
    }
    columns = [
        column("records", "Records"),
        column(done, "Links " + done),
        column("rejected", "Records rejected"),
        column("rejected_by_code", "Rejected by code"),
        column("by_integration", "By integration"),
        column("rejects_file", "Rejects file"),
        column("runs", "Runs started"),
    ]
    session.output.one(document, columns)
    if counts.rejected:
        note(
            f"Correct the rows in {journal.output} and give that file to the same command. "
            "Its first columns say what is wrong."
        )
        sys.exit(1)


def _show_forecast(session: Session, options: FileOptions, read: Read) -> None:
    with open_source(options.path, options.kind, options.delimiter, options.encoding) as source:
        _check_columns(source, options.columns)
        with bar("reading", source.size, in_bytes=True) as shown:
            found = forecast(source, read, datetime.now(UTC), lambda at: shown.at(at, source.size))
    unknown = _unknown(session.client, found)
    document = {**found.document(), "unknown_integrations": unknown}
    names = {
        "records": "Records",
        "links": "Links that would be sent",
        "rejected": "Records that would be rejected",
        "by_code": "Rejected by code",
        "by_integration": "By integration",
        "unknown_integrations": "Unknown integrations",
        "oldest": "Oldest ticket",
        "newest": "Newest ticket",
        "older_than_a_year": "Never refreshed (older than a year)",
    }
    session.output.one(document, [column(name, title) for name, title in names.items()])
    if session.output.format != "table":
        return
    session.output.say("\nSamples:")
    sample = [column(name) for name in ("integration_name", "issue_key", "issue_id", "violation_id", "created_at")]
    session.output.rows(found.samples, [*sample, column("resource")], "samples")
    if found.rejected_samples:
        session.output.say("Would be rejected:")
        session.output.rows(found.rejected_samples, [column(name) for name in ("line", "code", "detail")], "rejected")


def _unknown(client: Client, found: Forecast) -> list[str]:
    try:
        known = {one["connection_name"] for one in client.pages("integrations", "jira-integrations", limit="100")}
    except ApiError as error:
        if error.status == HTTPStatus.FORBIDDEN:
            return []  # who may register only cannot look
        raise
    return [name for name in found.by_integration if name not in known]


@tickets.command(epilog=example("ticket-status tickets find SEC-7"))
@click.argument("key")
@pass_session
def find(session: Session, key: str) -> None:
    """Find tickets by their Jira key, in all integrations."""
    found = [*session.client.pages("tickets", "tickets", ticket_no=key)]
    columns = (*TICKET_COLUMNS[1:], column("violation_ids", "Violations"), column("violations", "Number"))
    session.output.rows(found, columns, "tickets")
    if not found:
        note(f"No ticket {key} is registered.")
        sys.exit(1)


@tickets.command(
    epilog=example(
        "ticket-status tickets export --integration cloud-abc --to tickets.ndjson",
        "ticket-status tickets export --integration cloud-abc --category done --output csv > done.csv",
    )
)
@click.option("--integration", "name", required=True, shell_complete=complete_integration)
@click.option("--category", type=click.Choice(["new", "indeterminate", "done", "undefined"]))
@click.option("--status", help="Name of a Jira status.")
@click.option(
    "--unknown-reason", metavar="REASON", help="Why the status is Unknown, such as DELETED or INTEGRATION_BROKEN."
)
@click.option("--refresh-state", metavar="STATE", help="Refresh state, such as outside_window.")
@click.option(
    "--to",
    metavar="FILE",
    help="File to write; it appears when it is complete. If interrupted, repeat the command to resume.",
)
@pass_session
def export(session: Session, name: str, to: str | None, **filters: str | None) -> None:
    """Export the tickets of an integration, each once, as NDJSON or CSV (--output csv)."""
    kind = session.format or "ndjson"
    if kind not in ("ndjson", "csv"):
        raise click.UsageError("An export is NDJSON or CSV: --output ndjson or --output csv.")
    query = {key: value for key, value in filters.items() if value}
    number = export_tickets(session.client, name, query, kind, to)
    if to:
        note(f"{number} tickets written to {to}.")
