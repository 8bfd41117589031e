"""Editing an integration: tested before anything is stored, so that a failed edit changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import field
from msgspec.structs import replace

from ticket_status.core.addresses import origin_of
from ticket_status.core.connection import ConnectionReport
from ticket_status.core.health import pause_end
from ticket_status.core.model import AuthType, Discreet, InstallationType, Integration, ReasonCode, Site
from ticket_status.core.trouble import Refused, Throttled
from ticket_status.service.administration.integrations import TRIED_WHEN_GIVEN, refused
from ticket_status.service.administration.refusals import (
    AddressRefused,
    ChangedMeanwhile,
    ConnectionFailed,
    CredentialsRequired,
    DifferentSite,
    IntegrationNotFound,
    RateLimited,
    Refusal,
)
from ticket_status.service.administration.settings_ports import SettingsPorts


class Edit(Discreet, frozen=True):
    """What to change; ``None`` and absent secrets stay as they are."""

    jira_server_url: str | None = None
    username: str | None = None
    client_id: str | None = None
    consumer_key: str | None = None
    skip_proxy: bool | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    skip_connection_test: bool = False
    credential_expires_at: datetime | None = None
    sets_expiry: bool = False
    """Whether ``credential_expires_at`` was given; ``null`` counts."""

    @property
    def concerns_jira(self) -> bool:
        """Whether it changes anything that a connection test could check."""
        return bool(self.secrets) or self.of_connection != {}

    @property
    def of_connection(self) -> dict[str, Any]:
        """The changes to the connection, apart from secrets."""
        given: dict[str, Any] = {
            "jira_server_url": self.jira_server_url,
            "username": self.username,
            "client_id": self.client_id,
            "consumer_key": self.consumer_key,
            "skip_proxy": self.skip_proxy,
        }
        return {name: value for name, value in given.items() if value is not None}

    def of(self, integration: Integration) -> Integration:
        """The edited integration. A new credential clears the old one's expiry date unless it has its own."""
        edited = replace(integration, **self.of_connection)
        if self.sets_expiry or self.secrets:
            edited = replace(edited, credential_expires_at=self.credential_expires_at, warned_days=None)
        return edited


