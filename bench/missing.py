"""Tickets that Jira does not show: what their verdicts take, in messages, calls and seconds.

Here every row is in the embedded AWS, since a verdict reads the tickets that it judges and changes them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from bench.counting import Calls
from bench.full_run import DAYS, process, project_key, take_census
from bench.sample import Sample
from bench.world import EMAIL, SECRET, World, integration
from ticket_status.aws.tickets.table import TicketRow, month_partition
from ticket_status.core.comparison import sighting
from ticket_status.core.model import Category, InstallationType, Integration, Status
from ticket_status.core.window import month_of, position

_PUT_TOGETHER = 25
"""Items of one BatchWriteItem."""


@dataclass(frozen=True)
class Verdicts:
    """What a run took, of whose tickets Jira did not show some."""

    tickets: int
    missing: int
    call_seconds: float
    jira_requests: int
    messages: int
    """Of the verdict; those of the slices come before."""
    wall: float
    calls: Calls
    judged: int
    """Called deleted or inaccessible within the run."""


@dataclass(frozen=True)
class Site:
    """An integration, some of whose tickets Jira does not show."""

    world: World
    sample: Sample
    known: Integration
    tickets: int
    missing: int


def with_deleted(world: World, sample: Sample, tickets: int, deleted: int) -> Site:
    """So many tickets, spread evenly over the others, are deleted in Jira."""
    return _site(world, sample, tickets, deleted, hidden=False)


def with_hidden(world: World, sample: Sample, tickets: int, hidden: int) -> Site:
    """So many tickets are in a project that cannot be browsed any more."""
    return _site(world, sample, tickets, hidden, hidden=True)


def measure(site: Site, call_seconds: float = 0) -> Verdicts:
    """Retrieve all tickets once, in a worker's process."""
    sample = site.sample
    sample.call("cloud", "forget_requests")
    if call_seconds:
        sample.call("cloud", "fault", kind="delay", seconds=call_seconds, times=None)
    took: list[dict[str, float]] = []
    calls = site.world.wire.counted(lambda: took.append(process(site.world, site.known)))
    sample.call("cloud", "clear_faults")
    return Verdicts(
        site.tickets,
        site.missing,
        call_seconds,
        int(took[0]["jira_requests"]),
        int(took[0]["verdicts"]),
        took[0]["wall"],
        calls.of("DynamoDB"),
        int(took[0]["deleted"] + took[0]["inaccessible"]),
    )


def _site(world: World, sample: Sample, tickets: int, missing: int, *, hidden: bool) -> Site:
    known = integration(f"bench-{token_hex(3)}", InstallationType.CLOUD, sample.cloud)
    sample.call("cloud", "add_api_token", secret=SECRET, email=EMAIL)
    shown, first = project_key(), sample.ids(tickets)
    sample.call("cloud", "create", project=shown, count=tickets - missing, first_id=first, status="To Do")
    gone = project_key() if hidden else shown
    if hidden:
        begin = first + tickets - missing
        sample.call("cloud", "create", project=gone, count=missing, first_id=begin, status="To Do")
        sample.call("cloud", "make_private", project=gone)
    keys = [
        (first + number, f"{shown if number < tickets - missing else gone}-{number + 1}") for number in range(tickets)
    ]
    world.stores.integrations.add(known)
    _store(world, known, keys)
    return Site(world, sample, known, tickets, missing)


def _store(world: World, known: Integration, keys: Sequence[tuple[int, str]]) -> None:
    """The tickets as the run before left them, in an order in which shown and missing ones alternate."""
    table = world.environment["TICKETS_TABLE"]
    rows = world.stores.dynamo.bind(TicketRow, table)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
    months: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    items: list[Any] = []
    for place, (id_, key) in enumerate(sorted(keys, key=lambda one: hash(one[0]) * 2_654_435_761 % 2**32)):
        created = begin + timedelta(days=DAYS) * (place / len(keys))
        at, seen = position(created, str(id_)), sighting(key, Status("To Do", Category.NEW))
        months[month_of(created)].append((at, str(id_), seen))
        row = rows(
            known.integration_ref,
            str(id_),
            month=month_partition(known.integration_ref, created),
            position=at,
            sighting=seen,
            issue_key=key,
            site_url=known.jira_server_url,
            created_at=created,
            registered_at=created,
            observed_at=datetime.now(UTC) - timedelta(hours=8),
            expires_at=created + timedelta(days=1095),
        )
        items.append({"PutRequest": {"Item": row.to_dynamodb_dict()}})
    for at_ in range(0, len(items), _PUT_TOGETHER):
        world.stores.dynamo.client.batch_write_item(RequestItems={table: items[at_ : at_ + _PUT_TOGETHER]})
    take_census(world, known, months)
