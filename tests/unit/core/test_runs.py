"""The life of a run: at work, lost, collected, and which slice follows."""

from datetime import datetime

import pytest

from tests.fakes.samples import HOUR, NOW, SECOND, a_run
from ticket_status.core.model import RunState, Slice, SliceProgress, SyncRun
from ticket_status.core.runs import LOST_AFTER, at_work, collected, lost, next_slice

PART = Slice("", "9", ())


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(
            a_run(updated_at=NOW - LOST_AFTER + SECOND, started_at=NOW - HOUR), False, id="moved within 20 minutes"
        ),
        pytest.param(
            a_run(updated_at=NOW - LOST_AFTER, started_at=NOW - HOUR), True, id="no progress for exactly 20 minutes"
        ),
        pytest.param(a_run(updated_at=None, started_at=NOW - LOST_AFTER), True, id="never moved since its start"),
        pytest.param(
            a_run(state=RunState.PAUSED, updated_at=NOW - 2 * HOUR, paused_until=NOW), False, id="paused until now"
        ),
        pytest.param(
            a_run(state=RunState.PAUSED, updated_at=NOW - 3 * HOUR, paused_until=NOW - LOST_AFTER),
            True,
            id="paused until 20 minutes ago",
        ),
        pytest.param(a_run(state=RunState.SUCCEEDED, updated_at=NOW - 9 * HOUR), False, id="closed long ago"),
    ],
)
def test_an_open_run_without_progress_for_20_minutes_lost_its_work(*, run: SyncRun, expected: bool) -> None:
    assert lost(run, NOW) is expected


@pytest.mark.parametrize(
    ("state", "updated_at", "expected"),
    [
        (RunState.RUNNING, NOW, True),
        (RunState.PAUSED, NOW, True),
        (RunState.RUNNING, NOW - HOUR, False),
        (RunState.SUCCEEDED, NOW, False),
        (RunState.FAILED, NOW, False),
        (RunState.CANCELLED, NOW, False),
    ],
)
def test_only_an_open_run_that_is_not_lost_keeps_others_from_starting(
    *, state: RunState, updated_at: datetime, expected: bool
) -> None:
    assert at_work(a_run(state=state, started_at=NOW - HOUR, updated_at=updated_at), NOW) is expected


def test_no_run_keeps_nobody_from_starting() -> None:
    assert not at_work(None, NOW)


def run_of(**done: bool) -> SyncRun:
    return a_run(slices={name.removeprefix("s"): SliceProgress(PART, done=value) for name, value in done.items()})


def test_a_run_is_collected_when_every_slice_is_done_those_of_new_tickets_too() -> None:
    assert collected(run_of(s0=True, s1=True, new2=True))
    assert not collected(run_of(s0=True, s1=False))
    assert not collected(run_of(s0=True, new1=False))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("0", "2", id="the place in the row is taken by the one after next"),
        pytest.param("1", None, id="which is done already"),
        pytest.param("2", None, id="or is not there"),
        pytest.param("new4", None, id="new tickets have no follower"),
    ],
)
def test_a_slice_that_is_done_frees_its_place_for_the_next(name: str, expected: str | None) -> None:
    assert next_slice(run_of(s0=True, s1=True, s2=False, s3=True, new4=True), name, at_once=2) == expected
