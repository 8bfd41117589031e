"""The life of a sync run: one at a time per integration, closed once, given up when its work was lost."""

from datetime import datetime, timedelta

from ticket_status.core.model import RunState, SyncRun

LOST_AFTER = timedelta(hours=1)
"""A run that made no progress for so long lost its work; the next schedule closes it as failed."""


def lost(run: SyncRun, now: datetime) -> bool:
    """Whether an open run lost its work. A paused one is waiting, not lost, until an hour after the pause."""
    moved = max(run.updated_at or run.started_at, run.paused_until or run.started_at)
    return run.state.open and now - moved >= LOST_AFTER


def at_work(run: SyncRun | None, now: datetime) -> bool:
    """Whether this run keeps others of its integration from starting."""
    return run is not None and run.state.open and not lost(run, now)


def collected(run: SyncRun) -> bool:
    """Whether every slice has been retrieved, so that only the verdict on missing tickets is left."""
    return all(progress.done for progress in run.slices.values())


def next_slice(run: SyncRun, name: str, at_once: int) -> str | None:
    """Name of the slice to queue when this one is done: the one that its place in the row of ``at_once`` frees."""
    if not name.isdigit():
        return None
    following = str(int(name) + at_once)
    progress = run.slices.get(following)
    return following if progress is not None and not progress.done else None


def tickets_total(run: SyncRun) -> int:
    """How many tickets a run is about: as planned, until what was registered or deleted meanwhile tells otherwise."""
    done = run.counts.total
    return done if run.state is RunState.SUCCEEDED else max(run.tickets_total, done)
