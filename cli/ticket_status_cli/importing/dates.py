"""Creation times as files have them, Jira's own CSV export among them.

Jira writes times in the form and language of the user who exports, without a zone: ``22/Nov/26 8:00 AM`` is its
default form (``dd/MMM/yy h:mm a``). A time that could be read in two ways is refused rather than guessed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

MONTHS = (
    ("jan", "ene", "gen", "sty", "янв"),
    ("feb", "fév", "fev", "lut", "фев"),
    ("mar", "mär", "mrt", "maa", "мар"),
    ("apr", "avr", "abr", "kwi", "апр"),
    ("may", "mai", "mag", "mei", "maj", "мая", "май"),
    ("jun", "juin", "giu", "cze", "июн"),
    ("jul", "juil", "lug", "lip", "июл"),
    ("aug", "aoû", "aou", "ago", "sie", "авг"),
    ("sep", "set", "wrz", "сен"),
    ("oct", "okt", "out", "ott", "paź", "окт"),
    ("nov", "lis", "ноя"),
    ("dec", "déc", "dez", "dic", "gru", "дек"),
)
"""How the months begin in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish and Russian."""

_AFTERNOON = re.compile(r"(p\.? ?m\.?|nachm\.?)$", re.IGNORECASE)
_MORNING = re.compile(r"(a\.? ?m\.?|vorm\.?)$", re.IGNORECASE)
_TIME = r"(?:[,T ]\s*(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
_ZONE = r"(?P<zone>\s*(?:Z|[+-]\d{2}:?\d{2}))?"
_ISO = re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_TIME}{_ZONE}", re.IGNORECASE)
_DOTS = re.compile(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}|\d{{2}}){_TIME}")
_NAMED = re.compile(
    rf"(?P<day>\d{{1,2}})[./ -]*(?:de )?(?P<name>[^\W\d_]+)\.?[./ -]*(?:de )?(?P<year>\d{{4}}|\d{{2}}){_TIME}"
)
_NAMED_FIRST = re.compile(rf"(?P<name>[^\W\d_]+)\.?[/ -]*(?P<day>\d{{1,2}}),? *(?P<year>\d{{4}}){_TIME}")
_FORMS = (_ISO, _DOTS, _NAMED, _NAMED_FIRST)
NOON = 12


class DateError(ValueError):
    """Raised for a text that is not a time, or is ambiguous; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Dates:
    """How the times of one file are read."""

    zone: tzinfo = UTC
    """Of times that name none."""
    forms: tuple[str, ...] = ()
    """``strptime`` forms to try before the known ones."""

    def read(self, text: str) -> datetime:
        """The time, in UTC and to the second; raises ``DateError``."""
        known = self._given(text.strip()) or self._known(" ".join(text.split()))
        if known.tzinfo is None:
            known = known.replace(tzinfo=self.zone)
        return known.astimezone(UTC).replace(microsecond=0)

    def _given(self, text: str) -> datetime | None:
        for form in self.forms:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 - a form can have a zone, or not
            except ValueError:
                continue
        return None

    def _known(self, text: str) -> datetime:
        bare, afternoon = _half_of_day(text)
        for form in _FORMS:
            if found := form.fullmatch(bare):
                return _moment(found, text, afternoon=afternoon)
        raise DateError(f"{text!r} is not a time such as 2026-11-22T08:00:00Z; give its form with --date-format")


def _half_of_day(text: str) -> tuple[str, bool | None]:
    """The text without AM or PM, and whether it was PM; ``None`` when it had neither."""
    for half, afternoon in ((_AFTERNOON, True), (_MORNING, False)):
        if found := half.search(text):
            return text[: found.start()].rstrip(), afternoon
    return text, None


def _moment(found: re.Match[str], text: str, *, afternoon: bool | None) -> datetime:
    parts = found.groupdict()
    month = _month(parts["name"], text) if "name" in parts else int(parts["month"])
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)  # noqa: PLR2004 - the digits of a short year
    hour = int(parts["hour"] or 0)
    if afternoon is not None:
        if not 1 <= hour <= NOON:
            raise DateError(f"{text!r} is not a time of the day")
        hour = hour % NOON + (NOON if afternoon else 0)
    zone = (parts.get("zone") or "").strip()
    try:
        moment = datetime(year, month, int(parts["day"]), hour, int(parts["minute"] or 0), int(parts["second"] or 0))  # noqa: DTZ001 - the zone follows
        return moment.replace(tzinfo=datetime.strptime(zone.upper(), "%z").tzinfo) if zone else moment
    except ValueError as error:
        raise DateError(f"{text!r} is not a real date and time") from error


def _month(name: str, text: str) -> int:
    found = [number for number, names in enumerate(MONTHS, start=1) if _begins(name.casefold(), names)]
    if len(found) != 1:
        raise DateError(f"{text!r} names an unknown month; give the form of times with --date-format")
    return found[0]


def _begins(name: str, beginnings: Iterable[str]) -> bool:
    return any(name.startswith(one) for one in beginnings)
