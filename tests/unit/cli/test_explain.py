"""Why a ticket shows what it shows: a sentence for each reason, with something to do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.api_document import document
from ticket_status_cli.explain import REMEDIES, explain, in_words, moment

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
TICKET: dict[str, object] = {
    "ticket_no": "SEC-1",
    "ticket_url": "https://abc.atlassian.net/browse/SEC-1",
    "integration_name": "cloud-abc",
    "ticket_status": "To Do",
    "unknown_reason": None,
    "last_known_status": "To Do",
    "last_update": "2026-11-28T07:00:00Z",
    "ticket_status_since": "2026-11-20T08:00:00Z",
    "refresh_state": "active",
    "violation_id": "V-1",
}
WELL = {"status": "HEALTHY_INTEGRATION", "reason_code": None, "reason": ""}
INTEGRATION: dict[str, Any] = {"health": WELL, "paused_until": None, "last_sync": None}
RUN = {"state": "running", "progress": {"tickets_done": 3, "tickets_total": 9}}


def unknown(reason: str, **more: object) -> dict[str, object]:
    return {**TICKET, "ticket_status": "Unknown", "unknown_reason": reason, **more}


def said(ticket: dict[str, object], integration: dict[str, Any] | None = INTEGRATION) -> str:
    return in_words(explain(ticket, integration, NOW), NOW)


def test_a_status_is_said_with_since_when_and_when_jira_was_last_asked() -> None:
    text = said(TICKET)
    assert "SEC-1 (cloud-abc) shows To Do since 2026-11-20T08:00:00Z (8 days ago)." in text
    assert "2026-11-28T07:00:00Z (1 hour ago)" in text
    assert "ticket-status violations refresh V-1" in text


@pytest.mark.parametrize(
    ("ticket", "integration", "why", "what"),
    [
        (unknown("DELETED"), INTEGRATION, "was deleted", "integrations recheck cloud-abc SEC-1"),
        (unknown("INACCESSIBLE"), INTEGRATION, "does not show the issue", "permission to browse"),
        (unknown("INTEGRATION_NOT_FOUND"), None, "was deleted", "import the tickets again"),
        (unknown("NOT_RETRIEVED_YET"), INTEGRATION, "not been retrieved", "integrations sync cloud-abc"),
        (unknown("NOT_RETRIEVED_YET"), {**INTEGRATION, "last_sync": RUN}, "not been retrieved", "3 of 9 tickets"),
        (unknown("NOT_RETRIEVED_YET", refresh_state="outside_window"), INTEGRATION, "more than a year", "Look in Jira"),
        (
            unknown("NOT_RETRIEVED_YET"),
            {**INTEGRATION, "health": {**WELL, "status": "PENDING_AUTHORIZATION"}},
            "never authorised",
            "integrations authorise cloud-abc",
        ),
        (
            unknown("NOT_RETRIEVED_YET"),
            {**INTEGRATION, "paused_until": "2026-11-28T08:30:00Z"},
            "not been retrieved",
            "in 30 minutes",
        ),
        (unknown("INTEGRATION_BROKEN"), {**INTEGRATION, "last_sync": RUN}, "has recovered", "3 of 9 tickets"),
        ({**TICKET, "ticket_status": None}, INTEGRATION, "switched off", "settings cloud-abc --retrieve"),
        ({**TICKET, "refresh_state": "outside_window"}, INTEGRATION, "no longer refreshed", "Look in Jira"),
        (TICKET, {**INTEGRATION, "paused_until": "2026-11-28T08:30:00Z"}, "last showed", "asked us to slow down"),
    ],
)
def test_each_reason_has_its_sentence_and_its_advice(
    ticket: dict[str, object], integration: dict[str, Any] | None, why: str, what: str
) -> None:
    one = explain(ticket, integration, NOW)
    assert why in one.why
    assert what in one.what_to_do


@pytest.mark.parametrize("code", sorted(REMEDIES))
def test_each_way_of_breaking_has_its_remedy(code: str) -> None:
    health = {"status": "FAULTY_CONFIGURATION", "reason_code": code, "reason": "Jira said so."}
    one = explain(unknown("INTEGRATION_BROKEN"), {**INTEGRATION, "health": health}, NOW)
    assert one.why == "The integration cloud-abc is broken: Jira said so."
    assert "{name}" not in one.what_to_do
    assert "every 15 minutes" in one.what_to_do


def test_every_reason_code_of_the_document_has_a_remedy() -> None:
    codes = document()["components"]["schemas"]["ReasonCode"]["enum"]
    assert "UNREACHABLE" in codes
    assert {code for code in codes if code} <= REMEDIES.keys()


def test_a_moment_is_told_with_its_distance() -> None:
    assert moment(None, NOW) == "never"
    assert moment("2026-11-28T08:00:00Z", NOW).endswith("(0 seconds ago)")
    assert moment((NOW + timedelta(days=2)).isoformat(), NOW).endswith("(in 2 days)")
