"""R2, R5 to R9 and R13: what a ticket shows, derived from integration, ticket, coverage and clock."""

from datetime import datetime

import pytest

from tests.fakes.samples import (
    BROKEN,
    DAY,
    DONE,
    HOUR,
    IN_PROGRESS,
    MINUTE,
    NOW,
    PENDING,
    SECOND,
    a_ticket,
    an_integration,
)
from ticket_status.core.model import Absence, Integration, RefreshState, Status, Ticket, UnknownReason
from ticket_status.core.shown import last_seen, refresh_state, shown
from ticket_status.core.window import END, Coverage, position

NOTHING = Coverage()
OLD = NOW - 366 * DAY
Face = tuple[Status | None, UnknownReason | None, RefreshState]


def face(ticket: Ticket, integration: Integration | None, coverage: Coverage = NOTHING) -> Face:
    seen = shown(ticket, integration, coverage, NOW)
    return seen.status, seen.unknown_reason, seen.refresh_state


ACTIVE, OUTSIDE = RefreshState.ACTIVE, RefreshState.OUTSIDE_WINDOW
OFF, DELETED = RefreshState.RETRIEVAL_DISABLED, RefreshState.DELETED
NEVER = a_ticket(status=None, observed_at=None)


@pytest.mark.parametrize(
    ("ticket", "integration", "expected"),
    [
        pytest.param(a_ticket(), an_integration(), (IN_PROGRESS, None, ACTIVE), id="all is well"),
        pytest.param(NEVER, an_integration(), (None, UnknownReason.NOT_RETRIEVED_YET, ACTIVE), id="not retrieved yet"),
        pytest.param(a_ticket(), None, (None, UnknownReason.INTEGRATION_NOT_FOUND, OFF), id="integration deleted"),
        pytest.param(
            a_ticket(absence=Absence.DELETED),
            None,
            (None, UnknownReason.INTEGRATION_NOT_FOUND, OFF),
            id="integration deleted, ticket too",
        ),
        pytest.param(
            a_ticket(absence=Absence.DELETED),
            an_integration(),
            (None, UnknownReason.DELETED, DELETED),
            id="R7 deleted",
        ),
        pytest.param(
            a_ticket(absence=Absence.DELETED),
            an_integration(health=BROKEN),
            (None, UnknownReason.DELETED, DELETED),
            id="R9 deleted stays deleted when the integration breaks",
        ),
        pytest.param(
            a_ticket(absence=Absence.DELETED),
            an_integration(enabled_since=NOW, healthy_since=NOW),
            (None, UnknownReason.DELETED, DELETED),
            id="R7 deleted for good, also after switching on",
        ),
        pytest.param(
            a_ticket(absence=Absence.INACCESSIBLE),
            an_integration(),
            (None, UnknownReason.INACCESSIBLE, ACTIVE),
            id="R8 inaccessible",
        ),
        pytest.param(
            a_ticket(absence=Absence.INACCESSIBLE),
            an_integration(health=BROKEN),
            (None, UnknownReason.INTEGRATION_BROKEN, ACTIVE),
            id="R9 broken comes before inaccessible",
        ),
        pytest.param(
            a_ticket(), an_integration(health=BROKEN), (None, UnknownReason.INTEGRATION_BROKEN, ACTIVE), id="R9 broken"
        ),
        pytest.param(
            NEVER,
            an_integration(health=BROKEN),
            (None, UnknownReason.INTEGRATION_BROKEN, ACTIVE),
            id="R9 broken, never retrieved",
        ),
        pytest.param(
            a_ticket(created_at=OLD),
            an_integration(health=BROKEN),
            (None, UnknownReason.INTEGRATION_BROKEN, OUTSIDE),
            id="R9 broken, outside the window too",
        ),
        pytest.param(
            a_ticket(),
            an_integration(healthy_since=NOW - MINUTE),
            (None, UnknownReason.INTEGRATION_BROKEN, ACTIVE),
            id="R9 recovered, not retrieved since",
        ),
        pytest.param(
            a_ticket(observed_at=NOW - MINUTE),
            an_integration(healthy_since=NOW - MINUTE),
            (IN_PROGRESS, None, ACTIVE),
            id="R9 recovered, retrieved at that moment",
        ),
        pytest.param(
            a_ticket(created_at=OLD),
            an_integration(healthy_since=NOW - MINUTE),
            (IN_PROGRESS, None, OUTSIDE),
            id="R9 recovered, outside the window: the last known status",
        ),
        pytest.param(
            a_ticket(),
            an_integration(enabled_since=NOW - MINUTE),
            (None, UnknownReason.NOT_RETRIEVED_YET, ACTIVE),
            id="R6 switched on, not retrieved since",
        ),
        pytest.param(
            a_ticket(),
            an_integration(enabled_since=NOW - MINUTE, healthy_since=NOW - MINUTE),
            (None, UnknownReason.NOT_RETRIEVED_YET, ACTIVE),
            id="R6 before R9: switched on and recovered",
        ),
        pytest.param(
            a_ticket(),
            an_integration(enabled_since=NOW - MINUTE, health=BROKEN),
            (None, UnknownReason.INTEGRATION_BROKEN, ACTIVE),
            id="R9 before R6: switched on but broken",
        ),
        pytest.param(
            a_ticket(created_at=OLD),
            an_integration(enabled_since=NOW - MINUTE),
            (IN_PROGRESS, None, OUTSIDE),
            id="R6 switched on, outside the window: the last known status",
        ),
        pytest.param(
            a_ticket(created_at=OLD, status=None, observed_at=None),
            an_integration(),
            (None, UnknownReason.NOT_RETRIEVED_YET, OUTSIDE),
            id="R2 registered too late to be asked for",
        ),
        pytest.param(
            a_ticket(created_at=OLD, absence=Absence.INACCESSIBLE),
            an_integration(),
            (None, UnknownReason.INACCESSIBLE, OUTSIDE),
            id="R8 inaccessible when it left the window",
        ),
        pytest.param(
            a_ticket(), an_integration(health=PENDING), (IN_PROGRESS, None, ACTIVE), id="re-authorisation is due"
        ),
        pytest.param(a_ticket(), an_integration(retrieve_jira_tickets=False), (None, None, OFF), id="R5 off"),
        pytest.param(
            a_ticket(),
            an_integration(retrieve_jira_tickets=False, health=BROKEN),
            (None, None, OFF),
            id="R5 off and broken",
        ),
        pytest.param(
            a_ticket(absence=Absence.DELETED),
            an_integration(retrieve_jira_tickets=False),
            (None, None, OFF),
            id="R5 off, deleted",
        ),
    ],
)
def test_what_a_ticket_shows(ticket: Ticket, integration: Integration | None, expected: Face) -> None:
    assert face(ticket, integration) == expected


