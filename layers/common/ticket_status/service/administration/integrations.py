"""Integrations from their creation to their deletion, except for editing them (``editing``)."""

import secrets
import string
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from ticket_status.core.connection import ConnectionReport
from ticket_status.core.health import next_pause
from ticket_status.core.model import (
    AuthType,
    Discreet,
    Health,
    HealthStatus,
    InstallationType,
    Integration,
    Site,
    SyncRun,
)
from ticket_status.core.summary import PastSummary, Summary, past_summary, summarise, together
from ticket_status.core.toggle import retrieves_by_default
from ticket_status.core.trouble import Throttled
from ticket_status.ports.paging import Page
from ticket_status.service.administration.refusals import (
    AddressRefused,
    ConnectionFailed,
    IntegrationNotFound,
    NameTaken,
    RateLimited,
    Refusal,
    SyncRunNotFound,
)
from ticket_status.service.administration.settings_ports import SettingsPorts

TRIED_WHEN_GIVEN = frozenset({AuthType.BASIC, AuthType.PAT, AuthType.CLIENT_CREDENTIALS})
"""Credentials that work as soon as they are entered; a person must first authorise the other kinds."""

_REF_CHARACTERS = string.ascii_lowercase + "234567"
_REF_LENGTH = 6


class NewIntegration(Discreet, frozen=True):
    """An integration to create; already validated, except for the address."""

    connection_name: str
    installation_type: InstallationType
    jira_server_url: str
    auth_type: AuthType
    secrets: Mapping[str, str] = field(default_factory=dict)
    username: str | None = None
    client_id: str | None = None
    consumer_key: str | None = None
    skip_proxy: bool = False
    created_in_version: str | None = None
    retrieve_jira_tickets: bool | None = None
    """``None``: as R4 says."""
    skip_connection_test: bool = False
    credential_expires_at: datetime | None = None


class ListedIntegration(Struct, frozen=True):
    """An integration with its newest run."""

    integration: Integration
    last_sync: SyncRun | None


