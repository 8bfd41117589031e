"""The same stores three times: in memory, in DynamoDB as moto has it, and in DynamoDB as the embedded AWS has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import TypeVar

import pytest
from moto import mock_aws

from local.emulator import Emulator
from local.gate.settings import GateSettings
from tests.contract.tables import LOGICAL_IDS, create_tables
from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.lagging import caught_up
from tests.fakes.moto import gated_session, plain_session
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.secrets import InMemorySecretStore
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.violations import InMemoryViolationStore
from tests.fakes.webhooks import InMemoryHintStore, InMemoryHookKeyStore, InMemoryWebhookStore
from ticket_status.aws import dynamo
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.integrations.store import DynamoIntegrationStore
from ticket_status.aws.runs.store import DynamoRunStore
from ticket_status.aws.secrets import SecretsManagerHookKeyStore, SecretsManagerSecretStore
from ticket_status.aws.tickets.hints import DynamoHintStore
from ticket_status.aws.tickets.store import DynamoTicketStore
from ticket_status.aws.violations.store import DynamoViolationStore
from ticket_status.aws.webhooks import DynamoWebhookStore
from ticket_status.ports.integrations import IntegrationStore, RefreshLease
from ticket_status.ports.runs import RunStore
from ticket_status.ports.secrets import SecretStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore
from ticket_status.ports.webhooks import HintStore, HookKeyStore, WebhookStore

S = TypeVar("S")

LAG_SECONDS = 0.3
"""Of the embedded AWS's indexes: short, since these tests wait for them."""

RETENTION = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Stores:
    """One of each, over the same tables."""

    integrations: IntegrationStore
    leases: RefreshLease
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
    return Stores(integrations, integrations, tickets, violations, runs, InMemorySecretStore(), *hooks)


class Account:
    """Clients of an AWS that takes anyone, made once."""

    def __init__(self, endpoint_url: str | None = None, lag_seconds: float = 0) -> None:
        self.url = endpoint_url
        self._lag_seconds = lag_seconds
        session = plain_session() if endpoint_url else gated_session()
        self.dynamo = Dynamo(session.client("dynamodb", endpoint_url=endpoint_url, config=CLIENT_CONFIG))
        self._kms = session.client("kms", endpoint_url=endpoint_url)
        self._secrets = session.client("secretsmanager", endpoint_url=endpoint_url)

    def stores(self) -> Stores:
        """The adapters, on new tables and with a new key."""
        prefix = f"contract-{token_hex(4)}-"
        create_tables(self.dynamo.client, prefix)
        integrations, tickets, violations, runs, webhooks = (prefix + table for table in LOGICAL_IDS)
        kept = self._caught_up("integrations", DynamoIntegrationStore(self.dynamo, integrations))
        key_id = self._kms.create_key()["KeyMetadata"]["KeyId"]
        return Stores(
            kept,
            kept,
            self._caught_up("tickets", DynamoTicketStore(self.dynamo, tickets, violations, RETENTION)),
            self._caught_up("violations", DynamoViolationStore(self.dynamo, violations, tickets, RETENTION)),
            DynamoRunStore(self.dynamo, runs, integrations),
            SecretsManagerSecretStore(self._secrets, prefix + "integrations", key_id),
            DynamoWebhookStore(self.dynamo, webhooks),
            SecretsManagerHookKeyStore(SecretsManagerSecretStore(self._secrets, prefix + "hooks", key_id)),
            DynamoHintStore(self.dynamo, tickets),
        )

    def _caught_up(self, name: str, store: S) -> S:
        """What an index shows is asserted once it shows it: how old it may be meanwhile is no store's business."""
        return caught_up(name, store, self._lag_seconds) if self._lag_seconds else store


@pytest.fixture(scope="session")
def emulated() -> Iterator[Account]:
    """The embedded AWS, with nothing deployed on it."""
    with Emulator("contract-tests", gate=GateSettings(lag_seconds=LAG_SECONDS)) as running:
        yield Account(running.url, LAG_SECONDS)


@pytest.fixture(scope="session")
def mocked() -> Account:
    """An account whose clients work within ``mock_aws`` only."""
    return Account()


@pytest.fixture(params=["memory", "moto", "emulator"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """Empty stores of each kind."""
    match request.param:
        case "memory":
            yield in_memory()
        case "moto":
            monkeypatch.setattr(dynamo, "AT_ONCE", 1)  # moto is not made for several threads
            account: Account = request.getfixturevalue("mocked")
            with mock_aws():
                yield account.stores()
        case _:
            account = request.getfixturevalue("emulated")
            yield account.stores()
