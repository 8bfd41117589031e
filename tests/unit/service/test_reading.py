"""What readers see: the leading ticket first, the status column, resources and their violations."""

from msgspec.structs import replace

from tests.fakes.reading import shown_tickets
from tests.fakes.samples import DAY, MINUTE, NOW, TO_DO
from tests.fakes.stage import Stage
from ticket_status.api.presenters import present_ticket
from ticket_status.core.model import UnknownReason
from ticket_status.core.shown import Filters
from ticket_status.core.violations import Registration, Resource
from ticket_status.service.tickets.reading import last_update

BUILD = Resource("build", "app", "17")


def test_the_ticket_that_was_created_last_leads_whichever_was_registered_last() -> None:
    stage = Stage()
    older, newest = stage.has_ticket(1, created_at=NOW - 5 * DAY), stage.has_ticket(2, created_at=NOW - DAY)
    stage.violation("XRAY-1", newest, older)
    assert [one.ticket.key for one in shown_tickets(stage.reading, "XRAY-1", NOW)] == [newest, older]


def test_the_status_column_is_that_of_the_leading_ticket_and_counts_the_others() -> None:
    stage = Stage()
    keys = stage.has_tickets(3)
    stage.violation("XRAY-1", *keys)
    stage.violation("XRAY-2", keys[2])
    statuses = stage.reading.statuses(["XRAY-1", "XRAY-2", "nobody"], NOW)
    assert set(statuses) == {"XRAY-1", "XRAY-2"}
    assert (statuses["XRAY-1"].leading.ticket.key, statuses["XRAY-1"].tickets) == (keys[0], 3)
    assert statuses["XRAY-2"].leading.shown.status == TO_DO


def test_the_violations_of_a_resource_have_their_status_column() -> None:
    stage = Stage()
    (key,) = stage.has_tickets(1)
    stage.violations.register([Registration(stage.tickets.stored[key], "XRAY-1", BUILD)], NOW)
    assert stage.reading.resources("build", 10, None, NOW).items == [(BUILD, 1)]
    page = stage.reading.of_resource(BUILD, Filters(), 10, None, NOW)
    assert [(violation_id, column.tickets) for violation_id, column in page.items] == [("XRAY-1", 1)]


def test_a_ticket_of_a_deleted_integration_says_so_also_when_another_takes_its_name() -> None:
    stage = Stage()
    (key,) = stage.has_tickets(1)
    stage.violation("XRAY-1", key)
    old = stage.integration
    stage.integrations.remove(old)
    for _ in range(2):
        (ticket,) = shown_tickets(stage.reading, "XRAY-1", NOW)
        assert ticket.shown.unknown_reason is UnknownReason.INTEGRATION_NOT_FOUND
        assert present_ticket(ticket)["ticket_url"] == "https://cloud-abc.example/browse/JAS-1"
        stage.integrations.add(replace(old, integration_ref="cloud-abc~anew22"))


def test_links_follow_the_address_of_the_integration() -> None:
    stage = Stage()
    (key,) = stage.has_tickets(1)
    after = replace(stage.integration, jira_server_url="https://new.example/jira/")
    stage.integrations.edit(stage.integration, after, afresh=True)
    ticket = stage.reading.ticket(key, NOW)
    assert ticket is not None
    assert present_ticket(ticket)["ticket_url"] == "https://new.example/jira/browse/JAS-1"


def test_the_last_update_of_a_violation_is_that_of_its_newest_ticket() -> None:
    stage = Stage()
    keys = stage.has_tickets(2)
    stage.violation("XRAY-1", *keys)
    stage.tickets.stored[keys[1]] = replace(stage.tickets.stored[keys[1]], observed_at=NOW - MINUTE)
    assert last_update(shown_tickets(stage.reading, "XRAY-1", NOW)) == NOW - MINUTE
    assert last_update([]) is None


def test_a_ticket_that_nobody_registered_is_not_shown() -> None:
    stage = Stage()
    key = stage.has_ticket(1)
    del stage.tickets.stored[key]
    assert stage.reading.ticket(key, NOW) is None
    assert shown_tickets(stage.reading, "nobody", NOW) == []
