"""Webhooks, their keys and the marks of tickets in memory, and how they are signed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tests.fakes.tickets import InMemoryTicketStore
from ticket_status.core.model import Absence, Integration, TicketKey
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.webhooks import Hint, Tally, Webhook, WebhookState, hour_of, stale_hours
from ticket_status.core.window import in_window
from ticket_status.ports.webhooks import HookKeys, Marked, NotPermitted, Registered


class InMemoryHookKeyStore:
    """The ``HookKeyStore``."""

    def __init__(self) -> None:
        self.keys: dict[str, HookKeys] = {}
        self.reads = 0

    def read(self, hook_id: str) -> HookKeys | None:
        self.reads += 1
        return self.keys.get(hook_id)

    def write(self, hook_id: str, keys: HookKeys) -> None:
        self.keys[hook_id] = keys

    def destroy(self, hook_id: str) -> None:
        self.keys.pop(hook_id, None)


class InMemoryWebhookStore:
    """The ``WebhookStore``; counts its writes."""

    def __init__(self) -> None:
        self.webhooks: dict[str, Webhook] = {}
        self.writes = 0

    def get(self, hook_id: str) -> Webhook | None:
        return self.webhooks.get(hook_id)

    def all(self) -> Iterator[Webhook]:
        return iter(list(self.webhooks.values()))

    def put(self, webhook: Webhook) -> None:
        self.webhooks[webhook.integration_ref] = replace(webhook, hours={})

    def remove(self, hook_id: str) -> None:
        self.webhooks.pop(hook_id, None)

    def count(
        self, hook_id: str, tallies: Mapping[Tally, int], now: datetime, *, delivered: bool, gathering: bool = False
    ) -> datetime | None:
        before = self.webhooks.get(hook_id)
        if before is None:
            return None
        hours = {tally: dict(kept) for tally, kept in before.hours.items()}
        for tally, number in tallies.items():
            kept = hours.setdefault(tally, {})
            kept[hour_of(now)] = kept.get(hour_of(now), 0) + number
        after = replace(before, hours=hours)
        if delivered:
            after = replace(after, last_delivery_at=now, live_since=before.live_since or now)
        if gathering:
            after = replace(after, gathering_since=before.gathering_since or now)
        self._change(after)
        return before.gathering_since if gathering else None

    def gathered(self, hook_id: str) -> None:
        if hook_id in self.webhooks:
            self._change(replace(self.webhooks[hook_id], gathering_since=None))

    def gathering(self, hook_id: str, until: datetime) -> None:
        if hook_id in self.webhooks:
            self._change(replace(self.webhooks[hook_id], gathering_since=until))

    def unheard(self, hook_id: str, now: datetime) -> None:
        if hook_id in self.webhooks:
            self._change(replace(self.webhooks[hook_id], unheard_at=now))

    def renewed(self, webhook: Webhook, jira_id: str, expires_at: datetime | None) -> None:
        if webhook.integration_ref in self.webhooks:
            stored = self.webhooks[webhook.integration_ref]
            self._change(replace(stored, jira_id=jira_id, expires_at=expires_at))

    def switch(self, hook_id: str, *, on: bool) -> None:
        if hook_id in self.webhooks:
            self._change(replace(self.webhooks[hook_id], on=on))

    def tell(self, webhook: Webhook, state: WebhookState, now: datetime) -> None:
        stored = self.webhooks.get(webhook.integration_ref)
        if stored is None or stored.state is not webhook.state:
            return
        stale = set(stale_hours(webhook, now))
        hours = {
            tally: {hour: number for hour, number in kept.items() if (tally, hour) not in stale}
            for tally, kept in stored.hours.items()
        }
        self._change(replace(stored, state=state, hours={tally: kept for tally, kept in hours.items() if kept}))

    def _change(self, webhook: Webhook) -> None:
        self.webhooks[webhook.integration_ref] = webhook
        self.writes += 1


class InMemoryHintStore:
    """The ``HintStore`` over tickets in memory."""

    def __init__(self, tickets: InMemoryTicketStore) -> None:
        self._tickets = tickets
        self._seen: dict[TicketKey, list[tuple[datetime, str]]] = {}
        self.writes = 0

    def mark(self, key: TicketKey, hint: Hint, now: datetime) -> Marked:
        ticket = self._tickets.stored.get(key)
        if ticket is None:
            return Marked.UNKNOWN
        if ticket.absence is Absence.DELETED or not in_window(ticket.created_at, now):
            return Marked.NOT_ASKED
        lately = [(at, seen) for at, seen in self._seen.get(key, ()) if now - at < timedelta(days=1)]
        if hint.identifier in {seen for _, seen in lately}:
            return Marked.REPEATED
        self._seen[key] = [*lately, (now, hint.identifier)]
        self.writes += 1
        self._tickets.hint(key, now)
        return Marked.WAITS


class FakeJiraWebhooks:
    """A Jira that webhooks can be registered in, for every integration."""

    def __init__(self) -> None:
        self.registered: dict[str, tuple[str, str, str]] = {}
        """By id: address, secret and JQL."""
        self.trouble: JiraTrouble | NotPermitted | None = None
        self.expires_at: datetime | None = None
        self.browsable: Sequence[str] = ()

    def open_webhooks(
        self,
        integration: Integration,  # noqa: ARG002 - one site
        deadline: datetime | None = None,  # noqa: ARG002 - fakes take no time
    ) -> "FakeJiraWebhooks":
        return self

    def register(self, url: str, secret: str, jql: str, name: str) -> Registered | NotPermitted | JiraTrouble:  # noqa: ARG002
        if self.trouble is not None:
            return self.trouble
        jira_id = str(len(self.registered) + 1)
        self.registered[jira_id] = (url, secret, jql)
        return Registered(jira_id, self.expires_at)

    def renew(self, jira_id: str) -> Registered | NotPermitted | JiraTrouble | None:
        if self.trouble is not None:
            return self.trouble
        return Registered(jira_id, self.expires_at) if jira_id in self.registered else None

    def remove(self, jira_id: str) -> NotPermitted | JiraTrouble | None:
        self.registered.pop(jira_id, None)
        return self.trouble

    def projects(self) -> Sequence[str] | JiraTrouble:
        return self.browsable
