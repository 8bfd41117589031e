"""The stores over tables, as functions have them."""

from secrets import token_hex
from typing import TypeVar

from tests.fakes.lagging import caught_up
from tests.fakes.moto import gated_session, plain_session
from tests.fakes.stores import Stores
from tests.fakes.tables import create_tables, stores_over
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.secrets import SecretsManagerHookKeyStore, SecretsManagerSecretStore
from ticket_status.aws.tickets.hints import DynamoHintStore
from ticket_status.aws.webhooks import DynamoWebhookStore

S = TypeVar("S")


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
