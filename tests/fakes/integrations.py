"""The ``IntegrationStore`` in memory."""

from collections.abc import Collection, Iterator
from datetime import datetime
from threading import Lock

from msgspec.structs import replace

from ticket_status.core.model import (
    Due,
    Health,
    HealthStatus,
    Integration,
    PendingAuthorization,
    Site,
    Trigger,
    Trouble,
)
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page

_LIST = "integrations"
_TAKING = Lock()
"""A lease is taken in one piece."""


class InMemoryIntegrationStore:
    """Integrations by name; also the ``RefreshLease`` of each."""

    def __init__(self, *integrations: Integration) -> None:
        self.stored = {one.connection_name: one for one in integrations}
        self.writes = 0
        """About the integration: which run is at work or due is not counted."""
        self.attended = {one.connection_name for one in integrations if _needs_attention(one)}
        """Names in the sparse index: what has come to rest stays there until the probe takes it out."""
        self._confirming: dict[str, datetime] = {}
        self._leases: dict[str, tuple[str, datetime]] = {}

    def get(self, connection_name: str) -> Integration | None:
        return self.stored.get(connection_name)

    def get_many(self, connection_names: Collection[str]) -> dict[str, Integration]:
        return {name: self.stored[name] for name in set(connection_names) if name in self.stored}

    def page(self, limit: int, token: str | None = None) -> Page[Integration]:
        last = "" if token is None else read_token(_LIST, token)
        names = sorted(name for name in self.stored if name > last)
        shown = names[:limit]
        following = write_token(_LIST, shown[-1]) if len(names) > limit else None
        return Page([self.stored[name] for name in shown], following)

    def needing_attention(self) -> Iterator[str]:
        return iter(sorted(self.attended | {name for name, one in self.stored.items() if _needs_attention(one)}))

    def let_rest(self, integration: Integration) -> None:
        stored = self._current(integration)
        if stored is not None and not _needs_attention(stored):
            self.attended.discard(stored.connection_name)

    def add(self, integration: Integration) -> bool:
        if integration.connection_name in self.stored:
            return False
        self._store(integration)
        return True

    def remove(self, integration: Integration) -> bool:
        if self._current(integration) is None:
            return False
        del self.stored[integration.connection_name]
        return True

    def warned(self, integration: Integration, days: int) -> Integration | None:
        stored = self._current(integration)
        if stored is None or stored.credential_expires_at != integration.credential_expires_at:
            return None
        return self._store(replace(stored, warned_days=days))

    def edit(self, before: Integration, after: Integration, *, afresh: bool) -> Integration | None:
        stored = self._unedited(before)
        if stored is not None and afresh:
            stored = replace(stored, paused_until=None, pause_seconds=0, trouble=None)
        return stored and self._store(
            replace(
                stored,
                jira_server_url=after.jira_server_url,
                username=after.username,
                client_id=after.client_id,
                consumer_key=after.consumer_key,
                public_key=after.public_key,
                skip_proxy=after.skip_proxy,
                site=after.site,
                credential_expires_at=after.credential_expires_at,
                warned_days=after.warned_days,
                settings_version=before.settings_version + 1,
            )
        )

    def learn_site(self, integration: Integration, site: Site) -> Integration | None:
        stored = self._unedited(integration)
        return stored and self._store(replace(stored, site=site))

    def switch(self, integration: Integration, *, on: bool, now: datetime) -> Integration | None:
        stored = self._current(integration)
        if stored is None or stored.retrieve_jira_tickets == on:
            return None
        pending = integration.health.status is HealthStatus.PENDING
        due = Due(Trigger.ENABLED, now) if on and not pending else None
        switched = replace(stored, enabled_since=now) if on else replace(stored, disabled_since=now)
        return self._store(replace(switched, retrieve_jira_tickets=on, due=due))

    def set_health(self, integration: Integration, health: Health, due: Due | None = None) -> Integration | None:
        stored = self._unedited(integration)
        if stored is None or _kind(stored.health) != _kind(integration.health):
            return None
        changed = replace(stored, health=health, due=due or stored.due)
        if health.status is HealthStatus.FAULTY and not stored.broken:
            changed = replace(changed, broken_since=health.since)
        if health.status is HealthStatus.HEALTHY:
            changed = replace(changed, trouble=None)
            if integration.health.status is not HealthStatus.HEALTHY:
                changed = replace(changed, healthy_since=health.since)
        return self._store(changed)

    def mark_due(self, integration: Integration, due: Due) -> Integration | None:
        stored = self._current(integration)
        return stored if stored is None or stored.due is not None else self._note(replace(stored, due=due))

    def forget_due(self, integration: Integration) -> Integration | None:
        stored = self._current(integration)
        if stored is None or stored.due != integration.due:
            return None
        return self._store(replace(stored, due=None))

    def set_trouble(self, integration: Integration, trouble: Trouble | None) -> Integration | None:
        stored = self._unedited(integration)
        if stored is None or stored.trouble != integration.trouble:
            return None
        return self._store(replace(stored, trouble=trouble))

    def pause(self, integration: Integration, until: datetime, pause_seconds: int) -> Integration | None:
        stored = self._current(integration)
        if stored is None or (stored.paused_until is not None and stored.paused_until >= until):
            return stored
        return self._store(replace(stored, paused_until=until, pause_seconds=pause_seconds))

    def clear_pause(self, integration: Integration) -> Integration | None:
        stored = self._current(integration)
        if stored is None or stored.paused_until != integration.paused_until:
            return stored
        return self._store(replace(stored, paused_until=None, pause_seconds=0))

    def release_run(self, integration_ref: str, run_id: str) -> None:
        stored = self.stored.get(integration_ref.rpartition("~")[0])
        if stored and stored.integration_ref == integration_ref and stored.active_run_id == run_id:
            self._note(replace(stored, active_run_id=None))

    def begin_run(self, integration: Integration, run_id: str, *, of_all: bool) -> bool:
        """For the run store: make a run the active one."""
        stored = self._current(integration)
        if stored is None or stored.active_run_id not in {None, integration.active_run_id}:
            return False
        if stored.due != integration.due:
            return False
        due = None if of_all else stored.due
        self._note(replace(stored, active_run_id=run_id, last_run_id=run_id, due=due))
        return True

    def announce_new_tickets(self, integration: Integration, now: datetime, stale_after: datetime | None) -> bool:
        stored = self._current(integration)
        if stored is None:
            return False
        noted = stored.new_tickets_at
        if noted is not None and (stale_after is None or noted > stale_after):
            return False
        self._store(replace(stored, new_tickets_at=now))
        return True

    def take_new_tickets(self, integration: Integration) -> None:
        stored = self._current(integration)
        if stored is not None:
            self._store(replace(stored, new_tickets_at=None))

    def announce_write(self, integration: Integration, now: datetime) -> None:
        stored = self._current(integration)
        if stored is not None:
            self._note(replace(stored, written_at=now))

    def begin_confirming(self, integration: Integration, now: datetime, until: datetime) -> bool:
        if self._current(integration) is None or self._confirming.get(integration.integration_ref, now) > now:
            return False
        self._confirming[integration.integration_ref] = until
        return True

    def expect_authorization(self, integration: Integration, pending: PendingAuthorization) -> Integration | None:
        stored = self._current(integration)
        return stored and self._store(replace(stored, authorization=pending))

    def take_authorization(self, integration: Integration, state_hash: str, now: datetime) -> Integration | None:
        stored = self._current(integration)
        if stored is None or stored.authorization is None:
            return None
        pending = stored.authorization
        if pending.state_hash != state_hash or pending.expires_at <= now:
            return None
        return self._store(replace(stored, authorization=None))

    def take(self, integration: Integration, holder: str, now: datetime, until: datetime) -> bool:
        with _TAKING:
            held_by, held_until = self._leases.get(integration.integration_ref, (holder, now))
            if self._current(integration) is None or (held_by != holder and held_until > now):
                return False
            self._leases[integration.integration_ref] = (holder, until)
            return True

    def release(self, integration: Integration, holder: str) -> None:
        if self._leases.get(integration.integration_ref, ("", None))[0] == holder:
            del self._leases[integration.integration_ref]

    def _store(self, integration: Integration) -> Integration:
        self.writes += 1
        return self._note(integration)

    def _note(self, integration: Integration) -> Integration:
        self.stored[integration.connection_name] = integration
        if _needs_attention(integration):
            self.attended.add(integration.connection_name)
        return integration

    def _current(self, integration: Integration) -> Integration | None:
        stored = self.stored.get(integration.connection_name)
        return stored if stored and stored.integration_ref == integration.integration_ref else None

    def _unedited(self, integration: Integration) -> Integration | None:
        stored = self._current(integration)
        return stored if stored and stored.settings_version == integration.settings_version else None


def _kind(health: Health) -> tuple[object, object]:
    return health.status, health.reason_code


def _needs_attention(one: Integration) -> bool:
    waits = one.due is not None or one.active_run_id is not None or one.new_tickets_at is not None
    return waits or one.broken
