"""Sightings: what Jira showed of an issue, in the one form in which rows and answers are compared (R13, R15)."""

from ticket_status.core.model import Category, Sighting, Status, Ticket

_SEPARATOR = "|"


def sighting(issue_key: str, status: Status) -> Sighting:
    """The sighting of an issue. Neither keys nor categories contain the separator; names may, so they come last."""
    return of_shown(issue_key, shown(status))


def shown(status: Status) -> str:
    """What a sighting says beside the key: ``category|status name``."""
    return f"{status.category}{_SEPARATOR}{status.name}"


def of_shown(issue_key: str, shown_status: str) -> Sighting:
    """The sighting of an issue, of whose status ``shown`` has been taken before: many issues have the same."""
    return Sighting(f"{issue_key}{_SEPARATOR}{shown_status}")


def sighting_of(ticket: Ticket) -> Sighting | None:
    """The sighting that is stored of a ticket; ``None`` while Jira never showed it."""
    return None if ticket.status is None else sighting(ticket.issue_key, ticket.status)


def read_sighting(seen: Sighting) -> tuple[str, Status]:
    """The issue's key and status in a sighting."""
    issue_key, category, name = seen.split(_SEPARATOR, 2)
    return issue_key, Status(name, Category.of(category))
