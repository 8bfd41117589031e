"""Times as the API reads them (RFC 3339 with any offset, and Jira's own form) and writes them: UTC, with ``Z``."""

import re
from datetime import UTC, datetime

TIME_PATTERN = r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-]\d\d):?(\d\d))"
_FORM = re.compile(TIME_PATTERN, re.ASCII)


def present_time(at: datetime) -> str:
    """An aware time, to the second: ``2026-11-22T08:00:00Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def present_optional_time(at: datetime | None) -> str | None:
    """A time that may not be there."""
    return None if at is None else present_time(at)


def parse_time(text: str) -> datetime | None:
    """The time that a text means, in UTC; ``None`` when it is neither RFC 3339 nor Jira's form of it (``+0000``).

    Fractions of a second are read to the microsecond. Times that have no equal in UTC (years 1 and 9999) are none.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    date, time, fraction, hours, minutes = match.groups(default="")
    offset = f"{hours}:{minutes}" if hours else "+00:00"
    try:
        return datetime.fromisoformat(f"{date}T{time}.{fraction[:6]:0<6}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
