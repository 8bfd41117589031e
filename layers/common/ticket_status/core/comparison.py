"""R13 and R15: what a response says about the tickets asked for, matched by id, never by key or order.

A *sighting* is what Jira showed of an issue, in the form in which rows and responses are compared.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from ticket_status.core.model import KEY_ONLY_PREFIX, Absence, Category, Sighting, Status, Ticket

_SEPARATOR = "|"


def sighting(issue_key: str, status: Status) -> Sighting:
    """The sighting of an issue. Neither keys nor categories contain the separator; names may, so they come last."""
    return of_shown(issue_key, shown(status))


def shown(status: Status) -> str:
    """What a sighting says besides the key: ``category|status name``."""
    return f"{status.category}{_SEPARATOR}{status.name}"


def of_shown(issue_key: str, shown_status: str) -> Sighting:
    """The sighting of an issue whose ``shown`` is known already, since many issues have the same."""
    return Sighting(f"{issue_key}{_SEPARATOR}{shown_status}")


def sighting_of(ticket: Ticket) -> Sighting | None:
    """The stored sighting of a ticket; ``None`` if Jira never showed it."""
    return None if ticket.status is None else sighting(ticket.issue_key, ticket.status)


def read_sighting(seen: Sighting) -> tuple[str, Status]:
    """The issue's key and status in a sighting."""
    issue_key, category, name = seen.split(_SEPARATOR, 2)
    return issue_key, Status(name, Category.of(category))


class Row(NamedTuple):
    """A ticket in the retrieval index: the minimum needed to tell whether it changed."""

    position: str
    ticket_id: str
    sighting: Sighting | None
    absence: Absence | None


class Comparison(Struct):
    """The tickets of one response, by result."""

    unchanged: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Sighting]] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)
    """Jira did not show them: judged later (R7, R8)."""
    failed: list[Row] = field(default_factory=list)
    """Jira could not answer for them now: nothing is concluded."""

    @property
    def shown(self) -> list[Row]:
        """Those that Jira showed."""
        return [*self.unchanged, *(row for row, _ in self.changed)]


def asked_as(ticket_id: str) -> str:
    """What Jira is asked for: the numeric id, or the key while only that is known."""
    return ticket_id.removeprefix(KEY_ONLY_PREFIX)


def shows_new_keys(changed: Sequence[tuple[Row, Sighting]], registered: Mapping[str, str] | None = None) -> bool:
    """Whether any issue has a key other than the known one, or is seen for the first time (R15).

    It was moved or is new, or another site has the address and its issues have the same ids. ``registered``: keys
    with which tickets were registered, by numeric id, known before Jira is first asked.
    """
    known = registered or {}
    return any(
        (known.get(row.ticket_id) if row.sighting is None else read_sighting(row.sighting)[0]) != read_sighting(seen)[0]
        for row, seen in changed
    )


def compare(rows: Sequence[Row], seen: Mapping[str, Sighting], retry: AbstractSet[str]) -> Comparison:
    """Sort rows by what the response says about them. Hot path: runs once per ticket and run."""
    result = Comparison()
    for row in rows:
        asked = asked_as(row.ticket_id)
        sighting = seen.get(asked)
        if sighting is None:
            (result.failed if asked in retry else result.missing).append(row)
        elif sighting == row.sighting and row.absence is None:
            result.unchanged.append(row)
        else:
            result.changed.append((row, sighting))
    return result


INDEX_LAG = timedelta(seconds=10)
"""Rows of the index are assumed to lag by at most this; AWS says that most lag less than a second."""


def doubtful(written_at: datetime | None, asked_at: datetime) -> bool:
    """Whether rows read at this time may lag behind a write just before it (R12)."""
    return written_at is not None and asked_at < written_at + INDEX_LAG


def against_stored(result: Comparison, stored: Mapping[str, Sighting | None]) -> Comparison:
    """The comparison, with rows that differ from the stored tickets counted as changed."""
    stale = {row.ticket_id for row in result.unchanged if stored.get(row.ticket_id, row.sighting) != row.sighting}
    shown = [(row, row.sighting) for row in result.unchanged if row.ticket_id in stale and row.sighting is not None]
    unchanged = [row for row in result.unchanged if row.ticket_id not in stale]
    return replace(result, unchanged=unchanged, changed=[*result.changed, *shown])
