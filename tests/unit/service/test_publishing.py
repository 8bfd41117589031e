"""Section 5: what the bus is told of writes, against the schemas of ``docs/events``."""

import json
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import asdict, replace

from tests.fakes.bus import FakeBus
from tests.fakes.samples import BROKEN, DAY, DONE, MINUTE, NOW, a_ticket, an_integration
from tests.fakes.stage import Stage
from ticket_status.core.model import Absence, ServedViolations, Ticket, TicketKey
from ticket_status.core.violations import Registration
from ticket_status.ports.events import BusEvent
from ticket_status.service.tickets.publishing import (
    CREDENTIAL_EXPIRING,
    INTEGRATION_HEALTH_CHANGED,
    MOST_VIOLATIONS,
    TICKET_STATUS_CHANGED,
    IntegrationWrite,
    Publishing,
    TicketWrite,
)

SCHEMAS = Path(__file__).parents[3] / "docs" / "events"


def publish(stage: Stage, *writes: TicketWrite | IntegrationWrite) -> FakeBus:
    bus = FakeBus()
    published = Publishing(stage.integrations, stage.violations, bus).publish(writes, NOW + MINUTE)
    assert published == len(bus.events)
    return bus


def fits(event: BusEvent, schema: str) -> None:
    """The event, as EventBridge hands it on, fits its schema."""
    envelope = {"source": "ticket-status", "detail-type": event.detail_type, "detail": event.detail}
    document = json.loads((SCHEMAS / schema).read_text())
    jsonschema.Draft202012Validator(document, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(
        json.loads(json.dumps(envelope))
    )


def with_violations() -> Stage:
    stage = Stage()
    for violation_id in ("XRAY-2", "XRAY-1"):
        stage.violations.register([Registration(a_ticket(), violation_id, None)], NOW)
    return stage


def test_a_new_status_is_told_with_the_ticket_its_violations_and_when_it_was_observed() -> None:
    new = a_ticket(status=DONE, observed_at=NOW)
    (event,) = publish(with_violations(), TicketWrite(a_ticket(), new)).events
    assert event == BusEvent(
        TICKET_STATUS_CHANGED,
        {
            "integration_name": "cloud-abc",
            "issue_id": "10412",
            "ticket_no": "JAS-1",
            "ticket_url": "https://cloud-abc.example/browse/JAS-1",
            "violation_ids": ["XRAY-1", "XRAY-2"],
            "old": {"ticket_status": "In Progress", "unknown_reason": None},
            "new": {"ticket_status": "Done", "unknown_reason": None},
            "observed_at": "2026-11-22T08:00:00.250Z",
        },
    )
    fits(event, "ticket-status-changed.json")


def test_violations_that_the_ticket_names_itself_are_told_though_the_index_lags_behind() -> None:
    new = a_ticket(status=DONE, observed_at=NOW, serves=ServedViolations(("XRAY-1", "XRAY-2"), 2))
    (event,) = publish(Stage(), TicketWrite(a_ticket(), new)).events
    assert event.detail["violation_ids"] == ["XRAY-1", "XRAY-2"]


def test_the_index_is_asked_again_until_it_has_as_many_violations_as_the_ticket_serves() -> None:
    stage, bus = Stage(), FakeBus()
    names = [f"V-{number:02}" for number in range(25)]
    late = [Registration(a_ticket(), name, None) for name in names]
    stage.violations.register(late[:24], NOW)
    new = a_ticket(status=DONE, observed_at=NOW, serves=ServedViolations(tuple(names[:20]), 25))

    def sleep(seconds: float) -> None:
        assert seconds == 1
        stage.violations.register(late[24:], NOW)

    Publishing(stage.integrations, stage.violations, bus, sleep).publish([TicketWrite(a_ticket(), new)], NOW)
    assert bus.events[0].detail["violation_ids"] == names


def test_a_ticket_that_serves_thousands_of_violations_has_several_events() -> None:
    stage = Stage()
    names = [f"V-{number:05}" for number in range(2 * MOST_VIOLATIONS + 1)]
    for name in names:
        stage.violations.register([Registration(a_ticket(), name, None)], NOW)
    events = publish(stage, TicketWrite(a_ticket(), a_ticket(status=DONE, observed_at=NOW))).events
    told = [event.detail["violation_ids"] for event in events]
    assert [len(some) for some in told if isinstance(some, list)] == [MOST_VIOLATIONS, MOST_VIOLATIONS, 1]
    assert sorted(name for some in told if isinstance(some, list) for name in some) == names
    assert {event.detail["ticket_no"] for event in events} == {"JAS-1"}


@pytest.mark.parametrize(
    "new",
    [
        a_ticket(absence=Absence.DELETED, observed_at=NOW),
        a_ticket(absence=Absence.INACCESSIBLE, observed_at=NOW),
    ],
)
def test_a_ticket_that_turns_unknown_is_told_with_the_reason(new: Ticket) -> None:
    (event,) = publish(with_violations(), TicketWrite(a_ticket(), new)).events
    assert isinstance(event.detail["new"], dict)
    assert event.detail["new"]["ticket_status"] == "Unknown"
    fits(event, "ticket-status-changed.json")


def test_a_ticket_known_by_key_fits_the_schema_too() -> None:
    by_key = TicketKey.of(a_ticket().key.integration_ref, None, "JAS-1")
    old, new = a_ticket(key=by_key, status=None), a_ticket(key=by_key, absence=Absence.DELETED)
    (event,) = publish(Stage(), TicketWrite(old, new)).events
    fits(event, "ticket-status-changed.json")


def test_a_write_that_changes_nothing_shown_is_not_told() -> None:
    assert not publish(with_violations(), TicketWrite(a_ticket(), a_ticket(observed_at=NOW, missed_at=NOW))).calls


def test_changes_that_nobody_sees_are_not_told() -> None:
    change = TicketWrite(a_ticket(), a_ticket(status=DONE))
    stage = with_violations()
    stage.integrations.switch(stage.integration, on=False, now=NOW)
    assert not publish(stage, change).calls
    stage.integrations.stored["cloud-abc"] = an_integration(integration_ref="cloud-abc~anew22")
    assert not publish(stage, change).calls
    stage.integrations.remove(stage.integration)
    assert not publish(stage, change).calls


def test_breaking_is_one_event_however_many_tickets_there_are() -> None:
    stage = Stage()
    stage.has_tickets(500)
    old = stage.integration
    new = stage.integrations.set_health(old, BROKEN)
    assert new is not None
    (event,) = publish(stage, IntegrationWrite(old, new)).events
    assert event == BusEvent(
        INTEGRATION_HEALTH_CHANGED,
        {
            "integration_name": "cloud-abc",
            "old": {"status": "HEALTHY_INTEGRATION", "reason_code": None},
            "new": {"status": "FAULTY_CONFIGURATION", "reason_code": "AUTHENTICATION_FAILED"},
            "at": "2026-11-22T07:00:00.250Z",
        },
    )
    fits(event, "integration-health-changed.json")


def test_switching_is_one_event_of_its_own_moment() -> None:
    old, new = an_integration(), an_integration(retrieve_jira_tickets=False)
    (event,) = publish(Stage(), IntegrationWrite(old, new)).events
    assert event.detail["old"] == event.detail["new"]
    assert event.detail["at"] == "2026-11-22T08:01:00.250Z"
    fits(event, "integration-health-changed.json")


def test_a_pause_or_a_run_of_an_integration_is_not_told() -> None:
    old = an_integration()
    writes = [
        IntegrationWrite(old, replace(old, paused_until=NOW)),
        IntegrationWrite(old, replace(old, active_run_id="r")),
    ]
    assert not publish(Stage(), *writes).calls


def test_a_batch_is_published_in_one_call_in_its_order() -> None:
    tickets = [a_ticket(key=TicketKey(a_ticket().key.integration_ref, str(number))) for number in range(5)]
    writes = [TicketWrite(one, replace(one, status=DONE)) for one in tickets]
    bus = publish(Stage(), *writes)
    assert len(bus.calls) == 1
    assert [event.detail["issue_id"] for event in bus.events] == ["0", "1", "2", "3", "4"]


def test_no_credential_is_in_any_event() -> None:
    integration = an_integration(username="bot@abc.example", client_id="client")
    (event,) = publish(Stage(), IntegrationWrite(integration, replace(integration, health=BROKEN))).events
    assert "bot@abc.example" not in json.dumps(asdict(event))
    assert "client" not in json.dumps(asdict(event)).replace(INTEGRATION_HEALTH_CHANGED, "")


def test_a_credential_that_ends_is_an_event() -> None:
    old = an_integration(credential_expires_at=NOW + 7 * DAY, warned_days=14)
    new = replace(old, warned_days=7)
    (event,) = publish(Stage(), IntegrationWrite(old, new)).events
    assert event == BusEvent(
        CREDENTIAL_EXPIRING,
        {
            "integration_name": "cloud-abc",
            "expires_at": "2026-11-29T08:00:00.250Z",
            "days": 7,
            "at": "2026-11-22T08:01:00.250Z",
        },
    )
    fits(event, "credential-expiring.json")
    assert not publish(Stage(), IntegrationWrite(new, new)).calls
    assert not publish(Stage(), IntegrationWrite(new, replace(new, warned_days=None))).calls
