"""R9 and R10: breaking is one write with a reason, and every success is a recovery."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import BROKEN, HOUR, MINUTE, NOW, SECOND, TO_DO, WELL
from tests.fakes.stage import Stage
from ticket_status.core.changes import health_changed
from ticket_status.core.health import RETRY_DELAY
from ticket_status.core.model import Counts, HealthStatus, Integration, ReasonCode, RunState, Trigger, UnknownReason
from ticket_status.core.runs import SLICE_TICKETS
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.careful import CONFIRM_AFTER

REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira answered 401: the token expired")
UNREACHABLE = Unavailable(ReasonCode.UNREACHABLE, "no answer within 20 s")


def watched(stage: Stage) -> list[tuple[Integration, Integration]]:
    """Every write of the integration from now on, as its stream tells it."""
    writes: list[tuple[Integration, Integration]] = []
    store = stage.integrations._store  # noqa: SLF001 - the fake has no stream

    def watch(integration: Integration) -> Integration:
        writes.append((stage.integrations.stored[integration.connection_name], integration))
        return store(integration)

    stage.integrations._store = watch  # type: ignore[method-assign]  # noqa: SLF001 - the fake has no stream
    return writes


def test_a_refused_credential_breaks_the_integration_in_one_write_and_all_its_tickets_show_it() -> None:
    stage = Stage()
    keys = stage.has_tickets(500)
    stage.start()
    writes = watched(stage)
    stage.site.trouble = REFUSED
    report = stage.deliver(stage.take())
    assert report.outcome == "broke"
    assert (stage.run.state, stage.run.error) == (RunState.FAILED, REFUSED.reason)
    assert sum(old.health != new.health for old, new in writes) == 1
    assert sum(health_changed(old, new) for old, new in writes) == 1
    assert stage.tickets.writes == 0
    assert {stage.shows(key).unknown_reason for key in keys} == {UnknownReason.INTEGRATION_BROKEN}
    assert {stage.tickets.stored[key].status for key in keys} == {TO_DO}
    health = stage.integration.health
    assert (health.status, health.since, health.reason_code, health.reason) == (
        HealthStatus.FAULTY,
        NOW + CONFIRM_AFTER,
        ReasonCode.AUTHENTICATION_FAILED,
        REFUSED.reason,
    )
    assert stage.integration.active_run_id is None
    assert not stage.queue.sent


def test_a_credential_that_cannot_even_be_opened_breaks_at_once() -> None:
    stage = Stage()
    stage.connections.refuses["cloud-abc"] = Refused(ReasonCode.AUTHORIZATION_EXPIRED, "the grant is dead")
    stage.start()
    assert stage.deliver(stage.take()).outcome == "broke"
    assert stage.integration.health.reason_code is ReasonCode.AUTHORIZATION_EXPIRED
    assert stage.run.state is RunState.FAILED


def test_what_was_retrieved_before_it_broke_stays_recorded() -> None:
    stage = Stage()
    stage.has_tickets(20)
    stage.site.ids_per_call = 1

    def refuse_from_the_tenth(_call: str, _names: object) -> None:
        if stage.site.requests >= 10:
            stage.site.trouble = REFUSED

    stage.site.before = refuse_from_the_tenth
    stage.sync()
    assert stage.run.state is RunState.FAILED
    assert 5 <= stage.run.counts.unchanged <= 9
    assert stage.run.jira_requests == stage.site.requests


def test_an_unreachable_jira_breaks_it_only_after_three_tries_over_two_minutes() -> None:
    stage = Stage()
    keys = stage.has_tickets(3)
    stage.site.trouble = UNREACHABLE
    stage.start()
    outcomes = []
    for _ in range(3):
        outcomes.append(stage.deliver(stage.take()).outcome)
        if outcomes[-1] == "retried":
            assert stage.integration.health == WELL
            assert {stage.shows(key).status for key in keys} == {TO_DO}
            assert stage.queue.sent[0][1] == RETRY_DELAY.total_seconds()
    assert outcomes == ["retried", "retried", "broke"]
    assert stage.clock() - NOW >= 2 * MINUTE
    assert stage.integration.health.reason_code is ReasonCode.UNREACHABLE
    assert stage.run.state is RunState.FAILED


def test_many_tries_at_once_of_slices_side_by_side_do_not_break_it() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.site.trouble = UNREACHABLE
    stage.start()
    message = stage.take()
    for _ in range(9):
        assert stage.deliver(message).outcome == "retried"
    assert stage.integration.trouble is not None
    assert stage.integration.trouble.tries == 9
    assert not stage.integration.broken


def test_a_success_in_between_forgets_the_tries() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.site.trouble = UNREACHABLE
    stage.start()
    for _ in range(2):
        stage.deliver(stage.take())
    stage.site.trouble = None
    stage.work_off()
    assert stage.run.state is RunState.SUCCEEDED
    assert stage.integration.trouble is None
    assert stage.integration.health == WELL


def broken_stage(
    tickets: int = 3, reason_code: ReasonCode = ReasonCode.AUTHENTICATION_FAILED, slice_tickets: int = SLICE_TICKETS
) -> Stage:
    """An integration that broke an hour ago, its Jira well again."""
    stage = Stage(slice_tickets=slice_tickets)
    stage.has_tickets(tickets)
    health = type(BROKEN)(BROKEN.status, BROKEN.since, BROKEN.checked_at, reason_code, "so it was")
    stage.integrations.set_health(stage.integration, health)
    return stage


def test_a_scheduled_run_that_finds_it_well_again_retrieves_its_tickets_itself() -> None:
    stage = broken_stage()
    writes = watched(stage)
    run = stage.sync()
    assert (run.trigger, run.state, run.counts) == (Trigger.SCHEDULE, RunState.SUCCEEDED, Counts(unchanged=3))
    assert sum(health_changed(old, new) for old, new in writes) == 1
    assert stage.integration.health.status is HealthStatus.HEALTHY
    assert len(stage.run_store.stored) == 1, "no run of its own for the recovery"
    assert {stage.shows(key).status for key in stage.tickets.stored} == {TO_DO}
    assert run.jira_requests == stage.site.requests == 2


def test_a_scheduled_run_that_finds_it_still_broken_fails_and_the_time_stays() -> None:
    stage = broken_stage()
    stage.site.trouble = REFUSED
    run = stage.sync()
    assert run.state is RunState.FAILED
    assert stage.integration.health.since == BROKEN.since
    assert stage.integration.health.checked_at > BROKEN.checked_at


def test_each_ticket_shows_its_status_when_it_was_retrieved_after_the_recovery_not_before() -> None:
    stage = broken_stage(20, slice_tickets=10)
    stage.start()
    stage.clock.pass_(MINUTE)
    stage.deliver(stage.take())
    shown = [stage.shows(key) for key in stage.tickets.stored]
    assert sum(one.status == TO_DO for one in shown) == stage.run.counts.total
    assert {one.unknown_reason for one in shown if one.status is None} == {UnknownReason.INTEGRATION_BROKEN}
    stage.work_off()
    assert {stage.shows(key).status for key in stage.tickets.stored} == {TO_DO}


def test_two_slices_that_both_find_it_well_again_agree_on_when(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = broken_stage(6)
    as_both_read_it = stage.integration
    get = stage.integrations.get
    answers = [as_both_read_it]
    stage.start()
    stage.clock.pass_(MINUTE)
    recovered = stage.integrations.set_health(
        stage.integration, type(WELL)(HealthStatus.HEALTHY, stage.clock() + SECOND, stage.clock() + SECOND)
    )
    assert recovered is not None
    monkeypatch.setattr(stage.integrations, "get", lambda name: answers.pop() if answers else get(name))
    stage.work_off()
    assert {stage.shows(key).status for key in stage.tickets.stored} == {TO_DO}


def test_an_integration_that_breaks_during_a_run_ends_it_with_the_reason() -> None:
    stage = Stage()
    stage.has_tickets(3)
    stage.start()
    stage.clock.pass_(MINUTE)
    stage.integrations.set_health(stage.integration, type(BROKEN)(BROKEN.status, NOW + SECOND, NOW, None, "why"))
    assert stage.deliver(stage.take()).outcome == "broke"
    assert (stage.run.state, stage.run.error) == (RunState.FAILED, "why")
    assert not stage.site.requests


def test_an_edit_of_the_credentials_during_a_run_goes_on_with_the_new_ones() -> None:
    stage = Stage()
    stage.has_tickets(50)
    stage.site.ids_per_call = 1

    def edit_at_the_tenth(_call: str, _names: object) -> None:
        if stage.site.requests == 10:
            stage.integrations.edit(stage.integration, stage.integration, afresh=True)

    stage.site.before = edit_at_the_tenth
    stage.start()
    assert stage.deliver(stage.take()).outcome == "handed_on"
    assert stage.site.requests <= 14
    stage.work_off()
    assert stage.run.counts == Counts(unchanged=50)


def test_our_own_malformed_request_ends_the_run_and_is_raised() -> None:
    stage = Stage()
    stage.has_tickets(3)

    def reject(_call: str, _names: object) -> None:
        raise JiraRejectedRequestError("400 on a call that we built")

    stage.site.before = reject
    stage.start()
    with pytest.raises(JiraRejectedRequestError):
        stage.deliver(stage.take())
    assert (stage.run.state, stage.run.error) == (RunState.FAILED, "400 on a call that we built")
    assert not stage.integration.broken
    assert stage.integration.active_run_id is None


# --- The probe ------------------------------------------------------------------------------------------------------


def test_the_probe_finds_it_well_with_one_request_and_starts_a_full_run() -> None:
    stage = broken_stage()
    report = stage.probe.probe()
    assert (report.probed, report.recovered) == (1, ("cloud-abc",))
    assert (stage.site.requests, stage.site.asked) == (1, [])
    assert stage.run.trigger is Trigger.RECOVERED
    assert {stage.shows(key).unknown_reason for key in stage.tickets.stored} == {UnknownReason.INTEGRATION_BROKEN}
    stage.work_off()
    assert stage.run.state is RunState.SUCCEEDED
    assert {stage.shows(key).status for key in stage.tickets.stored} == {TO_DO}


@pytest.mark.parametrize("reason_code", [ReasonCode.MISSING_SCOPES, ReasonCode.JIRA_ERROR])
def test_what_the_account_would_not_tell_is_probed_by_retrieving_no_ticket(reason_code: ReasonCode) -> None:
    stage = broken_stage(reason_code=reason_code)
    stage.probe.probe()
    assert stage.site.asked == [["9973"]]
    assert stage.integration.health.status is HealthStatus.HEALTHY


@pytest.mark.parametrize("trouble", [REFUSED, UNREACHABLE])
def test_a_probe_that_fails_changes_only_what_was_found(trouble: Refused | Unavailable) -> None:
    stage = broken_stage(reason_code=ReasonCode.JIRA_ERROR)
    stage.site.trouble = trouble
    assert stage.probe.probe().recovered == ()
    assert stage.integration.broken
    assert stage.integration.health.reason_code is trouble.reason_code
    assert not stage.run_store.stored


@pytest.mark.parametrize("reason_code", [ReasonCode.MISSING_SCOPES, ReasonCode.AUTHENTICATION_FAILED])
def test_a_failing_try_leaves_the_reason_of_a_refusal_as_it_is(reason_code: ReasonCode) -> None:
    stage = broken_stage(reason_code=reason_code)
    before = stage.integration.health
    stage.site.trouble = UNREACHABLE
    stage.probe.probe()
    assert (stage.sync().state, stage.run.error) == (RunState.FAILED, UNREACHABLE.reason)
    assert stage.integration.health == replace(before, checked_at=stage.clock())


def test_scopes_that_were_missing_are_asked_for_again_after_a_failing_try() -> None:
    stage = broken_stage(reason_code=ReasonCode.MISSING_SCOPES)
    stage.site.trouble = UNREACHABLE
    stage.probe.probe()
    stage.site.trouble = None
    stage.site.asked.clear()
    stage.probe.probe()
    assert stage.site.asked == [["9973"]]


def test_a_probe_that_is_throttled_pauses_the_integration_and_leaves_its_health() -> None:
    stage = broken_stage()
    before = stage.integration.health
    stage.site.trouble = Throttled(NOW + HOUR, "quota")
    stage.probe.probe()
    assert stage.integration.health == before
    assert stage.integration.paused_until == NOW + HOUR
    stage.site.trouble = None
    assert stage.probe.probe().probed == 0
    stage.clock.pass_(HOUR + timedelta(seconds=1))
    assert stage.probe.probe().recovered == ("cloud-abc",)


def test_the_probe_leaves_alone_what_is_well_or_switched_off() -> None:
    stage = Stage()
    assert stage.probe.probe().probed == 0
    stage = broken_stage()
    stage.integrations.switch(stage.integration, on=False, now=NOW)
    assert stage.probe.probe().probed == 0
    assert not stage.site.requests


def test_a_second_probe_after_the_recovery_starts_no_second_run() -> None:
    stage = broken_stage()
    stage.probe.probe()
    stage.probe.probe()
    assert len(stage.run_store.stored) == 1
