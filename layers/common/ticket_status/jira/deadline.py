"""The moment at which everything has to be over, on the clock that no one sets."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """``at`` is on the monotonic clock, in seconds; ``None`` is never."""

    at: float | None = None

    @classmethod
    def of(cls, deadline: datetime | None, now: datetime) -> Self:
        """The deadline that was given as a time of day."""
        return cls(None if deadline is None else time.monotonic() + (deadline - now).total_seconds())

    def left(self, most: float) -> float:
        """Seconds left, at most so many; 0 or less when it is over."""
        return most if self.at is None else min(most, self.at - time.monotonic())

    def within(self, seconds: float) -> "Deadline":
        """This deadline, or so many seconds from now if that is earlier."""
        return Deadline(time.monotonic() + self.left(seconds))
