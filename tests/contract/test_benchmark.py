"""The benchmark sees what it claims to: a read, a write and a Jira request too many each move a line."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from bench import views
from bench.counting import READS, item_bytes, read_units
from bench.full_run import Filled, Process, count, fill
from bench.rows import Line, run_lines, view_lines
from bench.sample import Sample, sample_jira
from bench.wire import Wire
from bench.worker import retrieve
from bench.world import World
from tests.fakes.account import Account
from ticket_status.aws.tickets.store import DynamoTicketStore
from ticket_status.core.model import InstallationType
from ticket_status.jira.site import JiraSite

TICKETS, ONE_IN = 40, 10
SIZES = views.Sizes(listed=4, each=3, of_one=6, fresh_seconds=0)


@pytest.fixture(scope="module")
def wire(emulated: Account) -> Iterator[Wire]:
    assert emulated.url is not None
    with Wire(emulated.url).running() as running:
        yield running


@pytest.fixture(scope="module")
def sample() -> Iterator[Sample]:
    with sample_jira() as running:
        yield running


@pytest.fixture(scope="module")
def filled(wire: Wire, sample: Sample) -> Filled:
    """Tickets that were retrieved once: the first run makes what later ones change."""
    filled = fill(World.make(wire), sample, TICKETS, InstallationType.CLOUD, ONE_IN)
    run(filled)
    return filled


def run(filled: Filled) -> dict[str, str]:
    """The lines of a full run, the worker in this process."""

    def work() -> Process:
        retrieve(filled.world.stores, filled.known)
        return Process(1, 1, 1, 1)

    return shown(run_lines(count(filled, work)))


def pages(wire: Wire, sample: Sample) -> dict[str, str]:
    """The lines of the pages that people look at."""
    return shown(view_lines(views.measure(World.make(wire), sample, SIZES)))


def shown(lines: Any) -> dict[str, str]:  # noqa: ANN401 - list or iterator
    return {line.measure: line.measured for line in lines if isinstance(line, Line)}


def moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The lines that say something else, by the end of what they measure."""
    assert before.keys() == after.keys()
    return {measure.rpartition(": ")[2] for measure in before if before[measure] != after[measure]}


def twice(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    """Plant: whatever is done is done once more."""
    once: Callable[..., Any] = getattr(owner, name)

    def planted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the method takes
        once(*arguments, **named)
        return once(*arguments, **named)

    monkeypatch.setattr(owner, name, planted)


PLANTED = [
    (DynamoTicketStore, "get_many", {"other reads, calls / units"}, {"DynamoDB calls / read units"}),
    (
        DynamoTicketStore,
        "record",
        {"writes, tickets / all", "write units of the tables"},
        {"writes / write units / failed conditions"},
    ),
    (JiraSite, "ask", {"Jira requests"}, {"Jira requests"}),
]


@pytest.mark.parametrize(("owner", "name", "lines", "_"), PLANTED)
def test_what_a_run_does_once_too_often_moves_its_line(
    filled: Filled, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, lines: set[str], _: set[str]
) -> None:
    before = run(filled)
    assert moved(before, run(filled)) == set(), "the same run counts the same"
    twice(monkeypatch, owner, name)
    assert moved(before, run(filled)) == lines


@pytest.mark.parametrize(("owner", "name", "_", "lines"), PLANTED)
def test_what_a_page_does_once_too_often_moves_its_line(  # noqa: PLR0913, PLR0917 - a table's row
    wire: Wire, sample: Sample, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, _: set[str], lines: set[str]
) -> None:
    before = pages(wire, sample)
    twice(monkeypatch, owner, name)
    assert moved(before, pages(wire, sample)) >= lines


def test_a_condition_that_fails_is_counted(wire: Wire) -> None:
    world = World.make(wire)
    item = {"connection_name": {"S": "planted"}}

    def twice_new() -> None:
        client = world.stores.dynamo.client
        for _ in range(2):
            with suppress(client.exceptions.ConditionalCheckFailedException):
                client.put_item(
                    TableName=world.environment["INTEGRATIONS_TABLE"],
                    Item=item,
                    ConditionExpression="attribute_not_exists(connection_name)",
                )

    calls = wire.counted(twice_new)
    assert (calls.refused, calls.writes, calls.write_units) == (1, 2, 2)


def test_a_read_costs_what_is_read_not_what_travels() -> None:
    item: Mapping[str, Mapping[str, Any]] = {
        "t": {"S": "x" * 4000},
        "v": {"SS": ["ab", "c"]},
        "n": {"N": "-12.50"},
        "m": {"M": {"a": {"BOOL": True}}},
    }
    assert item_bytes(item) == 4001 + 4 + 4 + 7
    assert read_units("Query", {}, {"Items": [item, item]}) == 1
    assert read_units("GetItem", {"ConsistentRead": True}, {"Item": {"t": {"S": "x" * 4100}}}) == 2
    asked = {"RequestItems": {"table": {"Keys": [{}, {}], "ConsistentRead": True}}}
    assert read_units("BatchGetItem", asked, {"Responses": {"table": [item]}}) == 2
    assert {read_units(operation, {}, {}) for operation in ("PutItem", "Scan")} == {0.0}
    assert len(READS) == 3
