"""Why a ticket shows what it shows, since when, and what to do about it, in sentences (``ticket-status why``).

The advice is that of docs/operations.md, with commands of this command line where possible.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

Document = Mapping[str, Any]

REMEDIES = {
    "AUTHENTICATION_FAILED": (
        "The credential expired or was revoked. Make a new one in Jira, then: "
        "ticket-status integrations edit {name} --ask-secret"
    ),
    "MISSING_SCOPES": (
        "Add the missing scopes to the application (ticket-status integrations test {name} names them), give the "
        "secret again (ticket-status integrations edit {name} --ask-secret), then authorise again where the "
        "integration needs it: ticket-status integrations authorise {name}"
    ),
    "AUTHORIZATION_EXPIRED": "Authorise again: ticket-status integrations authorise {name}",
    "CAPTCHA_REQUIRED": "Somebody has to log in to that Jira as this user once, in a browser, and answer the CAPTCHA.",
    "UNREACHABLE": (
        "Check the address, the certificate, the firewall and the proxy, or whether the site is down. "
        "ticket-status integrations test {name} shows how far a call gets."
    ),
    "NOT_JIRA": (
        "Check the address: it may be a login page or a redirect, or the site was renamed. To enter a new address: "
        "ticket-status integrations edit {name} --url https://…"
    ),
    "DIFFERENT_SITE": (
        "Another Jira site answers at this address, where the same ids mean other issues. Put the right site back "
        "there, or create a separate integration for the other one."
    ),
    "JIRA_ERROR": "Jira itself is failing. Tell its administrators.",
}
"""By ``reason_code`` of an integration's health."""

_DELETED = (
    "The issue was deleted in Jira, so it is no longer retrieved.",
    (
        "Nothing, if it was deleted. If Jira does show it (it was hidden by security, or moved where the account "
        "cannot look): ticket-status integrations recheck {name} {key}"
    ),
)
_INACCESSIBLE = (
    (
        "Jira does not show the issue to the integration's account, and deletion is not proven: the account may "
        "no longer browse the project, or too many issues vanished at once."
    ),
    (
        "Give the account permission to browse the project in Jira; every run tries again. To check all such tickets "
        "now: ticket-status integrations recheck {name}"
    ),
)

