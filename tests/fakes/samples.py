"""Integrations, tickets and runs to start a test from; what a test is about it says itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from ticket_status.core.comparison import sighting
from ticket_status.core.model import (
    Absence,
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
from ticket_status.core.observations import Deleted, Unseen
from ticket_status.core.violations import Registration, Resource
from ticket_status.core.window import END

NOW = datetime(2026, 11, 22, 8, 0, 0, 250_000, tzinfo=UTC)
"""Not a whole second, so that a test fails when a part of one is lost."""

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

RETENTION = timedelta(days=1_095)
"""How long a ticket is kept, by default."""

LONG_AGO = NOW - 500 * DAY
CREATED = NOW - 10 * DAY
"""When the sample ticket was created."""

REF = "cloud-abc~k3f9x2"
URL = "https://cloud-abc.example"

TO_DO = Status("To Do", Category.NEW)
IN_PROGRESS = Status("In Progress", Category.INDETERMINATE)
DONE = Status("Done", Category.DONE)

WELL = Health(HealthStatus.HEALTHY, LONG_AGO, LONG_AGO)
BROKEN = Health(HealthStatus.FAULTY, NOW - HOUR, NOW - HOUR, ReasonCode.AUTHENTICATION_FAILED, "the token expired")
PENDING = Health(HealthStatus.PENDING, LONG_AGO, LONG_AGO)


def seen(issue_key: str = "JAS-1", status: Status = IN_PROGRESS) -> Sighting:
    """What Jira shows of an issue."""
    return sighting(issue_key, status)


SEEN_IN_PROGRESS, SEEN_DONE = seen(), seen(status=DONE)


def later(**elapsed: float) -> datetime:
    """A moment so much after ``NOW``."""
    return NOW + timedelta(**elapsed)


def an_integration(name: str = "cloud-abc", /, **changes: Any) -> Integration:  # noqa: ANN401 - whatever the attribute is
    """A Cloud integration that has been well and switched on for long."""
    known = Integration(
        connection_name=name,
        integration_ref=f"{name}~k3f9x2",
        installation_type=InstallationType.CLOUD,
        jira_server_url=f"https://{name}.example",
        auth_type=AuthType.BASIC,
        username="bot@abc.example",
        created_at=LONG_AGO,
        retrieve_jira_tickets=True,
        enabled_since=LONG_AGO,
        healthy_since=LONG_AGO,
        health=WELL,
    )
    return replace(known, **changes)


def faulty(at: datetime = NOW, code: ReasonCode = ReasonCode.AUTHENTICATION_FAILED) -> Health:
    """The health of an integration that broke then."""
    return Health(HealthStatus.FAULTY, at, at, code, "401 from Jira")


def a_ticket(**changes: Any) -> Ticket:  # noqa: ANN401 - whatever the attribute is
    """A ticket of ten days ago, in progress when it was observed an hour ago."""
    key = TicketKey(REF, "10412")
    known = Ticket(key, "JAS-1", CREATED, URL, IN_PROGRESS, observed_at=NOW - HOUR)
    return replace(known, **changes)


def ticket(issue_id: str | None = "10001", key: str = "JAS-1", created_at: datetime = CREATED) -> Ticket:
    """A ticket that was never observed."""
    identity = TicketKey.of(REF, issue_id, key)
    return Ticket(identity, key, created_at, URL, registered_at=NOW)


def deleted(key: TicketKey, at: datetime, status_seen_at: datetime | None = None) -> Deleted:
    """The sample ticket is proven deleted."""
    return Deleted(key, at, status_seen_at, CREATED)


def unseen(key: TicketKey, at: datetime) -> Unseen:
    """A ticket is inaccessible."""
    return Unseen(key, at, Absence.INACCESSIBLE)


def registration(
    of: Ticket | None = None, violation_id: str = "XRAY-1", resource: Resource | None = None
) -> Registration:
    """A ticket for a violation."""
    return Registration(of or ticket(), violation_id, resource)


def a_run(**changes: Any) -> SyncRun:  # noqa: ANN401 - whatever the attribute is
    """A run of one slice that has just started."""
    slices = {"0": SliceProgress(Slice("", END, ("2026-11",)))}
    known = SyncRun(REF, "20261122T080000250-a1b2c3", Trigger.SCHEDULE, NOW, updated_at=NOW, slices=slices)
    return replace(known, **changes)


def run(run_id: str = "20261122T080000250-a1b2c3", slices: dict[str, SliceProgress] | None = None) -> SyncRun:
    """A run that has no slices yet."""
    return a_run(run_id=run_id, tickets_total=3, slices=slices or {})
