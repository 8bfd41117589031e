"""The stores of webhooks, the verification of deliveries, and the registration of webhooks in Jira."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from msgspec import Struct

from ticket_status.core.model import Integration, TicketKey
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.webhooks import Hint, Signing, Tally, Webhook, WebhookState


class HookKeys(Struct, frozen=True):
    """The keys with which deliveries of one webhook may be signed. Never shown (R17)."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    def good_at(self, now: datetime) -> tuple[str, ...]:
        """The keys that are valid at this time."""
        old = self.previous if self.previous_until is not None and now < self.previous_until else None
        return (self.current,) if old is None else (self.current, old)

    def __repr__(self) -> str:
        return "HookKeys(...)"


class HookKeyStore(Protocol):
    """The keys of webhooks, separate from credentials: the receiving function reads only these."""

    def read(self, hook_id: str) -> HookKeys | None:
        """The keys; ``None`` when there is no such webhook."""

    def write(self, hook_id: str, keys: HookKeys) -> None:
        """Store them."""

    def destroy(self, hook_id: str) -> None:
        """Delete them; it is fine if there are none."""


class WebhookStore(Protocol):
    """Webhooks by integration reference, which is their id in the address, too."""

    def get(self, hook_id: str) -> Webhook | None:
        """Read one, consistently."""

    def all(self) -> Iterator[Webhook]:
        """Every webhook, page by page."""

    def put(self, webhook: Webhook) -> None:
        """Store a new webhook in place of the previous one; its counts start again."""

    def remove(self, hook_id: str) -> None:
        """Delete it; it is fine if there is none."""

    def count(
        self, hook_id: str, tallies: Mapping[Tally, int], now: datetime, *, delivered: bool, gathering: bool = False
    ) -> datetime | None:
        """Add to the counts of this hour, in one write; nothing when the webhook is gone.

        ``delivered`` notes a delivery; ``gathering`` notes that hints are waiting, and returns since when that is
        noted.
        """

    def gathered(self, hook_id: str) -> None:
        """Clear the note that hints are waiting."""

    def gathering(self, hook_id: str, until: datetime) -> None:
        """Note that hints are waiting for a message that comes then."""

    def unheard(self, hook_id: str, now: datetime) -> None:
        """Note that statuses changed and nothing was delivered."""

    def renewed(self, webhook: Webhook, jira_id: str, expires_at: datetime | None) -> None:
        """Note the registration as Jira has it now."""

    def switch(self, hook_id: str, *, on: bool) -> None:
        """Switch the effect of its deliveries on or off."""

    def tell(self, webhook: Webhook, state: WebhookState, now: datetime) -> None:
        """Store a changed state and drop stale counts, unless it was already stored."""


class Marked(Enum):
    """The result for a hint."""

    WAITS = auto()
    """The ticket is marked: it waits to be read."""
    REPEATED = auto()
    """The same delivery came before within a day."""
    NOT_ASKED = auto()
    """Deleted, or older than the window: never asked for."""
    UNKNOWN = auto()
    """No ticket of this integration."""


class HintStore(Protocol):
    """The marks of tickets that Jira named."""

    def mark(self, key: TicketKey, hint: Hint, now: datetime) -> Marked:
        """Mark a ticket as waiting: one conditional write, a second one only on the ticket's 200th hint of a day."""


class DeliverySignatures(Protocol):
    """Verifies deliveries over their raw bytes."""

    def holds(
        self, signing: Signing, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> bool:
        """Whether it is signed in exactly this way with one of the keys; header names in lower case."""


class Registered(Struct, frozen=True):
    """A webhook as Jira has it."""

    jira_id: str
    expires_at: datetime | None = None


class NotPermitted(Struct, frozen=True):
    """Jira does not let this credential register webhooks."""

    reason: str


class JiraWebhooks(Protocol):
    """Registering webhooks in one Jira."""

    def register(self, url: str, secret: str, jql: str, name: str) -> Registered | NotPermitted | JiraTrouble:
        """Set one up in Jira."""

    def renew(self, jira_id: str) -> Registered | NotPermitted | JiraTrouble | None:
        """Renew an expiring one and check that it exists; ``None`` if it is gone."""

    def remove(self, jira_id: str) -> NotPermitted | JiraTrouble | None:
        """Remove it; it is fine if it is gone."""

    def projects(self) -> Sequence[str] | JiraTrouble:
        """Keys of up to 100 projects that the account can browse."""


class WebhookConnector(Protocol):
    """Opens a site for its webhooks."""

    def open_webhooks(self, integration: Integration, deadline: datetime | None = None) -> JiraWebhooks | JiraTrouble:
        """The integration's Jira, its credentials read."""
