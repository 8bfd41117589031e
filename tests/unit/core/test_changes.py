"""Which writes the bus is told of."""

import pytest

from tests.fakes.samples import BROKEN, DONE, HOUR, NOW, WELL, a_ticket, an_integration
from ticket_status.core.changes import Face, face, health_changed, ticket_changed
from ticket_status.core.model import (
    UNKNOWN,
    Absence,
    Health,
    HealthStatus,
    Integration,
    ReasonCode,
    Ticket,
    UnknownReason,
)

NEVER = a_ticket(status=None, observed_at=None)


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        (a_ticket(), Face("In Progress", None)),
        (NEVER, Face(UNKNOWN, UnknownReason.NOT_RETRIEVED_YET)),
        (a_ticket(absence=Absence.INACCESSIBLE), Face(UNKNOWN, UnknownReason.INACCESSIBLE)),
        (a_ticket(absence=Absence.DELETED), Face(UNKNOWN, UnknownReason.DELETED)),
    ],
)
def test_what_a_ticket_shows_by_itself(ticket: Ticket, expected: Face) -> None:
    assert face(ticket) == expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(a_ticket(status=DONE), True, id="another status"),
        pytest.param(a_ticket(absence=Absence.DELETED), True, id="deleted"),
        pytest.param(a_ticket(observed_at=NOW), False, id="only seen again"),
        pytest.param(a_ticket(issue_key="NEW-1"), False, id="moved, same status"),
        pytest.param(a_ticket(missed_at=NOW), False, id="only missed"),
    ],
)
def test_only_another_face_is_a_change_of_a_ticket(*, new: Ticket, expected: bool) -> None:
    assert ticket_changed(a_ticket(), new) is expected


def test_the_first_status_is_a_change() -> None:
    assert ticket_changed(NEVER, a_ticket())


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(an_integration(health=BROKEN), True, id="broke"),
        pytest.param(an_integration(retrieve_jira_tickets=False), True, id="switched off"),
        pytest.param(an_integration(active_run_id="run"), False, id="a run started"),
        pytest.param(an_integration(paused_until=NOW), False, id="paused"),
        pytest.param(
            an_integration(health=Health(HealthStatus.HEALTHY, WELL.since, NOW)), False, id="checked and found well"
        ),
        pytest.param(
            an_integration(integration_ref="cloud-abc~other1", health=BROKEN), False, id="another one took the name"
        ),
    ],
)
def test_breaking_and_switching_are_changes_of_an_integration(*, new: Integration, expected: bool) -> None:
    assert health_changed(an_integration(), new) is expected


def test_another_reason_is_a_change_the_same_reason_later_is_not() -> None:
    broken = an_integration(health=BROKEN)
    later = Health(HealthStatus.FAULTY, BROKEN.since, NOW + HOUR, BROKEN.reason_code, BROKEN.reason)
    other = Health(HealthStatus.FAULTY, NOW, NOW, ReasonCode.UNREACHABLE, "no answer")
    assert not health_changed(broken, an_integration(health=later))
    assert health_changed(broken, an_integration(health=other))
