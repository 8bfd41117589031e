"""What the items of a sync run look like, and what they say in the words of the core."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import (
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from ticket_status.core.model import (
    Counts,
    RunState,
    Sighting,
    Slice,
    SliceProgress,
    SyncRun,
    Trigger,
)
from ticket_status.core.observations import MissingTicket, SliceStep


class RunRow(Model):
    """A sync run. ``slices`` has a small map per slice, so that one update moves one slice."""

    integration_ref = UnicodeAttribute(hash_key=True)
    run_id = UnicodeAttribute(range_key=True)
    trigger = UnicodeAttribute()
    started_at = UTCDateTimeAttribute()
    state = UnicodeAttribute()
    updated_at = UTCDateTimeAttribute(null=True)
    completed_at = UTCDateTimeAttribute(null=True)
    paused_until = UTCDateTimeAttribute(null=True)
    error = UnicodeAttribute(null=True)
    tickets_total = NumberAttribute()
    asked = NumberAttribute()
    missing = NumberAttribute()
    jira_requests = NumberAttribute()
    changed = NumberAttribute()
    unchanged = NumberAttribute()
    deleted = NumberAttribute()
    inaccessible = NumberAttribute()
    failed = NumberAttribute()
    slices: MapAttribute[str, Any] = MapAttribute()
    slices_open = NumberAttribute()
    expires_at = TTLAttribute()


class MissingRow(Model):
    """Tickets that one step of a slice did not find."""

    integration_ref = UnicodeAttribute(hash_key=True)
    run_id = UnicodeAttribute(range_key=True)
    tickets = JSONAttribute()
    expires_at = TTLAttribute()


RUN_PREFIX = "run#"
MISSING_PREFIX = "missing#"

TICKETS_PER_PART = 2_000
"""Missing tickets of one item: far below the 400 kB of an item, and a transaction of 4 MB holds 40,000 of them."""


def slice_map(progress: SliceProgress) -> dict[str, Any]:
    """A slice in the run's item: from, to, months; step, cursor, done. Short names, for fifty of them are one item."""
    part = progress.slice
    return {
        "f": part.start,
        "t": part.end,
        "m": " ".join(part.months),
        "s": progress.step,
        "c": progress.cursor,
        "d": progress.done,
    }


def run_of(row: RunRow) -> SyncRun:
    """The run in a row."""
    values = row.attribute_values
    return SyncRun(
        integration_ref=row.integration_ref,
        run_id=row.run_id.removeprefix(RUN_PREFIX),
        trigger=Trigger(row.trigger),
        started_at=row.started_at,
        state=RunState(row.state),
        updated_at=values.get("updated_at"),
        completed_at=values.get("completed_at"),
        tickets_total=int(row.tickets_total),
        asked=int(row.asked),
        missing=int(row.missing),
        counts=Counts(
            changed=int(row.changed),
            unchanged=int(row.unchanged),
            deleted=int(row.deleted),
            inaccessible=int(row.inaccessible),
            failed=int(row.failed),
        ),
        jira_requests=int(row.jira_requests),
        error=values.get("error"),
        paused_until=values.get("paused_until"),
        slices={name: _progress(stored) for name, stored in sorted(row.slices.as_dict().items(), key=_order)},
    )


def add_counts(counts: Counts, jira_requests: int) -> list[Action]:
    """Updates that add to what a run counted."""
    return [
        RunRow.changed.add(counts.changed),
        RunRow.unchanged.add(counts.unchanged),
        RunRow.deleted.add(counts.deleted),
        RunRow.inaccessible.add(counts.inaccessible),
        RunRow.failed.add(counts.failed),
        RunRow.jira_requests.add(jira_requests),
    ]


def missing_parts(run: SyncRun, name: str, step: SliceStep) -> Iterator[tuple[str, list[object]]]:
    """Range keys and contents of the items that hold a step's missing tickets."""
    for number, at in enumerate(range(0, len(step.missing), TICKETS_PER_PART)):
        part = step.missing[at : at + TICKETS_PER_PART]
        yield f"{MISSING_PREFIX}{run.run_id}#{name}#{step.number}#{number}", [_stored(ticket) for ticket in part]


def missing_of(stored: Sequence[Sequence[Any]]) -> tuple[MissingTicket, ...]:
    """The missing tickets in an item."""
    return tuple(
        MissingTicket(
            ticket_id,
            None if seen is None else Sighting(seen),
            inaccessible,
            None if seen_at is None else datetime.fromisoformat(seen_at),
        )
        for ticket_id, seen, inaccessible, seen_at in stored
    )


def _stored(ticket: MissingTicket) -> list[object]:
    seen_at = None if ticket.seen_at is None else ticket.seen_at.isoformat()
    return [ticket.ticket_id, ticket.sighting, ticket.was_inaccessible, seen_at]


def _progress(stored: Mapping[str, Any]) -> SliceProgress:
    part = Slice(stored["f"], stored["t"], tuple(stored["m"].split()))
    return SliceProgress(part, int(stored["s"]), stored["c"], stored["d"])


def _order(slice_: tuple[str, object]) -> tuple[bool, int, str]:
    """Slices by number, then those of new tickets: DynamoDB does not keep the order of a map."""
    name = slice_[0]
    return not name.isdigit(), int(name) if name.isdigit() else 0, name
