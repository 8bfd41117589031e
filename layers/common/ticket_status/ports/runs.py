"""Where sync runs are kept."""

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

        One of all tickets does what is due, so that nothing is due any more. ``False``, and nothing stored, when
        another run than the one in ``integration`` is active now, something else is due, or the integration is gone:
        two runs of one integration never work at the same time, and nothing that is due is lost.
        """

    def add(self, run: SyncRun) -> None:
        """Store a new run that works beside the integration's active one."""

    def get(self, integration_ref: str, run_id: str) -> SyncRun | None:
        """Read one, consistently."""

    def page(self, integration_ref: str, limit: int, token: str | None = None) -> Page[SyncRun]:
        """A page, newest first."""

    def get_many(self, runs: Collection[tuple[str, str]]) -> dict[tuple[str, str], SyncRun]:
        """Those of these runs (by integration reference and run id) that are still kept: one read per hundred."""

    def latest(self, integration_ref: str) -> SyncRun | None:
        """The newest run."""

    def advance(self, run: SyncRun, name: str, step: SliceStep, now: datetime) -> SyncRun | None:
        """Write one step of a slice; makes a paused run running.

        ``SliceTakenError`` when its step is not ``step.number``; ``None`` when the run is closed (cancelled meanwhile).
        """

    def join(self, run: SyncRun, name: str, part: Slice, tickets: int) -> SyncRun | None:
        """Add a slice to an open run that is still retrieving.

        ``None`` when it is too late for that, or the run has a slice of that name.
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
        """Put what is left of a part in its place, or nothing, and count what became of the rest, in one transaction.

        ``False`` when another worker wrote the part already.
        """

    def spend(self, run: SyncRun, jira_requests: int) -> None:
        """Count calls that brought nothing."""

    def pause(self, run: SyncRun, until: datetime) -> None:
        """Show an open run as paused."""

    def close(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        """End an open run; ``None`` when it was closed already: a run ends once."""

    def missing(self, run: SyncRun) -> Iterator[MissingTickets]:
        """What the run's slices did not find, for its verdict: first what vanished, last what was hidden before."""
