"""What an import would do: counts and samples, without sending or writing anything."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from ticket_status_cli.importing.columns import Ticket
from ticket_status_cli.importing.sending import Read, batches
from ticket_status_cli.importing.source import Source

SAMPLES = 5
WINDOW = timedelta(days=365)
MOST_INTEGRATIONS = 100
"""How many names are counted separately; a file with more probably has another column in this place."""


@dataclass(slots=True)
class Forecast:
    """What would come of it."""

    records: int = 0
    links: int = 0
    """Links of tickets to violations that would be sent."""
    rejected: int = 0
    by_code: dict[str, int] = field(default_factory=dict)
    by_integration: dict[str, int] = field(default_factory=dict)
    oldest: str | None = None
    newest: str | None = None
    older_than_a_year: int = 0
    """Links of tickets that are never retrieved, because they were created more than 365 days ago."""
    samples: list[Ticket] = field(default_factory=list)
    rejected_samples: list[dict[str, object]] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def forecast(source: Source, read: Read, now: datetime, moved: Callable[[int], None]) -> Forecast:
    """Read the whole file as an import does."""
    found = Forecast()
    window_start = (now - WINDOW).strftime("%Y-%m-%dT%H:%M:%SZ")
    for batch in batches(source.records(), read):
        found.records += len(batch.records)
        found.links += len(batch.tickets)
        found.rejected += len(batch.problems)
        for number, (code, details) in sorted(batch.problems.items()):
            found.by_code[code] = found.by_code.get(code, 0) + 1
            if len(found.rejected_samples) < SAMPLES:
                line = batch.records[number].line
                found.rejected_samples.append({"line": line, "code": code, "detail": "; ".join(details)})
        for ticket in batch.tickets:
            _count(found, ticket, window_start)
        moved(source.position())
    return found


def _count(found: Forecast, ticket: Ticket, window_start: str) -> None:
    name = str(ticket["integration_name"])
    if name in found.by_integration or len(found.by_integration) < MOST_INTEGRATIONS:
        found.by_integration[name] = found.by_integration.get(name, 0) + 1
    if len(found.samples) < SAMPLES:
        found.samples.append(ticket)
    if created_at := ticket.get("created_at"):
        at = str(created_at)  # RFC 3339 in UTC: as text in the order of time
        found.oldest = min(found.oldest or at, at)
        found.newest = max(found.newest or at, at)
        found.older_than_a_year += at < window_start
