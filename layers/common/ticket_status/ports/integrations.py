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
    """Integrations by name. Each change is one conditional write and answers what is stored afterwards.

    Changes name an ``Integration`` as read; they touch only their own attributes, and answer ``None`` when the
    integration is gone or another one took its name.
    """

    def get(self, connection_name: str) -> Integration | None:
        """Read one, consistently."""

    def get_many(self, connection_names: Collection[str]) -> dict[str, Integration]:
        """Read those that exist, in one round trip for up to 100."""

    def page(self, limit: int, token: str | None = None) -> Page[Integration]:
        """A page of all. Raises ``InvalidTokenError`` for a token that is not one of ours."""

    def needing_attention(self) -> Iterator[str]:
        """Names of those that are broken, have a run due or active, or new tickets that wait; every page.

        From the sparse index, which may lag behind and may name one that has come to rest.
        """

    def let_rest(self, integration: Integration) -> None:
        """Take it out of the sparse index, unless something came up meanwhile."""

    def add(self, integration: Integration) -> bool:
        """Store a new one; ``False`` when the name is taken."""

    def remove(self, integration: Integration) -> bool:
        """Delete it: one write, however many tickets it has."""

    def edit(self, before: Integration, after: Integration, *, afresh: bool) -> Integration | None:
        """Store address, credentials' names (``username`` …) and date, ``skip_proxy`` and ``site``.

        ``afresh``: with another credential or address, so that the pause and the failing tries of the old one end.
        Counts ``settings_version`` up by one; ``None`` also when it moved meanwhile.
        """

    def warned(self, integration: Integration, days: int) -> Integration | None:
        """Note that the end of the credential is told so many days before; ``None`` when the date is another now."""

    def learn_site(self, integration: Integration, site: Site) -> Integration | None:
        """Store what connecting learnt; ``None`` also when ``settings_version`` moved meanwhile."""

    def switch(self, integration: Integration, *, on: bool, now: datetime) -> Integration | None:
        """Switch retrieval; ``None`` also when it already was so.

        On sets ``enabled_since``, and a run is due, unless authorisation is pending; off forgets what was due.
        """

    def set_health(self, integration: Integration, health: Health, due: Due | None = None) -> Integration | None:
        """Store health as decided from ``integration``, and with it the run that is due by it, in place of any other.

        ``None`` also when its status, its reason code or its ``settings_version`` moved meanwhile: what an old
        credential met says nothing about a new one.
        Becoming healthy sets ``healthy_since`` and clears ``trouble``.
        """

    def mark_due(self, integration: Integration, due: Due) -> Integration | None:
        """Store that a run is due; what was due before stays, and is in the answer."""

    def forget_due(self, integration: Integration) -> Integration | None:
        """Nothing is due any more; ``None`` also when something else is due now than was read."""

    def set_trouble(self, integration: Integration, trouble: Trouble | None) -> Integration | None:
        """Store or clear the count of failing tries.

        ``None`` also when it is not what was read, or ``settings_version`` moved meanwhile.
        """

    def pause(self, integration: Integration, until: datetime, pause_seconds: int) -> Integration | None:
        """Hold off until then; a pause is only ever made longer: a longer one stays, and is in the answer."""

    def clear_pause(self, integration: Integration) -> Integration | None:
        """Forget the pause that was read, and its doubling; another one stays, and is in the answer."""

    def release_run(self, integration_ref: str, run_id: str) -> None:
        """Let go of the active run if it is this one."""

    def announce_new_tickets(self, integration: Integration, now: datetime, stale_after: datetime | None) -> bool:
        """Note that new tickets wait. ``False`` when that was noted already, after ``stale_after`` (``None``: ever)."""

    def announce_write(self, integration: Integration, now: datetime) -> None:
        """Note that what Jira showed of tickets is about to be written, by somebody other than a run."""

    def begin_confirming(self, integration: Integration, now: datetime, until: datetime) -> bool:
        """Be the one who has a refusal confirmed, until then; ``False`` while somebody else is."""

    def expect_authorization(self, integration: Integration, pending: PendingAuthorization) -> Integration | None:
        """Note that an authorisation was begun; it replaces one that was begun before."""

    def take_authorization(self, integration: Integration, state_hash: str, now: datetime) -> Integration | None:
        """Use up the authorisation that was begun: once only, ``None`` for another, used or expired one."""

    def take_new_tickets(self, integration: Integration) -> None:
        """Forget the note, before the new tickets are read."""


class RefreshLease(Protocol):
    """Who may change an integration's secrets: one at a time.

    Above all since each refresh of OAuth 2.0 tokens ends the old ones.
    """

    def take(self, integration: Integration, holder: str, now: datetime, until: datetime) -> bool:
        """Hold it until then: one conditional write, ``False`` while somebody else holds it beyond ``now``."""

    def release(self, integration: Integration, holder: str) -> None:
        """Let go of it, if it still is this holder's."""
