"""The demo: everything the service does, on the local stack, through its public API."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from time import monotonic
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from local.client import Client, wait_for
from local.scenario import CLOUD, SWITCHED_OFF, Linked, Scenario, fill
from local.stack import Stack
from sample_jira import SampleJira

PATIENCE_SECONDS = 120
TICKETS_PER_CALL = 100
# Of the many tickets of one artifact the table shows these few.
ROWS_PER_RESOURCE = 4
COLUMNS = {
    "Violation": 9,
    "Ticket No.": 10,
    "Ticket Status": 28,
    "Last known": 11,
    "Integration": 11,
    "Refresh": 18,
    "As expected": 11,
}
COLOURS = {"new": "blue", "indeterminate": "yellow", "done": "green"}


def play(console: Console, stack: Stack, jira: SampleJira) -> bool:
    """Run the demo; returns whether every ticket showed what it should."""
    client = Client(stack)
    scenario = fill(jira, datetime.now(UTC))
    _register(console, client, scenario)
    _retrieve(console, client, "first sync")
    _changes(console, client, scenario)
    _retrieve(console, client, "second sync")
    shown = [_find(client, one) for one in scenario.linked]
    console.print(*_tables(scenario.linked, shown))
    wrong = [one for one, ticket in zip(scenario.linked, shown, strict=True) if not one.expected.fits(ticket)]
    console.print(_verdict(len(scenario.linked), wrong))
    refreshed = _moves(console, client, scenario)
    lived = _goes_live(console, client, scenario)
    return refreshed and lived and not wrong


def _register(console: Console, client: Client, scenario: Scenario) -> None:
    for integration in scenario.integrations():
        client.post("/jira-integrations", integration)
        console.print(f"created integration [bold]{integration['connection_name']}[/]")
    registrations = [one.registration() for one in scenario.linked]
    for start in range(0, len(registrations), TICKETS_PER_CALL):
        client.post("/tickets", {"tickets": registrations[start : start + TICKETS_PER_CALL]})
    console.print(f"registered {len(registrations)} links of violations to tickets")


def _changes(console: Console, client: Client, scenario: Scenario) -> None:
    scenario.happens_in_jira()
    client.put(f"/jira-integrations/{SWITCHED_OFF}/settings", {"retrieve_jira_tickets": False})
    console.print("meanwhile an issue was deleted in Jira, a token revoked, and one integration switched off")


def _retrieve(console: Console, client: Client, what: str) -> None:
    """What happens every 8 hours."""
    answer: dict[str, Any] = {}

    def all_started() -> bool:
        answer.update(client.sync({}))
        return all(one["reason"] != "already_running" for one in answer["integrations"])

    wait_for(all_started, "the other runs to end", PATIENCE_SECONDS)
    queued = [one for one in answer["integrations"] if one["action"] == "queued"]

    def runs() -> list[dict[str, Any]]:
        return [client.get(f"/jira-integrations/{one['integration_name']}/sync-runs/{one['run_id']}") for one in queued]

    _watch(console, what, runs)


def _watch(console: Console, what: str, runs: Callable[[], list[dict[str, Any]]]) -> None:
    """Draw a progress bar until all runs have ended."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("tickets"), TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task(what, total=None)

        def ended() -> bool:
            current = runs()
            numbers = [run["progress"] for run in current]
            total, done = (sum(one[name] for one in numbers) for name in ("tickets_total", "tickets_done"))
            over = all(run["completed_at"] is not None for run in current)
            # A run that failed, or that new tickets joined, ends with fewer done than were announced.
            progress.update(bar, total=done if over else total or None, completed=done)
            return over

        wait_for(ended, what, PATIENCE_SECONDS)


def _find(client: Client, linked: Linked) -> dict[str, Any]:
    """The ticket of a violation, as the API shows it."""
    return _of(linked, client.get(f"/violations/{linked.violation_id}/tickets")["tickets"])


