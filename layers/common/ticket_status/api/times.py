"""Times as the API writes and reads them: RFC 3339, UTC, with ``Z``."""

import re
from datetime import UTC, datetime

_FORM = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def present_time(at: datetime) -> str:
    """An aware time, to the second: ``2026-11-22T08:00:00Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def present_optional_time(at: datetime | None) -> str | None:
    """A time that may not be there."""
    return None if at is None else present_time(at)


def parse_time(text: str) -> datetime | None:
    """The time that a text means; ``None`` when it is not RFC 3339 in UTC with ``Z``.

    Fractions of a second are read to the microsecond.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    date, time, fraction = match.groups(default="")
    try:
        return datetime.fromisoformat(f"{date}T{time}.{fraction[:6]:0<6}+00:00")
    except ValueError:
        return None
