"""The one place where use cases meet their adapters. Built on first use, once for each function's container."""

import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from ticket_status.api.application import UNHANDLED_ERRORS, Surroundings
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.dynamo_integrations import DynamoIntegrationStore
from ticket_status.aws.dynamo_points import DynamoPointsLedger
from ticket_status.aws.dynamo_runs import DynamoRunStore
from ticket_status.aws.dynamo_tickets import DynamoTicketStore
from ticket_status.aws.dynamo_violations import DynamoViolationStore
from ticket_status.aws.event_bus import EventBridgeBus
from ticket_status.aws.queue import MalformedMessageError, SqsWorkQueue, read_work
from ticket_status.aws.secrets import SecretsManagerSecretStore
from ticket_status.config import ApiConfig, EventsConfig, JiraConfig, ProbeConfig, StoreConfig, WorkerConfig
from ticket_status.core.addresses import AddressRules
from ticket_status.jira.connector import Connector
from ticket_status.jira.oauth1 import OAuth1, new_key_pair
from ticket_status.jira.oauth2 import OAuth2
from ticket_status.jira.resolution import address_problem
from ticket_status.jira.settings import JiraSettings
from ticket_status.ports import JiraRejectedRequestError, WorkQueue
from ticket_status.service.points import PointsConnector
from ticket_status.service.probe import Probe
from ticket_status.service.publishing import Publishing
from ticket_status.service.reading import Reading
from ticket_status.service.refresh import Refresh, RefreshPorts
from ticket_status.service.registration import RegisterTickets
from ticket_status.service.runs import Runs
from ticket_status.service.schedule import Schedule
from ticket_status.service.settings import SettingsServices, settings_services
from ticket_status.service.settings_ports import SettingsPorts
from ticket_status.service.work import Worker, WorkerPorts

_AWS = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Telemetry:
    """Where a function reports to."""

    logger: Logger
    metrics: Metrics

    def report(self, message: str, numbers: Mapping[str, int], **fields: object) -> None:
        """One canonical log line per unit of work, and the metrics of the same numbers."""
        self.logger.info(message, extra={**fields, **numbers})
        for name, number in numbers.items():
            self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
        self.metrics.flush_metrics()


@cache
def _telemetry() -> Telemetry:
    return Telemetry(Logger(), Metrics())


@dataclass(frozen=True)
class Stores:
    """The adapters that every function with a ledger has."""

    integrations: DynamoIntegrationStore
    tickets: DynamoTicketStore
    violations: DynamoViolationStore
    runs: DynamoRunStore
    queue: SqsWorkQueue
    points: DynamoPointsLedger

    @property
    def run_keeper(self) -> Runs:
        """Starts and ends runs."""
        return Runs(self.integrations, self.tickets, self.runs, self.queue)


def _stores(config: StoreConfig, dead_letter_queue_url: str | None = None) -> Stores:
    session = boto3.Session(region_name=config.region)
    dynamo = Dynamo(session.client("dynamodb", config=CLIENT_CONFIG))
    return Stores(
        DynamoIntegrationStore(dynamo, config.integrations_table),
        DynamoTicketStore(dynamo, config.tickets_table, config.violations_table, config.retention),
        DynamoViolationStore(dynamo, config.violations_table, config.tickets_table, config.retention),
        DynamoRunStore(dynamo, config.sync_runs_table, config.integrations_table),
        SqsWorkQueue(session.client("sqs", config=_AWS), config.sync_queue_url, dead_letter_queue_url),
        DynamoPointsLedger(dynamo, config.sync_runs_table),
    )


def _jira_settings(config: JiraConfig) -> JiraSettings:
    rules = AddressRules(allow_private=config.allow_private_addresses, allow_loopback=config.allow_loopback_addresses)
    return JiraSettings(api_url=config.atlassian_api_url, auth_url=config.atlassian_auth_url, addresses=rules)


def _secret_store(region: str, config: JiraConfig) -> SecretsManagerSecretStore:
    client = boto3.Session(region_name=region).client("secretsmanager", config=_AWS)
    return SecretsManagerSecretStore(client, config.secret_prefix, config.secret_key_id)


def _connector(stores: Stores, region: str, config: JiraConfig) -> PointsConnector:
    connector = Connector(_secret_store(region, config), stores.integrations, _jira_settings(config), _now)
    return PointsConnector(connector, stores.points, _now)


# --- The sync functions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SchedulerApp(Telemetry):
    """``SyncFunction``."""

    schedule: Schedule


@cache
def scheduler() -> SchedulerApp:
    """Built at the first invocation."""
    stores, telemetry = _stores(StoreConfig.from_env()), _telemetry()
    return SchedulerApp(telemetry.logger, telemetry.metrics, Schedule(stores.integrations, stores.run_keeper))


@dataclass(frozen=True)
class ProbeApp(Telemetry):
    """``ProbeFunction``."""

    probe: Probe


