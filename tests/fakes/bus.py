"""The stack's bus in memory."""

from collections.abc import Sequence

from ticket_status.ports.events import BusEvent


class FakeBus:
    """Keeps what was published, call by call, or refuses it."""

    def __init__(self) -> None:
        self.calls: list[Sequence[BusEvent]] = []
        self.refuses = False

    def publish(self, events: Sequence[BusEvent]) -> None:
        if self.refuses:
            raise ConnectionError
        self.calls.append(events)

    @property
    def events(self) -> list[BusEvent]:
        return [event for call in self.calls for event in call]
