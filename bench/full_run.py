"""A full run of one integration: requests, units, writes, CPU and wall time, beside a loop that only reads bytes."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import requests

from bench.counting import Calls
from bench.index import Index, Stored
from bench.sample import Sample
from bench.world import EMAIL, SECRET, World, integration
from local import ROOT
from ticket_status.core.comparison import sighting
from ticket_status.core.model import Category, InstallationType, Integration, Status
from ticket_status.core.window import month_of, position

CHANGED = 100
"""One ticket in so many changed since the run before."""

DAYS = 360
"""Tickets are spread evenly over so many days."""

_LETTERS = str.maketrans("0123456789abcdef", "GHIJKLMNOPABCDEF")


@dataclass(frozen=True)
class Process:
    """What a worker's process took."""

    wall: float
    cpu: float
    base: float
    """Megabytes resident before the work."""
    peak: float
    """Megabytes resident at most."""


@dataclass(frozen=True)
class Measured:
    """What one full run took."""

    kind: InstallationType
    tickets: int
    jira_requests: int
    calls: Calls
    read_units: float
    row_bytes: float
    ours: Process
    bare: Process


@dataclass(frozen=True)
class Filled:
    """Tickets in a Jira, and the rows that the run before left of them."""

    world: World
    sample: Sample
    known: Integration
    tickets: int
    index: Index

    @property
    def site(self) -> str:
        """The sample's name for the site."""
        return "cloud" if self.known.installation_type is InstallationType.CLOUD else "data-center"


def fill(world: World, sample: Sample, tickets: int, kind: InstallationType, changed: int = CHANGED) -> Filled:
    """Make an integration with so many tickets; one in ``changed`` has another status than before."""
    cloud = kind is InstallationType.CLOUD
    known = integration(f"bench-{token_hex(3)}", kind, sample.cloud if cloud else sample.data_center)
    site = "cloud" if cloud else "data-center"
    if cloud:
        sample.call(site, "add_api_token", secret=SECRET, email=EMAIL)
    else:
        sample.call(site, "add_pat", secret=SECRET)
    project, first = project_key(), sample.ids(tickets)
    sample.call(site, "create", project=project, count=tickets, first_id=first, status="To Do")
    months: dict[str, list[Stored]] = defaultdict(list)
    for created, row in _rows(project, first, tickets, changed):
        months[month_of(created)].append(row)
    world.stores.integrations.add(known)
    take_census(world, known, months)
    return Filled(world, sample, known, tickets, Index(known.integration_ref, months))


def project_key() -> str:
    """The key of a project that is not there yet."""
    return f"B{token_hex(3).translate(_LETTERS)}"


def measure(filled: Filled, call_seconds: float = 0, workers: int = 1) -> Measured:
    """Retrieve the tickets once, in so many workers' processes; then read, and write, the same without one."""
    got = count(filled, lambda: _process(filled, bare=False, workers=workers), call_seconds)
    filled.world.wire.index = filled.index
    bare = _process(filled, bare=True, updates=got.calls.ticket_writes)
    filled.world.wire.index = None
    return replace(got, bare=bare)


def count(filled: Filled, run: Callable[[], Process], call_seconds: float = 0) -> Measured:
    """What passes while the tickets are retrieved once."""
    filled.sample.call(filled.site, "forget_requests")
    if call_seconds:
        filled.sample.call(filled.site, "fault", kind="delay", seconds=call_seconds, times=None)
    wire, index = filled.world.wire, filled.index
    index.read_units, index.read_bytes = 0.0, 0
    wire.index = index
    ours: list[Process] = []
    calls = wire.counted(lambda: ours.append(run()))
    units, row_bytes = index.read_units, index.read_bytes / filled.tickets
    filled.sample.call(filled.site, "clear_faults")
    asked = len(requests.get(f"{filled.sample.control}/{filled.site}/requests", timeout=300).json())
    wire.index = None
    kind = filled.known.installation_type
    return Measured(kind, filled.tickets, asked, calls.of("DynamoDB"), units, row_bytes, ours[0], ours[0])


def _process(filled: Filled, *, bare: bool, **how: float) -> Process:
    took = process(filled.world, filled.known, filled.index.partitions, bare=bare, **how)
    if not bare and took["changed"] + took["unchanged"] != filled.tickets:
        raise AssertionError(took)
    return Process(took["wall"], took["cpu"], took["base"], took["peak"])


def process(world: World, known: Integration, partitions: Sequence[str] = (), **how: float) -> dict[str, float]:
    """What a worker's process says of its work (``bench.worker``); ``how``: bare, updates, workers."""
    spec = {
        "environment": dict(world.environment),
        "integration": known.connection_name,
        "url": world.wire.url,
        "partitions": list(partitions),
        "bare": False,
        "updates": 0,
        "workers": 1,
        **how,
    }
    path = os.pathsep.join((str(ROOT / "layers" / "common"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-m", "bench.worker", json.dumps(spec)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    took: dict[str, float] = json.loads(done.stdout)
    return took


def _rows(project: str, first: int, tickets: int, changed: int) -> Iterator[tuple[datetime, Stored]]:
    """The rows as the run before left them, oldest first."""
    begin = datetime.now(UTC) - timedelta(days=DAYS)
    for number in range(tickets):
        created = begin + timedelta(days=DAYS) * (number / tickets)
        name = "Old" if (number + 1) % changed == 0 else "To Do"
        seen = sighting(f"{project}-{number + 1}", Status(name, Category.NEW))
        id_ = str(first + number)
        yield created, (position(created, id_), id_, seen)


def take_census(world: World, known: Integration, months: dict[str, list[Stored]]) -> None:
    """How many tickets each day has, as registration would have counted them."""
    for month, rows in months.items():
        days: dict[str, int] = defaultdict(int)
        for at, _, _ in rows:
            days[f"d{datetime.fromtimestamp(int(at.partition('#')[0]), UTC).day:02d}"] += 1
        item: dict[str, Any] = {name: {"N": str(tickets)} for name, tickets in days.items()}
        item |= {"i": {"S": known.integration_ref}, "t": {"S": f"#month#{month}"}}
        world.stores.dynamo.client.put_item(TableName=world.environment["TICKETS_TABLE"], Item=item)
