"""``SyncFunction``, assembled."""

from functools import cache

from ticket_status.composition.parts import Stores, Telemetry, telemetry
from ticket_status.config import StoreConfig
from ticket_status.service.retrieval.schedule import Schedule


class SchedulerApp(Telemetry, frozen=True):
    """``SyncFunction``."""

    schedule: Schedule


@cache
def scheduler() -> SchedulerApp:
    """Built at the first invocation."""
    stores, to = Stores(StoreConfig.from_env()), telemetry()
    return SchedulerApp(to.logger, to.metrics, Schedule(stores.integrations, stores.run_keeper))
