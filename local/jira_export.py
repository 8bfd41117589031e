"""Issues for the sample Jira of ``make run``, Jira's own CSV export of them, mending it, comparing what came of it.

::

    python -m local.jira_export make --tickets 20000 --spoil-every 100 > jira.csv
    python -m local.jira_export mend jira.csv.rejects.csv
    python -m local.jira_export compare statuses.ndjson
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import requests

from local import STATE

SITE = "cloud"
PROJECT = "APP"
DAYS = 300
"""The issues were created over so many days, until now."""
SHARES = {"To Do": 5, "In Progress": 3, "Done": 2}
"""Of ten issues so many have each status."""
HEADER = (
    "Summary",
    "Issue key",
    "Issue id",
    "Issue Type",
    "Status",
    "Project key",
    "Reporter",
    "Created",
    "Updated",
    "Labels",
    "Labels",
    "Description",
    "Comment",
    "Comment",
)
"""As Jira writes it: a column is repeated for each further value that some issue has."""
CONTROL_SECONDS = 120


def main() -> int:
    """Make an export, or compare one; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.jira_export", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="create issues in the sample Jira, write Jira's CSV export of them")
    making.add_argument("--tickets", type=int, default=20_000)
    making.add_argument("--spoil-every", type=int, default=0, help="every so many rows one cannot be imported")
    mending = commands.add_parser("mend", help="mend the rejects of an import, as a person would with Jira at hand")
    mending.add_argument("rejects", type=Path)
    comparing = commands.add_parser("compare", help="hold an export of ticket-status against the sample Jira")
    comparing.add_argument("export", type=Path)
    arguments = parser.parse_args()
    control = json.loads((STATE / "jira.json").read_text())["control"]
    if arguments.command == "make":
        write_export(sys.stdout, create(control, arguments.tickets), arguments.spoil_every)
        return 0
    if arguments.command == "mend":
        mended = mend(arguments.rejects, lambda issue_id: call(control, "issue", name=issue_id))
        print(f"{mended} rows mended")  # noqa: T201 - a command prints what it did
        return 0
    with arguments.export.open(encoding="utf-8") as lines:
        differences = compare(lines, call(control, "issue_statuses", project=PROJECT))
    print("\n".join(differences) or "equal")  # noqa: T201 - a command prints what it found
    return 1 if differences else 0


def call(control: str, name: str, /, **arguments: object) -> Any:  # noqa: ANN401 - what the call answers
    """Do something in the sample's Cloud site, as its people would."""
    answer = requests.post(f"{control}/{SITE}/{name}", json=arguments, timeout=CONTROL_SECONDS)
    answer.raise_for_status()
    return answer.json()


def create(control: str, tickets: int) -> Iterator[Mapping[str, Any]]:
    """Issues with a status each, in the order in which they were created."""
    span = timedelta(days=DAYS) / len(SHARES)
    begin = datetime.now(UTC) - timedelta(days=DAYS)
    left = tickets
    for number, (status, share) in enumerate(SHARES.items(), start=1):
        count = left if number == len(SHARES) else tickets * share // sum(SHARES.values())
        left -= count
        if count:
            spread = {"created": begin.isoformat(), "spread_seconds": span.total_seconds()}
            for issue in call(control, "create", project=PROJECT, count=count, status=status, **spread):
                yield {**issue, "status": status}
        begin += span


def write_export(file: TextIO, issues: Iterable[Mapping[str, Any]], spoil_every: int) -> None:
    """Jira's CSV export, in the default form of an English user in UTC."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for number, issue in enumerate(issues, start=1):
        row = dict(enumerate(_row(number, issue)))
        if spoil_every and number % spoil_every == 0:
            row |= _spoilt(number // spoil_every)
        writer.writerow(row.values())


def violation(issue: Mapping[str, Any]) -> str:
    """The violation that an issue was created for."""
    return f"XRAY-{issue['id']}"


def jira_time(text: str) -> str:
    """Jira's default form of times in exports: ``22/Nov/26 8:00 AM``."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at:%d/%b/%y} {at.hour % 12 or 12}:{at:%M %p}"


def _row(number: int, issue: Mapping[str, Any]) -> list[str]:
    """Scanners name the violation in the summary, in a label, or within the description."""
    place = number % 3
    name = violation(issue)
    created = jira_time(issue["created"])
    return [
        f'{f"{name}: " if place == 0 else ""}vulnerable library in "core", Größe {number}',
        issue["key"],
        str(issue["id"]),
        "Bug",
        issue["status"],
        issue["project"],
        "scanner",
        created,
        created,
        "security",
        name if place == 1 else "",
        f'Found by the scan.\n\nViolation {name if place == 2 else "see above"}, severity "high",\nfix: 2.17.1',  # noqa: PLR2004 - the third place
        "",
        "",
    ]


def _spoilt(number: int) -> dict[int, str]:
    """What people do to rows: take the violation away, write a time of their own, cut off the key."""
    match number % 3:
        case 0:
            return {0: "written by hand", 10: "", 11: "see the mail"}
        case 1:
            return {7: "last week"}
        case _:
            return {1: ""}


def mend(rejects: Path, look_up: Callable[[str], Mapping[str, Any]]) -> int:
    """Write into each row what was missing, from the issue itself; how many there were."""
    with rejects.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    for row in rows:
        issue = look_up(row[head.index("Issue id")])
        row[head.index("Summary")] += f" {violation(issue)}"
        row[head.index("Issue key")] = issue["key"]
        row[head.index("Created")] = jira_time(issue["created"])
    with rejects.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
    return len(rows)


def compare(export: Iterable[str], held: Mapping[str, str]) -> list[str]:
    """What of an export (NDJSON) differs from the statuses that Jira holds by key; nothing when they are equal."""
    shown: dict[str, str | None] = {}
    differences = []
    for line in export:
        ticket = json.loads(line)
        if ticket["ticket_no"] in shown:
            differences.append(f"{ticket['ticket_no']} is there twice")
        shown[ticket["ticket_no"]] = ticket["ticket_status"]
    differences += [f"{key} is missing" for key in held if key not in shown]
    differences += [f"{key} is not in Jira" for key in shown if key not in held]
    differences += [
        f"{key} shows {shown[key]}, Jira holds {status}"
        for key, status in held.items()
        if key in shown and shown[key] != status
    ]
    return differences


if __name__ == "__main__":
    sys.exit(main())
