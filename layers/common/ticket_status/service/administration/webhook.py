"""R19: setting up, showing and removing a webhook."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.comparison import read_sighting
from ticket_status.core.health import next_pause, pause_end
from ticket_status.core.judgement import project_of
from ticket_status.core.model import Discreet, InstallationType, Integration, Slice
from ticket_status.core.scopes import WEBHOOK_SCOPES
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled
from ticket_status.core.webhooks import (
    OLD_SECRET_GOOD_FOR,
    Signing,
    Webhook,
    WebhookMode,
    jql_for,
    signing_of,
)
from ticket_status.core.window import END, position, window_start
from ticket_status.ports.webhooks import (
    HookKeys,
    HookKeyStore,
    NotPermitted,
    Registered,
    WebhookConnector,
    WebhookStore,
)
from ticket_status.service.administration.refusals import (
    IntegrationNotFound,
    JiraUnavailable,
    PendingAuthorizationFirst,
    RateLimited,
    Refusal,
    RetrievalDisabled,
    WebhookNotPermitted,
)
from ticket_status.service.administration.settings_ports import SettingsPorts

_PRIVATE_APP = (
    "Atlassian delivers webhooks of an OAuth 2.0 app that is not public only if the person who authorised the"
    " integration owns the app. If nothing arrives, authorise again as the app's owner, or make the app public."
)
_STEPS_OF_AN_APP = (
    "In the Atlassian developer console, open the app and add the scopes "
    + " and ".join(WEBHOOK_SCOPES)
    + " under Permissions, classic scopes.",
    'Authorise the integration again, asking for them: POST …/oauth2/authorization with {"webhook": true}.',
    'Then set the webhook up again with {"mode": "register"}.',
    _PRIVATE_APP,
)
_ROWS_FOR_PROJECTS = 5_000
"""How many tickets are read to find the projects that a webhook covers."""


class SetUp(Discreet, frozen=True):
    """A webhook as it was set up. No other response has the secret (R17)."""

    webhook: Webhook
    secret: str | None
    jql: str
    steps: tuple[str, ...]


class WebhookPorts(Struct, frozen=True):
    """The additional ports that webhooks need."""

    webhooks: WebhookStore
    keys: HookKeyStore
    connections: WebhookConnector


class Webhooks:
    """Sets up and removes webhooks."""

    def __init__(self, ports: SettingsPorts, more: WebhookPorts) -> None:
        self._ports = ports
        self._more = more

    def show(self, connection_name: str) -> Webhook | IntegrationNotFound | None:
        """The webhook of an integration, if it has one."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        return self._more.webhooks.get(integration.integration_ref)

    def set_up(self, connection_name: str, mode: WebhookMode, hooks_url: str) -> SetUp | Refusal:
        """Create a webhook, or a new secret for an existing one; the old secret stays valid for another hour."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        if not integration.retrieve_jira_tickets:
            return RetrievalDisabled(connection_name)
        url = f"{hooks_url}/{integration.integration_ref}"
        before = self._more.webhooks.get(integration.integration_ref)
        keys, secret = self._new_keys(integration)
        if keys is None:
            return PendingAuthorizationFirst(connection_name)
        jql = jql_for(self._projects(integration))
        webhook = Webhook(
            integration_ref=integration.integration_ref,
            connection_name=connection_name,
            mode=mode,
            signing=signing_of(integration),
            set_up_at=self._ports.now(),
            url=url,
            silence=_PRIVATE_APP if signing_of(integration) is Signing.JWT else None,
        )
        if mode is WebhookMode.REGISTER:
            registered = self._register(integration, url, keys.current, jql)
            if not isinstance(registered, tuple):
                return registered
            found, jql = registered
            webhook = replace(webhook, jira_id=found.jira_id, expires_at=found.expires_at, jql=jql)
        # After Jira agreed: a refused webhook leaves no key behind, and the one there was goes on.
        kept = self._more.keys.read(integration.integration_ref) if before is not None else None
        self._more.keys.write(integration.integration_ref, _after(kept, keys, self._ports.now()))
        self._more.webhooks.put(webhook)
        # The old registration goes last, so that no change is missed in between.
        if before is not None and before.jira_id is not None:
            self._remove_from_jira(integration, before.jira_id)
        return SetUp(webhook, secret, jql, steps_of(integration, mode, url, jql))

    def remove(self, connection_name: str) -> IntegrationNotFound | None:
        """Remove the webhook, in Jira too if we registered it; it is fine if there is none."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        self.forget(integration)
        return None

    def forget(self, integration: Integration) -> None:
        """Remove an integration's webhook."""
        webhook = self._more.webhooks.get(integration.integration_ref)
        if webhook is None:
            return
        if webhook.jira_id is not None:
            self._remove_from_jira(integration, webhook.jira_id)
        self._more.webhooks.remove(integration.integration_ref)
        self._more.keys.destroy(integration.integration_ref)

    def follow(self, integration: Integration, client_secret: str | None = None) -> None:
        """After an edit or switch: off removes a webhook that we registered; deliveries of others then do nothing."""
        webhook = self._more.webhooks.get(integration.integration_ref)
        if webhook is None:
            return
        if not integration.retrieve_jira_tickets and webhook.mode is WebhookMode.REGISTER:
            self.forget(integration)
        elif webhook.on != integration.retrieve_jira_tickets:
            self._more.webhooks.switch(webhook.integration_ref, on=integration.retrieve_jira_tickets)
        if client_secret is not None and webhook.signing is Signing.JWT:
            kept = self._more.keys.read(webhook.integration_ref)
            self._more.keys.write(webhook.integration_ref, _after(kept, HookKeys(client_secret), self._ports.now()))

    def _new_keys(self, integration: Integration) -> tuple[HookKeys | None, str | None]:
        """The keys, and the secret to show; an app on Cloud has its client secret, which is not shown."""
        if signing_of(integration) is Signing.HMAC:
            secret = secrets.token_urlsafe(32)
            return HookKeys(secret), secret
        stored = self._ports.secrets.read(integration.integration_ref) or {}
        client_secret = stored.get("client_secret")
        return (HookKeys(client_secret) if client_secret else None), None

    def _projects(self, integration: Integration) -> Sequence[str]:
        """The projects of the integration's tickets, from a limited number of them."""
        tickets, ref, now = self._ports.tickets, integration.integration_ref, self._ports.now()
        months = sorted({f"{day:%Y-%m}" for day in tickets.census(ref, now)})
        window = Slice(position(window_start(now)), END, tuple(months))
        rows = islice(chain.from_iterable(tickets.rows(ref, window)), _ROWS_FOR_PROJECTS)
        return sorted({project_of(read_sighting(row.sighting)[0]) for row in rows if row.sighting is not None})

    def _register(self, integration: Integration, url: str, secret: str, jql: str) -> tuple[Registered, str] | Refusal:
        until = pause_end(integration, self._ports.now())
        if until is not None:
            return RateLimited(until)
        jira = self._more.connections.open_webhooks(integration, self._ports.deadline)
        if isinstance(jira, JiraTrouble):
            return self._refused(jira)
        if not jql:
            projects = jira.projects()
            if isinstance(projects, JiraTrouble):
                return self._refused(projects)
            jql = jql_for(projects)
        registered = jira.register(url, secret, jql, name_in_jira(integration))
        match registered:
            case Registered():
                return registered, jql
            case NotPermitted(reason=reason) | Refused(reason=reason):
                return WebhookNotPermitted(reason, steps_of(integration, WebhookMode.MANUAL, url, jql))
            case _:
                return self._refused(registered)

    def _refused(self, trouble: JiraTrouble) -> Refusal:
        if isinstance(trouble, Throttled):
            return RateLimited(trouble.until or self._ports.now() + timedelta(seconds=next_pause(0)))
        return JiraUnavailable(trouble.reason)

    def _remove_from_jira(self, integration: Integration, jira_id: str) -> None:
        """Best effort: a webhook that cannot be removed delivers to an address that accepts nothing."""
        jira = self._more.connections.open_webhooks(integration, self._ports.deadline)
        if not isinstance(jira, JiraTrouble):
            jira.remove(jira_id)


