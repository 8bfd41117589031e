"""Tables, queue and key on the embedded AWS, behind the counting wire, and the stores and events that work on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import boto3

from bench.wire import Wire
from local.emulator import CREDENTIALS, REGION
from tests.fakes.samples import an_integration
from tests.fakes.tables import create_resources, stores_over
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.secrets import SecretsManagerSecretStore
from ticket_status.composition.parts import Stores
from ticket_status.core.model import AuthType, InstallationType, Integration, Site

EMAIL, SECRET = "bot@sample.example", "bench"


@dataclass(frozen=True)
class World:
    """What the functions' environment names."""

    wire: Wire
    environment: Mapping[str, str]
    """As a function gets it."""

    @classmethod
    def make(cls, wire: Wire) -> "World":
        """New and empty."""

        def client_of(service: str) -> Any:  # noqa: ANN401 - a client of any service
            return client(wire.url, service)

        environment = {
            **create_resources(client_of, wire.url, f"bench-{token_hex(4)}-"),
            "ATLASSIAN_API_URL": "http://127.0.0.1:9",
            "ATLASSIAN_AUTH_URL": "http://127.0.0.1:9",
            "ALLOWED_ORIGIN": "https://console.example",
            "PUBLIC_API_URL": "",
            "POWERTOOLS_SERVICE_NAME": "bench",
            "POWERTOOLS_METRICS_NAMESPACE": "Bench",
            "DETAILED_METRICS": "false",
        }
        return cls(wire, environment)

    @property
    def stores(self) -> Stores:
        """The stores, over a client of their own."""
        return stores_of(self.environment)

    def secrets(self) -> SecretsManagerSecretStore:
        """Where credentials are."""
        prefix, key = self.environment["SECRET_PREFIX"], self.environment["SECRET_KEY_ID"]
        return SecretsManagerSecretStore(client(self.wire.url, "secretsmanager"), prefix, key)


def stores_of(environment: Mapping[str, str]) -> Stores:
    """The stores of a function with this environment."""
    return stores_over(Dynamo(client(environment["AWS_ENDPOINT_URL"], "dynamodb")), environment)


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
    cloud = kind is InstallationType.CLOUD
    return an_integration(
        name,
        integration_ref=f"{name}~{token_hex(3)}",
        installation_type=kind,
        jira_server_url=url,
        auth_type=AuthType.BASIC if cloud else AuthType.PAT,
        username=EMAIL if cloud else None,
        site=Site(url),
    )
