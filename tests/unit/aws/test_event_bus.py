"""Events go to the bus in calls that it takes."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from ticket_status.aws.event_bus import EventBridgeBus, UnpublishedEventsError
from ticket_status.ports.events import BusEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class FakeEventBridge:
    """Refuses what AWS refuses: more than ten entries, or more than 256 KiB, in one call."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.fails: dict[int, int] = {}
        """How often it fails on an event, by its number."""

    def put_events(self, *, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        size = sum(len(entry[name].encode()) for entry in Entries for name in ("Source", "DetailType", "Detail"))
        assert len(Entries) <= 10
        assert size <= 256 * 1024
        numbers = [json.loads(entry["Detail"])["number"] for entry in Entries]
        self.calls.append(numbers)
        told = [
            {"ErrorCode": "ThrottlingException"} if self.fails.get(one, 0) > 0 else {"EventId": "1"} for one in numbers
        ]
        self.fails = {one: times - 1 for one, times in self.fails.items()}
        return {"FailedEntryCount": sum("ErrorCode" in one for one in told), "Entries": told}


def published(*sizes: int) -> list[list[int]]:
    bridge = FakeEventBridge()
    bus = EventBridgeBus(cast("EventBridgeClient", bridge), "bus")
    bus.publish([BusEvent("Changed", {"number": at, "fill": "x" * size}) for at, size in enumerate(sizes)])
    return bridge.calls


def test_ten_small_events_go_together() -> None:
    assert published(*[10] * 23) == [[*range(10)], [*range(10, 20)], [20, 21, 22]]


def test_large_events_go_in_as_many_calls_as_they_need_and_in_order() -> None:
    assert published(100_000, 100_000, 100_000, 10, 250_000, 10) == [[0, 1], [2, 3], [4, 5]]


def test_no_events_are_no_call() -> None:
    assert published() == []


def test_an_event_that_the_bus_fails_on_is_put_again() -> None:
    bridge = FakeEventBridge()
    bridge.fails = {1: 2}
    events = [BusEvent("Changed", {"number": number}) for number in range(3)]
    EventBridgeBus(cast("EventBridgeClient", bridge), "bus").publish(events)
    assert bridge.calls == [[0, 1, 2], [1], [1]]


def test_an_event_that_the_bus_fails_on_for_long_is_an_error() -> None:
    bridge = FakeEventBridge()
    bridge.fails = {1: 100}
    with pytest.raises(UnpublishedEventsError, match="the bus refused 1 of 1 events: ThrottlingException"):
        EventBridgeBus(cast("EventBridgeClient", bridge), "bus").publish([BusEvent("Changed", {"number": 1})])
