"""``ProbeFunction``, assembled."""

from functools import cache

from ticket_status.aws.event_bus import EventBridgeBus
from ticket_status.aws.webhooks import DynamoWebhookStore
from ticket_status.composition.parts import (
    Stores,
    Telemetry,
    client_of,
    connector,
    hook_keys,
    now,
    plain_connector,
    telemetry,
)
from ticket_status.config import ProbeConfig
from ticket_status.service.administration.webhook import WebhookPorts
from ticket_status.service.administration.webhook_care import WebhookCare
from ticket_status.service.retrieval.probe import Probe


class ProbeApp(Telemetry, frozen=True):
    """``ProbeFunction``."""

    probe: Probe
    care: WebhookCare


@cache
def probe() -> ProbeApp:
    """Built at the first invocation."""
    config, to = ProbeConfig.from_env(), telemetry()
    stores = Stores(config.stores)
    opens = connector(stores, config.stores, config.jira)
    care = WebhookCare(
        stores.integrations,
        WebhookPorts(
            DynamoWebhookStore(stores.dynamo, config.webhooks.webhooks_table),
            hook_keys(config.stores.region, config.webhooks, config.jira.secret_key_id),
            plain_connector(stores, config.stores, config.jira),
        ),
        EventBridgeBus(client_of("events", config.stores.region), config.event_bus_name),
        now,
    )
    return ProbeApp(to.logger, to.metrics, Probe(stores.integrations, opens, stores.run_keeper, now), care)
