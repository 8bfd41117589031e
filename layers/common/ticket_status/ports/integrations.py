"""Where integrations are kept."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from ticket_status.core.model import (
    Due,
    Health,
    Integration,
    PendingAuthorization,
    Site,
    Trouble,
)
from ticket_status.ports.paging import Page


class IntegrationStore(Protocol):
    """Integrations by name. Each change is one conditional write and returns what is stored afterwards.

    Changes take an ``Integration`` as read and touch only their own attributes. They return ``None`` if the
    integration was deleted or another one took its name.
    """

    def get(self, connection_name: str) -> Integration | None:
        """Read one, consistently."""

    def get_many(self, connection_names: Collection[str]) -> dict[str, Integration]:
        """Read those that exist, in one round trip for up to 100."""

    def page(self, limit: int, token: str | None = None) -> Page[Integration]:
        """A page of all. Raises ``InvalidTokenError`` for a token that is not one of ours."""

    def needing_attention(self) -> Iterator[str]:
        """Names of those that are broken, or have a due or active run or waiting new tickets; all pages.

        From the sparse index, which may lag behind and name one that no longer needs attention.
        """

    def let_rest(self, integration: Integration) -> None:
        """Remove it from the sparse index, unless it needs attention again."""

    def add(self, integration: Integration) -> bool:
        """Store a new one; ``False`` when the name is taken."""

    def remove(self, integration: Integration) -> bool:
        """Delete it: one write, however many tickets it has."""

    def edit(self, before: Integration, after: Integration, *, afresh: bool) -> Integration | None:
        """Store address, credentials' names (``username`` …) and date, ``skip_proxy`` and ``site``.

        ``afresh``: the credential or address is new, so the old one's pause and failed tries end. Increments
        ``settings_version``; ``None`` also if that changed meanwhile.
        """

    def warned(self, integration: Integration, days: int) -> Integration | None:
        """Note that the expiry was announced this many days before; ``None`` if the date has changed."""

    def learn_site(self, integration: Integration, site: Site) -> Integration | None:
        """Store what connecting found out; ``None`` also if ``settings_version`` changed meanwhile."""

    def switch(self, integration: Integration, *, on: bool, now: datetime) -> Integration | None:
        """Switch retrieval; ``None`` also if it was already so.

        On sets ``enabled_since`` and makes a run due, unless authorisation is pending; off clears a due run.
        """

    def set_health(self, integration: Integration, health: Health, due: Due | None = None) -> Integration | None:
        """Store health as decided from ``integration``, and the run that it makes due, replacing any other due run.

        ``None`` also if its status, reason code or ``settings_version`` changed meanwhile: the failure of an old
        credential says nothing about a new one.
        Becoming healthy sets ``healthy_since`` and clears ``trouble``.
        """

    def mark_due(self, integration: Integration, due: Due) -> Integration | None:
        """Store that a run is due; if one already was, that one stays and is returned."""

    def forget_due(self, integration: Integration) -> Integration | None:
        """Clear the due run; ``None`` also if another run is due now."""

    def set_trouble(self, integration: Integration, trouble: Trouble | None) -> Integration | None:
        """Store or clear the count of failed tries.

        ``None`` also if it is not what was read, or ``settings_version`` changed meanwhile.
        """

    def pause(self, integration: Integration, until: datetime, pause_seconds: int) -> Integration | None:
        """Pause until then. A pause only gets longer: a longer one stays and is returned."""

    def clear_pause(self, integration: Integration) -> Integration | None:
        """Clear the pause that was read, and its doubling; another pause stays and is returned."""

    def release_run(self, integration_ref: str, run_id: str) -> None:
        """Clear the active run if it is this one."""

    def announce_new_tickets(self, integration: Integration, now: datetime, stale_after: datetime | None) -> bool:
        """Note that new tickets are waiting. ``False`` if already noted after ``stale_after`` (``None``: ever)."""

    def announce_write(self, integration: Integration, now: datetime) -> None:
        """Note that what Jira showed of tickets is about to be written, by somebody other than a run."""

    def begin_confirming(self, integration: Integration, now: datetime, until: datetime) -> bool:
        """Claim the confirmation of a refusal until then; ``False`` while another worker has it."""

    def expect_authorization(self, integration: Integration, pending: PendingAuthorization) -> Integration | None:
        """Store that an authorisation was begun; it replaces an earlier one."""

    def take_authorization(self, integration: Integration, state_hash: str, now: datetime) -> Integration | None:
        """Use the authorisation in progress, once only; ``None`` for another, used or expired one."""

    def take_new_tickets(self, integration: Integration) -> None:
        """Clear the note, before the new tickets are read."""


class RefreshLease(Protocol):
    """A lock for changing an integration's secrets.

    It matters most because each refresh of OAuth 2.0 tokens invalidates the old ones.
    """

    def take(self, integration: Integration, holder: str, now: datetime, until: datetime) -> bool:
        """Hold it until then: one conditional write; ``False`` while another holds it beyond ``now``."""

    def release(self, integration: Integration, holder: str) -> None:
        """Release it, if this holder still has it."""
