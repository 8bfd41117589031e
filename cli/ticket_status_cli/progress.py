"""Progress of long work: on a terminal only, on standard error, with an estimate."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ticket_status_cli.client import Client, Document
from ticket_status_cli.output import errors

POLL_SECONDS = 2


class Bar:
    """A progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def at(self, completed: float, total: float | None = None) -> None:
        """Show this progress."""
        self._progress.update(self._task, completed=completed, total=total)


@contextmanager
def bar(what: str, total: float | None, *, in_bytes: bool = False) -> Iterator[Bar]:
    """A bar with the remaining time; nothing is drawn unless standard error is a terminal."""
    amount: ProgressColumn = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), disable=not sys.stderr.isatty()) as progress:
        yield Bar(progress, progress.add_task(what, total=total))


def follow_run(client: Client, name: str, run_id: str) -> Document:
    """Wait until a run has ended; the ended run."""
    with bar(f"retrieving {name}", None) as shown:
        while True:
            run = client.get("jira-integrations", name, "sync-runs", run_id)
            done, total = run["progress"]["tickets_done"], run["progress"]["tickets_total"]
            shown.at(done, total or None)
            if run["completed_at"] is not None:
                return run
            time.sleep(POLL_SECONDS)
