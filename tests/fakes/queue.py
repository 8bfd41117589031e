"""The ``WorkQueue`` in memory."""

from collections.abc import Sequence

from ticket_status.core.work import Work


class FakeWorkQueue:
    """Keeps what was sent, with its delay in seconds, until a test takes it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Work, int]] = []
        self.given_up: list[tuple[str, str]] = []
        self.refuses: Exception | None = None
        """What sending raises."""

    def send(self, work: Sequence[Work], delay_seconds: int = 0) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.sent += [(one, delay_seconds) for one in work]

    def give_up(self, body: str, reason: str) -> None:
        self.given_up.append((body, reason))

    def take(self) -> list[Work]:
        """All that waits, taken off the queue."""
        taken, self.sent = self.sent, []
        return [work for work, _ in taken]
