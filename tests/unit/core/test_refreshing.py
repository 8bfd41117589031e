"""R3: which tickets a manual refresh does not ask for, and why."""

from datetime import timedelta

import pytest

from tests.fakes.samples import BROKEN, DAY, DONE, MINUTE, NOW, PENDING, SECOND, a_ticket, an_integration
from ticket_status.core.model import Absence, Integration, RefreshState, Ticket, UnknownReason
from ticket_status.core.refreshing import Outcome, OutcomeReason, not_asked
from ticket_status.core.shown import Shown, shown
from ticket_status.core.window import Coverage

FRESH = (Outcome.SKIPPED, OutcomeReason.FRESH)


def answer(ticket: Ticket, integration: Integration | None) -> tuple[Outcome, OutcomeReason | None] | None:
    return not_asked(shown(ticket, integration, Coverage(), NOW), integration, NOW)


@pytest.mark.parametrize(
    ("ticket", "integration", "expected"),
    [
        pytest.param(a_ticket(), an_integration(), None, id="an active ticket is asked for"),
        pytest.param(
            a_ticket(), None, (Outcome.SKIPPED, OutcomeReason.INTEGRATION_NOT_FOUND), id="its integration is gone"
        ),
        pytest.param(
            a_ticket(),
            an_integration(retrieve_jira_tickets=False),
            (Outcome.SKIPPED, OutcomeReason.RETRIEVAL_DISABLED),
            id="retrieval is off",
        ),
        pytest.param(
            a_ticket(absence=Absence.DELETED),
            an_integration(),
            (Outcome.SKIPPED, OutcomeReason.DELETED),
            id="deleted",
        ),
        pytest.param(a_ticket(absence=Absence.INACCESSIBLE), an_integration(), None, id="inaccessible is asked for"),
        pytest.param(
            a_ticket(created_at=NOW - 366 * DAY),
            an_integration(),
            (Outcome.SKIPPED, OutcomeReason.OUTSIDE_WINDOW),
            id="older than a year",
        ),
        pytest.param(a_ticket(created_at=NOW - 365 * DAY), an_integration(), None, id="exactly a year old"),
        pytest.param(a_ticket(observed_at=NOW - 9 * SECOND), an_integration(), FRESH, id="retrieved nine seconds ago"),
        pytest.param(a_ticket(observed_at=NOW - 10 * SECOND), an_integration(), None, id="retrieved ten seconds ago"),
        pytest.param(
            a_ticket(absence=Absence.DELETED, observed_at=NOW - SECOND),
            an_integration(),
            (Outcome.SKIPPED, OutcomeReason.DELETED),
            id="deleted comes before fresh",
        ),
        pytest.param(
            a_ticket(),
            an_integration(paused_until=NOW + MINUTE),
            (Outcome.DEFERRED, OutcomeReason.RATE_LIMITED),
            id="everybody holds off",
        ),
        pytest.param(
            a_ticket(observed_at=NOW - SECOND),
            an_integration(paused_until=NOW + MINUTE),
            FRESH,
            id="fresh during a pause",
        ),
        pytest.param(
            a_ticket(),
            an_integration(health=PENDING),
            (Outcome.FAILED, OutcomeReason.INTEGRATION_BROKEN),
            id="never authorised",
        ),
        pytest.param(a_ticket(), an_integration(health=BROKEN), None, id="a broken integration is tried (R10)"),
        pytest.param(
            a_ticket(observed_at=NOW - 2 * SECOND), an_integration(health=BROKEN), None, id="fresh but broken since"
        ),
        pytest.param(
            a_ticket(observed_at=NOW - 5 * SECOND),
            an_integration(healthy_since=NOW - SECOND),
            None,
            id="fresh but from before the recovery",
        ),
        pytest.param(
            a_ticket(observed_at=NOW - 5 * SECOND),
            an_integration(enabled_since=NOW - SECOND),
            None,
            id="fresh but from before switching on",
        ),
        pytest.param(a_ticket(status=None, observed_at=None), an_integration(), None, id="never retrieved"),
    ],
)
def test_why_a_ticket_is_not_asked_for(
    ticket: Ticket, integration: Integration | None, expected: tuple[Outcome, OutcomeReason] | None
) -> None:
    assert answer(ticket, integration) == expected


def test_an_inaccessible_ticket_that_was_just_asked_for_is_fresh() -> None:
    just_now = Shown(None, UnknownReason.INACCESSIBLE, RefreshState.ACTIVE, NOW - timedelta(seconds=1))
    assert not_asked(just_now, an_integration(), NOW) == FRESH


def test_outside_the_window_nothing_is_asked_even_of_a_status_known_from_long_ago() -> None:
    old = a_ticket(created_at=NOW - 400 * DAY, status=DONE, observed_at=NOW - 40 * DAY)
    assert answer(old, an_integration(health=BROKEN)) == (Outcome.SKIPPED, OutcomeReason.OUTSIDE_WINDOW)
