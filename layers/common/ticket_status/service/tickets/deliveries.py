"""R19: deliveries of webhooks become marks on tickets and one message that gathers them.

Nothing is read from a delivery before its signature is verified, and then only the issue that it names.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256

from msgspec import Struct, field

from ticket_status.core.model import TicketKey
from ticket_status.core.webhooks import EVENTS, GATHER, MOST_BYTES, Hint, Tally, Webhook
from ticket_status.core.work import NewTicketsWork
from ticket_status.ports.queue import WorkQueue
from ticket_status.ports.webhooks import DeliverySignatures, HintStore, HookKeys, HookKeyStore, Marked, WebhookStore

KEYS_KNOWN_FOR = timedelta(seconds=60)
"""How long a warm function trusts the webhook keys that it has read."""

_READ_ANEW_AFTER = timedelta(seconds=5)
"""How often, at most, keys are read again after a wrong signature, because they may just have changed."""

TELL_EVERY = timedelta(seconds=1)
"""How often, at most, a warm function writes counts and announces, so that a storm costs one write per ticket."""

FORGOTTEN_AFTER = timedelta(seconds=60)
"""After this, the note that hints are waiting is made again, in case the message was lost."""

_LONGEST_HOOK_ID = 128
"""A reference has 71 characters; DynamoDB refuses keys above 2,048 bytes."""

_ISSUE_ID = re.compile(r"[0-9]{1,19}")
_ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,200}-[1-9][0-9]{0,18}")
"""Keys that the API accepts; anything else is not a ticket."""

_OF_STATUS = frozenset({"status", "key", "project"})
"""Fields whose change a ticket shows."""


class Received(Enum):
    """What the sender is told about the delivery, and nothing else."""

    TAKEN = auto()
    UNSIGNED = auto()
    TOO_LARGE = auto()


class Delivery(Struct, frozen=True):
    """A request as received: header names in lower case, the body as raw bytes."""

    hook_id: str
    headers: Mapping[str, str]
    body: bytes


class _Warm(Struct):
    """What a warm function remembers of one webhook."""

    keys: HookKeys | None
    keys_of: datetime
    """When the webhook that the keys belong to was set up."""
    read_at: datetime
    told_at: datetime | None = None
    sent_at: datetime | None = None
    tallies: Counter[Tally] = field(default_factory=Counter)


class DeliveryPorts(Struct, frozen=True):
    """The ports for receiving: it can mark tickets, count, and send messages, and nothing else."""

    webhooks: WebhookStore
    keys: HookKeyStore
    hints: HintStore
    signatures: DeliverySignatures
    queue: WorkQueue


class ReceiveDeliveries:
    """Receives deliveries. Kept while the function is warm."""

    def __init__(self, ports: DeliveryPorts, now: Callable[[], datetime]) -> None:
        self._ports = ports
        self._now = now
        self._warm: dict[str, _Warm] = {}

    def receive(self, delivery: Delivery) -> Received:
        """Receive one delivery. An unknown address and a wrong signature get the same response."""
        if len(delivery.body) > MOST_BYTES:
            return Received.TOO_LARGE
        if not 0 < len(delivery.hook_id) <= _LONGEST_HOOK_ID:
            return Received.UNSIGNED
        now = self._now()
        webhook = self._ports.webhooks.get(delivery.hook_id)
        if webhook is None:
            return Received.UNSIGNED
        warm = self._remembered(webhook, now)
        if not self._signed(webhook, warm, delivery, now):
            self._tell(webhook, warm, Tally.REJECTED, now)
            return Received.UNSIGNED
        hint = read_hint(delivery) if webhook.on else None
        if hint is not None:
            self._take(webhook, warm, hint, now)
        return Received.TAKEN

    def _remembered(self, webhook: Webhook, now: datetime) -> _Warm:
        warm = self._warm.get(webhook.integration_ref)
        if warm is None:
            warm = _Warm(self._ports.keys.read(webhook.integration_ref), webhook.set_up_at, now)
            self._warm[webhook.integration_ref] = warm
        elif warm.keys_of != webhook.set_up_at or now - warm.read_at >= KEYS_KNOWN_FOR:
            self._read_keys(webhook, warm, now)
        return warm

    def _read_keys(self, webhook: Webhook, warm: _Warm, now: datetime) -> None:
        warm.keys = self._ports.keys.read(webhook.integration_ref)
        warm.keys_of, warm.read_at = webhook.set_up_at, now

    def _signed(self, webhook: Webhook, warm: _Warm, delivery: Delivery, now: datetime) -> bool:
        if self._holds(webhook, warm, delivery, now):
            return True
        if now - warm.read_at < _READ_ANEW_AFTER:
            return False
        self._read_keys(webhook, warm, now)
        return self._holds(webhook, warm, delivery, now)

    def _holds(self, webhook: Webhook, warm: _Warm, delivery: Delivery, now: datetime) -> bool:
        keys = warm.keys.good_at(now) if warm.keys is not None else ()
        return self._ports.signatures.holds(webhook.signing, delivery.headers, delivery.body, keys, now)

    def _take(self, webhook: Webhook, warm: _Warm, hint: Hint, now: datetime) -> None:
        match self._mark(webhook.integration_ref, hint, now):
            case Marked.WAITS:
                self._announce(webhook, warm, now)
            case Marked.NOT_ASKED:
                self._tell(webhook, warm, Tally.ACCEPTED, now, delivered=True)
            case Marked.REPEATED:
                self._tell(webhook, warm, Tally.DUPLICATES, now, delivered=True)
            case Marked.UNKNOWN:
                self._tell(webhook, warm, Tally.UNKNOWN_ISSUE, now, delivered=True)

    def _mark(self, ref: str, hint: Hint, now: datetime) -> Marked:
        """By the issue's id, or by its key while only that is known."""
        marked = self._ports.hints.mark(TicketKey(ref, hint.issue_id), hint, now)
        if marked is Marked.UNKNOWN and hint.issue_key is not None:
            marked = self._ports.hints.mark(TicketKey.of(ref, None, hint.issue_key), hint, now)
        return marked

    def _announce(self, webhook: Webhook, warm: _Warm, now: datetime) -> None:
        """Have the hints gathered. The mark is written before the note, so the reader of the note finds every mark.

        A message that this function sent a moment ago also comes after this mark, so a storm is noted once a second.
        """
        warm.tallies[Tally.ACCEPTED] += 1
        if warm.sent_at is not None and now - warm.sent_at < TELL_EVERY:
            return
        noted = self._ports.webhooks.count(
            webhook.integration_ref, _taken(warm, now), now, delivered=True, gathering=True
        )
        if noted is None or now - noted >= FORGOTTEN_AFTER:
            work = NewTicketsWork(webhook.connection_name, webhook.integration_ref, hinted=True)
            self._ports.queue.send([work], int(GATHER.total_seconds()))
            warm.sent_at = now

    def _tell(self, webhook: Webhook, warm: _Warm, tally: Tally, now: datetime, *, delivered: bool = False) -> None:
        warm.tallies[tally] += 1
        if warm.told_at is None or now - warm.told_at >= TELL_EVERY:
            self._ports.webhooks.count(webhook.integration_ref, _taken(warm, now), now, delivered=delivered)


