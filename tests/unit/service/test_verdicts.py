"""R7 and R8: deleted only on proof, complete within the run that missed it; inaccessible is asked for again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

import pytest
from msgspec.structs import replace

from tests.fakes.reading import shown_tickets
from tests.fakes.samples import DAY, HOUR, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import WORKER_TIME, Stage
from ticket_status.core.model import Absence, Counts, ReasonCode, RunState, SyncRun, TicketKey, Trigger, UnknownReason
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.proof import AT_ONCE


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
    assert calls == ["ask", "whoami", "can_browse", "whoami"]
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


# --- As many messages as it takes -----------------------------------------------------------------------------------


def looked_at(stage: Stage) -> list[str]:
    """The issues that are asked for by themselves, from now on."""
    looks: list[str] = []

    def note(call: str, names: Sequence[str]) -> None:
        if call == "look_at":
            looks.extend(names)

    stage.site.before = note
    return looks


def test_however_many_are_deleted_all_are_proven_within_the_run_each_looked_at_once() -> None:
    stage = Stage()
    keys = stage.has_tickets(1_500)
    vanish(stage, *keys[:700])
    looks = looked_at(stage)
    run = stage.sync()
    assert run.counts == Counts(unchanged=800, deleted=700)
    assert sorted(looks) == sorted(key.ticket_id for key in keys[:700])
    assert run.jira_requests <= 1.02 * 700


def test_what_one_message_has_no_time_for_is_left_to_the_next() -> None:
    stage = Stage()
    keys = stage.has_tickets(900)
    vanish(stage, *keys[:400])
    looks = looked_at(stage)
    note = stage.site.before

    def take_a_second(call: str, names: Sequence[str]) -> None:
        note(call, names)
        stage.clock.pass_(SECOND)

    stage.site.before = take_a_second
    stage.start()
    messages = 0
    while stage.queue.sent:
        work = stage.take()
        begun = stage.clock()
        report = stage.deliver(work, lambda begun=begun: WORKER_TIME - (stage.clock() - begun))  # type: ignore[misc]
        assert stage.clock() - begun < WORKER_TIME - timedelta(seconds=20)
        assert report.outcome in {"done", "handed_on"}
        messages += 1
    assert stage.run.counts == Counts(unchanged=500, deleted=400)
    assert len(looks) == len(set(looks)) == 400
    assert messages < 400 / 25


@pytest.mark.parametrize("calls_a_minute", [4, 10, 20])
def test_a_site_that_allows_few_calls_a_minute_gets_to_the_end(calls_a_minute: int) -> None:
    stage = Stage()
    keys = stage.has_tickets(250)
    vanish(stage, *keys[:100])
    looks = looked_at(stage)
    note = stage.site.before
    calls: list[datetime] = []

    def allow_few(call: str, names: Sequence[str]) -> JiraTrouble | None:
        calls.append(stage.clock())
        if sum(at > stage.clock() - MINUTE for at in calls) > calls_a_minute:
            return Throttled(stage.clock() + MINUTE, "429")
        return note(call, names)

    stage.site.before = allow_few
    assert stage.sync().counts == Counts(unchanged=150, deleted=100)
    assert len(looks) == len(set(looks)) == 100


def test_newly_missing_tickets_of_any_slice_are_judged_before_what_was_hidden_for_long() -> None:
    stage = Stage(slice_tickets=200)
    hidden = stage.has_tickets(600, days=200)
    stage.site.hidden = {key.ticket_id for key in hidden}
    stage.site.says_hidden = True
    for key in hidden:
        stage.tickets.stored[key] = replace(stage.tickets.stored[key], absence=Absence.INACCESSIBLE)
    gone = stage.has_tickets(10, days=10, first=700)
    vanish(stage, *gone)
    looks = looked_at(stage)
    assert stage.sync().counts == Counts(deleted=10, inaccessible=600)
    # Several are asked for at once, and need not be heard in the order in which they were begun.
    assert {key.ticket_id for key in gone} <= set(looks[: 10 + AT_ONCE])


def test_a_project_that_cannot_be_browsed_costs_three_calls_and_ends_in_the_first_message_in_later_runs_too() -> None:
    stage = Stage()
    for number in range(5_000):
        stage.has_ticket(number, project="SEC" if number < 2_000 else "JAS")
    stage.site.closed_projects = {"SEC"}
    for _ in range(2):
        stage.start()
        assert [report.kind for report in stage.work_off()] == ["slice", "verdict"]
        assert stage.run.counts == Counts(unchanged=3_000, inaccessible=2_000)
        assert stage.run.jira_requests == 5 + 3


def test_what_was_judged_is_kept_when_a_worker_is_ended_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    keys = stage.has_tickets(100)
    vanish(stage, *keys[:30])
    looks = looked_at(stage)
    stage.start()
    stage.deliver(stage.take())
    verdict = stage.take()
    with monkeypatch.context() as patched:
        patched.setattr(stage.run_store, "conclude", killed)
        with pytest.raises(Killed):
            stage.deliver(verdict)
    stage.deliver(verdict)
    assert stage.run.counts == Counts(unchanged=70, deleted=30)
    assert len(looks) == 30


class Killed(BaseException):
    """The worker is ended from outside."""


def killed(*_: object, **__: object) -> bool:
    raise Killed


def test_verdicts_before_a_pause_count_only_for_the_account_that_was_proven_before_them() -> None:
    stage = Stage()
    keys = stage.has_tickets(100)
    vanish(stage, *keys[:30])
    looks = looked_at(stage)
    note = stage.site.before

    def throttle_after_ten(call: str, names: Sequence[str]) -> JiraTrouble | None:
        return Throttled(stage.clock() + MINUTE, "429") if len(looks) >= 10 else note(call, names)

    stage.site.before = throttle_after_ten
    stage.start()
    stage.deliver(stage.take())
    assert stage.deliver(stage.take()).outcome == "paused"
    assert stage.run.counts.deleted == 0
    assert not any(ticket.absence for ticket in stage.tickets.stored.values())
    stage.site.before = note
    before = stage.integration
    stage.integrations.stored[stage.name] = replace(before, settings_version=before.settings_version + 1)
    stage.work_off()
    assert stage.run.counts == Counts(unchanged=70, deleted=30)
    assert len(looks) == 10 + 30, "what was seen with other settings proves nothing"


@pytest.mark.parametrize("trouble", [Refused(ReasonCode.AUTHENTICATION_FAILED, "401"), None])
def test_a_refused_account_leaves_no_trust_in_what_was_seen_before_it(trouble: Refused | None) -> None:
    """Nor does another account than before."""
    stage = Stage()
    gone, _ = stage.has_tickets(2)
    vanish(stage, gone)

    def refuse_after_the_look(call: str, _names: object) -> JiraTrouble | None:
        if call == "look_at":
            stage.site.account = "somebody else"
        return trouble if call == "whoami" and stage.site.account == "somebody else" else None

    stage.site.before = refuse_after_the_look
    assert stage.sync().state is RunState.FAILED
    assert all(part.unproven is None for part in stage.run_store.missing(stage.run))


# --- The part is not the whole ----------------------------------------------------------------------------------------


def test_one_issue_that_jira_fails_on_does_not_break_the_integration() -> None:
    stage = Stage()
    ill, gone, *_ = stage.has_tickets(30)
    vanish(stage, ill, gone)

    def fail_on_it(call: str, names: Sequence[str]) -> JiraTrouble | None:
        fails = call == "look_at" and ill.ticket_id in names
        return Unavailable(ReasonCode.JIRA_ERROR, "500") if fails else None

    stage.site.before = fail_on_it
    for _ in range(2):
        run = stage.sync()
        assert (run.state, run.counts.failed) == (RunState.SUCCEEDED, 1)
        assert not stage.integration.broken
        assert stage.shows(ill).status == TO_DO
        assert stage.shows(gone).unknown_reason is UnknownReason.DELETED
        stage.clock.pass_(8 * HOUR)


def test_one_project_that_jira_fails_on_leaves_its_tickets_as_they_were() -> None:
    stage = Stage()
    ill = [stage.has_ticket(number, project="ILL") for number in range(5)]
    gone, *_ = stage.has_tickets(30, first=100)
    vanish(stage, *ill, gone)

    def fail_on_it(call: str, names: Sequence[str]) -> JiraTrouble | None:
        fails = call == "can_browse" and "ILL" in names
        return Unavailable(ReasonCode.JIRA_ERROR, "500") if fails else None

    stage.site.before = fail_on_it
    run = stage.sync()
    assert (run.state, run.counts) == (RunState.SUCCEEDED, Counts(unchanged=29, deleted=1, failed=5))
    assert {stage.shows(key).status for key in ill} == {TO_DO}


def test_a_call_for_one_issue_that_jira_calls_malformed_is_that_issues_fault() -> None:
    stage = Stage()
    odd, gone, *_ = stage.has_tickets(30)
    vanish(stage, odd, gone)

    def reject_it(call: str, names: Sequence[str]) -> None:
        if call == "look_at" and odd.ticket_id in names:
            raise JiraRejectedRequestError("400")

    stage.site.before = reject_it
    assert stage.sync().counts == Counts(unchanged=28, deleted=1, failed=1)


def test_issues_that_hang_are_given_up_for_this_run_and_not_for_ever() -> None:
    stage = Stage()
    keys = stage.has_tickets(200)
    vanish(stage, *keys[:50])
    asked: list[str] = []

    def hang(call: str, names: Sequence[str]) -> JiraTrouble | None:
        if call != "look_at":
            return None
        asked.extend(names)
        stage.clock.pass_(20 * SECOND)
        return Unavailable(ReasonCode.UNREACHABLE, "no answer within 20 s")

    stage.site.before = hang
    assert stage.sync().counts == Counts(unchanged=150, failed=50)
    assert len(asked) < 20
    assert not stage.integration.broken


def test_good_answers_within_a_verdict_forget_the_failures_before_them() -> None:
    stage = Stage()
    keys = stage.has_tickets(300)
    vanish(stage, *keys[:100])
    numbers = count(1)

    def fail_now_and_then(_call: str, _names: object) -> JiraTrouble | None:
        fails = next(numbers) % 20 == 0
        return Unavailable(ReasonCode.JIRA_ERROR, "502") if fails else None

    stage.site.before = fail_now_and_then
    assert stage.sync().state is RunState.SUCCEEDED
    assert not stage.integration.broken
    assert stage.integration.trouble is None
    assert stage.run.counts.deleted >= 90


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


# --- A mass ---------------------------------------------------------------------------------------------------------


def with_a_mass(gone: int = 30, left: int = 25) -> tuple[Stage, list[TicketKey], list[TicketKey]]:
    """So many tickets vanished within one run, and so many are shown."""
    stage = Stage()
    keys = stage.has_tickets(gone + left)
    vanish(stage, *keys[:gone])
    assert stage.sync().counts == Counts(unchanged=left, inaccessible=gone)
    stage.clock.pass_(8 * HOUR)
    return stage, keys[:gone], keys[gone:]


def test_what_vanished_in_a_mass_stays_inaccessible_and_costs_no_more_than_being_asked_for() -> None:
    stage, gone, _ = with_a_mass()
    stage.tickets.writes, before = 0, stage.site.requests
    run = stage.sync()
    assert run.counts == Counts(unchanged=25, inaccessible=30)
    assert (stage.tickets.writes, stage.site.requests - before, run.jira_requests) == (0, 1, 1)
    assert set(stage.site.asked[-1]) >= {key.ticket_id for key in gone}


def test_single_tickets_that_vanish_after_a_mass_are_judged_by_themselves() -> None:
    stage, gone, left = with_a_mass()
    vanish(stage, left[0])
    assert stage.sync().counts == Counts(unchanged=24, deleted=1, inaccessible=30)
    assert stage.shows(left[0]).unknown_reason is UnknownReason.DELETED
    assert stage.shows(gone[0]).unknown_reason is UnknownReason.INACCESSIBLE


def test_a_second_mass_is_one_of_what_was_left_by_the_first() -> None:
    stage, _, left = with_a_mass(gone=50, left=50)
    vanish(stage, *left[:25])
    assert stage.sync().counts == Counts(unchanged=25, inaccessible=75)


def test_one_of_a_mass_shows_its_status_as_soon_as_jira_shows_it_and_may_vanish_by_itself_after_that() -> None:
    stage, gone, _ = with_a_mass()
    stage.site.put(gone[0].ticket_id, "JAS-1", TO_DO.name, TO_DO.category)
    assert stage.sync().counts == Counts(changed=1, unchanged=25, inaccessible=29)
    assert stage.shows(gone[0]).status == TO_DO
    vanish(stage, gone[0])
    assert stage.sync().counts.deleted == 1


def test_ids_that_never_existed_do_not_keep_a_real_deletion_from_being_proven() -> None:
    stage = Stage()
    real = stage.has_tickets(25)
    for number in range(30):
        bogus = stage.has_ticket(900 + number, status=None)
        vanish(stage, bogus)
    assert stage.sync().counts == Counts(unchanged=25, inaccessible=30)
    stage.clock.pass_(8 * HOUR)
    vanish(stage, real[0])
    assert stage.sync().counts == Counts(unchanged=24, deleted=1, inaccessible=30)


def test_what_was_hidden_with_its_project_is_judged_anew_when_the_project_can_be_browsed_again() -> None:
    """However many they are, and whatever share of the run."""
    stage = Stage()
    secret = [stage.has_ticket(number, project="SEC") for number in range(60)]
    stage.has_tickets(10, first=100)
    stage.site.closed_projects = {"SEC"}
    assert stage.sync().counts == Counts(unchanged=10, inaccessible=60)
    vanish(stage, *secret[:40])
    stage.clock.pass_(8 * HOUR)
    assert stage.sync().counts == Counts(unchanged=10, inaccessible=60)
    stage.site.closed_projects = set()
    assert stage.sync().counts == Counts(changed=20, unchanged=10, deleted=40)


def test_what_was_seen_since_it_vanished_in_a_mass_stays_seen() -> None:
    stage = Stage()
    keys = stage.has_tickets(60)
    vanish(stage, *keys[:40])
    stage.violation("XRAY-1", keys[0])
    stage.start()
    stage.deliver(stage.take())
    stage.clock.pass_(11 * SECOND)
    stage.site.put(keys[0].ticket_id, "JAS-1", TO_DO.name, TO_DO.category)
    stage.refresh("XRAY-1")
    stage.work_off()
    assert stage.shows(keys[0]).status == TO_DO
    assert stage.run.counts == Counts(unchanged=21, inaccessible=39)


def test_a_ticket_that_was_unregistered_since_it_was_missed_is_of_no_concern() -> None:
    stage = Stage()
    keys = stage.has_tickets(10)
    vanish(stage, *keys[:2])
    stage.start()
    stage.deliver(stage.take())
    del stage.tickets.stored[keys[0]]
    stage.work_off()
    assert (stage.run.state, stage.run.counts) == (RunState.SUCCEEDED, Counts(unchanged=8, deleted=1))


# --- New tickets ----------------------------------------------------------------------------------------------------


def test_what_jira_never_showed_is_not_called_deleted_within_an_hour_of_its_registration() -> None:
    stage = Stage()
    new = stage.has_ticket(1, status=None)
    stage.has_ticket(2)
    vanish(stage, new)
    assert stage.sync().counts == Counts(unchanged=1, inaccessible=1)
    assert stage.shows(new).unknown_reason is UnknownReason.INACCESSIBLE
    stage.clock.pass_(HOUR)
    assert stage.sync().counts == Counts(unchanged=1, deleted=1)


def test_an_issue_that_jira_shows_late_is_shown_then() -> None:
    stage = Stage()
    new = stage.has_ticket(1, status=None)
    stage.site.hidden = {new.ticket_id}
    assert stage.sync().counts == Counts(inaccessible=1)
    stage.site.hidden = set()
    stage.clock.pass_(MINUTE)
    assert stage.sync().counts == Counts(changed=1)


# --- Recheck of all -------------------------------------------------------------------------------------------------


def recheck_all(stage: Stage) -> SyncRun:
    """An administrator has all deleted and inaccessible tickets looked at again."""
    stage.clock.pass_(SECOND)
    stage.runs.start_recheck(stage.integration, stage.clock())
    stage.work_off()
    return stage.run


def test_a_recheck_finds_what_jira_shows_again_and_judges_the_rest_each_by_itself() -> None:
    stage, gone, left = with_a_mass()
    vanish(stage, *left[:2])
    stage.sync()
    for key in (gone[0], left[0]):
        stage.site.put(key.ticket_id, "JAS-1", TO_DO.name, TO_DO.category)
    stage.clock.pass_(HOUR)
    run = recheck_all(stage)
    assert (run.trigger, run.state) == (Trigger.RECHECK, RunState.SUCCEEDED)
    assert run.counts == Counts(changed=2, deleted=1 + 29)
    assert {stage.shows(key).status for key in (gone[0], left[0])} == {TO_DO}
    assert stage.shows(gone[1]).unknown_reason is UnknownReason.DELETED
    assert stage.sync().counts == Counts(unchanged=23 + 2)


def test_a_recheck_asks_for_no_other_tickets_and_says_nothing_about_their_freshness() -> None:
    stage, gone, left = with_a_mass()
    before = stage.shows(left[0]).last_update
    stage.site.asked.clear()
    recheck_all(stage)
    assert {name for names in stage.site.asked for name in names} == {key.ticket_id for key in gone}
    assert stage.shows(left[0]).last_update == before


def test_a_recheck_works_beside_the_active_run_and_only_once_at_a_time() -> None:
    stage, _, _ = with_a_mass()
    active = stage.start()
    stage.clock.pass_(SECOND)
    first = stage.runs.start_recheck(stage.integration, stage.clock())
    assert stage.runs.start_recheck(stage.integration, stage.clock()) == first
    assert stage.integration.active_run_id == active.run_id
    stage.work_off()
    assert {run.state for run in stage.run_store.stored.values()} == {RunState.SUCCEEDED}


def test_a_recheck_that_lost_its_work_makes_room_for_another() -> None:
    stage, _, _ = with_a_mass()
    stage.clock.pass_(SECOND)
    lost = stage.runs.start_recheck(stage.integration, stage.clock())
    stage.queue.sent.clear()
    stage.clock.pass_(21 * MINUTE)
    again = stage.runs.start_recheck(stage.integration, stage.clock())
    assert again.run_id != lost.run_id
    assert stage.run_store.stored[lost.integration_ref, lost.run_id].state is RunState.FAILED


def test_a_ticket_known_by_its_key_only_is_active_again_too() -> None:
    stage = Stage()
    unknown = stage.has_key_only_ticket("JAS-77")
    stage.violation("XRAY-1", unknown)
    stage.clock.pass_(HOUR)
    assert stage.sync().counts == Counts(deleted=1)
    stage.site.put("10077", "JAS-77", TO_DO.name, TO_DO.category)
    assert recheck_all(stage).counts == Counts(changed=1)
    (shown,) = shown_tickets(stage.reading, "XRAY-1", stage.clock())
    assert (shown.ticket.key.issue_id, shown.shown.status) == ("10077", TO_DO)


# --- Tickets known by key only --------------------------------------------------------------------------------------


def test_a_ticket_known_by_key_gets_its_id_with_its_first_status_and_keeps_its_violations() -> None:
    stage = Stage()
    by_key = stage.has_key_only_ticket("JAS-77", "10077")
    stage.violation("XRAY-1", by_key)
    assert stage.sync().counts == Counts(changed=1)
    assert stage.site.asked == [["JAS-77"]]
    (ticket,) = shown_tickets(stage.reading, "XRAY-1", stage.clock())
    assert (ticket.ticket.key.issue_id, ticket.shown.status) == ("10077", TO_DO)
    assert stage.sync().counts == Counts(unchanged=1)
    assert stage.site.asked[-1] == ["10077"]


def test_a_key_that_jira_does_not_know_is_judged_like_any_other() -> None:
    stage = Stage()
    unknown = stage.has_key_only_ticket("JAS-77")
    hidden = stage.has_key_only_ticket("SEC-1", "10200")
    stage.site.closed_projects = {"SEC"}
    stage.clock.pass_(HOUR)
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
    assert {shown_tickets(stage.reading, name, NOW)[0].ticket.key for name in ("XRAY-1", "XRAY-2")} == {known}


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
