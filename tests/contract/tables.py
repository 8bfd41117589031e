"""The tables of ``template.yaml``, made without deploying it."""

from functools import cache
from typing import TYPE_CHECKING, Any

from local.template import load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOGICAL_IDS = ("IntegrationsTable", "TicketsTable", "ViolationsTable", "SyncRunsTable", "WebhooksTable")
_AT_CREATION = {"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode"}


def create_tables(client: "DynamoDBClient", prefix: str) -> None:
    """Make each table under its logical id with this prefix."""
    for logical_id, properties in _tables().items():
        expiry = properties.get("TimeToLiveSpecification")
        created = {name: value for name, value in properties.items() if name in _AT_CREATION}
        client.create_table(TableName=prefix + logical_id, **created)
        if expiry is not None:
            client.update_time_to_live(TableName=prefix + logical_id, TimeToLiveSpecification=expiry)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    resources = load()["Resources"]
    return {logical_id: resources[logical_id]["Properties"] for logical_id in LOGICAL_IDS}
