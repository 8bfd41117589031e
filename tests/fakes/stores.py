"""The same stores twice: in memory, and over tables as functions have them."""

from dataclasses import dataclass
from secrets import token_hex
from typing import Protocol, TypeVar

from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.lagging import caught_up
from tests.fakes.moto import gated_session, plain_session
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.secrets import InMemorySecretStore
from tests.fakes.tables import create_tables, stores_over
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.violations import InMemoryViolationStore
from tests.fakes.webhooks import InMemoryHintStore, InMemoryHookKeyStore, InMemoryWebhookStore
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.secrets import SecretsManagerHookKeyStore, SecretsManagerSecretStore
from ticket_status.aws.tickets.hints import DynamoHintStore
from ticket_status.aws.webhooks import DynamoWebhookStore
from ticket_status.ports.integrations import IntegrationStore, RefreshLease
from ticket_status.ports.runs import RunStore
from ticket_status.ports.secrets import SecretStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore
from ticket_status.ports.webhooks import HintStore, HookKeyStore, WebhookStore

S = TypeVar("S")


class IntegrationsAndLeases(IntegrationStore, RefreshLease, Protocol):
    """The integrations, and who may change their secrets."""


@dataclass(frozen=True)
class Stores:
    """One of each, over the same data."""

    integrations: IntegrationsAndLeases
    tickets: TicketStore
    violations: ViolationStore
    runs: RunStore
    secrets: SecretStore
    webhooks: WebhookStore
    hook_keys: HookKeyStore
    hints: HintStore


def in_memory() -> Stores:
    """The fakes that the tests of the use cases run on."""
    integrations, tickets = InMemoryIntegrationStore(), InMemoryTicketStore()
    violations, runs = InMemoryViolationStore(tickets), InMemoryRunStore(integrations)
    hooks = (InMemoryWebhookStore(), InMemoryHookKeyStore(), InMemoryHintStore(tickets))
    return Stores(integrations, tickets, violations, runs, InMemorySecretStore(), *hooks)


class Account:
    """Clients of an AWS that takes anyone, made once; without an address they work within ``mock_aws`` only."""

    def __init__(self, endpoint_url: str | None = None, lag_seconds: float = 0) -> None:
        self.url = endpoint_url
        self._lag_seconds = lag_seconds
        session = plain_session() if endpoint_url else gated_session()
        self.dynamo = Dynamo(session.client("dynamodb", endpoint_url=endpoint_url, config=CLIENT_CONFIG))
        self._kms = session.client("kms", endpoint_url=endpoint_url)
        self._secrets = session.client("secretsmanager", endpoint_url=endpoint_url)

    def stores(self, prefix: str = "") -> Stores:
        """The adapters, on new tables with this prefix or a new one, and with a new key."""
        prefix = prefix or f"contract-{token_hex(4)}-"
        tables = create_tables(self.dynamo.client, prefix)
        made = stores_over(self.dynamo, tables)
        key_id = self._kms.create_key()["KeyMetadata"]["KeyId"]
        return Stores(
            self._caught_up("integrations", made.integrations),
            self._caught_up("tickets", made.tickets),
            self._caught_up("violations", made.violations),
            made.runs,
            SecretsManagerSecretStore(self._secrets, prefix + "integrations", key_id),
            DynamoWebhookStore(self.dynamo, tables["WEBHOOKS_TABLE"]),
            SecretsManagerHookKeyStore(SecretsManagerSecretStore(self._secrets, prefix + "hooks", key_id)),
            DynamoHintStore(self.dynamo, tables["TICKETS_TABLE"]),
        )

    def _caught_up(self, name: str, store: S) -> S:
        """What an index shows is asserted once it shows it: how old it may be meanwhile is no store's business."""
        return caught_up(name, store, self._lag_seconds) if self._lag_seconds else store