RECOVERS = "The statuses come back by themselves once the cause is gone: the site is tried every 15 minutes."


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one ticket."""

    ticket_no: str
    ticket_url: str | None
    integration_name: str
    shows: str
    since: str | None
    why: str
    what_to_do: str

    def document(self) -> dict[str, str | None]:
        """For programs."""
        return asdict(self)


def explain(ticket: Document, integration: Document | None, now: datetime) -> Explanation:
    """Explain a ticket; ``integration`` is ``None`` if it no longer exists."""
    shows, (why, what_to_do) = _shows(ticket), _reasons(ticket, integration, now)
    return Explanation(
        ticket_no=ticket["ticket_no"],
        ticket_url=ticket.get("ticket_url"),
        integration_name=ticket["integration_name"],
        shows=shows,
        since=ticket.get("ticket_status_since"),
        why=why,
        what_to_do=what_to_do,
    )


def in_words(one: Explanation, now: datetime) -> str:
    """The sentences that people read."""
    since = f" since {moment(one.since, now)}" if one.since else ""
    where = f"  {one.ticket_url}\n" if one.ticket_url else ""
    advice = one.what_to_do.replace("\n", "\n  ")
    return (
        f"{one.ticket_no} ({one.integration_name}) shows {one.shows}{since}.\n{where}"
        f"  Why: {one.why}\n  What to do: {advice}"
    )


def _shows(ticket: Document) -> str:
    match ticket["ticket_status"], ticket["unknown_reason"]:
        case None, _:
            return "no status"
        case _, str(reason):
            last = ticket.get("last_known_status")
            return f"Unknown ({reason})" + (f", last known as {last}" if last else "")
        case status, _:
            return str(status)


def _reasons(ticket: Document, integration: Document | None, now: datetime) -> tuple[str, str]:  # noqa: PLR0911 - one for each
    """Why, and what to do."""
    name = ticket["integration_name"]
    match ticket["unknown_reason"]:
        case None if ticket["ticket_status"] is None:
            return (
                f'"Retrieve Jira Tickets" is switched off for {name}, so its Jira is not asked.',
                f"To see statuses again, switch it on: ticket-status integrations settings {name} --retrieve",
            )
        case None:
            return _known(ticket, integration, now)
        case "DELETED":
            return _DELETED[0], _DELETED[1].format(name=name, key=ticket["ticket_no"])
        case "INACCESSIBLE":
            return _INACCESSIBLE[0], _INACCESSIBLE[1].format(name=name)
        case "INTEGRATION_BROKEN":
            return _broken(name, integration)
        case "INTEGRATION_NOT_FOUND":
            return (
                f"The integration {name} that the ticket was created through was deleted.",
                "This ticket's status cannot be brought back. For a new integration, import the tickets again.",
            )
        case "NOT_RETRIEVED_YET":
            return _waiting(ticket, integration, now)
        case reason:
            return (f"The service says {reason}.", "See docs/operations.md for the version of the service.")


def _known(ticket: Document, integration: Document | None, now: datetime) -> tuple[str, str]:
    seen = moment(ticket.get("last_update"), now)
    if ticket["refresh_state"] == "outside_window":
        why = f"Jira last showed this status {seen}. The ticket is more than a year old and is no longer refreshed."
        return why, "Look in Jira for its current status."
    why = f"Jira last showed this status {seen}."
    if integration and integration.get("paused_until"):
        return why, f"Nothing: Jira asked us to slow down, and work resumes {moment(integration['paused_until'], now)}."
    return why, f"Nothing. To ask Jira now: ticket-status violations refresh {ticket.get('violation_id', 'VIOLATION')}"


def _broken(name: str, integration: Document | None) -> tuple[str, str]:
    health: Document = integration["health"] if integration else {}
    if health.get("status") == "HEALTHY_INTEGRATION":
        return (
            f"{name} was broken and has recovered; this ticket has not been retrieved since.",
            f"Nothing: the run that began with the recovery retrieves it. {_run(integration)}",
        )
    said = str(health.get("reason") or "no reason was given")
    end = "" if said.endswith((".", "!", "?", "”")) else "."
    remedy = REMEDIES.get(str(health.get("reason_code")), "ticket-status integrations test {name} shows what fails.")
    return f"The integration {name} is broken: {said}{end}", f"{remedy.format(name=name)}\n{RECOVERS}"


def _waiting(ticket: Document, integration: Document | None, now: datetime) -> tuple[str, str]:
    name = ticket["integration_name"]
    if ticket["refresh_state"] == "outside_window":
        return (
            "It was created more than a year ago and was never retrieved; tickets that old are not retrieved.",
            "Look in Jira.",
        )
    why = "This ticket has not been retrieved yet since it was registered or retrieval was switched on."
    if integration is None:
        return why, "Nothing."
    if integration["health"]["status"] == "PENDING_AUTHORIZATION":
        return (
            f"The integration {name} was never authorised.",
            f"Authorise it: ticket-status integrations authorise {name}",
        )
    if integration.get("paused_until"):
        return why, f"Nothing: Jira asked us to slow down, and work resumes {moment(integration['paused_until'], now)}."
    advice = _run(integration) or f"Start a run: ticket-status integrations sync {name}"
    return why, advice


def _run(integration: Document | None) -> str:
    """The progress of the integration's last run, if it is still active."""
    run = integration.get("last_sync") if integration else None
    if not run or run["state"] not in ("running", "paused"):
        return ""
    done, total = run["progress"]["tickets_done"], run["progress"]["tickets_total"]
    return f"A run is {'in progress' if run['state'] == 'running' else 'paused'}: {done} of {total} tickets."


def moment(text: str | None, now: datetime) -> str:
    """A time and how far it is from now: ``2026-11-22T08:00:00Z (6 days ago)``."""
    if text is None:
        return "never"
    distance = now - datetime.fromisoformat(text)
    ahead = distance < timedelta(0)
    seconds = abs(distance).total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size or unit == "second":
            number = int(seconds // size)
            words = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"{text} ({f'in {words}' if ahead else f'{words} ago'})"
    raise AssertionError(text)
