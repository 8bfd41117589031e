"""The items of a sync run: their attributes, and the model objects that they are read into."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict
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

from ticket_status.core.judgement import Verdict
from ticket_status.core.missing import MissingTickets, Unproven, UnprovenVerdict
from ticket_status.core.model import (
    Counts,
    RunState,
    Slice,
    SliceProgress,
    SyncRun,
    Trigger,
)
from ticket_status.core.observations import SliceStep


class RunRow(Model):
    """A sync run. ``slices`` has a small map per slice, so that one update changes one slice."""

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
    vanished = NumberAttribute(null=True)
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
    """A part of the tickets that one step of a slice did not find."""

    integration_ref = UnicodeAttribute(hash_key=True)
    run_id = UnicodeAttribute(range_key=True)
    ticket_ids = JSONAttribute()
    unproven = JSONAttribute(null=True)
    version = NumberAttribute()
    expires_at = TTLAttribute()


_COUNTED = Counts.__struct_fields__
"""Attributes of a run's item for its counts."""

RUN_PREFIX = "run#"
MISSING_PREFIX = "absent#"

PART_BYTES = 300_000
"""Limit for an item (DynamoDB allows 409,600): its tickets, each with a verdict. A step's parts fit a 4 MB
transaction."""

_VERDICT_BYTES = 80
"""Size of a verdict in an item, besides the ticket's id."""

_VANISHED, _HIDDEN = "0", "1"
"""First part of the range key, so that tickets that vanished in any slice are read and judged first."""


def slice_map(progress: SliceProgress) -> dict[str, Any]:
    """A slice in the run's item: from, to, months; step, cursor, done, tally. Names are short: an item has fifty."""
    part = progress.slice
    return {
        "f": part.start,
        "t": part.end,
        "m": " ".join(part.months),
        "s": progress.step,
        "c": progress.cursor,
        "d": progress.done,
        "y": json.dumps(dict(progress.tally)),
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
        vanished=int(values.get("vanished") or 0),
        missing=int(row.missing),
        counts=Counts(**{name: int(values[name]) for name in _COUNTED}),
        jira_requests=int(row.jira_requests),
        error=values.get("error"),
        paused_until=values.get("paused_until"),
        slices={name: _progress(stored) for name, stored in sorted(row.slices.as_dict().items(), key=_order)},
    )


def add_counts(counts: Counts, jira_requests: int) -> list[Action]:
    """Updates that add to what a run counted."""
    added = {**asdict(counts), "jira_requests": jira_requests}
    return [getattr(RunRow, name).add(number) for name, number in added.items()]


def missing_parts(run: SyncRun, name: str, step: SliceStep) -> Iterator[tuple[str, Sequence[str]]]:
    """Range keys and contents of the items that hold a step's missing tickets."""
    for rank, ticket_ids in ((_VANISHED, step.vanished), (_HIDDEN, step.hidden)):
        for number, part in enumerate(cut(ticket_ids)):
            yield f"{MISSING_PREFIX}{run.run_id}#{rank}#{name}#{step.number:06d}#{number:04d}", part


def cut(ticket_ids: Sequence[str]) -> Iterator[list[str]]:
    """The tickets in parts that fit into an item, whatever their ids and verdicts."""
    part: list[str] = []
    taken = 0
    for ticket_id in ticket_ids:
        size = 2 * len(json.dumps(ticket_id)) + _VERDICT_BYTES
        if part and taken + size > PART_BYTES:
            yield part
            part, taken = [], 0
        part.append(ticket_id)
        taken += size
    if part:
        yield part


def missing_of(row: MissingRow, prefix: str) -> MissingTickets:
    """The missing tickets in an item."""
    unproven = row.attribute_values.get("unproven")
    return MissingTickets(
        row.run_id.removeprefix(prefix),
        tuple(row.ticket_ids),
        None if unproven is None else _unproven_of(unproven),
        int(row.version),
    )


def stored_unproven(unproven: Unproven | None) -> dict[str, object] | None:
    """What is stored of unproven verdicts."""
    if unproven is None:
        return None
    verdicts = [(one.ticket_id, one.verdict.value, one.at.isoformat()) for one in unproven.verdicts]
    return {"account": unproven.account_id, "settings": unproven.settings_version, "verdicts": verdicts}


def _unproven_of(stored: Mapping[str, Any]) -> Unproven:
    verdicts = (
        UnprovenVerdict(ticket_id, Verdict(verdict), datetime.fromisoformat(at))
        for ticket_id, verdict, at in stored["verdicts"]
    )
    return Unproven(stored["account"], stored["settings"], tuple(verdicts))


def _progress(stored: Mapping[str, Any]) -> SliceProgress:
    part = Slice(stored["f"], stored["t"], tuple(stored["m"].split()))
    return SliceProgress(part, int(stored["s"]), stored["c"], stored["d"], json.loads(stored.get("y", "{}")))


def _order(slice_: tuple[str, object]) -> tuple[bool, int, str]:
    """Slices by number, then those of new tickets, because DynamoDB does not keep the order of a map."""
    name = slice_[0]
    return not name.isdigit(), int(name) if name.isdigit() else 0, name