class Integrations:
    """Creates, lists and deletes integrations, and reads their runs."""

    def __init__(self, ports: SettingsPorts) -> None:
        self._ports = ports

    def get(self, connection_name: str) -> Integration | IntegrationNotFound:
        """One integration."""
        return self._ports.integrations.get(connection_name) or IntegrationNotFound(connection_name)

    def listed(self, integration: Integration) -> ListedIntegration:
        """An integration with its newest run, even if that began after the integration was read."""
        return ListedIntegration(integration, self._ports.run_store.latest(integration.integration_ref))

    def page(self, limit: int, token: str | None) -> Page[ListedIntegration]:
        """A page of all. Raises ``InvalidTokenError``."""
        page = self._ports.integrations.page(limit, token)
        return Page(self._with_runs(page.items), page.next_token)

    def runs(self, connection_name: str, limit: int, token: str | None) -> Page[SyncRun] | IntegrationNotFound:
        """A page of an integration's runs, newest first. Raises ``InvalidTokenError``."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        return self._ports.run_store.page(integration.integration_ref, limit, token)

    def run(self, connection_name: str, run_id: str) -> SyncRun | Refusal:
        """One run."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        return self._ports.run_store.get(integration.integration_ref, run_id) or SyncRunNotFound(run_id)

    def summary(self, connection_name: str) -> Summary | IntegrationNotFound:
        """Its tickets by status: four reads, however many tickets there are."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        ref = integration.integration_ref
        counted, numbers = self._ports.tickets.counted(ref), self._ports.tickets.whole_census(ref)
        under_way = self._ports.run_store.get(ref, integration.active_run_id) if integration.active_run_id else None
        tally = {} if under_way is None else together(*(progress.tally for progress in under_way.slices.values()))
        return summarise(integration, counted, numbers, tally, self._ports.now())

    def past_summaries(
        self, connection_name: str, limit: int, token: str | None
    ) -> Page[PastSummary] | IntegrationNotFound:
        """A page of the counts of its runs of all tickets, newest first. Raises ``InvalidTokenError``."""
        page = self.runs(connection_name, limit, token)
        if isinstance(page, IntegrationNotFound):
            return page
        return Page([past for run in page.items if (past := past_summary(run)) is not None], page.next_token)

    def create(self, new: NewIntegration) -> Integration | Refusal:
        """Create an integration; Basic and PAT credentials are tested first. No run starts: there are no tickets."""
        problem = self._ports.address_problem(new.jira_server_url)
        if problem is not None:
            return AddressRefused(problem)
        if self._ports.integrations.get(new.connection_name) is not None:
            return NameTaken(new.connection_name)
        integration, kept = self._with_keys(_created(new, self._ports.now()), new.secrets)
        if new.auth_type in TRIED_WHEN_GIVEN and not new.skip_connection_test:
            site = self._try(integration, kept)
            if isinstance(site, ConnectionFailed | RateLimited):
                return site
            integration = replace(integration, site=site)
        return self._store(integration, kept)

    def delete(self, connection_name: str) -> IntegrationNotFound | None:
        """Delete an integration: one write, however many tickets; then its run ends.

        Its secret is destroyed first, while the integration still exists, so that deleting it can be repeated.
        """
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        self._ports.secrets.destroy(integration.integration_ref)
        if not self._ports.integrations.remove(integration):
            return IntegrationNotFound(connection_name)
        try:
            self._ports.runs.cancel(integration, self._ports.now())
        finally:
            # Once more: an edit at the same moment may have stored new credentials.
            self._ports.secrets.destroy(integration.integration_ref)
        return None

    def _with_runs(self, integrations: Sequence[Integration]) -> list[ListedIntegration]:
        newest = {one.integration_ref: one.last_run_id for one in integrations}
        found = self._ports.run_store.get_many([(ref, run_id) for ref, run_id in newest.items() if run_id])
        runs = {ref: run for (ref, _), run in found.items()}
        return [ListedIntegration(one, runs.get(one.integration_ref)) for one in integrations]

    def _with_keys(self, integration: Integration, given: Mapping[str, str]) -> tuple[Integration, Mapping[str, str]]:
        if integration.auth_type is not AuthType.OAUTH1:
            return integration, given
        pair = self._ports.new_key_pair()
        return replace(integration, public_key=pair.public_key), {**given, "private_key": pair.private_key}

    def _try(self, integration: Integration, kept: Mapping[str, str]) -> Site | ConnectionFailed | RateLimited | None:
        report = self._ports.connections.check(integration, kept, self._ports.deadline)
        return refused(report, self._ports.now()) or report.site

    def _store(self, integration: Integration, kept: Mapping[str, str]) -> Integration | NameTaken:
        """The secrets first, so that no stored integration is without; they are destroyed if the name is taken."""
        self._ports.secrets.write(integration.integration_ref, kept)
        added = False
        try:
            added = self._ports.integrations.add(integration)
        finally:
            if not added:
                self._ports.secrets.destroy(integration.integration_ref)
        return integration if added else NameTaken(integration.connection_name)


def refused(report: ConnectionReport, now: datetime) -> ConnectionFailed | RateLimited | None:
    """The refusal if the credentials do not work; a throttling site says nothing about them."""
    match report.trouble:
        case None:
            return None
        case Throttled(until=until):
            return RateLimited(until or now + timedelta(seconds=next_pause(0)))
        case _:
            return ConnectionFailed(report)


def _created(new: NewIntegration, now: datetime) -> Integration:
    """Applies R4 and sets the first health; Basic and PAT are healthy until found otherwise."""
    well = new.auth_type in TRIED_WHEN_GIVEN
    default = retrieves_by_default(new.installation_type, new.auth_type, new.created_in_version)
    return Integration(
        connection_name=new.connection_name,
        integration_ref=_new_ref(new.connection_name),
        installation_type=new.installation_type,
        jira_server_url=new.jira_server_url,
        auth_type=new.auth_type,
        created_at=now,
        retrieve_jira_tickets=default if new.retrieve_jira_tickets is None else new.retrieve_jira_tickets,
        enabled_since=now,
        healthy_since=now,
        health=Health(HealthStatus.HEALTHY if well else HealthStatus.PENDING, now, now),
        username=new.username,
        client_id=new.client_id,
        consumer_key=new.consumer_key,
        skip_proxy=new.skip_proxy,
        created_in_version=new.created_in_version,
        credential_expires_at=new.credential_expires_at,
    )


def _new_ref(connection_name: str) -> str:
    """Unique, so that an integration that reuses a name does not adopt the tickets of the previous one."""
    return f"{connection_name}~{''.join(secrets.choice(_REF_CHARACTERS) for _ in range(_REF_LENGTH))}"
