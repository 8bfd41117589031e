"""Tables, queue and key on the embedded AWS, behind the counting wire, and the stores and events that work on them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import boto3
from msgspec.structs import replace

from bench.wire import Wire
from local.emulator import CREDENTIALS, REGION
from tests.contract.tables import LOGICAL_IDS, create_tables
from ticket_status.api.call import BASE_PATH
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.integrations.store import DynamoIntegrationStore
from ticket_status.aws.runs.store import DynamoRunStore
from ticket_status.aws.secrets import SecretsManagerSecretStore
from ticket_status.aws.tickets.store import DynamoTicketStore
from ticket_status.core.model import AuthType, Health, HealthStatus, InstallationType, Integration, Site

EMAIL, SECRET = "bot@sample.example", "bench"
RETENTION_DAYS = 1095
_SCOPES = "ticketing/read ticketing/refresh ticketing/register ticketing/admin"


@dataclass(frozen=True)
class World:
    """What the functions' environment names."""

    wire: Wire
    environment: Mapping[str, str]
    """As a function gets it."""

    @classmethod
    def make(cls, wire: Wire) -> "World":
        """New and empty."""
        prefix = f"bench-{token_hex(4)}-"
        create_tables(client(wire.url, "dynamodb"), prefix)
        queue = client(wire.url, "sqs").create_queue(QueueName=f"{prefix}queue")["QueueUrl"]
        key = client(wire.url, "kms").create_key()["KeyMetadata"]["KeyId"]
        bus = f"{prefix}bus"
        client(wire.url, "events").create_event_bus(Name=bus)
        integrations, tickets, violations, runs, webhooks = (prefix + table for table in LOGICAL_IDS)
        environment = {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": wire.url,
            "INTEGRATIONS_TABLE": integrations,
            "TICKETS_TABLE": tickets,
            "VIOLATIONS_TABLE": violations,
            "SYNC_RUNS_TABLE": runs,
            "WEBHOOKS_TABLE": webhooks,
            "HOOK_SECRET_PREFIX": prefix + "hooks",
            "SYNC_QUEUE_URL": queue,
            "SYNC_DEAD_LETTER_QUEUE_URL": queue,
            "SECRET_PREFIX": prefix + "integrations",
            "SECRET_KEY_ID": key,
            "EVENT_BUS_NAME": bus,
            "RETENTION_DAYS": str(RETENTION_DAYS),
            "ATLASSIAN_API_URL": "http://127.0.0.1:9",
            "ATLASSIAN_AUTH_URL": "http://127.0.0.1:9",
            "ALLOW_PRIVATE_ADDRESSES": "false",
            "ALLOW_LOOPBACK_ADDRESSES": "true",
            "ALLOWED_ORIGIN": "https://console.example",
            "PUBLIC_API_URL": "",
            "POWERTOOLS_SERVICE_NAME": "bench",
            "POWERTOOLS_METRICS_NAMESPACE": "Bench",
            "DETAILED_METRICS": "false",
        }
        return cls(wire, environment)

    @property
    def stores(self) -> "Stores":
        """The stores, over a client of their own."""
        return Stores.of(self.environment)

    def secrets(self) -> SecretsManagerSecretStore:
        """Where credentials are."""
        prefix, key = self.environment["SECRET_PREFIX"], self.environment["SECRET_KEY_ID"]
        return SecretsManagerSecretStore(client(self.wire.url, "secretsmanager"), prefix, key)

    @staticmethod
    def request(method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The event of a request with every scope."""
        return {
            "resource": BASE_PATH + path,
            "path": BASE_PATH + path,
            "httpMethod": method,
            "headers": {"Host": "bench.example"},
            "requestContext": {
                "requestId": "bench",
                "path": f"/prod{BASE_PATH}{path}",
                "authorizer": {"claims": {"client_id": "bench", "scope": _SCOPES}},
            },
            "queryStringParameters": query,
            "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
            "pathParameters": None,
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }


@dataclass(frozen=True)
class Stores:
    """The stores that a worker has."""

    dynamo: Dynamo
    integrations: DynamoIntegrationStore
    tickets: DynamoTicketStore
    runs: DynamoRunStore

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Stores":
        """The stores of a function with this environment."""
        dynamo = Dynamo(client(environment["AWS_ENDPOINT_URL"], "dynamodb"))
        integrations, tickets = environment["INTEGRATIONS_TABLE"], environment["TICKETS_TABLE"]
        retention = timedelta(days=int(environment["RETENTION_DAYS"]))
        return cls(
            dynamo,
            DynamoIntegrationStore(dynamo, integrations),
            DynamoTicketStore(dynamo, tickets, environment["VIOLATIONS_TABLE"], retention),
            DynamoRunStore(dynamo, environment["SYNC_RUNS_TABLE"], integrations),
        )


def client(url: str, service: str) -> Any:  # noqa: ANN401 - a client of any service
    """A client of the embedded AWS."""
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    make: Callable[..., Any] = session.client
    return make(service, endpoint_url=url, config=CLIENT_CONFIG)


def integration(name: str, kind: InstallationType, url: str) -> Integration:
    """A healthy integration that has been there for more than a year."""
    created = datetime.now(UTC) - timedelta(days=400)
    known = Integration(
        connection_name=name,
        integration_ref=f"{name}~{token_hex(3)}",
        installation_type=kind,
        jira_server_url=url,
        auth_type=AuthType.PAT,
        created_at=created,
        retrieve_jira_tickets=True,
        enabled_since=created,
        healthy_since=created,
        health=Health(HealthStatus.HEALTHY, created, created),
        site=Site(url),
    )
    cloud = kind is InstallationType.CLOUD
    return replace(known, auth_type=AuthType.BASIC, username=EMAIL) if cloud else known
