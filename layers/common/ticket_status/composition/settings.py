"""``SettingsFunction``, assembled."""

import time
from typing import TYPE_CHECKING

from ticket_status.api.application import ApiContext
from ticket_status.aws.webhooks import DynamoWebhookStore
from ticket_status.composition.api import api_context
from ticket_status.composition.parts import Stores, hook_keys, later, now, secret_store
from ticket_status.config import ApiConfig, WebhookConfig
from ticket_status.ports.integrations import RefreshLease
from ticket_status.ports.secrets import SecretStore
from ticket_status.service.administration.services import SettingsServices, settings_services
from ticket_status.service.administration.settings_ports import SettingsPorts
from ticket_status.service.administration.webhook import WebhookPorts
from ticket_status.service.tickets.reading import Reading

if TYPE_CHECKING:
    from ticket_status.composition.connecting import Connecting


def _connecting(config: ApiConfig, secrets: SecretStore, lease: RefreshLease) -> "Connecting":
    from ticket_status.composition.connecting import Connecting  # noqa: PLC0415 - as in ``connector``

    return Connecting.of(config.jira, config.stores.region, secrets, lease)


def settings() -> tuple[SettingsServices, ApiContext]:
    """The services and context of ``SettingsFunction``."""
    config, hooks = ApiConfig.from_env(), WebhookConfig.from_env()
    stores = Stores(config.stores)
    secrets = secret_store(config.stores.region, config.jira)
    jira = later(lambda: _connecting(config, secrets, stores.integrations))
    ports = SettingsPorts(
        integrations=stores.integrations,
        tickets=stores.tickets,
        run_store=stores.runs,
        runs=stores.run_keeper,
        secrets=secrets,
        lease=stores.integrations,
        connections=later(lambda: jira.connections),
        address_problem=later(lambda: jira.address_problem),
        new_key_pair=later(lambda: jira.new_key_pair),
        oauth1=later(lambda: jira.oauth1),
        oauth2=later(lambda: jira.oauth2),
        now=now,
        sleep=time.sleep,
    )
    reading = Reading(stores.integrations, stores.tickets, stores.violations)
    webhooks = WebhookPorts(
        later(lambda: DynamoWebhookStore(stores.dynamo, hooks.webhooks_table)),
        later(lambda: hook_keys(config.stores.region, hooks, config.jira.secret_key_id)),
        later(lambda: jira.connections),
    )
    return settings_services(ports, reading, webhooks), api_context(config)
