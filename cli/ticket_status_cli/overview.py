"""``ticket-status status``: all integrations at a glance."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ticket_status_cli.client import Client, Document
from ticket_status_cli.options import Command, Session, example, pass_session
from ticket_status_cli.output import Column, column


def last_run(row: Mapping[str, Any]) -> str:
    """The last run in a few words."""
    run = row.get("last_sync")
    if not run:
        return "none yet"
    progress, counts = run["progress"], run["counts"]
    told = [f"{run['state']} ({run['trigger']})", run["completed_at"] or run["started_at"]]
    if run["completed_at"] is None:
        told.append(f"{progress['tickets_done']} of {progress['tickets_total']}")
    told += [f"{number} {name}" for name, number in counts.items() if number and name != "unchanged"]
    return ", ".join(told)


def by_status(row: Mapping[str, Any]) -> str:
    """How many tickets show what."""
    summary = row.get("summary")
    if not summary:
        return "not counted yet"
    told = [f"{one['ticket_status']} {one['tickets']}" for one in summary["by_status"]]
    told += [f"Unknown {reason} {number}" for reason, number in summary["unknown"].items() if number]
    if summary["outside_window"]:
        told.append(f"older than a year {summary['outside_window']}")
    return ", ".join(told) or "no tickets"


COLUMNS = (
    column("connection_name", "Integration"),
    column("health.status", "Health"),
    column("health.reason", "Reason"),
    column("retrieve_jira_tickets", "Retrieval"),
    column("paused_until", "Paused until"),
    column("webhook.state", "Webhook"),
    Column("last_run", last_run, "Last run"),
    column("summary.tickets", "Tickets"),
    Column("by_status", by_status, "By status"),
    column("summary.as_of", "Counted"),
)


@click.command(cls=Command, epilog=example("ticket-status status", "ticket-status status --output json"))
@pass_session
def status(session: Session) -> None:
    """Show all integrations: health, pause, webhook, last run, and tickets by status."""
    session.output.rows(_overview(session.client), COLUMNS, "integrations")


def _overview(client: Client) -> Iterator[Document]:
    for integration in client.pages("integrations", "jira-integrations", limit="100"):
        name = integration["connection_name"]
        more = {part: client.find("jira-integrations", name, part) for part in ("summary", "webhook")}
        yield {**integration, **more}
