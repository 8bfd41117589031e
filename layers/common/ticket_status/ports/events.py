"""The bus that changes are published on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event for the stack's bus."""

    detail_type: str
    detail: Mapping[str, object]


class EventBus(Protocol):
    """The stack's bus."""

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus, in batches; raises when any of them was not accepted."""