class Editing:
    """Edits address and credentials."""

    def __init__(self, ports: SettingsPorts) -> None:
        self._ports = ports

    def edit(self, connection_name: str, edit: Edit) -> Integration | Refusal:
        """Edit an integration. Success with a broken one is its recovery (R10)."""
        if edit.jira_server_url is not None:
            problem = self._ports.address_problem(edit.jira_server_url)
            if problem is not None:
                return AddressRefused(problem)
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        with self._ports.hold_secrets(integration) as held:
            return self._edit(integration, edit) if held else ChangedMeanwhile(connection_name)

    def _edit(self, integration: Integration, edit: Edit) -> Integration | Refusal:
        before = self._ports.current(integration)
        if before is None:
            return IntegrationNotFound(integration.connection_name)
        deadline = self._ports.deadline  # one for all calls, so that the answer is out in time (25 s)
        old = self._ports.secrets.read(before.integration_ref) or {}
        after = edit.of(before)
        moves = origin_of(after.site_url) != origin_of(before.site_url) and sends_its_secret(before)
        if moves and not edit.secrets:
            return CredentialsRequired(before.site_url, after.site_url)
        # R17: what was given for the old host, tokens among it, does not go to the new one.
        new = dict(edit.secrets) if moves else {**old, **edit.secrets}
        if not edit.concerns_jira:
            return self._store(before, after, old, new)
        if before.auth_type not in TRIED_WHEN_GIVEN or edit.skip_connection_test:
            return self._edit_untried(before, after, old, new, deadline)
        return self._edit_tried(before, after, old, new, deadline)

    def _edit_untried(
        self,
        before: Integration,
        after: Integration,
        old: Mapping[str, str],
        new: Mapping[str, str],
        deadline: datetime,
    ) -> Integration | Refusal:
        different = self._different(before, after, self._found_untried(before, after, new, deadline), old, deadline)
        if different is not None:
            return different
        site = _still_known(before, after, same_secrets=new == old)
        return self._store(before, replace(after, site=site), old, new)

    def _edit_tried(
        self,
        before: Integration,
        after: Integration,
        old: Mapping[str, str],
        new: Mapping[str, str],
        deadline: datetime,
    ) -> Integration | Refusal:
        report = self._try(before, after, new, deadline, afresh=_afresh(before, after) or new != old)
        if not isinstance(report, ConnectionReport):
            return report
        different = self._different(before, after, report.site, old, deadline)
        if different is not None:
            return different
        stored = self._store(before, replace(after, site=report.site), old, new)
        return self._ports.recovery.succeeded(stored) if isinstance(stored, Integration) else stored

    def _try(
        self, before: Integration, after: Integration, new: Mapping[str, str], deadline: datetime, *, afresh: bool
    ) -> ConnectionReport | ConnectionFailed | RateLimited | DifferentSite:
        """Test the edited integration. A pause is respected unless the credential or address is new (R11)."""
        until = pause_end(before, self._ports.now())
        if until is not None and not afresh:
            return RateLimited(until)
        report = self._ports.connections.check(after, new, deadline)
        if after.site_url == before.site_url and isinstance(report.trouble, Throttled):
            self._ports.health.met(before, report.trouble)
        if isinstance(report.trouble, Refused) and report.trouble.reason_code is ReasonCode.DIFFERENT_SITE:
            return DifferentSite(before.site_url, after.site_url)
        return refused(report, self._ports.now()) or report

    def _found_untried(
        self, before: Integration, after: Integration, new: Mapping[str, str], deadline: datetime
    ) -> Site | None:
        """The site at the address, if it can be identified: an untested edit must not lead to another site."""
        known = before.site.cloud_id if before.site is not None else None
        if known is None or pause_end(before, self._ports.now()) is not None:
            new_address = after.site_url != before.site_url and before.auth_type in TRIED_WHEN_GIVEN
            return self._ports.connections.check(after, new, deadline).site if new_address else None
        cloud_id = self._ports.connections.cloud_id(after, deadline)
        return Site(after.site_url, cloud_id=cloud_id) if cloud_id is not None else None

    def _different(
        self,
        before: Integration,
        after: Integration,
        found: Site | None,
        old: Mapping[str, str],
        deadline: datetime,
    ) -> DifferentSite | None:
        """Whether the new address is known to be another site.

        A Cloud site has an id. A Data Center has none: it is another site if the old address is still answered by one
        with a different name. If neither can be told, the administrator is trusted.
        """
        if found is None:
            return None
        known = before.site
        if known is not None and known.cloud_id and found.cloud_id:
            same = known.cloud_id == found.cloud_id
            return None if same else DifferentSite(before.site_url, after.site_url)
        if after.site_url == before.site_url or (known is not None and known.base_url == found.base_url):
            return None
        there = self._ports.connections.check(before, old, deadline).site
        if there is None or there.base_url is None or there.base_url == found.base_url:
            return None
        return DifferentSite(there.base_url, after.site_url)

    def _store(
        self, before: Integration, after: Integration, old: Mapping[str, str], new: Mapping[str, str]
    ) -> Integration | IntegrationNotFound | ChangedMeanwhile:
        """The secrets first: a worker's failure in between says nothing about the edited integration."""
        if new != old:
            self._ports.secrets.write(before.integration_ref, new)
        afresh = new != old or _afresh(before, after)
        stored = self._ports.integrations.edit(before, after, afresh=afresh)
        if stored is not None:
            if afresh and pause_end(before, self._ports.now()) is not None:
                self._ports.runs.resume(stored)
            return stored
        if self._ports.current(before) is None:
            self._ports.secrets.destroy(before.integration_ref)
            return IntegrationNotFound(before.connection_name)
        self._ports.secrets.write(before.integration_ref, old)
        return ChangedMeanwhile(before.connection_name)


def _afresh(before: Integration, after: Integration) -> bool:
    """Whether the address or account changed, so that pauses and failures of the old ones end."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("jira_server_url", "username", "client_id", "consumer_key")
    )


def sends_its_secret(integration: Integration) -> bool:
    """R17: whether the secret is sent to the site. On Cloud, OAuth 2.0 sends it to Atlassian; OAuth 1.0a signs."""
    match integration.installation_type, integration.auth_type:
        case InstallationType.CLOUD, AuthType.OAUTH2 | AuthType.CLIENT_CREDENTIALS:
            return False
        case _, AuthType.OAUTH1:
            return False
        case _:
            return True


def _goes_by_id(integration: Integration) -> bool:
    """OAuth 2.0 on Cloud uses the site's id, whatever its address: authorising compares it."""
    return (integration.installation_type, integration.auth_type) == (InstallationType.CLOUD, AuthType.OAUTH2)


def _still_known(before: Integration, after: Integration, *, same_secrets: bool) -> Site | None:
    """What is still known of the site without a test: nothing if the address or account may be another."""
    same_account = same_secrets and after.username == before.username
    return before.site if _goes_by_id(before) or (same_account and after.site_url == before.site_url) else None