def test_the_last_known_status_survives_breaking_hiding_and_deleting() -> None:
    for absence in (None, Absence.INACCESSIBLE, Absence.DELETED):
        ticket = a_ticket(absence=absence)
        shown(ticket, an_integration(health=BROKEN), NOTHING, NOW)
        assert ticket.status == IN_PROGRESS


@pytest.mark.parametrize(("created_at", "expected"), [(NOW - 365 * DAY, ACTIVE), (NOW - 365 * DAY - SECOND, OUTSIDE)])
def test_a_ticket_is_refreshed_until_it_is_exactly_a_year_old(*, created_at: datetime, expected: RefreshState) -> None:
    assert refresh_state(a_ticket(created_at=created_at), an_integration(), NOW) is expected


def test_a_ticket_without_any_write_was_last_seen_when_its_range_was() -> None:
    ticket = a_ticket(observed_at=NOW - 9 * HOUR)
    coverage = Coverage().raised(position(ticket.created_at), END, NOW - MINUTE)
    assert last_seen(ticket, coverage) == NOW - MINUTE


def test_a_refresh_by_hand_after_the_run_is_the_later_of_the_two() -> None:
    ticket = a_ticket(observed_at=NOW)
    coverage = Coverage().raised(position(ticket.created_at), END, NOW - MINUTE)
    assert last_seen(ticket, coverage) == NOW


def test_a_ticket_that_a_run_got_no_answer_for_stays_as_old_as_it_was() -> None:
    ticket = a_ticket(observed_at=NOW - HOUR, missed_at=NOW)
    assert last_seen(ticket, Coverage().raised("", END, NOW)) == NOW - HOUR
    assert last_seen(ticket, Coverage().raised("", END, NOW - SECOND)) == NOW - HOUR


def test_the_next_run_that_answers_for_it_counts_again() -> None:
    ticket = a_ticket(observed_at=NOW - HOUR, missed_at=NOW - MINUTE)
    assert last_seen(ticket, Coverage().raised("", END, NOW)) == NOW


def test_a_ticket_registered_into_a_covered_range_was_not_seen() -> None:
    ticket = a_ticket(status=None, observed_at=None)
    coverage = Coverage().raised("", END, NOW)
    assert last_seen(ticket, coverage) is None
    assert face(ticket, an_integration(), coverage) == (None, UnknownReason.NOT_RETRIEVED_YET, ACTIVE)


def test_after_a_recovery_each_ticket_shows_its_status_when_its_own_range_was_retrieved() -> None:
    integration = an_integration(healthy_since=NOW - MINUTE)
    early, late = a_ticket(created_at=NOW - 300 * DAY), a_ticket(created_at=NOW - DAY)
    coverage = Coverage().raised(position(NOW - 365 * DAY), position(NOW - 100 * DAY), NOW)
    assert face(early, integration, coverage) == (IN_PROGRESS, None, ACTIVE)
    assert face(late, integration, coverage) == (None, UnknownReason.INTEGRATION_BROKEN, ACTIVE)


def test_a_status_really_called_unknown_is_a_status() -> None:
    unknown = Status("Unknown", DONE.category)
    assert face(a_ticket(status=unknown), an_integration()) == (unknown, None, ACTIVE)
