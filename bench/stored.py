"""What a ticket takes in the tables and their indexes, by AWS's rules, and what its registration writes."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from bench.api import NEW, Caller, connect, now, quiet
from bench.counting import Calls, item_bytes
from bench.sample import Sample
from bench.world import World
from ticket_status.core.comparison import sighting
from ticket_status.core.model import Category, Status, TicketKey
from ticket_status.core.observations import Observed

TICKETS = 300
OVERHEAD = 100
"""Bytes that DynamoDB adds to each item, and to each of its rows in an index."""

INDEX_LAG = 5.0
"""Seconds after which the embedded AWS's indexes show what was written."""

_FIRST = 5_000_000


@dataclass(frozen=True)
class Kept:
    """Tickets that were registered, each of a violation and a resource of its own, and seen once."""

    tickets: int
    parts: Mapping[str, float]
    """Bytes a ticket, by table and by index."""
    rows: Mapping[str, float]
    """Items a ticket, likewise."""
    registered: Calls


def measure(world: World, sample: Sample, tickets: int = TICKETS) -> Kept:
    """Register and see them; then read everything."""
    with patch.dict(os.environ, world.environment), quiet():
        known = connect(world, sample, "bench-kept")
        call = Caller()
        calls: list[Calls] = [
            world.wire.counted(lambda first=first: call.register(known, first, NEW)).of("DynamoDB")  # type: ignore[misc]
            for first in range(0, tickets, NEW)
        ]
    at, status = now(), Status("In Progress", Category.INDETERMINATE)
    keys = [TicketKey(known.integration_ref, str(_FIRST + number)) for number in range(tickets)]
    world.stores.tickets.record(
        [Observed(key, at, sighting(f"API-{number + 1}", status)) for number, key in enumerate(keys)]
    )
    time.sleep(INDEX_LAG)
    client = world.stores.dynamo.client
    bytes_, rows = {}, {}
    for table in (world.environment["TICKETS_TABLE"], world.environment["VIOLATIONS_TABLE"]):
        indexes = client.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
        for index in ({}, *({"IndexName": one["IndexName"]} for one in indexes)):
            name = index.get("IndexName", table.rpartition("-")[2])
            items = list(_all(client, TableName=table, ConsistentRead=not index, **index))
            bytes_[name] = sum(item_bytes(item) + OVERHEAD for item in items) / tickets
            rows[name] = len(items) / tickets
    return Kept(tickets, bytes_, rows, Calls([one for some in calls for one in some.exchanges]))


def _all(client: Any, **request: Any) -> Any:  # noqa: ANN401 - a client, and its items
    for page in client.get_paginator("scan").paginate(**request):
        yield from page["Items"]
