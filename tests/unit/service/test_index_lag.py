"""Index reads lag behind: what was written a moment ago is not there yet, or still there as it was before."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tests.fakes.samples import IN_PROGRESS, MINUTE, SECOND, TO_DO
from tests.unit.service.stage import Stage
from tests.unit.service.test_new_tickets import in_jira, key, new
from ticket_status.core.comparison import Row, doubtful
from ticket_status.core.model import RunState, Slice, Trigger
from ticket_status.core.window import END

LAG = timedelta(seconds=2)


class Lagging:
    """Both indexes of a stage's tickets, as they were two seconds ago."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._since: dict[str, datetime] = {}
        self._before: dict[str, tuple[datetime, Row]] = {}
        self._new_rows, self._rows = stage.tickets.new_rows, stage.tickets.rows
        stage.tickets.new_rows = self.new_rows  # type: ignore[method-assign]
        stage.tickets.rows = self.rows  # type: ignore[method-assign]

    def registered(self, *numbers: int) -> None:
        for number in numbers:
            self._stage.registration.register([new(number)], self._stage.clock())
            self._since[str(10_000 + number)] = self._stage.clock()

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        shown = self._stage.clock() - LAG
        for page in self._new_rows(integration_ref):
            yield [row for row in page if self._since.get(row.ticket_id, shown) <= shown]

    def remember(self, row: Row) -> None:
        """This is what the index has of a ticket until two seconds from now."""
        self._before[row.ticket_id] = (self._stage.clock() + LAG, row)

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        for page in self._rows(integration_ref, part, after):
            yield [self._old(row) for row in page]

    def _old(self, row: Row) -> Row:
        until, before = self._before.get(row.ticket_id, (self._stage.clock(), row))
        return before if self._stage.clock() < until else row


def test_a_ticket_registered_just_before_its_gathering_is_read_is_found_by_looking_again() -> None:
    """L20: 23 tickets in ten seconds, of which the index shows the last ones too late."""
    stage = Stage()
    in_jira(stage, 23)
    lagging = Lagging(stage)
    begun = stage.clock()
    for number in range(23):
        stage.clock.now = begun + number * timedelta(seconds=9.9) / 22
        lagging.registered(number)
    first = stage.queue.sent.pop()[0]
    stage.clock.now = begun + 10 * SECOND
    stage.deliver(first)
    stage.work_off()
    assert {stage.shows(key(stage, number)).status for number in range(23)} == {TO_DO}
    assert stage.clock() - begun < MINUTE
    assert stage.integration.new_tickets_at is None


def test_a_run_right_after_registration_lets_the_index_catch_up() -> None:
    """L24: a run that began in the same second would have asked for nothing."""
    stage = Stage()
    in_jira(stage, 3)
    Lagging(stage).registered(0, 1, 2)
    started = stage.runs.start(stage.integration, Trigger.API, stage.clock())
    assert started.tickets_in_window == 3
    assert [delay for work, delay in stage.queue.sent if hasattr(work, "run_id")] == [3]


def test_what_the_index_still_has_as_it_was_before_the_button_is_not_called_unchanged() -> None:
    """L22: the button saw In Progress, Jira goes back, a run within two seconds."""
    stage = Stage()
    (one, *_) = stage.has_tickets(3)
    stage.violation("V1", one)
    lagging = Lagging(stage)
    whole = Slice("", END, ("2026-11",))
    pages = list(stage.tickets.rows(one.integration_ref, whole))
    before = next(row for page in pages for row in page if row.ticket_id == one.ticket_id)
    stage.moves(one, IN_PROGRESS)
    stage.refresh("V1")
    assert stage.shows(one).status == IN_PROGRESS
    lagging.remember(before)
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
