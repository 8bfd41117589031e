"""Connects functions to Jira. Loading this takes as long as loading everything else together."""

import time

from msgspec.structs import asdict

from ticket_status.aws.runs.store import DynamoPointsLedger
from ticket_status.composition.parts import Stores, client_of, now, secret_store, telemetry
from ticket_status.config import JiraConfig, StoreConfig
from ticket_status.core.addresses import AddressRules
from ticket_status.jira.connector import Connector
from ticket_status.jira.settings import JiraSettings, MadeCall
from ticket_status.service.retrieval.careful import CarefulConnector, PointsConnector


def jira_settings(config: JiraConfig, region: str) -> JiraSettings:
    """Which addresses are allowed, and how to reach them."""
    rules = AddressRules(allow_private=config.allow_private_addresses, allow_loopback=config.allow_loopback_addresses)
    return JiraSettings(
        config.atlassian_api_url,
        config.atlassian_auth_url,
        rules,
        ca_bundle=_ca_bundle(config.ca_certificates, region) if config.ca_certificates else None,
        https_proxy=config.https_proxy or None,
        tell=_tell_of_call,
    )


def _ca_bundle(name: str, region: str) -> str:
    """A file with the public certificate authorities and the company's own; made once per process."""
    from ticket_status.aws.certificates import read_certificates  # noqa: PLC0415 - few stacks have any
    from ticket_status.jira.trust import write_bundle  # noqa: PLC0415

    pem = read_certificates(client_of("ssm", region), client_of("secretsmanager", region), name)
    return write_bundle(pem, name)


def _tell_of_call(call: MadeCall) -> None:
    """Log each call to Jira, with the correlation id of the work or request that made it."""
    telemetry().logger.info("jira call", extra=asdict(call))


def connector(stores: Stores, config: StoreConfig, jira: JiraConfig) -> CarefulConnector:
    """Opens integrations' sites."""
    paid = PointsConnector(
        plain_connector(stores, config, jira), DynamoPointsLedger(stores.dynamo, config.sync_runs_table), now
    )
    return CarefulConnector(paid, stores.integrations, now, time.sleep)


def plain_connector(stores: Stores, config: StoreConfig, jira: JiraConfig) -> Connector:
    """The same without points and care, for calls that do not retrieve tickets."""
    return Connector(secret_store(config.region, jira), stores.integrations, jira_settings(jira, config.region), now)
