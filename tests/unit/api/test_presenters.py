"""What the API shows: its shapes."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import IN_PROGRESS, NOW, an_integration, faulty, later, run, ticket
from ticket_status.api.presenters import present_integration, present_run, present_status, present_ticket
from ticket_status.core.model import (
    AuthType,
    Category,
    Counts,
    InstallationType,
    RefreshState,
    RunState,
    Status,
    UnknownReason,
)
from ticket_status.core.shown import Shown
from ticket_status.core.window import Coverage
from ticket_status.service.tickets.reading import ShownTicket


def test_an_integration_has_its_documented_shape() -> None:
    assert present_integration(an_integration(created_in_version="3.112.3"), None, NOW) == {
        "connection_name": "cloud-abc",
        "installation_type": "cloud",
        "jira_server_url": "https://cloud-abc.example",
        "auth_type": "basic",
        "username": "bot@abc.example",
        "skip_proxy": False,
        "created_at": "2025-07-10T08:00:00Z",
        "created_in_version": "3.112.3",
        "retrieve_jira_tickets": True,
        "health": {
            "status": "HEALTHY_INTEGRATION",
            "reason_code": None,
            "reason": "The integration is working.",
            "since": "2025-07-10T08:00:00Z",
            "checked_at": "2025-07-10T08:00:00Z",
            "warnings": [],
        },
        "credential_expires_at": None,
        "paused_until": None,
        "last_sync": None,
    }


def test_a_credential_that_ends_soon_is_warned_of() -> None:
    ends = NOW + timedelta(days=7)
    health = present_integration(an_integration(credential_expires_at=ends), None, NOW)["health"]
    assert isinstance(health, dict)
    assert health["warnings"] == [
        {
            "code": "CREDENTIAL_EXPIRES",
            "detail": "The credential expires in 7 days. Create a new one and enter it before then.",
            "at": "2026-11-29T08:00:00Z",
        }
    ]


def test_a_broken_integration_says_why() -> None:
    health = present_integration(an_integration(health=faulty()), None, NOW)["health"]
    assert isinstance(health, dict)
    assert (health["reason_code"], health["reason"]) == ("AUTHENTICATION_FAILED", "401 from Jira")


@pytest.mark.parametrize(
    ("auth_type", "shown"),
    [
        (AuthType.BASIC, {"username": "bot@abc.example"}),
        (AuthType.PAT, {}),
        (AuthType.OAUTH1, {"consumer_key": "key-1", "public_key": "PEM"}),
        (AuthType.OAUTH2, {"client_id": "client-1"}),
        (AuthType.CLIENT_CREDENTIALS, {"client_id": "client-1"}),
    ],
)
def test_each_auth_type_shows_who_it_is(auth_type: AuthType, shown: dict[str, str]) -> None:
    known = an_integration(auth_type=auth_type, client_id="client-1", consumer_key="key-1", public_key="PEM")
    presented = present_integration(known, None, NOW)
    names = {"username", "client_id", "consumer_key", "public_key"}
    assert {name: presented[name] for name in names & presented.keys()} == shown


@pytest.mark.parametrize(("seconds", "shown"), [(60, "2026-11-22T08:01:00Z"), (-60, None)])
def test_only_a_pause_that_lasts_is_shown(seconds: float, shown: str | None) -> None:
    paused = an_integration(installation_type=InstallationType.SERVER, paused_until=later(seconds=seconds))
    assert present_integration(paused, None, NOW)["paused_until"] == shown


def test_a_run_has_its_documented_shape() -> None:
    done = replace(
        run(), tickets_total=1300, counts=Counts(4, 405, 1, 2, 0), jira_requests=2, error=None, state=RunState.RUNNING
    )
    assert present_run(done) == {
        "run_id": done.run_id,
        "trigger": "schedule",
        "state": "running",
        "started_at": "2026-11-22T08:00:00Z",
        "completed_at": None,
        "progress": {"tickets_total": 1300, "tickets_done": 412},
        "counts": {"changed": 4, "unchanged": 405, "deleted": 1, "inaccessible": 2, "failed": 0},
        "jira_requests": 2,
        "error": None,
    }


def test_a_paused_run_says_until_when() -> None:
    paused = replace(run(), state=RunState.PAUSED, paused_until=later(seconds=30))
    assert present_run(paused)["paused_until"] == "2026-11-22T08:00:30Z"


def test_a_ticket_has_its_documented_shape() -> None:
    known = replace(ticket(issue_id="10412", key="JAS-26363"), status=IN_PROGRESS)
    shown = Shown(IN_PROGRESS, None, RefreshState.ACTIVE, NOW, later(days=-10, hours=1))
    found = an_integration(jira_server_url="https://abc.atlassian.net/")
    assert present_ticket(ShownTicket(known, found, shown, Coverage())) == {
        "ticket_no": "JAS-26363",
        "issue_id": "10412",
        "ticket_url": "https://abc.atlassian.net/browse/JAS-26363",
        "integration_name": "cloud-abc",
        "created_at": "2026-11-12T08:00:00Z",
        "ticket_status": "In Progress",
        "ticket_status_category": "indeterminate",
        "unknown_reason": None,
        "last_known_status": "In Progress",
        "last_update": "2026-11-22T08:00:00Z",
        "ticket_status_since": "2026-11-12T09:00:00Z",
        "refresh_state": "active",
    }


def test_a_ticket_of_a_deleted_integration_links_to_where_it_was_registered() -> None:
    shown = Shown(None, UnknownReason.INTEGRATION_NOT_FOUND, RefreshState.RETRIEVAL_DISABLED, None)
    presented = present_ticket(ShownTicket(ticket(issue_id=None), None, shown, Coverage()))
    assert presented["ticket_url"] == "https://cloud-abc.example/browse/JAS-1"
    assert presented["issue_id"] is None
    assert presented["last_update"] is None


@pytest.mark.parametrize(
    ("status", "reason", "column"),
    [
        (IN_PROGRESS, None, ("In Progress", "indeterminate", None)),
        (Status("Unknown", Category.UNDEFINED), None, ("Unknown", "undefined", None)),
        (None, UnknownReason.DELETED, ("Unknown", None, "DELETED")),
        (None, None, (None, None, None)),
    ],
)
def test_the_status_column(
    status: Status | None, reason: UnknownReason | None, column: tuple[str | None, str | None, str | None]
) -> None:
    presented = present_status(Shown(status, reason, RefreshState.ACTIVE, NOW))
    assert tuple(presented.values()) == column
