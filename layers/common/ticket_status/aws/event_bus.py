"""The stack's EventBridge bus."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ticket_status.ports.events import BusEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "ticket-status"
_ENTRIES_PER_CALL = 10
"""Most entries that one PutEvents takes."""

_BYTES_PER_CALL = 256_000
"""PutEvents takes just under 1 MB; targets may take less, so we stay below the 256 KiB of before."""


class UnpublishedEventsError(Exception):
    """Raised when the bus did not accept every event; publishing them again is right."""


class EventBridgeBus:
    """Puts events on one bus."""

    def __init__(self, client: "EventBridgeClient", bus_name: str) -> None:
        self._client = client
        self._bus_name = bus_name

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus; raises ``UnpublishedEventsError`` when any of them was not accepted."""
        for entries in _calls([self._entry(event) for event in events]):
            answer = self._client.put_events(Entries=entries)
            if answer["FailedEntryCount"]:
                codes = sorted({entry.get("ErrorCode", "") for entry in answer["Entries"]} - {""})
                message = f"the bus refused {answer['FailedEntryCount']} events: {', '.join(codes)}"
                raise UnpublishedEventsError(message)

    def _entry(self, event: BusEvent) -> "PutEventsRequestEntryTypeDef":
        return {
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
            "EventBusName": self._bus_name,
        }


def _calls(entries: "Sequence[PutEventsRequestEntryTypeDef]") -> "Iterator[list[PutEventsRequestEntryTypeDef]]":
    """The entries, in order, as many together as one call takes."""
    call: list[PutEventsRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        more = len(json.dumps(entry).encode())
        if call and (len(call) == _ENTRIES_PER_CALL or size + more > _BYTES_PER_CALL):
            yield call
            call, size = [], 0
        call.append(entry)
        size += more
    if call:
        yield call
