"""The toggle "Retrieve Jira Tickets" (R5, R6, R16), and starting runs by hand."""

from msgspec import Struct

from ticket_status.core.model import AuthType, InstallationType, Integration, Trigger
from ticket_status.core.scopes import missing_scopes
from ticket_status.service.administration.refusals import (
    ChangedMeanwhile,
    IntegrationNotFound,
    MissingScopes,
    Refusal,
    not_to_be_asked,
)
from ticket_status.service.administration.settings_ports import SettingsPorts


class Switched(Struct, frozen=True):
    """The toggle as it is now."""

    on: bool
    run_id: str | None
    """The run that was started, if any."""


class Switching:
    """Switches retrieval, and starts runs by hand."""

    def __init__(self, ports: SettingsPorts) -> None:
        self._ports = ports

    def switch(self, connection_name: str, *, on: bool) -> Switched | Refusal:
        """Switch retrieval: one write, however many tickets. If it is already on, only a due run begins."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        if integration.retrieve_jira_tickets == on:
            return Switched(on, self._begin_due(integration) if on else None)
        return self._on(integration) if on else self._off(integration)

    def sync(self, connection_name: str) -> str | Refusal:
        """Start a run by hand, or return the id of the active one."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        refusal = not_to_be_asked(integration)
        if refusal is not None:
            return refusal
        started = self._ports.runs.start(integration, Trigger.API, self._ports.now())
        return started.run_id or ChangedMeanwhile(connection_name)

    def _on(self, integration: Integration) -> Switched | Refusal:
        missing = _missing(integration)
        if missing:
            return MissingScopes(missing)
        after = self._ports.integrations.switch(integration, on=True, now=self._ports.now())
        if after is None:
            return self._switched_by_another(integration)
        return Switched(on=True, run_id=self._begin_due(after))

    def _off(self, integration: Integration) -> Switched | Refusal:
        """Off hides statuses at once; the active run stops at its next chunk and is cancelled."""
        after = self._ports.integrations.switch(integration, on=False, now=self._ports.now())
        if after is None:
            return self._switched_by_another(integration)
        self._ports.runs.cancel(after, self._ports.now())
        return Switched(on=False, run_id=None)

    def _switched_by_another(self, integration: Integration) -> Switched | IntegrationNotFound:
        current = self._ports.current(integration)
        if current is None:
            return IntegrationNotFound(integration.connection_name)
        return Switched(current.retrieve_jira_tickets, None)

    def _begin_due(self, integration: Integration) -> str | None:
        begun = self._ports.runs.begin_due(integration, self._ports.now())
        return begun.run_id if begun is not None else None


def _missing(integration: Integration) -> tuple[str, ...]:
    """R16: the scopes that a Cloud token lacks; an unknown grant has none.

    A service account whose token does not name its scopes is trusted until Jira refuses it.
    """
    held = integration.site.granted_scopes if integration.site is not None else frozenset()
    match integration.installation_type, integration.auth_type:
        case InstallationType.CLOUD, AuthType.OAUTH2:
            return missing_scopes(held)
        case InstallationType.CLOUD, AuthType.CLIENT_CREDENTIALS if held:
            return missing_scopes(held)
        case _:
            return ()
