"""R15: another site under the same address shows nothing, and is not called well, whoever asks it."""

import pytest

from tests.fakes.samples import BROKEN, DONE, HOUR, WELL
from tests.fakes.stage import Stage
from ticket_status.core.model import ReasonCode, RunState, UnknownReason
from ticket_status.core.refreshing import Outcome, OutcomeReason
from ticket_status.core.trouble import Refused

VIOLATION = "XRAY-1"
ELSEWHERE = Refused(ReasonCode.DIFFERENT_SITE, "The address now belongs to another Jira site", final=True)


@pytest.fixture
def stage() -> Stage:
    """Three tickets, retrieved before another site got the address, whose issues have the same ids."""
    stage = Stage()
    stage.violation(VIOLATION, *stage.has_tickets(3))
    stage.sync()
    stage.clock.pass_(HOUR)
    for number, issue_id in enumerate(stage.site.issues):
        stage.site.put(issue_id, f"HR-{700 + number}", DONE.name, DONE.category)
    stage.site.other_site = ELSEWHERE
    return stage


def test_a_run_records_nothing_of_it(stage: Stage) -> None:
    keys, writes = list(stage.tickets.stored), stage.tickets.writes
    run = stage.sync()
    assert (run.state, run.error) == (RunState.FAILED, ELSEWHERE.reason)
    assert stage.integration.health.reason_code is ReasonCode.DIFFERENT_SITE
    assert stage.tickets.writes == writes
    assert {stage.shows(key).unknown_reason for key in keys} == {UnknownReason.INTEGRATION_BROKEN}


def test_the_button_believes_no_new_key_of_it(stage: Stage) -> None:
    refreshed = stage.refresh(VIOLATION)
    assert {one.refresh for one in refreshed} == {(Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)}
    assert stage.integration.health.reason_code is ReasonCode.DIFFERENT_SITE
    assert not any(one.ticket.ticket.issue_key.startswith("HR") for one in refreshed)


def test_the_button_believes_a_new_ticket_only_by_the_key_and_id_that_it_was_registered_with(stage: Stage) -> None:
    stage.site.other_site = None
    stage.violation("XRAY-2", stage.has_ticket(4, None))
    stage.violation("XRAY-3", stage.has_ticket(5, None))
    stage.violation("XRAY-4", stage.has_key_only_ticket("JAS-6", "10006"))
    stage.site.put("10005", "HR-705", DONE.name, DONE.category)
    stage.site.other_site = ELSEWHERE
    assert [one.refresh for one in stage.refresh("XRAY-2")] == [(Outcome.CHANGED, None)]
    for violation in ("XRAY-3", "XRAY-4"):
        stage.integrations.set_health(stage.integration, WELL)
        assert [one.refresh for one in stage.refresh(violation)] == [(Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)]


def test_the_probe_does_not_call_it_well(stage: Stage) -> None:
    stage.integrations.set_health(stage.integration, BROKEN)
    assert stage.probe.probe().recovered == ()
    assert stage.integration.broken
    stage.site.other_site = None
    assert stage.probe.probe().recovered == ("cloud-abc",)