@cache
def probe() -> ProbeApp:
    """Built at the first invocation."""
    config, telemetry = ProbeConfig.from_env(), _telemetry()
    stores = _stores(config.stores)
    connector = _connector(stores, config.stores.region, config.jira)
    return ProbeApp(telemetry.logger, telemetry.metrics, Probe(stores.integrations, connector, stores.run_keeper, _now))


@dataclass(frozen=True)
class WorkerApp(Telemetry):
    """``SyncWorkerFunction``."""

    worker: Worker
    queue: WorkQueue

    def consume(self, body: str, message_id: str, context: LambdaContext) -> None:
        """Do the work of one message; one that cannot be understood or done goes to the dead-letter queue at once."""
        self.logger.set_correlation_id(message_id)
        try:
            work = read_work(body)
            report = self.worker.do(work, lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()))
        except (MalformedMessageError, JiraRejectedRequestError) as error:
            self.logger.exception("message given up")
            self.queue.give_up(body, str(error))
            self.report("work", {"GivenUpMessages": 1}, outcome="given_up")
            return
        numbers = {f"Tickets{name.capitalize()}": number for name, number in asdict(report.counts).items()}
        self.report(
            "work",
            {"JiraRequests": report.jira_requests, **numbers},
            kind=report.kind,
            integration_name=report.integration_name,
            run_id=report.run_id,
            outcome=report.outcome,
            detail=report.detail,
        )


@cache
def worker() -> WorkerApp:
    """Built at the first invocation."""
    config, telemetry = WorkerConfig.from_env(), _telemetry()
    stores = _stores(config.stores, config.dead_letter_queue_url)
    connector = _connector(stores, config.stores.region, config.jira)
    ports = WorkerPorts(stores.integrations, stores.tickets, stores.runs, stores.queue, connector)
    return WorkerApp(telemetry.logger, telemetry.metrics, Worker(ports, _now, random.random), stores.queue)


@dataclass(frozen=True)
class EventsApp(Telemetry):
    """``EventsFunction``."""

    publishing: Publishing


@cache
def events() -> EventsApp:
    """Built at the first invocation."""
    config, telemetry = EventsConfig.from_env(), _telemetry()
    session = boto3.Session(region_name=config.region)
    dynamo = Dynamo(session.client("dynamodb", config=CLIENT_CONFIG))
    publishing = Publishing(
        DynamoIntegrationStore(dynamo, config.integrations_table),
        DynamoViolationStore(dynamo, config.violations_table, config.tickets_table, config.retention),
        EventBridgeBus(session.client("events", config=_AWS), config.event_bus_name),
    )
    return EventsApp(telemetry.logger, telemetry.metrics, publishing)


# --- The API functions ----------------------------------------------------------------------------------------------


def _surroundings(config: ApiConfig) -> Surroundings:
    telemetry = _telemetry()
    return Surroundings(
        logger=telemetry.logger,
        metrics=telemetry.metrics,
        now=_now,
        allowed_origin=config.allowed_origin or None,
        public_address=config.public_api_url or None,
    )


def _report_rejected(error: JiraRejectedRequestError) -> None:
    """The refresh says that Jira is not available; the alarm says that it is our fault."""
    telemetry = _telemetry()
    telemetry.logger.error("Jira rejected a request that we built", exc_info=error)
    telemetry.report("refresh", {UNHANDLED_ERRORS: 1}, outcome="rejected")


@dataclass(frozen=True)
class RefreshServices:
    """What the routes of ``RefreshFunction`` call."""

    reading: Reading
    refresh: Refresh
    registration: RegisterTickets


def refresh() -> tuple[RefreshServices, Surroundings]:
    """The services of ``RefreshFunction`` and what surrounds them."""
    config = ApiConfig.from_env()
    stores = _stores(config.stores)
    reading = Reading(stores.integrations, stores.tickets, stores.violations)
    connector = _connector(stores, config.stores.region, config.jira)
    ports = RefreshPorts(stores.integrations, stores.tickets, connector)
    services = RefreshServices(
        reading,
        Refresh(ports, reading, stores.run_keeper, _now, _report_rejected),
        RegisterTickets(stores.integrations, stores.violations, stores.queue),
    )
    return services, _surroundings(config)


def settings() -> tuple[SettingsServices, Surroundings]:
    """The services of ``SettingsFunction`` and what surrounds them."""
    config = ApiConfig.from_env()
    stores = _stores(config.stores)
    secrets = _secret_store(config.stores.region, config.jira)
    jira = _jira_settings(config.jira)
    ports = SettingsPorts(
        integrations=stores.integrations,
        tickets=stores.tickets,
        run_store=stores.runs,
        runs=stores.run_keeper,
        secrets=secrets,
        lease=stores.integrations,
        connections=Connector(secrets, stores.integrations, jira, _now),
        address_problem=lambda url: address_problem(url, jira.addresses),
        new_key_pair=new_key_pair,
        oauth1=OAuth1(jira, _now),
        oauth2=OAuth2(jira, _now),
        now=_now,
        sleep=time.sleep,
    )
    reading = Reading(stores.integrations, stores.tickets, stores.violations)
    return settings_services(ports, reading), _surroundings(config)
