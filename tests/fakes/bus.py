"""The stack's bus in memory."""

from collections.abc import Sequence

from ticket_status.ports.events import BusEvent


class FakeBus:
    """Keeps what was published, call by call."""

    def __init__(self) -> None:
        self.calls: list[Sequence[BusEvent]] = []

    def publish(self, events: Sequence[BusEvent]) -> None:
        self.calls.append(events)

    @property
    def events(self) -> list[BusEvent]:
        return [event for call in self.calls for event in call]