def name_in_jira(integration: Integration) -> str:
    """What the webhook is called in Jira."""
    return f"Ticket Status ({integration.connection_name})"


def _after(kept: HookKeys | None, new: HookKeys, now: datetime) -> HookKeys:
    if kept is None or kept.current == new.current:
        return new
    return replace(new, previous=kept.current, previous_until=now + OLD_SECRET_GOOD_FOR)


def steps_of(integration: Integration, mode: WebhookMode, url: str, jql: str) -> tuple[str, ...]:
    """What a person has to do in Jira."""
    if signing_of(integration) is Signing.JWT:
        return _STEPS_OF_AN_APP
    if mode is WebhookMode.REGISTER:
        return ("Nothing: the webhook is registered in Jira. Change an issue's status to see it become live.",)
    cloud = integration.installation_type is InstallationType.CLOUD
    where = "Settings, System, WebHooks" if cloud else "Administration, System, WebHooks"
    return (
        f"As a Jira administrator, open {where} and choose Create a WebHook.",
        f"Name: {name_in_jira(integration)}. Status: Enabled.",
        f"URL: {url}",
        "Secret: the secret of this answer. It is shown only once.",
        f"Events: under Issue, tick updated and deleted. JQL: {jql or 'leave it empty'}.",
        "Leave Exclude body unticked, and save. Then change an issue's status: the state here becomes live.",
    )
