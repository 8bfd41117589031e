"""R12: whatever order answers arrive in, and whatever a worker's clock says, a ticket only gets newer."""

from datetime import datetime

import pytest

from tests.fakes.samples import BROKEN, DONE, HOUR, IN_PROGRESS, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import Stage
from tests.unit.service.test_run import RunningOut
from ticket_status.core.comparison import sighting
from ticket_status.core.model import Counts, Status, TicketKey, UnknownReason
from ticket_status.core.observations import Observed


def observe(stage: Stage, key: TicketKey, status: Status, at: datetime) -> frozenset[TicketKey]:
    issue_key = stage.tickets.stored[key].issue_key
    return stage.tickets.record([Observed(key, at, sighting(issue_key, status))])


def test_an_older_observation_never_replaces_a_newer_one() -> None:
    stage = Stage()
    (key,) = stage.has_tickets(1)
    assert observe(stage, key, DONE, NOW) == {key}
    assert observe(stage, key, IN_PROGRESS, NOW - SECOND) == frozenset()
    assert observe(stage, key, IN_PROGRESS, NOW) == frozenset()
    assert stage.shows(key).status == DONE


def test_a_run_whose_answer_is_older_than_a_refresh_by_hand_changes_nothing() -> None:
    """The run asks, the issue moves, the button sees it, and only then the run's answer is recorded."""
    stage = Stage()
    (key,) = stage.has_tickets(1, IN_PROGRESS)

    def press_meanwhile(_call: str, _names: object) -> None:
        observe(stage, key, DONE, NOW + SECOND)

    stage.site.before = press_meanwhile
    run = stage.sync()
    assert stage.shows(key).status == DONE
    assert run.counts == Counts(unchanged=1)
    assert stage.shows(key).last_update == NOW + SECOND


def test_an_answer_to_the_button_that_is_older_than_a_run_changes_nothing() -> None:
    """The button asks and sees Done, the issue goes back, a run finds it unchanged: then the button records."""
    stage = Stage()
    (key,) = stage.has_tickets(1)
    stage.violation("XRAY-1", key)
    stage.moves(key, DONE)
    answered: list[bool] = []

    def run_meanwhile(_call: str, _names: object) -> None:
        stage.site.before = lambda _call, _names: None
        asked_at = stage.clock()
        stage.moves(key, TO_DO)
        stage.clock.pass_(MINUTE)
        stage.sync()
        stage.moves(key, DONE)
        answered.append(asked_at < stage.clock())

    stage.site.before = run_meanwhile
    stage.refresh("XRAY-1")
    assert answered == [True]
    assert stage.shows(key).status == TO_DO
    assert stage.shows(key).last_update == NOW + MINUTE


def test_a_refresh_between_two_steps_of_a_slice_counts_although_its_neighbour_was_seen_later() -> None:
    """The last ticket of a step is as old as that step, not as the next one, which begins behind it."""
    stage = Stage()
    keys = stage.has_tickets(4)
    stage.site.ids_per_call = 2
    stage.start()
    stage.deliver(stage.take(), RunningOut(2))
    assert stage.run.counts.total == 2
    stage.clock.pass_(MINUTE)
    stage.work_off()
    first_asked = stage.site.asked[0]
    last_updates = {key.ticket_id: stage.shows(key).last_update for key in keys}
    assert {last_updates[name] for name in first_asked} == {NOW}
    assert {at for name, at in last_updates.items() if name not in first_asked} == {NOW + MINUTE}


@pytest.mark.parametrize("change", ["recovered", "switched on"])
def test_a_worker_whose_clock_is_behind_by_a_minute_retrieves_what_counts(change: str) -> None:
    stage = Stage(behind=MINUTE)
    keys = stage.has_tickets(5)
    if change == "recovered":
        stage.integrations.set_health(stage.integration, BROKEN)
        stage.probe.probe()
    else:
        stage.integrations.switch(stage.integration, on=False, now=NOW)
        stage.integrations.switch(stage.integration, on=True, now=NOW)
        stage.start()
    stage.work_off()
    assert {stage.shows(key).status for key in keys} == {TO_DO}
    assert {stage.shows(key).last_update for key in keys} == {NOW}


def test_a_worker_whose_clock_is_behind_does_not_call_what_it_missed_seen() -> None:
    stage = Stage(behind=MINUTE)
    key, _ = stage.has_tickets(2)
    stage.site.retry = {key.ticket_id}
    stage.sync()
    assert stage.shows(key).last_update == NOW - 8 * HOUR


def test_a_worker_whose_clock_is_behind_records_its_verdicts_over_what_was_seen_just_before_the_run() -> None:
    stage = Stage(behind=MINUTE)
    key, _ = stage.has_tickets(2)
    observe(stage, key, IN_PROGRESS, NOW - SECOND)
    del stage.site.issues[key.ticket_id]
    assert stage.sync().counts == Counts(unchanged=1, deleted=1)
    assert stage.shows(key).unknown_reason is UnknownReason.DELETED


def test_a_refresh_by_a_clock_that_is_behind_counts_although_it_was_switched_on_just_now() -> None:
    stage = Stage(behind=MINUTE)
    seen_again, hidden = stage.has_ticket(1), stage.has_ticket(2, project="SEC")
    stage.site.closed_projects = {"SEC"}
    stage.violation("XRAY-1", seen_again, hidden)
    stage.integrations.switch(stage.integration, on=False, now=NOW)
    stage.integrations.switch(stage.integration, on=True, now=NOW)
    stage.refresh("XRAY-1")
    assert stage.shows(seen_again).status == TO_DO
    assert stage.shows(hidden).unknown_reason is UnknownReason.INACCESSIBLE
