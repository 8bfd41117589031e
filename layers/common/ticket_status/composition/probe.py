"""``ProbeFunction``, put together."""

from dataclasses import dataclass
from functools import cache

from ticket_status.composition.parts import Stores, Telemetry, now, telemetry
from ticket_status.composition.sites import connector
from ticket_status.config import ProbeConfig
from ticket_status.service.retrieval.probe import Probe


@dataclass(frozen=True)
class ProbeApp(Telemetry):
    """``ProbeFunction``."""

    probe: Probe


@cache
def probe() -> ProbeApp:
    """Built at the first invocation."""
    config, to = ProbeConfig.from_env(), telemetry()
    stores = Stores(config.stores)
    opens = connector(stores, config.stores, config.jira)
    return ProbeApp(to.logger, to.metrics, Probe(stores.integrations, opens, stores.run_keeper, now))
