"""The stores that the use cases work with, and all of them in memory."""

from dataclasses import dataclass
from typing import Protocol

from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.secrets import InMemorySecretStore
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.violations import InMemoryViolationStore
from tests.fakes.webhooks import InMemoryHintStore, InMemoryHookKeyStore, InMemoryWebhookStore
from ticket_status.core.model import Integration
from ticket_status.ports.integrations import IntegrationStore, RefreshLease
from ticket_status.ports.runs import RunStore
from ticket_status.ports.secrets import SecretStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore
from ticket_status.ports.webhooks import HintStore, HookKeyStore, WebhookStore


class IntegrationsAndLeases(IntegrationStore, RefreshLease, Protocol):
    """The integrations, and who may change their secrets."""


@dataclass(eq=False)
class Stores:
    """One of each, over the same data."""

    integrations: IntegrationsAndLeases
    tickets: TicketStore
    violations: ViolationStore
    run_store: RunStore
    secrets: SecretStore
    webhooks: WebhookStore
    hook_keys: HookKeyStore
    hints: HintStore


class InMemory(Stores):
    """All of them in memory, with these integrations."""

    def __init__(self, *integrations: Integration) -> None:
        self.integrations: InMemoryIntegrationStore = InMemoryIntegrationStore(*integrations)
        self.tickets: InMemoryTicketStore = InMemoryTicketStore()
        self.violations: InMemoryViolationStore = InMemoryViolationStore(self.tickets)
        self.run_store: InMemoryRunStore = InMemoryRunStore(self.integrations)
        self.secrets: InMemorySecretStore = InMemorySecretStore()
        self.webhooks: InMemoryWebhookStore = InMemoryWebhookStore()
        self.hook_keys: InMemoryHookKeyStore = InMemoryHookKeyStore()
        self.hints: InMemoryHintStore = InMemoryHintStore(self.tickets)
