"""The stores in memory, as the rows need them: what a run keeps of itself is no write, and leases are atomic."""

from datetime import datetime
from threading import Lock

from tests.fakes.integrations import InMemoryIntegrationStore
from ticket_status.core.model import Due, Integration


class WatchedIntegrationStore(InMemoryIntegrationStore):
    """Counts the writes that are about the integration, not those that say which run is at work."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def release_run(self, integration_ref: str, run_id: str) -> None:
        writes = self.writes
        super().release_run(integration_ref, run_id)
        self.writes = writes

    def begin_run(self, integration: Integration, run_id: str, *, of_all: bool) -> bool:
        writes = self.writes
        began = super().begin_run(integration, run_id, of_all=of_all)
        self.writes = writes
        return began

    def mark_due(self, integration: Integration, due: Due) -> Integration | None:
        writes = self.writes
        marked = super().mark_due(integration, due)
        self.writes = writes
        return marked

    def announce_write(self, integration: Integration, now: datetime) -> None:
        writes = self.writes
        super().announce_write(integration, now)
        self.writes = writes

    def take(self, integration: Integration, holder: str, now: datetime, until: datetime) -> bool:
        with self._lock:
            return super().take(integration, holder, now, until)
