"""The stack's EventBridge bus."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ticket_status.aws.batches import send_in_full
from ticket_status.ports.events import BusEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "ticket-status"
_ENTRIES_PER_CALL = 10
"""Maximum entries per PutEvents."""

_BYTES_PER_CALL = 256_000
"""PutEvents accepts just under 1 MB; targets may accept less, so we stay below the former limit of 256 KiB."""


class UnpublishedEventsError(Exception):
    """Raised when the bus did not accept every event; they should be published again."""


class EventBridgeBus:
    """Puts events on one bus."""

    def __init__(self, client: "EventBridgeClient", bus_name: str) -> None:
        self._client = client
        self._bus_name = bus_name

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus, retrying failed ones; raises ``UnpublishedEventsError`` if any still fails."""
        for entries in _calls([self._entry(event) for event in events]):
            codes = send_in_full(entries, self._put)
            if codes:
                raise UnpublishedEventsError(f"the bus refused {len(codes)} of {len(entries)} events: {min(codes)}")

    def _put(
        self, entries: "Sequence[PutEventsRequestEntryTypeDef]"
    ) -> "list[tuple[PutEventsRequestEntryTypeDef, str]]":
        """The answer has an entry for each, in their order."""
        told = self._client.put_events(Entries=entries)["Entries"]
        return [(entry, one["ErrorCode"]) for entry, one in zip(entries, told, strict=True) if "ErrorCode" in one]

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
