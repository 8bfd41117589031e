"""The ports of the administrators' use cases, and what several of them share: find, lock, recover."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from ticket_status.core.model import Integration, Site
from ticket_status.ports.connecting import ConnectionTester, KeyPair, OAuth1Grants, OAuth2Grants
from ticket_status.ports.integrations import IntegrationStore, RefreshLease
from ticket_status.ports.jira import JiraConnector
from ticket_status.ports.runs import RunStore
from ticket_status.ports.secrets import SecretStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.service.retrieval.careful import CarefulConnector
from ticket_status.service.retrieval.recovery import Recovery
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.site_health import SiteHealth

JIRA_TIME = timedelta(seconds=15)
"""How long Jira has within one request of the API, whose gateway gives up after 29 seconds."""

_LEASE_TIME = timedelta(seconds=30)
_LEASE_PATIENCE = timedelta(seconds=8)
_LEASE_POLL = 0.2


class Connections(JiraConnector, ConnectionTester, Protocol):
    """Opens and tests sites."""


class SettingsPorts(Struct, frozen=True):
    """The ports of the administrators' use cases."""

    integrations: IntegrationStore
    tickets: TicketStore
    run_store: RunStore
    runs: Runs
    secrets: SecretStore
    lease: RefreshLease
    connections: Connections
    address_problem: Callable[[str], str | None]
    """R18, at registration: why an address is not accepted, as a sentence that says what to do."""
    new_key_pair: Callable[[], KeyPair]
    oauth1: OAuth1Grants
    oauth2: OAuth2Grants
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    """Waits for a number of seconds."""

    @property
    def health(self) -> SiteHealth:
        """Stores what a call's outcome means for the integration."""
        return SiteHealth(self.integrations, self.now)

    @property
    def deadline(self) -> datetime:
        """The deadline of Jira calls that begin now."""
        return self.now() + JIRA_TIME

    def current(self, integration: Integration) -> Integration | None:
        """The integration as stored now; ``None`` if it is gone, even if another one has its name now."""
        found = self.integrations.get(integration.connection_name)
        if found is None or found.integration_ref != integration.integration_ref:
            return None
        return found

    def learn(self, integration: Integration, site: Site | None) -> Integration:
        """Store what connecting found out."""
        if site is None or site == integration.site:
            return integration
        return self.integrations.learn_site(integration, site) or integration

    @property
    def connector(self) -> CarefulConnector:
        """Opens sites that are called with care."""
        return CarefulConnector(self.connections, self.integrations, self.now, self.sleep)

    @property
    def recovery(self) -> Recovery:
        """Makes an integration healthy when its site works."""
        return Recovery(self.health, self.runs, self.now)

    @contextmanager
    def hold_secrets(self, integration: Integration) -> Iterator[bool]:
        """Lock the integration's secrets for changing them; ``False`` if the lock was not released in time."""
        holder = secrets.token_hex(8)
        held = self._take_lease(integration, holder)
        try:
            yield held
        finally:
            if held:
                self.lease.release(integration, holder)

    def _take_lease(self, integration: Integration, holder: str) -> bool:
        give_up = self.now() + _LEASE_PATIENCE
        while not self.lease.take(integration, holder, self.now(), self.now() + _LEASE_TIME):
            if self.now() >= give_up:
                return False
            self.sleep(_LEASE_POLL)
        return True
