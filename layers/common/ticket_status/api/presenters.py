"""What the API shows of integrations, sync runs and tickets, in their shapes."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import asdict

from ticket_status.core.health import warnings
from ticket_status.core.model import (
    AuthType,
    Health,
    HealthStatus,
    Integration,
    RunState,
    SyncRun,
)
from ticket_status.core.refreshing import Refreshed
from ticket_status.core.runs import tickets_total
from ticket_status.core.shown import Shown
from ticket_status.core.summary import PastSummary, Summary
from ticket_status.core.violations import Resource
from ticket_status.service.tickets.reading import LeadingTicket, ShownTicket, last_update

_REASONS = {
    HealthStatus.HEALTHY: "The integration is working.",
    HealthStatus.FAULTY: "The integration is not working.",
    HealthStatus.PENDING: "The integration has not been authorised in Jira yet.",
}


def present_integration(integration: Integration, last_sync: SyncRun | None, now: datetime) -> dict[str, object]:
    """An integration. Secrets are not part of one, so none can be shown (R17)."""
    paused_until = integration.paused_until
    paused = paused_until is not None and paused_until > now
    return {
        "connection_name": integration.connection_name,
        "installation_type": integration.installation_type,
        "jira_server_url": integration.jira_server_url,
        "auth_type": integration.auth_type,
        **_identity(integration),
        "skip_proxy": integration.skip_proxy,
        "created_at": present_time(integration.created_at),
        "created_in_version": integration.created_in_version,
        "retrieve_jira_tickets": integration.retrieve_jira_tickets,
        "credential_expires_at": present_optional_time(integration.credential_expires_at),
        "health": present_health(integration.health) | {"warnings": _warnings(integration, now)},
        "paused_until": present_optional_time(paused_until) if paused else None,
        "last_sync": None if last_sync is None else present_run(last_sync),
    }


def _warnings(integration: Integration, now: datetime) -> list[dict[str, str]]:
    return [
        {"code": one.code, "detail": one.detail, "at": present_time(one.at)}
        for one in warnings(integration.credential_expires_at, now)
    ]


def _identity(integration: Integration) -> dict[str, str | None]:
    match integration.auth_type:
        case AuthType.BASIC:
            return {"username": integration.username}
        case AuthType.OAUTH2 | AuthType.CLIENT_CREDENTIALS:
            return {"client_id": integration.client_id}
        case AuthType.OAUTH1:
            names = {"consumer_key": integration.consumer_key}
            return {**names, "public_key": integration.public_key}
        case AuthType.PAT:
            return {}


def present_health(health: Health) -> dict[str, object]:
    """The health of an integration."""
    return {
        "status": health.status,
        "reason_code": health.reason_code,
        "reason": health_reason(health),
        "since": present_time(health.since),
        "checked_at": present_time(health.checked_at),
    }


def health_reason(health: Health) -> str:
    """Why an integration is as it is, in a sentence."""
    return health.reason or _REASONS[health.status]


def present_run(run: SyncRun) -> dict[str, object]:
    """A sync run; ``paused_until`` is present while it is paused (R11)."""
    paused = run.state is RunState.PAUSED
    return {
        "run_id": run.run_id,
        "trigger": run.trigger,
        "state": run.state,
        "started_at": present_time(run.started_at),
        "completed_at": present_optional_time(run.completed_at),
        "progress": {"tickets_total": tickets_total(run), "tickets_done": run.counts.total},
        "counts": asdict(run.counts),
        "jira_requests": run.jira_requests,
        "error": run.error,
        **({"paused_until": present_optional_time(run.paused_until)} if paused else {}),
    }


def present_status(shown: Shown) -> dict[str, object]:
    """The *Ticket Status* column: a name, ``Unknown`` and its reason, or nothing while off (R5)."""
    return {
        "ticket_status": shown.text,
        "ticket_status_category": shown.status and shown.status.category,
        "unknown_reason": shown.unknown_reason,
    }


def present_column(status: LeadingTicket) -> dict[str, object]:
    """The *Ticket Status* column of a violation."""
    leading = status.leading
    return {
        "ticket_no": leading.ticket.issue_key,
        **present_status(leading.shown),
        "refresh_state": leading.shown.refresh_state,
        "tickets": status.tickets,
    }


def present_ticket(one: ShownTicket) -> dict[str, object]:
    """A ticket as shown now; for a deleted integration, the link uses the site where it was registered."""
    ticket, shown, integration = one.ticket, one.shown, one.integration
    browse_url = f"{ticket.site_url.rstrip('/')}/browse/" if integration is None else integration.browse_url
    return {
        "ticket_no": ticket.issue_key,
        "issue_id": ticket.key.issue_id,
        "ticket_url": f"{browse_url}{ticket.issue_key}",
        "integration_name": ticket.key.connection_name,
        "created_at": present_time(ticket.created_at),
        **present_status(shown),
        "last_known_status": ticket.status and ticket.status.name,
        "last_update": present_optional_time(shown.last_update),
        "ticket_status_since": present_optional_time(shown.since),
        "refresh_state": shown.refresh_state,
    }


def present_listed_ticket(one: ShownTicket) -> dict[str, object]:
    """A ticket of a list, with the violations that it serves."""
    serves = one.ticket.serves
    return {**present_ticket(one), "violation_ids": list(serves.first), "violations": serves.total}


def present_violation(
    violation_id: str,
    resources: Sequence[Resource],
    tickets: Sequence[ShownTicket],
    refreshed: Sequence[Refreshed] = (),
) -> dict[str, object]:
    """A violation with its tickets and, after a refresh, the outcome for each."""
    presented = [present_ticket(one) for one in tickets]
    for ticket, (outcome, reason) in zip(presented, refreshed, strict=False):
        ticket["refresh"] = {"outcome": outcome, "reason": reason}
    return {
        "violation_id": violation_id,
        "resources": [present_resource(one) for one in resources],
        "tickets": presented,
        "last_update": present_optional_time(last_update(tickets)),
    }


def present_resource(resource: Resource) -> dict[str, object]:
    """What was scanned."""
    return {"type": resource.type, "name": resource.name, "version": resource.version}


def present_summary(summary: Summary) -> dict[str, object]:
    """How many tickets of an integration show what."""
    return {
        "as_of": present_time(summary.as_of),
        "tickets": summary.tickets,
        "by_status": [
            {"ticket_status": status.name, "ticket_status_category": status.category, "tickets": number}
            for status, number in summary.by_status
        ],
        "unknown": dict(summary.unknown),
        "outside_window": summary.outside_window,
    }


def present_past_summary(past: PastSummary) -> dict[str, object]:
    """How many tickets showed what after a run of all tickets."""
    return {
        "run_id": past.run_id,
        "as_of": present_time(past.as_of),
        "by_category": dict(past.by_category),
        "inaccessible": past.inaccessible,
    }


def present_time(at: datetime) -> str:
    """An aware time, to the second: ``2026-11-22T08:00:00Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def present_optional_time(at: datetime | None) -> str | None:
    """A time, or ``None``."""
    return None if at is None else present_time(at)
