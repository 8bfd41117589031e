"""A clock that stands until it is moved."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.samples import NOW


@dataclass
class Clock:
    """The one clock of everybody."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> datetime:
        """Let time pass; the moment it then is."""
        self.now += time
        return self.now

    def wait(self, seconds: float) -> None:
        """Somebody waits."""
        self.pass_(timedelta(seconds=seconds))
