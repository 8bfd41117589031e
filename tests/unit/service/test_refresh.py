"""R3: what the refresh button does, and what became of each ticket."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event

import pytest

from tests.fakes.samples import BROKEN, DAY, DONE, HOUR, MINUTE, NOW, PENDING, SECOND, TO_DO, an_integration
from tests.fakes.stage import Stage
from ticket_status.core.model import HealthStatus, ReasonCode, RunState, TicketKey, Trigger, UnknownReason
from ticket_status.core.refreshing import Outcome, OutcomeReason, Refreshed
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval import refresh as refreshing
from ticket_status.service.retrieval.refresh import RefreshedTicket

VIOLATION = "XRAY-1"


def with_a_ticket() -> tuple[Stage, TicketKey]:
    """A violation with one ticket that was retrieved eight hours ago."""
    stage = Stage()
    (key,) = stage.has_tickets(1)
    stage.violation(VIOLATION, key)
    return stage, key


def press(stage: Stage) -> RefreshedTicket:
    """The button, for the one ticket."""
    (refreshed,) = stage.refresh(VIOLATION)
    return refreshed


def test_what_a_run_called_inaccessible_a_refresh_does_not_call_deleted() -> None:
    stage = Stage()
    keys = stage.has_tickets(40)
    stage.violation(VIOLATION, keys[0])
    hidden = {key.ticket_id: stage.site.issues.pop(key.ticket_id) for key in keys[:30]}
    stage.sync()
    assert stage.shows(keys[0]).unknown_reason is UnknownReason.INACCESSIBLE
    stage.clock.pass_(MINUTE)
    assert press(stage).refresh == (Outcome.UNCHANGED, None)
    assert stage.shows(keys[0]).unknown_reason is UnknownReason.INACCESSIBLE
    stage.site.issues |= hidden
    stage.sync()
    assert {stage.shows(key).status for key in keys} == {TO_DO}


def test_a_count_that_cannot_be_stored_is_an_error_although_the_tickets_are_read_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, key = with_a_ticket()
    stage.moves(key, DONE)

    def contended(*_: object) -> None:
        raise RuntimeError("others wrote on every try")

    monkeypatch.setattr(stage.tickets, "change_counted", contended)
    with pytest.raises(RuntimeError, match="on every try"):
        press(stage)
    assert stage.shows(key).status == DONE


def breaks(stage: Stage, _: TicketKey) -> None:
    stage.site.trouble = Refused(ReasonCode.AUTHENTICATION_FAILED, "401")


def cannot_be_opened(stage: Stage, _: TicketKey) -> None:
    stage.connections.refuses["cloud-abc"] = Unavailable(ReasonCode.UNREACHABLE, "no name")


def throttles(stage: Stage, _: TicketKey) -> None:
    stage.site.trouble = Throttled(NOW + MINUTE, "burst")


def cannot_be_reached(stage: Stage, _: TicketKey) -> None:
    stage.site.trouble = Unavailable(ReasonCode.UNREACHABLE, "time-out")


def is_moved(stage: Stage, key: TicketKey) -> None:
    stage.moves(key, DONE)


def is_deleted(stage: Stage, key: TicketKey) -> None:
    del stage.site.issues[key.ticket_id]


def is_hidden(stage: Stage, _: TicketKey) -> None:
    stage.site.closed_projects = {"JAS"}


def cannot_be_answered(stage: Stage, key: TicketKey) -> None:
    stage.site.retry = {key.ticket_id}


def fails_when_it_is_looked_at(stage: Stage, key: TicketKey) -> None:
    def fail(call: str, _names: object) -> JiraTrouble | None:
        return Unavailable(ReasonCode.JIRA_ERROR, "500") if call == "look_at" else None

    is_deleted(stage, key)
    stage.site.before = fail


def rejects_our_request(stage: Stage, _: TicketKey) -> None:
    def reject(_call: str, _names: object) -> None:
        raise JiraRejectedRequestError("400")

    stage.site.before = reject


def nothing(_stage: Stage, _: TicketKey) -> None:
    pass


@pytest.mark.parametrize(
    ("happens", "outcome", "status", "reason"),
    [
        (nothing, (Outcome.UNCHANGED, None), TO_DO, None),
        (is_moved, (Outcome.CHANGED, None), DONE, None),
        (is_deleted, (Outcome.CHANGED, None), None, UnknownReason.DELETED),
        (is_hidden, (Outcome.CHANGED, None), None, UnknownReason.INACCESSIBLE),
        (breaks, (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN), None, UnknownReason.INTEGRATION_BROKEN),
        (throttles, (Outcome.DEFERRED, OutcomeReason.RATE_LIMITED), TO_DO, None),
        (cannot_be_reached, (Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE), TO_DO, None),
        (cannot_be_opened, (Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE), TO_DO, None),
        (cannot_be_answered, (Outcome.FAILED, OutcomeReason.ISSUE_UNAVAILABLE), TO_DO, None),
        (fails_when_it_is_looked_at, (Outcome.FAILED, OutcomeReason.ISSUE_UNAVAILABLE), TO_DO, None),
        (rejects_our_request, (Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE), TO_DO, None),
    ],
)
def test_what_became_of_a_ticket_that_was_asked_for(
    happens: Callable[[Stage, TicketKey], None],
    outcome: Refreshed,
    status: object,
    reason: UnknownReason | None,
) -> None:
    stage, key = with_a_ticket()
    happens(stage, key)
    refreshed = press(stage)
    assert refreshed.refresh == outcome
    assert (refreshed.ticket.shown.status, refreshed.ticket.shown.unknown_reason) == (status, reason)
    fresh = outcome[0] in {Outcome.CHANGED, Outcome.UNCHANGED}
    assert refreshed.ticket.shown.last_update == (NOW if fresh else NOW - 8 * HOUR)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"retrieve_jira_tickets": False}, (Outcome.SKIPPED, OutcomeReason.RETRIEVAL_DISABLED)),
        ({"paused_until": NOW + MINUTE}, (Outcome.DEFERRED, OutcomeReason.RATE_LIMITED)),
        ({"health": PENDING}, (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)),
    ],
)
def test_what_is_not_asked_for_costs_no_call(change: dict[str, object], outcome: Refreshed) -> None:
    stage, _ = with_a_ticket()
    stage.integrations.stored["cloud-abc"] = an_integration(**change)
    assert press(stage).refresh == outcome
    assert not stage.site.requests


def test_a_ticket_outside_the_window_a_deleted_one_and_one_of_a_deleted_integration_are_skipped() -> None:
    stage = Stage()
    old = stage.has_ticket(1, created_at=NOW - 366 * DAY)
    stage.violation(VIOLATION, old)
    assert press(stage).refresh == (Outcome.SKIPPED, OutcomeReason.OUTSIDE_WINDOW)
    stage, key = with_a_ticket()
    is_deleted(stage, key)
    press(stage)
    stage.clock.pass_(MINUTE)
    assert press(stage).refresh == (Outcome.SKIPPED, OutcomeReason.DELETED)
    stage.integrations.remove(stage.integration)
    assert press(stage).refresh == (Outcome.SKIPPED, OutcomeReason.INTEGRATION_NOT_FOUND)


def test_pressing_again_within_ten_seconds_asks_nothing() -> None:
    stage, _ = with_a_ticket()
    press(stage)
    calls = stage.site.requests
    stage.clock.pass_(9 * SECOND)
    assert press(stage).refresh == (Outcome.SKIPPED, OutcomeReason.FRESH)
    assert stage.site.requests == calls
    stage.clock.pass_(SECOND)
    assert press(stage).refresh == (Outcome.UNCHANGED, None)


def test_a_hidden_ticket_that_was_just_asked_for_is_fresh_too() -> None:
    stage, key = with_a_ticket()
    is_hidden(stage, key)
    press(stage)
    stage.clock.pass_(HOUR)
    assert press(stage).refresh == (Outcome.UNCHANGED, None)
    stage.clock.pass_(SECOND)
    assert press(stage).refresh == (Outcome.SKIPPED, OutcomeReason.FRESH)


def test_a_violation_without_tickets_has_nothing_to_refresh() -> None:
    assert Stage().refresh("nobody") == []


def test_all_tickets_of_one_integration_take_one_call() -> None:
    stage = Stage()
    keys = stage.has_tickets(7)
    stage.violation(VIOLATION, *keys)
    assert [one.refresh[0] for one in stage.refresh(VIOLATION)] == [Outcome.UNCHANGED] * 7
    assert len(stage.site.asked) == 1


def test_the_leading_ticket_comes_first() -> None:
    stage = Stage()
    keys = stage.has_tickets(4)
    stage.violation(VIOLATION, *keys[::-1])
    assert [one.ticket.ticket.key for one in stage.refresh(VIOLATION)] == keys


def other_site(stage: Stage) -> TicketKey:
    """A ticket of another integration with the same violation, and the same issue id."""
    key = TicketKey("other~k3f9x2", "10001")
    ticket = stage.tickets.stored[TicketKey(stage.integration.integration_ref, "10001")]
    stage.tickets.stored[key] = type(ticket)(
        key, "OTH-1", NOW - 20 * DAY, "https://other.example", TO_DO, None, NOW - DAY
    )
    stage.sites["other"].put("10001", "OTH-1", DONE.name, DONE.category)
    stage.violation(VIOLATION, key)
    return key


def two_sites() -> Stage:
    other = an_integration("other")
    stage = Stage(an_integration(), other)
    (key,) = stage.has_tickets(1)
    stage.violation(VIOLATION, key)
    other_site(stage)
    return stage


def test_one_integration_in_trouble_does_not_keep_the_others_from_being_fresh() -> None:
    stage = two_sites()
    breaks(stage, TicketKey("", ""))
    first, second = stage.refresh(VIOLATION)
    assert first.refresh == (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)
    assert second.refresh == (Outcome.CHANGED, None)
    assert second.ticket.shown.status == DONE


def test_the_same_issue_id_on_two_sites_is_two_tickets() -> None:
    stage = two_sites()
    first, second = stage.refresh(VIOLATION)
    assert (first.ticket.shown.status, second.ticket.shown.status) == (TO_DO, DONE)


def test_an_integration_that_answers_too_late_is_failed_and_the_others_are_fresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refreshing, "REFRESH_TIME", timedelta(milliseconds=200))
    monkeypatch.setattr(refreshing, "_GRACE", timedelta())
    stage = two_sites()
    too_late = Event()

    def stall(_call: str, _names: object) -> None:
        too_late.wait(5)

    stage.site.before = stall
    try:
        first, second = stage.refresh(VIOLATION)
    finally:
        too_late.set()
    assert first.refresh == (Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE)
    assert second.refresh == (Outcome.CHANGED, None)


def test_a_request_that_jira_calls_malformed_is_told_to_whoever_alarms() -> None:
    stage, key = with_a_ticket()
    rejects_our_request(stage, key)
    press(stage)
    assert [str(error) for error in stage.rejected] == ["400"]
    assert not stage.integration.broken


def test_a_refresh_that_succeeds_on_a_broken_integration_heals_it_and_starts_a_full_run() -> None:
    stage, key = with_a_ticket()
    (other,) = stage.has_tickets(1, first=2)
    stage.integrations.set_health(stage.integration, BROKEN)
    refreshed = press(stage)
    assert refreshed.refresh == (Outcome.CHANGED, None)
    assert refreshed.ticket.shown.status == TO_DO
    assert stage.integration.health.status is HealthStatus.HEALTHY
    assert stage.shows(other).unknown_reason is UnknownReason.INTEGRATION_BROKEN
    assert stage.run.trigger is Trigger.RECOVERED
    stage.work_off()
    assert stage.run.state is RunState.SUCCEEDED
    assert stage.shows(other).status == stage.shows(key).status == TO_DO


def test_a_refresh_of_an_integration_that_is_still_broken_says_so_and_starts_nothing() -> None:
    stage, key = with_a_ticket()
    stage.integrations.set_health(stage.integration, BROKEN)
    breaks(stage, key)
    assert press(stage).refresh == (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)
    assert not stage.run_store.stored
    assert stage.integration.health.since == BROKEN.since


def test_trouble_in_the_proof_leaves_the_ticket_as_it_was_and_says_what_it_is() -> None:
    stage, key = with_a_ticket()
    is_deleted(stage, key)

    def throttle_the_look(call: str, _names: object) -> None:
        if call == "look_at":
            stage.site.trouble = Throttled(NOW + MINUTE, "burst")

    stage.site.before = throttle_the_look
    refreshed = press(stage)
    assert refreshed.refresh == (Outcome.DEFERRED, OutcomeReason.RATE_LIMITED)
    assert refreshed.ticket.shown.status == TO_DO


def test_a_ticket_known_by_key_is_found_under_its_id() -> None:
    stage = Stage()
    by_key = stage.has_key_only_ticket("JAS-9", "10009")
    stage.violation(VIOLATION, by_key)
    refreshed = press(stage)
    assert refreshed.refresh == (Outcome.CHANGED, None)
    assert refreshed.ticket.ticket.key.issue_id == "10009"


def test_tries_of_the_button_count_towards_breaking_but_not_faster_than_two_minutes() -> None:
    stage, key = with_a_ticket()
    cannot_be_reached(stage, key)
    for _ in range(5):
        press(stage)
    assert not stage.integration.broken
    stage.clock.pass_(2 * MINUTE)
    assert press(stage).refresh == (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN)


def test_no_ticket_is_left_out_when_the_site_bears_less_than_it_did() -> None:
    stage = Stage()
    keys = stage.has_tickets(7)
    stage.violation(VIOLATION, *keys)
    for key in keys:
        stage.moves(key, DONE)
    stage.site.ids_per_call = 3

    def bear_less(_call: str, _names: Sequence[str]) -> None:
        stage.site.ids_per_call = 2

    stage.site.before = bear_less
    assert {one.refresh for one in stage.refresh(VIOLATION)} == {(Outcome.CHANGED, None)}
    assert [len(call) for call in stage.site.asked] == [3, 2, 2]


def test_what_was_answered_before_a_call_failed_is_fresh() -> None:
    stage = Stage()
    keys = stage.has_tickets(4)
    stage.violation(VIOLATION, *keys)
    stage.site.ids_per_call = 2

    def fail_later(call: str, _names: Sequence[str]) -> JiraTrouble | None:
        return Unavailable(ReasonCode.JIRA_ERROR, "502") if len(stage.site.asked) > 1 and call == "ask" else None

    stage.site.before = fail_later
    became = {one.ticket.ticket.key.ticket_id: one.refresh for one in stage.refresh(VIOLATION)}
    had = set(stage.site.asked[0])
    unavailable = (Outcome.FAILED, OutcomeReason.JIRA_UNAVAILABLE)
    assert became == {key.ticket_id: (Outcome.UNCHANGED, None) if key.ticket_id in had else unavailable for key in keys}
