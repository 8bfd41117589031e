"""R2: only tickets created in the last year are ever asked for."""

from datetime import UTC, datetime, timedelta

WINDOW = timedelta(days=365)
"""The last year, to the second."""

END = "9999999999#"
"""A position after every ticket."""


def window_start(clock: datetime) -> datetime:
    """The oldest creation time, inclusive, that a run with this clock asks for."""
    return (clock - WINDOW).replace(microsecond=0)


def in_window(created_at: datetime, clock: datetime) -> bool:
    """Whether a ticket created then is asked for now."""
    return created_at >= window_start(clock)


def position(created_at: datetime, ticket_id: str = "") -> str:
    """Where a ticket stands in its integration, ordered by creation; without an id, before all of that second."""
    return f"{int(created_at.timestamp()):010d}#{ticket_id}"


def read_position(at: str) -> tuple[datetime, str]:
    """The creation time and ticket id of a position."""
    seconds, _, ticket_id = at.partition("#")
    return datetime.fromtimestamp(int(seconds), UTC), ticket_id


def month_of(created_at: datetime) -> str:
    """The month of creation, ``YYYY-MM`` in UTC."""
    return created_at.astimezone(UTC).strftime("%Y-%m")
