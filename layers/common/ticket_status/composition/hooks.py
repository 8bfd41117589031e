"""``HooksFunction``, assembled. It loads only what it needs, because it must answer within two seconds."""

from msgspec import Struct

from ticket_status.aws.queue import SqsWorkQueue
from ticket_status.aws.tickets.hints import DynamoHintStore
from ticket_status.aws.webhooks import DynamoWebhookStore
from ticket_status.composition.parts import Telemetry, client_of, dynamo_of, hook_keys, now, telemetry
from ticket_status.config import HooksConfig
from ticket_status.jira.delivery_signatures import JiraDeliverySignatures
from ticket_status.service.tickets.deliveries import DeliveryPorts, ReceiveDeliveries


class HookServices(Struct, frozen=True):
    """What ``HooksFunction`` calls."""

    deliveries: ReceiveDeliveries
    telemetry: Telemetry


def hooks() -> HookServices:
    """The services, kept while the function is warm."""
    config = HooksConfig.from_env()
    dynamo, tells = dynamo_of(config.region), telemetry()
    origin = tells.logger.get_correlation_id
    ports = DeliveryPorts(
        DynamoWebhookStore(dynamo, config.webhooks.webhooks_table),
        hook_keys(config.region, config.webhooks),
        DynamoHintStore(dynamo, config.tickets_table),
        JiraDeliverySignatures(),
        SqsWorkQueue(client_of("sqs", config.region), config.sync_queue_url, origin=origin),
    )
    return HookServices(ReceiveDeliveries(ports, now), tells)
