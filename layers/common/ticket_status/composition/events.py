"""``EventsFunction``, assembled."""

from functools import cache

from ticket_status.aws.event_bus import EventBridgeBus
from ticket_status.aws.integrations.store import DynamoIntegrationStore
from ticket_status.aws.violations.store import DynamoViolationStore
from ticket_status.composition.parts import Telemetry, client_of, dynamo_of, telemetry
from ticket_status.config import EventsConfig
from ticket_status.service.tickets.publishing import Publishing


class EventsApp(Telemetry, frozen=True):
    """``EventsFunction``."""

    publishing: Publishing


@cache
def events() -> EventsApp:
    """Built at the first invocation."""
    config, to = EventsConfig.from_env(), telemetry()
    dynamo = dynamo_of(config.region)
    publishing = Publishing(
        DynamoIntegrationStore(dynamo, config.integrations_table),
        DynamoViolationStore(dynamo, config.violations_table, config.tickets_table, config.retention),
        EventBridgeBus(client_of("events", config.region), config.event_bus_name),
    )
    return EventsApp(to.logger, to.metrics, publishing)
