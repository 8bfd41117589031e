"""The clock of the sample Jira: the machine's own, moved as a test wishes."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Gives aware UTC times; runs on by itself unless frozen."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """The present, as every token and server time sees it."""
        return self._frozen or datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Move ahead; negative seconds move back."""
        if self._frozen is None:
            self._ahead += timedelta(seconds=seconds)
        else:
            self._frozen += timedelta(seconds=seconds)

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, at `at` or now, until advanced or released."""
        self._frozen = (at or self.now()).astimezone(UTC)

    def release(self) -> None:
        """Be the machine's own clock again."""
        self._frozen = None
        self._ahead = timedelta()


def jira_time(moment: datetime) -> str:
    """A time as Jira writes it: `2026-11-22T08:00:00.000+0000`."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