def _of(linked: Linked, tickets: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The same ticket among others; two sites may well use the same numeric id."""
    identity = (linked.integration_name, str(linked.issue.id))
    return next(one for one in tickets if (one["integration_name"], one["issue_id"]) == identity)


def _tables(linked: Sequence[Linked], shown: Sequence[dict[str, Any]]) -> Iterator[Table]:
    """The violations of each resource; of the crowd only a few."""
    by_resource = groupby(zip(linked, shown, strict=True), key=lambda row: row[0].resource)
    for resource, rows in ((resource, list(rows)) for resource, rows in by_resource):
        title = Text(f"{resource['type']} {resource['name']} {resource['version']}", style="bold")
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for heading, width in COLUMNS.items():
            table.add_column(heading, width=width + 1)  # and a space
        for row in rows[:ROWS_PER_RESOURCE]:
            table.add_row(*_cells(*row))
        if len(rows) > ROWS_PER_RESOURCE:
            table.add_row(Text(f"{len(rows) - ROWS_PER_RESOURCE} more", style="dim"))
        yield table


def _cells(linked: Linked, ticket: dict[str, Any]) -> Iterator[Text | str]:
    yield linked.violation_id
    yield Text(ticket["ticket_no"], style=f"link {ticket['ticket_url']}")
    yield status_text(ticket)
    yield ticket["last_known_status"] or ""
    yield ticket["integration_name"]
    yield ticket["refresh_state"]
    yield "[green]yes[/]" if linked.expected.fits(ticket) else "[red]NO[/]"


def status_text(ticket: dict[str, Any]) -> Text:
    """A status in the colour of its category; Unknown with its reason."""
    if ticket["ticket_status"] is None:
        return Text("(not shown)", style="dim")
    reason = f" ({ticket['unknown_reason']})" if ticket["unknown_reason"] else ""
    return Text(ticket["ticket_status"] + reason, style=COLOURS.get(ticket["ticket_status_category"], "red"))


def _verdict(number: int, wrong: Sequence[Linked]) -> str:
    if not wrong:
        return f"[green]all {number} show what they should[/]"
    return (
        f"[red]{len(wrong)} of {number} do not show what they should:[/] {', '.join(one.violation_id for one in wrong)}"
    )


def _moves(console: Console, client: Client, scenario: Scenario) -> bool:
    """Move a ticket in Jira, refresh it by hand, and show the difference."""
    moving = scenario.moving()
    before = _find(client, moving)
    scenario.jira.cloud.move(moving.issue.key, "Done")
    console.print(f"\n{before['ticket_no']} moves to Done in Jira; refreshing {moving.violation_id} by hand")
    answer: dict[str, Any] = {}

    def asked() -> bool:
        # A ticket that was retrieved less than ten seconds ago is not asked for again.
        answer.update(client.post(f"/violations/{moving.violation_id}/tickets/refresh"))
        return bool(_of(moving, answer["tickets"])["refresh"]["reason"] != "fresh")

    wait_for(asked, "the ticket to be asked for again", PATIENCE_SECONDS)
    after = _of(moving, answer["tickets"])
    console.print(_difference(before, after))
    return bool(after["ticket_status"] == "Done" and after["refresh"]["outcome"] == "changed")


def _goes_live(console: Console, client: Client, scenario: Scenario) -> bool:
    """Set up a webhook, move a ticket in Jira, and watch it change by itself."""
    client.put(f"/jira-integrations/{CLOUD}/webhook", {"mode": "register"})
    following = scenario.following()
    before = _find(client, following)
    scenario.jira.cloud.move(following.issue.key, "In Progress")
    began = monotonic()
    after = dict(before)

    def shown() -> bool:
        after.update(_find(client, following))
        return bool(after["ticket_status"] == "In Progress")

    wait_for(shown, "the webhook to bring the new status", PATIENCE_SECONDS)
    took = monotonic() - began
    state = client.get(f"/jira-integrations/{CLOUD}/webhook")["state"]
    console.print(
        f"\n{CLOUD} has a webhook, which is {state}: {before['ticket_no']} moved in Jira from"
        f" {before['ticket_status']} to {after['ticket_status']} and showed it {took:.1f} s later by itself"
    )
    return bool(state == "live")


def _difference(before: dict[str, Any], after: dict[str, Any]) -> Table:
    table = Table("Ticket No.", "Before", "After", "Last update", "Refresh", box=box.SIMPLE_HEAD)
    outcome = after["refresh"]["outcome"]
    table.add_row(after["ticket_no"], status_text(before), status_text(after), after["last_update"], outcome)
    return table
