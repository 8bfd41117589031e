"""Index reads that see the state of some time ago, in memory and in the copy that the gate keeps of each table."""

from collections import defaultdict
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from local.gate.lag import Lag, lagged_tables
from local.gate.settings import GateSettings, GateSettingsError
from tests.fakes.stage import Stage
from ticket_status.core.model import TicketKey

LAG = timedelta(seconds=2)


def new_keys(stage: Stage) -> list[TicketKey]:
    ref = stage.integration.integration_ref
    return [TicketKey(ref, row.ticket_id) for page in stage.tickets.new_rows(ref) for row in page]


def test_an_index_in_memory_shows_a_write_when_the_lag_is_over() -> None:
    stage = Stage(index_lag=LAG)
    key = stage.has_ticket(1, status=None)
    assert new_keys(stage) == []
    assert stage.tickets.get_many([key])[0]
    stage.clock.pass_(timedelta(seconds=1))
    assert new_keys(stage) == []
    stage.clock.pass_(timedelta(seconds=1))
    assert new_keys(stage) == [key]


def test_without_a_lag_an_index_in_memory_shows_a_write_at_once() -> None:
    stage = Stage()
    assert [stage.has_ticket(1, status=None)] == new_keys(stage)


# --- The gate's copy ----------------------------------------------------------------------------------------------


def set_item(table: dict[str, Any], hash_key: str, range_key: str, item: object) -> None:
    table["items"][hash_key][range_key] = item


def remove_item(table: dict[str, Any], hash_key: str, range_key: str) -> None:
    table["items"][hash_key].pop(range_key, None)


DYNAMODB = SimpleNamespace(_set_item=set_item, _remove_item=remove_item, _INDEX_MEMBERS="members")


def a_table() -> dict[str, Any]:
    return {"name": "t", "items": defaultdict(dict), "members": {"kept": "apart"}}


def test_the_copy_follows_writes_in_order_one_lag_behind() -> None:
    now = [0.0]
    lag, table = Lag(DYNAMODB, 2, lambda: now[0]), a_table()
    lag.set_item(table, "h", "r", 1)
    assert table["items"]["h"] == {"r": 1}
    assert lag.view(table)["items"].get("h", {}) == {}
    now[0] = 1.0
    lag.set_item(table, "h", "r", 2)
    now[0] = 2.0
    assert lag.view(table)["items"]["h"] == {"r": 1}
    now[0] = 3.0
    lag.remove_item(table, "h", "r")
    assert lag.view(table)["items"]["h"] == {"r": 2}
    now[0] = 5.0
    assert lag.view(table)["items"]["h"] == {}
    assert lag.lagged_reads == 3


def test_the_copy_has_what_was_there_before_and_starts_anew_when_all_items_are_replaced() -> None:
    lag, table = Lag(DYNAMODB, 2, lambda: 0.0), a_table()
    table["items"]["h"]["r"] = 1
    assert lag.view(table)["items"] == {"h": {"r": 1}}
    table["items"] = defaultdict(dict, {"h": {"s": 2}})
    assert lag.view(table)["items"] == {"h": {"s": 2}}


def test_the_copy_has_the_tables_present_description_and_an_index_of_its_own() -> None:
    lag, table = Lag(DYNAMODB, 2, lambda: 0.0), a_table()
    table["name"] = "renamed"
    assert lag.view(table)["name"] == "renamed"
    assert "members" not in lag.view(table)


@pytest.mark.parametrize(
    ("operation", "request_", "lagged"),
    [
        ("Query", {"TableName": "t"}, {"t"}),
        ("Query", {"TableName": "t", "ConsistentRead": True}, set()),
        ("Query", {"TableName": "t", "IndexName": "i", "ConsistentRead": True}, {"t"}),
        ("GetItem", {"TableName": "t", "ConsistentRead": False}, {"t"}),
        ("BatchGetItem", {"RequestItems": {"t": {}, "u": {"ConsistentRead": True}}}, {"t"}),
    ],
)
def test_what_is_not_read_consistently_lags(operation: str, request_: dict[str, Any], lagged: set[str]) -> None:
    assert lagged_tables(operation, request_) == lagged


@pytest.mark.parametrize("text", ['{"lag_seconds": -1}', '{"lag_seconds": 31}', '{"refuse": false}', "[]", "{"])
def test_settings_out_of_bounds_are_refused(text: str) -> None:
    with pytest.raises(GateSettingsError):
        GateSettings.read(text)


def test_settings_are_read_as_they_were_written() -> None:
    assert GateSettings.read(GateSettings(lag_seconds=0.5).write()) == GateSettings(lag_seconds=0.5)
    assert GateSettings.read("") == GateSettings()
