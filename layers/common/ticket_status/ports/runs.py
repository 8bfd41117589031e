"""The store of sync runs."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from ticket_status.core.missing import MissingTickets
from ticket_status.core.model import (
    Counts,
    Integration,
    RunState,
    Slice,
    SyncRun,
)
from ticket_status.core.observations import SliceStep
from ticket_status.ports.paging import Page


class SliceTakenError(Exception):
    """Raised when a slice's step was written by another worker: the message was delivered twice."""


class RunStore(Protocol):
    """The ledger of sync runs."""

    def begin(self, run: SyncRun, integration: Integration) -> bool:
        """Store a new run and make it the integration's active one, in one transaction.

        A run of all tickets also clears what is due. ``False``, and nothing stored, if another run than the one in
        ``integration`` is active now, something else is due, or the integration was deleted: two runs of one
        integration never work at the same time, and nothing due is lost.
        """

    def add(self, run: SyncRun) -> None:
        """Store a new run beside the integration's active one."""

    def get(self, integration_ref: str, run_id: str) -> SyncRun | None:
        """Read one, consistently."""

    def page(self, integration_ref: str, limit: int, token: str | None = None) -> Page[SyncRun]:
        """A page, newest first."""

    def get_many(self, runs: Collection[tuple[str, str]]) -> dict[tuple[str, str], SyncRun]:
        """The existing ones of these runs (by integration reference and run id): one read per hundred."""

    def latest(self, integration_ref: str) -> SyncRun | None:
        """The newest run."""

    def advance(self, run: SyncRun, name: str, step: SliceStep, now: datetime) -> SyncRun | None:
        """Write one step of a slice; a paused run becomes running.

        ``SliceTakenError`` if its step is not ``step.number``; ``None`` if the run was closed meanwhile.
        """

    def join(self, run: SyncRun, name: str, part: Slice, tickets: int) -> SyncRun | None:
        """Add a slice to an open run that is still retrieving.

        ``None`` if it is too late, or the run already has a slice with that name.
        """

    def conclude(  # noqa: PLR0913 - one transaction
        self,
        run: SyncRun,
        judged: MissingTickets,
        left: MissingTickets,
        *,
        counts: Counts,
        jira_requests: int,
        now: datetime,
    ) -> bool:
        """Replace a part by what is left of it, if anything, and count the results, in one transaction.

        ``False`` if another worker already wrote the part.
        """

    def spend(self, run: SyncRun, jira_requests: int) -> None:
        """Count calls without results."""

    def pause(self, run: SyncRun, until: datetime) -> None:
        """Show an open run as paused."""

    def close(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        """End an open run; ``None`` if it was already closed: a run ends once."""

    def missing(self, run: SyncRun) -> Iterator[MissingTickets]:
        """The run's missing tickets, for its verdict: vanished ones first, those hidden before last."""
