"""R7 and R8: deleted only on proof, complete within the run that missed it; inaccessible is asked for again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tests.unit.examples import DAY, HOUR, MINUTE, NOW, SECOND, TO_DO
from tests.unit.service.stage import WORKER_TIME, Stage
from ticket_status.core.judgement import MOST_CONFIRMATIONS
from ticket_status.core.model import Absence, Counts, ReasonCode, RunState, TicketKey, UnknownReason
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable


def vanish(stage: Stage, *keys: TicketKey) -> None:
    """The issues are deleted in Jira."""
    for key in keys:
        del stage.site.issues[key.ticket_id]


def test_a_deleted_issue_is_proven_within_the_run_that_missed_it_and_never_asked_for_again() -> None:
    stage = Stage()
    gone, *others = stage.has_tickets(10)
    vanish(stage, gone)
    calls: list[str] = []
    stage.site.before = lambda call, _names: calls.append(call)
    assert stage.sync().counts == Counts(unchanged=9, deleted=1)
    assert calls == ["ask", "whoami", "can_browse", "look_at", "whoami"]
    assert stage.run.jira_requests == 5
    assert stage.shows(gone).unknown_reason is UnknownReason.DELETED
    assert stage.tickets.stored[gone].status == TO_DO
    stage.clock.pass_(8 * HOUR)
    assert stage.sync().tickets_total == 9
    assert all(gone.ticket_id not in call for call in stage.site.asked[1:])
    assert stage.shows(others[0]).status == TO_DO


def test_what_a_deleted_ticket_shows_does_not_move_with_later_runs() -> None:
    stage = Stage()
    gone, _ = stage.has_tickets(2)
    vanish(stage, gone)
    stage.sync()
    proven = stage.shows(gone).last_update
    stage.clock.pass_(8 * HOUR)
    stage.sync()
    assert stage.shows(gone).last_update == proven == NOW
    assert stage.tickets.stored[gone].status_seen_at == NOW - 8 * HOUR


def test_an_issue_of_a_project_that_cannot_be_browsed_is_inaccessible_and_asked_for_by_every_later_run() -> None:
    stage = Stage()
    secret = stage.has_ticket(1, project="SEC")
    stage.has_ticket(2)
    stage.site.closed_projects = {"SEC"}
    assert stage.sync().counts == Counts(unchanged=1, inaccessible=1)
    assert stage.shows(secret).unknown_reason is UnknownReason.INACCESSIBLE
    stage.tickets.writes = 0
    stage.clock.pass_(8 * HOUR)
    assert stage.sync().counts == Counts(unchanged=1, inaccessible=1)
    assert stage.tickets.writes == 0, "what stays hidden costs no write"
    stage.site.closed_projects = set()
    assert stage.sync().counts == Counts(changed=1, unchanged=1)
    assert stage.shows(secret).status == TO_DO


def test_an_issue_that_is_shown_when_asked_for_by_itself_is_not_missing() -> None:
    stage = Stage()
    lagging, _ = stage.has_tickets(2)
    stage.site.hidden = {lagging.ticket_id}

    def show_when_asked_alone(call: str, _names: object) -> None:
        if call == "look_at":
            stage.site.hidden = set()

    stage.site.before = show_when_asked_alone
    assert stage.sync().counts == Counts(unchanged=2)
    assert stage.shows(lagging).status == TO_DO
    assert stage.shows(lagging).last_update == NOW


def test_half_or_more_and_more_than_twenty_are_inaccessible_without_a_look_at_any() -> None:
    stage = Stage()
    keys = stage.has_tickets(42)
    vanish(stage, *keys[:21])
    calls: list[str] = []
    stage.site.before = lambda call, _names: calls.append(call)
    assert stage.sync().counts == Counts(unchanged=21, inaccessible=21)
    assert "look_at" not in calls
    assert stage.shows(keys[0]).unknown_reason is UnknownReason.INACCESSIBLE


@pytest.mark.parametrize(("tickets", "gone"), [(43, 21), (20, 20)], ids=["less than half", "not more than twenty"])
def test_fewer_are_judged_one_by_one(tickets: int, gone: int) -> None:
    stage = Stage()
    keys = stage.has_tickets(tickets)
    vanish(stage, *keys[:gone])
    assert stage.sync().counts == Counts(unchanged=tickets - gone, deleted=gone)


def test_the_share_is_that_of_the_run_over_all_its_slices() -> None:
    """All of one slice vanished, and little of the run: each is judged. Half of the run: none is believed."""
    stage = Stage(slice_tickets=30)
    keys = stage.has_tickets(90, days=90)
    vanish(stage, *keys[:29])
    run = stage.sync()
    assert len(run.slices) > 2
    assert run.counts == Counts(unchanged=61, deleted=29)
    stage = Stage(slice_tickets=30)
    keys = stage.has_tickets(90, days=90)
    vanish(stage, *keys[::2])
    assert stage.sync().counts == Counts(unchanged=45, inaccessible=45)


def test_slices_that_were_done_before_the_share_was_known_are_judged_by_it_too() -> None:
    stage = Stage(slice_tickets=30)
    keys = stage.has_tickets(90, days=90)
    vanish(stage, *(key for key in keys if stage.tickets.stored[key].created_at > NOW - 60 * DAY))
    stage.start()
    while stage.queue.sent:
        stage.deliver(stage.queue.sent.pop()[0])
    assert stage.run.counts.deleted == 0
    assert stage.run.counts.inaccessible >= 45


@pytest.mark.parametrize("call", ["whoami", "can_browse", "look_at"])
@pytest.mark.parametrize(
    "trouble",
    [
        Refused(ReasonCode.AUTHENTICATION_FAILED, "401"),
        Throttled(NOW + MINUTE, "burst"),
        Unavailable(ReasonCode.UNREACHABLE, "time-out"),
    ],
)
def test_trouble_in_the_middle_of_a_proof_proves_nothing(call: str, trouble: JiraTrouble) -> None:
    stage = Stage()
    gone, _ = stage.has_tickets(2)
    vanish(stage, gone)

    def meet(made: str, _names: object) -> None:
        if made == call:
            stage.site.trouble = trouble

    stage.site.before = meet
    stage.start()
    for _ in range(2):
        stage.deliver(stage.take())
    assert stage.tickets.stored[gone].absence is None
    assert stage.run.counts.deleted == 0
    assert stage.run.jira_requests == stage.site.requests
    assert stage.run.state is (RunState.FAILED if isinstance(trouble, Refused) else stage.run.state)


def test_another_account_after_the_proof_than_before_it_proves_nothing() -> None:
    stage = Stage()
    gone, _ = stage.has_tickets(2)
    vanish(stage, gone)

    def swap_after_the_look(call: str, _names: object) -> None:
        if call == "look_at":
            stage.site.account = "somebody else"

    stage.site.before = swap_after_the_look
    assert stage.sync().state is RunState.FAILED
    assert stage.tickets.stored[gone].absence is None
    assert stage.integration.broken


def test_more_missing_than_can_be_confirmed_stay_as_they_were_until_the_next_run() -> None:
    stage = Stage()
    keys = stage.has_tickets(2 * MOST_CONFIRMATIONS + 50)
    vanish(stage, *keys[: MOST_CONFIRMATIONS + 10])
    assert stage.sync().counts == Counts(unchanged=540, deleted=500, failed=10)
    left = [key for key in keys[: MOST_CONFIRMATIONS + 10] if stage.tickets.stored[key].absence is None]
    assert {(stage.shows(key).status, stage.shows(key).last_update) for key in left} == {(TO_DO, NOW - 8 * HOUR)}
    assert stage.sync().counts == Counts(unchanged=540, deleted=10)


def test_a_jira_that_is_slow_to_confirm_is_not_taken_for_one_that_fails() -> None:
    stage = Stage()
    keys = stage.has_tickets(100)
    vanish(stage, *keys[:40])
    began: list[timedelta] = []

    def take_a_second(call: str, _names: object) -> None:
        if call == "look_at":
            stage.clock.pass_(SECOND)

    stage.site.before = take_a_second
    while True:
        stage.start()
        stage.deliver(stage.take())
        started = stage.clock()
        stage.deliver(stage.take(), lambda started=started: WORKER_TIME - 3 * (stage.clock() - started))  # type: ignore[misc]
        began.append(stage.clock() - started)
        assert not stage.integration.broken
        assert stage.integration.trouble is None
        assert stage.run.state is RunState.SUCCEEDED
        if stage.run.counts.failed == 0:
            break
    assert len(began) > 1
    assert sum(ticket.absence is Absence.DELETED for ticket in stage.tickets.stored.values()) == 40


def test_a_verdict_that_runs_out_of_time_is_handed_on_and_counts_its_requests_once() -> None:
    stage = Stage()
    keys = stage.has_tickets(70)
    vanish(stage, *keys[:30])
    stage.start()
    stage.deliver(stage.take())
    looks = iter([WORKER_TIME] * 27)
    assert stage.deliver(stage.take(), lambda: next(looks, timedelta(seconds=15))).outcome == "handed_on"
    assert sum(stage.tickets.stored[key].absence is Absence.DELETED for key in keys) == 25
    stage.work_off()
    assert stage.run.counts == Counts(unchanged=40, deleted=30)
    assert stage.run.jira_requests == stage.site.requests


def test_a_verdict_that_has_to_pause_goes_on_with_what_it_has_not_proven_yet() -> None:
    stage = Stage()
    keys = stage.has_tickets(200)
    vanish(stage, *keys[:60])
    looked_at: list[str] = []

    calls: list[datetime] = []

    def allow_thirty_calls_a_minute(call: str, names: Sequence[str]) -> None:
        if call == "look_at":
            looked_at.extend(names)
        calls.append(stage.clock())
        recent = sum(stage.clock() - at < MINUTE for at in calls)
        stage.site.trouble = Throttled(stage.clock() + MINUTE, "429") if recent > 30 else None

    stage.site.before = allow_thirty_calls_a_minute
    assert stage.sync().counts == Counts(unchanged=140, deleted=60)
    assert len(looked_at) < 90


def test_one_issue_that_jira_fails_on_does_not_break_the_integration() -> None:
    stage = Stage()
    ill, gone, *_ = stage.has_tickets(30)
    vanish(stage, ill, gone)

    def fail_on_it(call: str, names: Sequence[str]) -> None:
        fails = call == "look_at" and ill.ticket_id in names
        stage.site.trouble = Unavailable(ReasonCode.JIRA_ERROR, "500") if fails else None

    stage.site.before = fail_on_it
    for _ in range(2):
        assert stage.sync().counts.failed == 1
        assert not stage.integration.broken
        assert stage.shows(ill).status == TO_DO
        assert stage.shows(gone).unknown_reason is UnknownReason.DELETED
        stage.clock.pass_(8 * HOUR)


def test_a_verdict_asks_nothing_more_soon_after_retrieval_was_switched_off() -> None:
    stage = Stage()
    keys = stage.has_tickets(210)
    vanish(stage, *keys[:100])
    calls_after: list[str] = []

    def switch_off_after_ten(call: str, _names: object) -> None:
        if not stage.integration.retrieve_jira_tickets:
            calls_after.append(call)
        elif stage.site.requests >= 10:
            stage.integrations.switch(stage.integration, on=False, now=stage.clock())

    stage.site.before = switch_off_after_ten
    stage.start()
    stage.work_off()
    assert 0 < len(calls_after) < 25


# --- Tickets known by key only --------------------------------------------------------------------------------------


def test_a_ticket_known_by_key_gets_its_id_with_its_first_status_and_keeps_its_violations() -> None:
    stage = Stage()
    by_key = stage.has_key_only_ticket("JAS-77", "10077")
    stage.violation("XRAY-1", by_key)
    assert stage.sync().counts == Counts(changed=1)
    assert stage.site.asked == [["JAS-77"]]
    (ticket,) = stage.reading.violation("XRAY-1", stage.clock())
    assert (ticket.ticket.key.issue_id, ticket.shown.status) == ("10077", TO_DO)
    assert stage.sync().counts == Counts(unchanged=1)
    assert stage.site.asked[-1] == ["10077"]


def test_a_key_that_jira_does_not_know_is_judged_like_any_other() -> None:
    stage = Stage()
    unknown = stage.has_key_only_ticket("JAS-77")
    hidden = stage.has_key_only_ticket("SEC-1", "10200")
    stage.site.closed_projects = {"SEC"}
    assert stage.sync().counts == Counts(deleted=1, inaccessible=1)
    assert stage.shows(unknown).unknown_reason is UnknownReason.DELETED
    assert stage.shows(hidden).unknown_reason is UnknownReason.INACCESSIBLE
    stage.site.closed_projects = set()
    assert stage.sync().counts == Counts(changed=1)
    assert stage.shows(hidden).status == TO_DO


def test_a_key_of_an_issue_that_is_known_by_id_joins_that_ticket() -> None:
    stage = Stage()
    known = stage.has_ticket(77)
    by_key = stage.has_key_only_ticket("JAS-77", "10077")
    stage.violation("XRAY-1", known)
    stage.violation("XRAY-2", by_key)
    assert stage.sync().state is RunState.SUCCEEDED
    assert {stage.reading.violation(name, NOW)[0].ticket.key for name in ("XRAY-1", "XRAY-2")} == {known}


def test_a_key_whose_issue_was_moved_is_resolved_to_the_new_key() -> None:
    stage = Stage()
    by_key = stage.has_key_only_ticket("OLD-1", "10077")

    stage.site.id_of = lambda issue: {"OLD-1": "10077"}.get(issue, issue)  # type: ignore[method-assign]
    stage.site.put("10077", "NEW-1", TO_DO.name, TO_DO.category)
    stage.sync()
    ticket = stage.tickets.get_many([by_key])[0][by_key]
    assert (ticket.issue_key, ticket.key.issue_id) == ("NEW-1", "10077")


def test_a_key_whose_issue_left_a_project_that_is_closed_now_is_resolved_by_asking_for_it_alone() -> None:
    stage = Stage()
    by_key = stage.has_key_only_ticket("OLD-1", "10077")
    stage.site.put("10077", "NEW-1", TO_DO.name, TO_DO.category)
    stage.site.closed_projects = {"OLD"}

    def resolve_when_asked_alone(call: str, _names: object) -> None:
        if call == "look_at":
            stage.site.id_of = lambda issue: {"OLD-1": "10077"}.get(issue, issue)  # type: ignore[method-assign]

    stage.site.before = resolve_when_asked_alone
    assert stage.sync().counts == Counts(changed=1)
    ticket = stage.tickets.get_many([by_key])[0][by_key]
    assert (ticket.issue_key, ticket.key.issue_id) == ("NEW-1", "10077")
