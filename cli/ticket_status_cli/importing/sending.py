"""Sends a file's records, a hundred at a time, and stores the progress after each batch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ticket_status_cli.importing.columns import RecordError, Ticket
from ticket_status_cli.importing.journal import Journal
from ticket_status_cli.importing.rejects import Rejects
from ticket_status_cli.importing.source import Record, Source, skip

MOST_AT_ONCE = 100
"""Tickets of one call."""

Read = Callable[[Record], list[Ticket]]
Send = Callable[[Sequence[Ticket]], list[dict[str, object]]]
"""Sends up to a hundred; returns those that the service rejected, by ``index``, with ``code`` and ``detail``."""


@dataclass(slots=True)
class Batch:
    """Records that are sent together, and the rejected ones among them."""

    records: list[Record] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    """Index of the record of each ticket."""
    problems: dict[int, tuple[str, list[str]]] = field(default_factory=dict)
    """Code and details by index of the record."""

    def add(self, record: Record, read: Read) -> None:
        """Take a record in."""
        number = len(self.records)
        self.records.append(record)
        if record.problem:
            self.reject(number, *record.problem)
            return
        try:
            tickets = read(record)
        except RecordError as error:
            self.reject(number, error.code, str(error))
            return
        self.tickets += tickets
        self.owners += [number] * len(tickets)

    def reject(self, number: int, code: str, detail: str) -> None:
        """Note what is wrong with a record."""
        self.problems.setdefault(number, (code, []))[1].append(detail)

    def full(self) -> bool:
        """Whether it is time to send."""
        return max(len(self.tickets), len(self.records)) >= MOST_AT_ONCE

    def send(self, send: Send) -> dict[str, int]:
        """Send all tickets; returns how many were accepted, by integration."""
        taken: dict[str, int] = {}
        for start in range(0, len(self.tickets), MOST_AT_ONCE):
            part = self.tickets[start : start + MOST_AT_ONCE]
            rejected = send(part)
            for one in rejected:
                self.reject(self.owners[start + int(str(one["index"]))], str(one["code"]), str(one["detail"]))
            not_taken = {int(str(one["index"])) for one in rejected}
            for index, ticket in enumerate(part):
                if index not in not_taken:
                    name = str(ticket["integration_name"])
                    taken[name] = taken.get(name, 0) + 1
        return taken


def batches(records: Iterator[Record], read: Read) -> Iterator[Batch]:
    """Records in batches of about a hundred tickets."""
    batch = Batch()
    for record in records:
        batch.add(record, read)
        if batch.full():
            yield batch
            batch = Batch()
    if batch.records:
        yield batch


@dataclass(frozen=True, slots=True)
class Work:
    """A file to send, with its journal and rejects."""

    source: Source
    read: Read
    send: Send
    journal: Journal
    rejects: Rejects


def send_all(work: Work, moved: Callable[[int], None]) -> None:
    """Send what was not sent yet. After each batch, first the rejects and then the journal are written.

    A batch that was sent, but not yet noted when the work was interrupted, is sent again, which changes nothing.
    """
    journal, rejects = work.journal, work.rejects
    records = work.source.records()
    skip(records, journal.counts.records)
    for batch in batches(records, work.read):
        _note(batch, batch.send(work.send), work)
        rejects.keep()
        journal.write()
        moved(work.source.position())


def _note(batch: Batch, taken: Mapping[str, int], work: Work) -> None:
    counts = work.journal.counts
    for index, (code, details) in sorted(batch.problems.items()):
        work.rejects.add(batch.records[index], code, "; ".join(details))
        counts.rejected += 1
        counts.by_code[code] = counts.by_code.get(code, 0) + 1
    for name, number in taken.items():
        counts.integrations[name] = counts.integrations.get(name, 0) + number
        counts.sent += number
    counts.records += len(batch.records)
