"""Index reads lag behind: what was written a moment ago is not there yet, or still there as it was before."""

from datetime import timedelta

from tests.fakes.samples import IN_PROGRESS, MINUTE, SECOND, TO_DO
from tests.fakes.stage import Stage
from tests.unit.service.test_new_tickets import in_jira, key, new
from ticket_status.core.comparison import doubtful
from ticket_status.core.model import RunState, Trigger

LAG = timedelta(seconds=2)


def register(stage: Stage, *numbers: int) -> None:
    for number in numbers:
        stage.registration.register([new(number)], stage.clock())


def test_a_ticket_registered_just_before_its_gathering_is_read_is_found_by_looking_again() -> None:
    """L20: 23 tickets in ten seconds, of which the index shows the last ones too late."""
    stage = Stage(index_lag=LAG)
    in_jira(stage, 23)
    begun = stage.clock()
    for number in range(23):
        stage.clock.now = begun + number * timedelta(seconds=9.9) / 22
        register(stage, number)
    first = stage.queue.sent.pop()[0]
    stage.clock.now = begun + 10 * SECOND
    stage.deliver(first)
    stage.work_off()
    assert {stage.shows(key(stage, number)).status for number in range(23)} == {TO_DO}
    assert stage.clock() - begun < MINUTE
    assert stage.integration.new_tickets_at is None


def test_a_run_right_after_registration_lets_the_index_catch_up() -> None:
    """L24: a run that began in the same second would have asked for nothing."""
    stage = Stage(index_lag=LAG)
    in_jira(stage, 3)
    register(stage, 0, 1, 2)
    started = stage.runs.start(stage.integration, Trigger.API, stage.clock())
    assert started.tickets_in_window == 3
    assert [delay for work, delay in stage.queue.sent if hasattr(work, "run_id")] == [3]


def test_what_the_index_still_has_as_it_was_before_the_button_is_not_called_unchanged() -> None:
    """L22: the button saw In Progress, Jira goes back, a run within two seconds."""
    stage = Stage(index_lag=LAG)
    (one, *_) = stage.has_tickets(3)
    stage.violation("V1", one)
    stage.clock.pass_(LAG)
    stage.moves(one, IN_PROGRESS)
    stage.refresh("V1")
    assert stage.shows(one).status == IN_PROGRESS
    stage.moves(one, TO_DO)
    stage.clock.pass_(SECOND)
    run = stage.sync()
    assert run.state is RunState.SUCCEEDED
    assert stage.shows(one).status == TO_DO
    assert run.counts.changed == 1


def test_long_after_the_button_nothing_is_held_against_what_is_stored() -> None:
    """R13: unchanged costs nothing."""
    stage = Stage()
    (one, *_) = stage.has_tickets(3)
    stage.violation("V1", one)
    stage.moves(one, IN_PROGRESS)
    stage.refresh("V1")
    stage.clock.pass_(MINUTE)
    stage.tickets.writes = 0
    assert stage.sync().counts.unchanged == 3
    assert stage.tickets.writes == 0
    assert not doubtful(stage.integration.written_at, stage.clock())
