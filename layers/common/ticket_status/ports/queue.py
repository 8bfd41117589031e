"""The sync queue."""

from collections.abc import Sequence
from typing import Protocol

from ticket_status.core.work import Work


class WorkQueue(Protocol):
    """The sync queue."""

    def send(self, work: Sequence[Work], delay_seconds: int = 0) -> None:
        """Put work on the queue, in batches; raises when any of it was not accepted."""

    def give_up(self, body: str, reason: str) -> None:
        """Put a message that cannot be understood or done straight into the dead-letter queue."""
