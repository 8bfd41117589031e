"""What several functions are built from: clients, stores, telemetry."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit, single_metric
from botocore.config import Config
from botocore.session import Session
from msgspec import Struct

from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.integrations.store import DynamoIntegrationStore
from ticket_status.aws.queue import SqsWorkQueue
from ticket_status.aws.runs.store import DynamoRunStore
from ticket_status.aws.secrets import SecretsManagerHookKeyStore, SecretsManagerSecretStore
from ticket_status.aws.tickets.store import DynamoTicketStore
from ticket_status.aws.violations.store import DynamoViolationStore
from ticket_status.config import JiraConfig, StoreConfig, TelemetryConfig, WebhookConfig
from ticket_status.service.retrieval.runs import Runs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from ticket_status.jira.connector import Connector
    from ticket_status.service.retrieval.careful import CarefulConnector

T = TypeVar("T")

_AWS = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})


def now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


class Telemetry(Struct, frozen=True):
    """A function's logger and metrics."""

    logger: Logger
    metrics: Metrics

    def report(self, message: str, numbers: Mapping[str, int], **fields: object) -> None:
        """Write one log line per unit of work, and the metrics of the same numbers."""
        self.logger.info(message, extra={**fields, **numbers})
        for name, number in numbers.items():
            self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
        self.metrics.flush_metrics()

    def count_completed_or_idle(self) -> None:
        """Count a completed run of all tickets, or that there was nothing to retrieve; without either, an alarm fires.

        Several functions count it, so it has its own service dimension.
        """
        dimensions = {"service": "runs"}
        with single_metric(
            "CompletedOrIdle", MetricUnit.Count, 1, namespace=self.metrics.namespace, default_dimensions=dimensions
        ):
            pass


ALARMED = frozenset({"ScheduledRounds", "BrokenIntegrations", "TroubledWebhooks", "GivenUpMessages", "UnhandledErrors"})
"""The metrics that alarms watch, and those of failures: a metric costs for each hour in which it is written."""


class EssentialMetrics(Metrics):
    """Writes only the metrics in ``ALARMED``; the log lines have every number."""

    def add_metric(
        self, name: str, unit: MetricUnit | str, value: float, resolution: MetricResolution | int = 60
    ) -> None:
        """Record it, if it is one of them."""
        if name in ALARMED:
            super().add_metric(name=name, unit=unit, value=value, resolution=resolution)

    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:  # noqa: FBT001, FBT002 - as Powertools has it
        """Write what was recorded, if anything."""
        if self.provider.metric_set:
            super().flush_metrics(raise_on_empty_metrics=raise_on_empty_metrics)


@cache
def telemetry() -> Telemetry:
    """The function's own."""
    metrics = Metrics() if TelemetryConfig.from_env().detailed_metrics else EssentialMetrics()
    return Telemetry(json_logger(), metrics)


def json_logger() -> Logger:
    """A logger with RFC 3339 times; Lambda treats lines with other times as INFO."""
    return Logger(use_rfc3339=True, utc=True)


class _Later:
    _one_at_a_time = RLock()  # botocore's session is not for several threads

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._is: object = None

    @property
    def _made(self) -> object:
        if self._is is None:
            with self._one_at_a_time:
                # Once, whichever thread comes first, which ``cached_property`` does not promise since Python 3.12.
                if self._is is None:
                    self._is = self._make()
        return self._is

    def __getattr__(self, name: str) -> object:
        return getattr(self._made, name)

    def __call__(self, *given: object) -> object:
        return cast("Callable[..., object]", self._made)(*given)


def later(make: Callable[[], T]) -> T:
    """Make the object on first use, so that a cold start does not wait for what it does not need."""
    return cast("T", _Later(make))


@cache
def _session() -> Session:
    return Session()


def client_of(service: str, region: str) -> Any:  # noqa: ANN401 - a client of any service
    """A client for a service other than DynamoDB, made when first used."""
    return later(lambda: _session().create_client(service, region_name=region, config=_AWS))


def dynamo_of(region: str) -> Dynamo:
    """DynamoDB. botocore alone, without boto3's transfer manager, which is not needed."""
    client = _session().create_client("dynamodb", region_name=region, config=CLIENT_CONFIG)
    return Dynamo(cast("DynamoDBClient", client))


def secret_store(region: str, config: JiraConfig) -> SecretsManagerSecretStore:
    """The store of credentials."""
    return SecretsManagerSecretStore(client_of("secretsmanager", region), config.secret_prefix, config.secret_key_id)


def hook_keys(region: str, config: WebhookConfig, key_id: str = "") -> SecretsManagerHookKeyStore:
    """The store of webhook keys; ``key_id`` is needed to create new ones."""
    secrets = SecretsManagerSecretStore(client_of("secretsmanager", region), config.hook_secret_prefix, key_id)
    return SecretsManagerHookKeyStore(secrets)


class Stores:
    """The adapters of every function that uses the tables, each made when first used."""

    def __init__(self, config: StoreConfig, dead_letter_queue_url: str | None = None) -> None:
        self._config = config
        self._dead_letter_queue_url = dead_letter_queue_url

    @cached_property
    def dynamo(self) -> Dynamo:
        """The client of all stores."""
        return dynamo_of(self._config.region)

    @cached_property
    def integrations(self) -> DynamoIntegrationStore:
        """Integrations."""
        return DynamoIntegrationStore(self.dynamo, self._config.integrations_table)

    @cached_property
    def tickets(self) -> DynamoTicketStore:
        """Tickets."""
        config = self._config
        return DynamoTicketStore(self.dynamo, config.tickets_table, config.violations_table, config.retention)

    @cached_property
    def violations(self) -> DynamoViolationStore:
        """Violations."""
        config = self._config
        return DynamoViolationStore(self.dynamo, config.violations_table, config.tickets_table, config.retention)

    @cached_property
    def runs(self) -> DynamoRunStore:
        """Runs."""
        return DynamoRunStore(self.dynamo, self._config.sync_runs_table, self._config.integrations_table)

    @cached_property
    def queue(self) -> SqsWorkQueue:
        """The sync queue."""
        client: SQSClient = client_of("sqs", self._config.region)
        origin = telemetry().logger.get_correlation_id
        return SqsWorkQueue(client, self._config.sync_queue_url, self._dead_letter_queue_url, origin=origin)

    @cached_property
    def run_keeper(self) -> Runs:
        """Starts and ends runs."""
        return Runs(self.integrations, self.tickets, self.runs, self.queue)


def connector(stores: Stores, config: StoreConfig, jira: JiraConfig) -> "CarefulConnector":
    """Opens integrations' sites. Loaded with the first one, since many invocations open none."""

    def load() -> "CarefulConnector":
        from ticket_status.composition import sites  # noqa: PLC0415 - see above

        return sites.connector(stores, config, jira)

    return later(load)


def plain_connector(stores: Stores, config: StoreConfig, jira: JiraConfig) -> "Connector":
    """The same without points and care, for calls that do not retrieve tickets."""

    def load() -> "Connector":
        from ticket_status.composition import sites  # noqa: PLC0415 - see ``connector``

        return sites.plain_connector(stores, config, jira)

    return later(load)