def _taken(warm: _Warm, now: datetime) -> dict[Tally, int]:
    taken, warm.tallies, warm.told_at = dict(warm.tallies), Counter(), now
    return taken


def read_hint(delivery: Delivery) -> Hint | None:
    """The issue that a delivery names; ``None`` if the change does not affect what a ticket shows."""
    try:
        document = json.loads(delivery.body)
    except (ValueError, RecursionError):
        return None
    match document:
        case {"webhookEvent": str(event), "issue": {"id": str() | int() as issue_id, **issue}} if event in EVENTS:
            if not _ISSUE_ID.fullmatch(str(issue_id)) or not _shows(document.get("changelog")):
                return None
            key = str(issue.get("key"))
            identifier = delivery.headers.get("x-atlassian-webhook-identifier") or sha256(delivery.body).hexdigest()
            return Hint(str(issue_id), key if _ISSUE_KEY.fullmatch(key) else None, identifier[:100])
        case _:
            return None


def _shows(changelog: object) -> bool:
    """Whether a ticket may show the change; true if the delivery does not say what changed."""
    match changelog:
        case {"items": [*items]}:
            fields = {str(item.get("fieldId") or item.get("field")).lower() for item in items if isinstance(item, dict)}
            return not fields or bool(fields & _OF_STATUS)
        case _:
            return True
