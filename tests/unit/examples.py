"""Integrations, tickets and runs as examples: each test says only what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from ticket_status.core.comparison import sighting
from ticket_status.core.model import (
    AuthType,
    Category,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    ReasonCode,
    Sighting,
    Slice,
    SliceProgress,
    Status,
    SyncRun,
    Ticket,
    TicketKey,
    Trigger,
)
from ticket_status.core.window import END

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

LONG_AGO = NOW - 500 * DAY
REF = "cloud-abc~k3f9x2"

TO_DO = Status("To Do", Category.NEW)
IN_PROGRESS = Status("In Progress", Category.INDETERMINATE)
DONE = Status("Done", Category.DONE)

WELL = Health(HealthStatus.HEALTHY, LONG_AGO, LONG_AGO)
BROKEN = Health(HealthStatus.FAULTY, NOW - HOUR, NOW - HOUR, ReasonCode.AUTHENTICATION_FAILED, "the token expired")
PENDING = Health(HealthStatus.PENDING, LONG_AGO, LONG_AGO)


def an_integration(**changes: Any) -> Integration:  # noqa: ANN401 - whatever the attribute is
    """A Cloud integration that has been well and switched on for long."""
    return replace(
        Integration(
            connection_name="cloud-abc",
            integration_ref=REF,
            installation_type=InstallationType.CLOUD,
            jira_server_url="https://abc.atlassian.net",
            auth_type=AuthType.BASIC,
            created_at=LONG_AGO,
            retrieve_jira_tickets=True,
            enabled_since=LONG_AGO,
            healthy_since=LONG_AGO,
            health=WELL,
        ),
        **changes,
    )


def a_ticket(**changes: Any) -> Ticket:  # noqa: ANN401 - whatever the attribute is
    """A ticket of ten days ago, in progress when it was observed an hour ago."""
    return replace(
        Ticket(
            key=TicketKey(REF, "10412"),
            issue_key="JAS-1",
            created_at=NOW - 10 * DAY,
            site_url="https://abc.atlassian.net",
            status=IN_PROGRESS,
            observed_at=NOW - HOUR,
        ),
        **changes,
    )


def a_run(**changes: Any) -> SyncRun:  # noqa: ANN401 - whatever the attribute is
    """A run of one slice that has just started."""
    slices = {"0": SliceProgress(Slice("", END, ("2026-11",)))}
    return replace(
        SyncRun(REF, "20261122T080000000-k3f9x2", Trigger.SCHEDULE, NOW, updated_at=NOW, slices=slices), **changes
    )


def seen(issue_key: str, status: Status) -> Sighting:
    """The sighting of an issue."""
    return sighting(issue_key, status)
