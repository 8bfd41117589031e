"""R14: new tickets get their first status within a minute, and a burst of registrations becomes few calls."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from tests.fakes.reading import shown_tickets
from tests.fakes.samples import BROKEN, DAY, HOUR, MINUTE, NOW, SECOND, TO_DO
from tests.fakes.stage import Stage
from ticket_status.core.model import Counts, RunState, Ticket, TicketKey, Trigger, UnknownReason
from ticket_status.core.violations import Resource
from ticket_status.core.work import NewTicketsWork
from ticket_status.service.tickets.registration import NewTicket

BUILD = Resource("build", "app", "17")


def new(number: int, *, name: str = "cloud-abc", by_key: bool = False, created_at: datetime | None = None) -> NewTicket:
    issue_id = None if by_key else str(10_000 + number)
    return NewTicket(name, f"JAS-{number}", issue_id, f"XRAY-{number}", BUILD, created_at or NOW - MINUTE)


def in_jira(stage: Stage, count: int) -> None:
    for number in range(count):
        stage.site.put(str(10_000 + number), f"JAS-{number}", TO_DO.name, TO_DO.category)


def key(stage: Stage, number: int) -> TicketKey:
    return TicketKey(stage.integration.integration_ref, str(10_000 + number))


def test_a_new_ticket_has_its_first_status_within_a_minute_by_a_run_of_its_own() -> None:
    stage = Stage()
    in_jira(stage, 1)
    assert stage.registration.register([new(0)], stage.clock()) == []
    assert stage.shows(key(stage, 0)).unknown_reason is UnknownReason.NOT_RETRIEVED_YET
    stage.work_off()
    assert stage.shows(key(stage, 0)).status == TO_DO
    assert stage.clock() - NOW < MINUTE
    run = stage.run
    assert (run.trigger, run.state, run.tickets_total, run.counts) == (
        Trigger.REGISTERED,
        RunState.SUCCEEDED,
        1,
        Counts(changed=1),
    )


def test_a_thousand_registrations_in_a_burst_become_few_messages_and_calls() -> None:
    stage = Stage()
    in_jira(stage, 1_000)
    for number in range(1_000):
        stage.registration.register([new(number)], stage.clock())
    assert len(stage.queue.sent) == 1
    stage.work_off()
    assert len(stage.site.asked) == 1
    assert {stage.shows(key(stage, number)).status for number in range(1_000)} == {TO_DO}


def test_only_new_tickets_are_asked_for() -> None:
    stage = Stage()
    stage.has_tickets(50, first=500)
    in_jira(stage, 2)
    stage.registration.register([new(0), new(1)], stage.clock())
    stage.work_off()
    assert stage.site.asked == [["10000", "10001"]]


def test_registering_the_same_again_queues_nothing() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    stage.work_off()
    stage.registration.register([new(0)], stage.clock())
    assert not stage.queue.sent


def test_when_the_queue_refuses_the_same_registration_is_queued_when_it_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    in_jira(stage, 1)

    def refuse(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as outage:
        outage.setattr(stage.queue, "send", refuse)
        with pytest.raises(ConnectionError):
            stage.registration.register([new(0)], stage.clock())
    stage.registration.register([new(0)], stage.clock())
    stage.work_off()
    assert stage.shows(key(stage, 0)).status == TO_DO


def test_a_known_ticket_gains_the_violation_and_keeps_its_time_of_creation() -> None:
    stage = Stage()
    first, second = new(0), replace(new(0), violation_id="XRAY-other", created_at=NOW)
    stage.registration.register([first, second], stage.clock())
    for violation_id in ("XRAY-0", "XRAY-other"):
        (ticket,) = shown_tickets(stage.reading, violation_id, NOW)
        assert ticket.ticket.created_at == first.created_at


def test_tickets_of_an_unknown_integration_are_given_back_and_the_others_registered() -> None:
    stage = Stage()
    unknown = new(1, name="nobody")
    assert stage.registration.register([new(0), unknown], stage.clock()) == [unknown]
    assert shown_tickets(stage.reading, "XRAY-0", NOW)
    assert stage.registration.register([unknown], stage.clock()) == [unknown]


def test_a_ticket_older_than_a_year_is_registered_but_not_asked_for() -> None:
    stage = Stage()
    stage.registration.register([new(0, created_at=NOW - 366 * DAY)], stage.clock())
    assert shown_tickets(stage.reading, "XRAY-0", NOW)
    assert not stage.queue.sent


def test_while_retrieval_is_off_nothing_is_queued() -> None:
    stage = Stage()
    stage.integrations.switch(stage.integration, on=False, now=NOW)
    stage.registration.register([new(0)], stage.clock())
    assert not stage.queue.sent


def test_new_tickets_join_the_run_at_work_and_are_counted_there() -> None:
    stage = Stage()
    stage.has_tickets(30, first=500)
    in_jira(stage, 2)
    stage.start()
    stage.registration.register([new(0), new(1)], stage.clock())
    announced = next(work for work, _ in stage.queue.sent if isinstance(work, NewTicketsWork))
    stage.queue.sent = [one for one in stage.queue.sent if one[0] != announced]
    assert stage.deliver(announced).outcome == "retried"
    stage.queue.sent = [one for one in stage.queue.sent if one[0] != announced]
    stage.clock.pass_(MINUTE / 2)
    assert stage.deliver(announced).outcome == "done"
    stage.work_off()
    assert len(stage.run_store.stored) == 1
    assert (stage.run.state, stage.run.tickets_total) == (RunState.SUCCEEDED, 32)
    assert stage.run.counts == Counts(changed=2, unchanged=30)
    assert stage.shows(key(stage, 0)).status == TO_DO


def test_new_tickets_that_come_while_a_run_is_judged_wait_for_its_end() -> None:
    stage = Stage()
    gone, _ = stage.has_tickets(2, first=500)
    in_jira(stage, 1)
    del stage.site.issues[gone.ticket_id]
    stage.start()
    stage.deliver(stage.take())
    stage.registration.register([new(0)], stage.clock())
    verdict, announced = (work for work, _ in stage.queue.sent)
    assert stage.deliver(announced).outcome == "retried"
    stage.queue.sent = [(verdict, 0), *stage.queue.sent[2:]]
    stage.work_off()
    assert stage.shows(key(stage, 0)).status == TO_DO
    assert {run.state for run in stage.run_store.stored.values()} == {RunState.SUCCEEDED}
    assert stage.clock() - NOW < MINUTE


def test_new_tickets_of_a_broken_integration_wait_for_the_run_of_its_recovery() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    stage.integrations.set_health(stage.integration, BROKEN)
    assert [one.outcome for one in stage.work_off()] == ["nothing_to_do"]
    assert not stage.site.requests
    stage.probe.probe()
    stage.work_off()
    assert stage.shows(key(stage, 0)).status == TO_DO


def test_new_tickets_of_an_integration_that_is_gone_are_nobodys_work() -> None:
    stage = Stage()
    stage.registration.register([new(0)], stage.clock())
    stage.integrations.remove(stage.integration)
    assert [one.outcome for one in stage.work_off()] == ["nothing_to_do"]


def test_a_lost_message_is_made_up_for_by_a_later_registration() -> None:
    stage = Stage()
    in_jira(stage, 3)
    stage.registration.register([new(0)], stage.clock())
    stage.queue.take()
    stage.clock.pass_(30 * SECOND)
    stage.registration.register([new(1)], stage.clock())
    assert not stage.queue.sent
    stage.clock.pass_(31 * SECOND)
    stage.registration.register([new(2)], stage.clock())
    stage.work_off()
    assert {stage.shows(key(stage, number)).status for number in range(3)} == {TO_DO}


def test_a_message_that_comes_twice_finds_nothing_left_to_do() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0)], stage.clock())
    (announced,) = stage.queue.take()
    stage.deliver(announced)
    stage.work_off()
    assert stage.deliver(announced).outcome == "nothing_to_do"


def test_a_new_ticket_known_by_key_gets_its_id() -> None:
    stage = Stage()
    in_jira(stage, 1)
    stage.registration.register([new(0, by_key=True)], stage.clock())
    stage.work_off()
    (ticket,) = shown_tickets(stage.reading, "XRAY-0", stage.clock())
    assert ticket.ticket.key == key(stage, 0)
    assert ticket.shown.status == TO_DO


def test_a_new_ticket_that_jira_does_not_know_is_judged_in_the_same_run() -> None:
    stage = Stage()
    stage.registration.register([new(0)], stage.clock())
    stage.work_off()
    assert stage.run.counts == Counts(inaccessible=1), "not yet: it was registered less than an hour ago (R7)"
    assert stage.shows(key(stage, 0)).unknown_reason is UnknownReason.INACCESSIBLE


@pytest.mark.parametrize("registrations", [1, 3])
def test_the_note_that_new_tickets_wait_is_made_once(registrations: int) -> None:
    stage = Stage()
    for number in range(registrations):
        stage.registration.register([new(number)], stage.clock())
    assert [delay for _, delay in stage.queue.sent] == [10]


def test_links_of_a_ticket_are_on_the_site_it_was_registered_for() -> None:
    stage = Stage()
    stage.registration.register([new(0)], stage.clock())
    stored: Ticket = stage.tickets.stored[key(stage, 0)]
    assert stored.site_url == stage.integration.jira_server_url
    assert stage.shows(key(stage, 0)).last_update is None
    assert stage.clock() - NOW < HOUR
