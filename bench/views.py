"""What the pages of the console and of other readers take: lists of a hundred, a summary, a large refresh.

The functions' own handlers, on the embedded AWS, counted at the boundary.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

import requests
from msgspec.structs import replace

from bench.api import Caller, connect, now, quiet
from bench.counting import Calls
from bench.full_run import project_key
from bench.sample import Sample
from bench.world import World, integration
from ticket_status.core.model import InstallationType, Integration, SyncRun, Trigger

LISTED = 100
EACH = 10
"""Tickets of each listed violation."""

MOST_ASKED = 1_000
"""Tickets that one refresh asks for at most."""

FRESH_SECONDS = 11
"""A ticket is not refreshed again before this has passed."""

APP = {"type": "build", "name": "app", "version": "1"}
_FIRST = 7_000_000


@dataclass(frozen=True)
class View:
    """What one request took, and how much it may take."""

    what: str
    calls: Calls
    most_calls: int | None = None
    most_read_units: float | None = None
    floor: str = ""
    jira_requests: int | None = None


@dataclass(frozen=True)
class Sizes:
    """How much there is to list and to refresh."""

    listed: int = LISTED
    each: int = EACH
    of_one: int = 5_000
    """Tickets of the violation that is refreshed."""
    fresh_seconds: float = FRESH_SECONDS


def measure(world: World, sample: Sample, sizes: Sizes = Sizes()) -> list[View]:
    """Look at each page once."""
    with patch.dict(os.environ, world.environment), quiet():
        known = connect(world, sample, "bench-views")
        call = Caller()
        _fill(world, call, known, sizes)
        return [*_lists(world, call, known, sizes), *_refreshes(world, sample, call, known, sizes)]


def _lists(world: World, call: Caller, known: Integration, sizes: Sizes) -> Iterator[View]:
    listed = sizes.listed

    def view(what: str, do: Callable[[], object], most: int, units: float | None, floor: str) -> View:
        counted = world.wire.counted(do)
        return View(what, counted.of("DynamoDB"), most, units, floor)

    page = {"limit": str(listed)}
    of_app = {**page, **{f"resource_{name}": value for name, value in APP.items()}}
    ids = {"violation_ids": [f"v-{number}-view" for number in range(listed)]}
    yield view(
        f"GET /jira-integrations, {listed}",
        lambda: call.settings("GET", "/jira-integrations", query=page),
        3,
        None,
        "2",
    )
    yield view(
        f"GET /violations, {listed} of {sizes.each} tickets each",
        lambda: call.refresh("GET", "/violations", query=of_app),
        6,
        None,
        "4",
    )
    yield view(f"GET /resources, {listed}", lambda: call.refresh("GET", "/resources", query=page), 2, 20, "1")
    # A head and its leading ticket each, the coverage, the integration; one unit an item, half for what may lag.
    yield view(
        f"POST /violations/ticket-statuses, {listed} of {sizes.each} tickets each",
        lambda: call.refresh("POST", "/violations/ticket-statuses", ids),
        4,
        2 * listed + 3,
        f"{listed} leading ones",
    )
    tickets = {"integration_name": known.connection_name, "limit": "1000"}
    yield view(
        "GET /tickets of an integration, 1,000", lambda: call.refresh("GET", "/tickets", query=tickets), 3, 250, ""
    )
    summary = f"/jira-integrations/{known.connection_name}/summary"
    yield view("GET the summary of an integration", lambda: call.settings("GET", summary), 4, 20, "no read per ticket")


def _refreshes(world: World, sample: Sample, call: Caller, known: Integration, sizes: Sizes) -> Iterator[View]:
    """Of one violation with many tickets: first all are new, then none has changed."""
    project, first = project_key(), sample.ids(sizes.of_one)
    sample.call("cloud", "create", project=project, count=sizes.of_one, first_id=first, status="To Do")
    rows = [_registered(known, project, first, number, "v-many") for number in range(sizes.of_one)]
    call.register_all(rows)
    for state, changed in (("never seen before", True), ("unchanged", False)):
        sample.call("cloud", "forget_requests")
        calls = world.wire.counted(lambda: call.refresh("POST", "/violations/v-many/tickets/refresh"))
        asked = len(requests.get(f"{sample.control}/cloud/requests", timeout=60).json())
        what = f"refresh of {sizes.of_one:,} tickets, {min(sizes.of_one, MOST_ASKED):,} asked for, {state}"
        yield View(what, calls.of("DynamoDB"), floor="one write each" if changed else "", jira_requests=asked)
        if changed:
            time.sleep(sizes.fresh_seconds)


def _fill(world: World, call: Caller, known: Integration, sizes: Sizes) -> None:
    stores = world.stores
    for number in range(sizes.listed - 1):
        one = replace(
            integration(f"bench-listed-{number}", InstallationType.CLOUD, known.jira_server_url),
            retrieve_jira_tickets=True,
        )
        stores.integrations.add(one)
        stores.runs.begin(SyncRun(one.integration_ref, f"run-{number}", Trigger.SCHEDULE, now()), one)
    tickets = sizes.listed * sizes.each
    rows = [_registered(known, "VIEW", _FIRST, number, f"v-{number % sizes.listed}-view") for number in range(tickets)]
    others = [
        {**row, "resource": {"type": "build", "name": f"b-{number}"}} for number, row in enumerate(rows[: sizes.listed])
    ]
    call.register_all([*rows, *others])


def _registered(known: Integration, project: str, first: int, number: int, violation: str) -> Mapping[str, object]:
    return {
        "integration_name": known.connection_name,
        "issue_key": f"{project}-{number + 1}",
        "issue_id": str(first + number),
        "violation_id": violation,
        "resource": APP,
        "created_at": f"{now() - timedelta(minutes=9_000 - number):%Y-%m-%dT%H:%M:%SZ}",
    }
