"""Dates as JQL has them: to the minute, and in the account's time zone."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sample_jira.jql import JqlError

_RELATIVE = re.compile(r"([+-]?\d+)([wdhm])")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_FORMS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


def read_date(text: str, now: datetime, time_zone: str) -> datetime:
    """The moment that is meant, e.g. by `-5d` or `2026-11-22 08:00`; JqlError when it is none."""
    if found := _RELATIVE.fullmatch(text):
        away = timedelta(**{_UNITS[found[2]]: int(found[1])})
        return (now + away).replace(second=0, microsecond=0)
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
        except ValueError:
            continue
    raise JqlError(
        f"Date value '{text}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
