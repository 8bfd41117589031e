"""What ``template.yaml`` has the functions work with, made without deploying it."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from local.emulator import CREDENTIALS, REGION
from local.template import load
from tests.fakes.samples import RETENTION
from ticket_status.aws.dynamo import Dynamo
from ticket_status.composition.parts import Stores
from ticket_status.config import StoreConfig

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLES = {
    "INTEGRATIONS_TABLE": "IntegrationsTable",
    "TICKETS_TABLE": "TicketsTable",
    "VIOLATIONS_TABLE": "ViolationsTable",
    "SYNC_RUNS_TABLE": "SyncRunsTable",
    "WEBHOOKS_TABLE": "WebhooksTable",
}
"""Their logical ids, by the variable of a function's environment."""

_AT_CREATION = {"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode"}


def create_tables(client: "DynamoDBClient", prefix: str) -> dict[str, str]:
    """Make each table under its logical id with this prefix; their names as a function's environment has them."""
    for logical_id, properties in _tables().items():
        expiry = properties.get("TimeToLiveSpecification")
        created = {name: value for name, value in properties.items() if name in _AT_CREATION}
        client.create_table(TableName=prefix + logical_id, **created)
        if expiry is not None:
            client.update_time_to_live(TableName=prefix + logical_id, TimeToLiveSpecification=expiry)
    return {variable: prefix + logical_id for variable, logical_id in TABLES.items()}


def create_resources(client: Callable[[str], Any], url: str, prefix: str) -> dict[str, str]:
    """Make tables, queues, key and bus at this AWS; the environment of a function that works with them.

    ``client`` makes one of a service. Where Jira is, and what is logged, is for the caller to say.
    """
    queue, dead = (client("sqs").create_queue(QueueName=prefix + name)["QueueUrl"] for name in ("sync", "dead"))
    client("events").create_event_bus(Name=f"{prefix}bus")
    return {
        **CREDENTIALS,
        **create_tables(client("dynamodb"), prefix),
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "HOOK_SECRET_PREFIX": f"{prefix}hooks",
        "SYNC_QUEUE_URL": queue,
        "SYNC_DEAD_LETTER_QUEUE_URL": dead,
        "SECRET_PREFIX": f"{prefix}integrations",
        "SECRET_KEY_ID": client("kms").create_key()["KeyMetadata"]["KeyId"],
        "EVENT_BUS_NAME": f"{prefix}bus",
        "RETENTION_DAYS": str(RETENTION.days),
        "ALLOW_PRIVATE_ADDRESSES": "false",
        "ALLOW_LOOPBACK_ADDRESSES": "true",
    }


def stores_over(dynamo: Dynamo, environment: Mapping[str, str]) -> Stores:
    """The stores of a function with this environment, over this client."""
    rest = {"AWS_REGION": REGION, "SYNC_QUEUE_URL": "none", "RETENTION_DAYS": str(RETENTION.days)}
    stores = Stores(StoreConfig.from_env({**rest, **environment}))
    stores.dynamo = dynamo
    return stores


@cache
def _tables() -> dict[str, dict[str, Any]]:
    resources = load()["Resources"]
    return {logical_id: resources[logical_id]["Properties"] for logical_id in TABLES.values()}
