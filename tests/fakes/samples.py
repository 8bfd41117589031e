"""Values to start a test from; what a test is about it says itself."""

from datetime import UTC, datetime, timedelta

from tests.unit import examples
from ticket_status.core.comparison import sighting
from ticket_status.core.model import (
    Absence,
    Category,
    Health,
    HealthStatus,
    Integration,
    ReasonCode,
    Sighting,
    SliceProgress,
    Status,
    SyncRun,
    Ticket,
    TicketKey,
    Trigger,
)
from ticket_status.core.observations import Deleted, Unseen
from ticket_status.core.violations import Registration, Resource

NOW = datetime(2026, 11, 22, 8, 0, 0, 250_000, tzinfo=UTC)
REF = examples.REF
IN_PROGRESS = Sighting("JAS-1|indeterminate|In Progress")
DONE = Sighting("JAS-1|done|Done")


CREATED = NOW - timedelta(days=10)
"""When the sample ticket was created."""


def later(**elapsed: float) -> datetime:
    """A moment so much after ``NOW``."""
    return NOW + timedelta(**elapsed)


def integration(name: str = "cloud-abc", **changes: object) -> Integration:
    """A healthy Cloud integration that retrieves."""
    since = dict.fromkeys(("created_at", "enabled_since", "healthy_since"), NOW)
    health = Health(HealthStatus.HEALTHY, NOW, NOW)
    named = {"connection_name": name, "integration_ref": f"{name}~k3f9x2", "jira_server_url": f"https://{name}.example"}
    given = {**named, **since, "health": health, "username": "bot@abc.example", **changes}
    return examples.an_integration(**given)


def faulty(at: datetime = NOW, code: ReasonCode = ReasonCode.AUTHENTICATION_FAILED) -> Health:
    """The health of an integration that broke then."""
    return Health(HealthStatus.FAULTY, at, at, code, "401 from Jira")


def ticket(issue_id: str | None = "10001", key: str = "JAS-1", created_at: datetime | None = None) -> Ticket:
    """A ticket that was never observed, created ten days ago."""
    identity = TicketKey.of(REF, issue_id, key)
    return Ticket(identity, key, created_at or CREATED, "https://cloud-abc.example", registered_at=NOW)


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


def seen(key: str = "JAS-1", status: str = "In Progress", category: Category = Category.INDETERMINATE) -> Sighting:
    """What Jira shows of an issue."""
    return sighting(key, Status(status, category))


def run(run_id: str = "20261122T080000250-a1b2c3", slices: dict[str, SliceProgress] | None = None) -> SyncRun:
    """A run that just began."""
    return SyncRun(REF, run_id, Trigger.SCHEDULE, NOW, updated_at=NOW, tickets_total=3, slices=slices or {})
