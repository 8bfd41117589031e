"""The bus that changes are published on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct


class BusEvent(Struct, frozen=True):
    """An event for the stack's bus."""

    detail_type: str
    detail: Mapping[str, object]


def event_time(at: datetime) -> str:
    """An aware time as events bear it, to the millisecond: ``2026-11-22T08:00:00.123Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class EventBus(Protocol):
    """The stack's bus."""

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus, in batches; raises when any of them was not accepted."""
