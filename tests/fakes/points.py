"""The ledger of points in memory."""

from collections import Counter
from datetime import datetime


class InMemoryPointsLedger:
    """The ``PointsLedger`` in memory."""

    def __init__(self) -> None:
        self.spent: Counter[tuple[str, datetime]] = Counter()

    def spend(self, app: str, hour: datetime, points: int) -> int:
        self.spent[app, hour] += points
        return self.spent[app, hour]
