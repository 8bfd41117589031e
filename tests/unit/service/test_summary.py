"""The summary of an integration against what its tickets show one by one, as a life goes on."""

from collections import Counter
from datetime import timedelta

from tests.fakes.samples import BROKEN, DAY, DONE, HOUR, IN_PROGRESS, MINUTE, NOW
from tests.fakes.stage import Stage
from ticket_status.core.model import Trigger
from ticket_status.core.summary import Summary, summarise, together


def summary(stage: Stage) -> Summary:
    ref = stage.integration.integration_ref
    run_id = stage.integration.active_run_id
    run = stage.run_store.get(ref, run_id) if run_id else None
    under_way = together(*(progress.tally for progress in run.slices.values())) if run else {}
    numbers = stage.tickets.whole_census(ref)
    return summarise(stage.integration, stage.tickets.counted(ref), numbers, under_way, stage.clock())


def agrees(stage: Stage) -> None:
    """What the summary says is what the tickets show."""
    shown = [stage.shows(key) for key in stage.tickets.stored]
    inside = [one for one in shown if one.refresh_state != "outside_window"]
    found = summary(stage)
    assert dict(found.by_status) == Counter(one.status for one in inside if one.status is not None)
    assert found.unknown == Counter(one.unknown_reason for one in inside if one.unknown_reason is not None)
    assert found.outside_window == len(shown) - len(inside)


def test_a_summary_agrees_with_what_the_tickets_show_after_everything_that_happens() -> None:
    stage = Stage()
    keys = stage.has_tickets(30)
    stage.has_ticket(900, created_at=NOW - 400 * DAY)
    stage.sync()
    agrees(stage)

    # A later run, in which statuses change, one issue is deleted and a project is closed.
    for key in keys[:5]:
        stage.moves(key, DONE)
    del stage.site.issues[keys[5].ticket_id]
    other = stage.has_ticket(50, project="OPS")
    stage.site.closed_projects.add("OPS")
    stage.sync()
    agrees(stage)
    assert stage.shows(other).unknown_reason == "INACCESSIBLE"

    # The button.
    stage.clock.pass_(MINUTE)
    stage.violation("XRAY-1", keys[6], keys[7])
    stage.moves(keys[6], IN_PROGRESS)
    del stage.site.issues[keys[7].ticket_id]
    stage.refresh("XRAY-1")
    agrees(stage)

    # New tickets wait, then have their first status by a run of their own.
    stage.has_ticket(60, status=None, created_at=stage.clock() - DAY)
    agrees(stage)

    # The project is open again.
    stage.site.closed_projects.clear()
    stage.sync()
    agrees(stage)

    # Broken, and well again.
    stage.integrations.set_health(stage.integration, BROKEN)
    agrees(stage)
    stage.start(Trigger.API)
    stage.work_off()
    agrees(stage)

    # Off, and on again: until the run has passed them, nothing is known.
    stage.integrations.switch(stage.integration, on=False, now=stage.clock())
    stage.clock.pass_(HOUR)
    stage.integrations.switch(stage.integration, on=True, now=stage.clock())
    agrees(stage)
    stage.sync()
    agrees(stage)


def test_what_the_button_changes_behind_a_run_stays_counted_when_that_ends() -> None:
    stage = Stage(slice_tickets=10)
    keys = stage.has_tickets(40)
    stage.sync()
    stage.clock.pass_(8 * HOUR)
    stage.start()
    stage.deliver(stage.take())
    stage.clock.pass_(timedelta(seconds=30))
    for number, key in enumerate((keys[0], keys[-1])):
        stage.violation(f"XRAY-{number}", key)
        stage.moves(key, DONE)
        stage.refresh(f"XRAY-{number}")
    agrees(stage)
    stage.work_off()
    agrees(stage)
