"""The Jira half of `docs/reliability.md`, written from the rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.faults.catalogue import GROUPS, Fault
from tests.faults.rows import BUTTON, CLOUD, DC, RUN, WELL, Row

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- written from the fault matrix: begin -->"
END = "<!-- written from the fault matrix: end -->"

_HEAD = "| what goes wrong | tickets show | health | run ends, refresh answers | is tried again | rows |"
_WORDS = {RUN: "run", BUTTON: "refresh"}


def current() -> str:
    """The page as it is."""
    return PAGE.read_text()


def rewritten(page: str, rows: Sequence[Row]) -> str:
    """The page with its tables as the rows have them."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_tables(rows)}\n{END}{after}"


def _tables(rows: Sequence[Row]) -> str:
    by_fault: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_fault[row.fault].append(row)
    return "\n".join(
        "\n".join(
            (f"### {title}", "", _HEAD, "|" + " --- |" * 6, *(_line(one, by_fault[one.name]) for one in faults), "")
        )
        for title, faults in GROUPS.items()
    )


def _line(fault: Fault, rows: Sequence[Row]) -> str:
    cells = (
        f"[{fault.name}]({fault.source})" if fault.source else fault.name,
        _told(rows, lambda row: row.shows),
        _told(rows, lambda row: row.health.replace(WELL, "healthy").replace("FAULTY_CONFIGURATION ", "")),
        _told(rows, lambda row: row.ends or "not queued"),
        fault.retried,
        _where(rows),
    )
    return f"| {' | '.join(cells)} |"


def _told(rows: Sequence[Row], tell: Callable[[Row], str]) -> str:
    """What the rows say; which of them says it, where they differ."""
    by_text: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_text[tell(row)].append(row)
    if len(by_text) == 1:
        return next(iter(by_text))
    return "; ".join(f"{_which(some, rows)}: {text}" for text, some in by_text.items())


def _which(some: Sequence[Row], rows: Sequence[Row]) -> str:
    """What sets these rows apart: how they meet the fault, where, or both."""
    for of in (lambda row: _WORDS[row.how], lambda row: row.where):
        names = {of(row) for row in some}
        if len(names) == 1 and [row for row in rows if of(row) in names] == list(some):
            return names.pop()
    return _where(some)


def _where(rows: Iterable[Row]) -> str:
    ways = {where: [_WORDS[row.how] for row in rows if row.where == where] for where in (CLOUD, DC)}
    return ", ".join(f"{where} {' and '.join(hows)}" for where, hows in ways.items() if hows)
