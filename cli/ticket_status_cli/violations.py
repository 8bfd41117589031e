"""``ticket-status violations`` and ``ticket-status why``."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

import click

from ticket_status_cli.client import Client, Document
from ticket_status_cli.explain import explain, in_words
from ticket_status_cli.options import Command, Group, Session, example, note, pass_session
from ticket_status_cli.output import column
from ticket_status_cli.progress import Bar, bar

MOST_AT_ONCE = 50
"""Violations of one call that refreshes."""

TICKET_COLUMNS = (
    column("violation_id", "Violation"),
    column("ticket_no", "Ticket No."),
    column("ticket_status", "Ticket Status"),
    column("ticket_status_category", "Category"),
    column("unknown_reason", "Unknown because"),
    column("last_known_status", "Last known"),
    column("ticket_status_since", "Since"),
    column("last_update", "Last Update"),
    column("refresh_state", "Refresh"),
    column("integration_name", "Integration"),
    column("issue_id", "Issue id"),
    column("ticket_url", "Address"),
)
REFRESH_COLUMNS = (
    *TICKET_COLUMNS[:5],
    column("refresh.outcome", "Outcome"),
    column("refresh.reason", "Because"),
    *TICKET_COLUMNS[7:10],
)


@click.group(cls=Group)
def violations() -> None:
    """Violations and the statuses of their tickets."""


@violations.command(epilog=example("ticket-status violations show V-101"))
@click.argument("violation_id", metavar="ID")
@pass_session
def show(session: Session, violation_id: str) -> None:
    """Show a violation's tickets as they are known now."""
    found = session.client.get("violations", violation_id, "tickets")
    session.output.rows(_rows(found), TICKET_COLUMNS, found)


@violations.command(
    epilog=example(
        "ticket-status violations refresh V-101 V-102", "cut -f1 ids.tsv | ticket-status violations refresh -"
    )
)
@click.argument("violation_ids", metavar="ID...", nargs=-1, required=True)
@pass_session
def refresh(session: Session, violation_ids: Sequence[str]) -> None:
    """Ask Jira now for the tickets of violations; - reads ids from standard input, one per line.

    The exit status is 1 if a violation is not known or one of its tickets could not be refreshed.
    """
    trouble: list[str] = []
    session.client.patient = len(violation_ids) > 1 or violation_ids[0] == "-"
    with bar("refreshing violations", None) as shown:
        answered = _refreshed(session.client, _ids(violation_ids), trouble, shown)
        if session.output.format == "json":
            session.output.rows([], REFRESH_COLUMNS, {"violations": {one["violation_id"]: one for one in answered}})
        else:
            session.output.rows((row for one in answered for row in _rows(one)), REFRESH_COLUMNS, "tickets")
    for each in trouble:
        note(each)
    if trouble:
        sys.exit(1)


def _ids(given: Iterable[str]) -> Iterator[str]:
    """Each id once, however often it is given; those of standard input as they come."""
    seen: set[str] = set()
    for one in given:
        for found in (line.strip() for line in sys.stdin) if one == "-" else [one]:
            if found and found not in seen:
                seen.add(found)
                yield found


def _refreshed(client: Client, ids: Iterable[str], trouble: list[str], shown: Bar) -> Iterator[Document]:
    """Each violation with its tickets; failures are added to ``trouble``."""
    waiting, done = iter(ids), 0
    while some := list(islice(waiting, MOST_AT_ONCE)):
        answered = client.post("violations", "refresh", body={"violation_ids": some})["violations"]
        for violation_id in some:
            if violation_id not in answered:
                trouble.append(f"{violation_id}: no ticket is known for this violation.")
                continue
            for ticket in answered[violation_id]["tickets"]:
                if ticket["refresh"]["outcome"] == "failed":
                    reason = ticket["refresh"]["reason"]
                    trouble.append(f"{violation_id}: {ticket['ticket_no']} was not refreshed: {reason}.")
            yield answered[violation_id]
        done += len(some)
        shown.at(done)


def _rows(found: Document) -> list[Document]:
    return [{"violation_id": found["violation_id"], **ticket} for ticket in found["tickets"]]


@click.command(cls=Command, epilog=example("ticket-status why V-101"))
@click.argument("violation_id", metavar="VIOLATION")
@pass_session
def why(session: Session, violation_id: str) -> None:
    """Say what each ticket of a violation shows, since when, why, and what to do about it."""
    now = datetime.now(UTC)
    found = session.client.get("violations", violation_id, "tickets")
    names = {ticket["integration_name"] for ticket in found["tickets"]}
    integrations = {name: session.client.find("jira-integrations", name) for name in names}
    said = [explain(row, integrations[row["integration_name"]], now) for row in _rows(found)]
    if session.output.format == "table":
        session.output.say("\n\n".join(in_words(one, now) for one in said))
        return
    documents = [one.document() for one in said]
    columns = [column(name) for name in documents[0]]
    session.output.rows(documents, columns, {"violation_id": violation_id, "tickets": documents})
