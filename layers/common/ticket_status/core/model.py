"""The domain model: integrations, tickets, statuses, health and sync runs."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self

from msgspec import Struct, field
from msgspec.structs import astuple

Sighting = NewType("Sighting", str)
"""What Jira showed of an issue, as one comparable text: ``KEY|category|status name``."""

KEY_ONLY_PREFIX = "key#"
"""A ticket id starts so while only the issue's key is known, not its numeric id."""


class Discreet(Struct, frozen=True):
    """A value that contains something secret: its ``repr``, for logs and errors, shows none of its members."""

    def __repr__(self) -> str:
        """The class name only."""
        return f"{type(self).__qualname__}(...)"


class InstallationType(StrEnum):
    """The kind of Jira; ``server`` is Server and Data Center."""

    CLOUD = "cloud"
    SERVER = "server"


class AuthType(StrEnum):
    """How an integration authenticates to Jira."""

    BASIC = "basic"
    PAT = "pat"
    OAUTH1 = "oauth1"
    OAUTH2 = "oauth2"
    CLIENT_CREDENTIALS = "client_credentials"
    """OAuth 2.0 of a service account: no consent, no refresh token."""


class Category(StrEnum):
    """Keys of Jira's status categories, as on real sites."""

    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"

    @classmethod
    def of(cls, key: object) -> Self:
        """The category with this key; a key that no real site has is ``undefined``."""
        known = isinstance(key, str) and key in cls._value2member_map_
        return cls(str(key)) if known else cls("undefined")


class Status(Struct, frozen=True):
    """A Jira status: its name and category."""

    name: str
    category: Category


class Absence(StrEnum):
    """Why Jira does not show an issue: hidden from us (R8), or proven deleted (R7)."""

    INACCESSIBLE = "inaccessible"
    VANISHED = "vanished"
    """One of a mass that vanished within one run: inaccessible, and not judged again by itself (R8)."""
    DELETED = "deleted"


UNKNOWN = "Unknown"
"""What a ticket shows in place of a status, with a reason."""


class UnknownReason(StrEnum):
    """Why a ticket shows ``Unknown``."""

    DELETED = "DELETED"
    INACCESSIBLE = "INACCESSIBLE"
    INTEGRATION_BROKEN = "INTEGRATION_BROKEN"
    INTEGRATION_NOT_FOUND = "INTEGRATION_NOT_FOUND"
    NOT_RETRIEVED_YET = "NOT_RETRIEVED_YET"


class RefreshState(StrEnum):
    """Whether a ticket is still asked for, and if not, why."""

    ACTIVE = "active"
    OUTSIDE_WINDOW = "outside_window"
    DELETED = "deleted"
    RETRIEVAL_DISABLED = "retrieval_disabled"


class HealthStatus(StrEnum):
    """The health of an integration, in the product's words."""

    HEALTHY = "HEALTHY_INTEGRATION"
    FAULTY = "FAULTY_CONFIGURATION"
    PENDING = "PENDING_AUTHORIZATION"


class ReasonCode(StrEnum):
    """Why an integration is faulty."""

    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED"
    MISSING_SCOPES = "MISSING_SCOPES"
    AUTHORIZATION_EXPIRED = "AUTHORIZATION_EXPIRED"
    CAPTCHA_REQUIRED = "CAPTCHA_REQUIRED"
    UNREACHABLE = "UNREACHABLE"
    NOT_JIRA = "NOT_JIRA"
    DIFFERENT_SITE = "DIFFERENT_SITE"
    JIRA_ERROR = "JIRA_ERROR"


class Trigger(StrEnum):
    """What started a sync run."""

    SCHEDULE = "schedule"
    ON_CALL = "on_call"
    API = "api"
    ENABLED = "enabled"
    RECOVERED = "recovered"
    REGISTERED = "registered"
    WEBHOOK = "webhook"
    RECHECK = "recheck"


class RunState(StrEnum):
    """Where a sync run stands."""

    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def open(self) -> bool:
        """Whether the run still has work to do."""
        return self in {RunState.RUNNING, RunState.PAUSED}


class Health(Struct, frozen=True):
    """The health of an integration. ``since`` is when this status and reason began."""

    status: HealthStatus
    since: datetime
    checked_at: datetime
    reason_code: ReasonCode | None = None
    reason: str | None = None


LARGEST_ISSUE_ID = 2**63 - 1
"""Ids of Jira issues are signed numbers of 64 bits."""

MOST_IDS_PER_CALL = 1000
"""How many ids one call may name at most, on Cloud and on a Data Center with its usual settings."""


class Site(Struct, frozen=True):
    """What connecting found out about a Jira site; ``None`` where it is not known (yet)."""

    api_url: str
    """Prefix of ``/rest/api/…``: the site's address, or the gateway's for scoped tokens and OAuth 2.0."""
    base_url: str | None = None
    """The site's own address, as it reports it."""
    version: str | None = None
    cloud_id: str | None = None
    account_id: str | None = None
    """Who we are there: ``accountId`` (Cloud), ``key`` (Data Center; ``name`` when it was learnt by an old version)."""
    ids_per_call: int = MOST_IDS_PER_CALL
    """How many ids the next retrieving call may name (R9b)."""
    granted_scopes: frozenset[str] = frozenset()
    account_name: str | None = None
    """On Data Center, the account's current name, which is in every response."""
    display_url: str | None = None
    """The address that people open, where it is not the site's own (a custom domain of a Cloud site)."""
    ids_too_many: int | None = None
    """So many ids were too many for one call (R9b)."""
    ids_too_many_at: datetime | None = None
    asked_alone: tuple[str, ...] = ()
    """Issues that Jira fails on, so that they are asked for by themselves (R9b)."""


class Trouble(Struct, frozen=True):
    """Jira cannot be reached or fails, but not yet for long enough to break the integration (R9)."""

    since: datetime
    tries: int
    last: datetime
    """When it was last tried: a good answer after that forgets it."""


class Due(Struct, frozen=True):
    """A run of all tickets that must begin: stored together with its cause, cleared when the run begins (R1)."""

    trigger: Trigger
    since: datetime


class PendingAuthorization(Struct, frozen=True):
    """An authorisation in progress: what its callback must prove. Only a hash of the state is kept."""

    state_hash: str
    """SHA-256 of the state, in hex."""
    expires_at: datetime
    callback_url: str
    """Where Jira sends the person back to; named again when the code is exchanged."""


class Integration(Struct, frozen=True):
    """A named connection to one Jira site. Times are aware; secrets are elsewhere."""

    connection_name: str
    integration_ref: str
    """Name and a random part: what the tickets hang on, never used again after a deletion."""
    installation_type: InstallationType
    jira_server_url: str
    auth_type: AuthType
    created_at: datetime
    retrieve_jira_tickets: bool
    enabled_since: datetime
    """When retrieval was last switched on (R6)."""
    healthy_since: datetime
    """When it last became healthy (R9)."""
    health: Health
    site: Site | None = None
    username: str | None = None
    client_id: str | None = None
    consumer_key: str | None = None
    public_key: str | None = None
    skip_proxy: bool = False
    created_in_version: str | None = None
    paused_until: datetime | None = None
    pause_seconds: int = 0
    """Length of the last pause without a hint from Jira, in seconds; doubles until a call succeeds (R11)."""
    trouble: Trouble | None = None
    active_run_id: str | None = None
    due: Due | None = None
    """The run of all tickets that is to begin."""
    written_at: datetime | None = None
    """When somebody other than a run last was about to write what Jira showed of a ticket."""
    new_tickets_at: datetime | None = None
    """Since when newly registered tickets wait to be retrieved (R14)."""
    settings_version: int = 0
    """Counts edits of address and credentials."""
    authorization: PendingAuthorization | None = None
    disabled_since: datetime | None = None
    """When retrieval was last switched off (R5)."""
    broken_since: datetime | None = None
    """When it last broke, whatever reasons it had since (R9)."""
    last_run_id: str | None = None
    """The run that began last."""
    credential_expires_at: datetime | None = None
    """When the credential ends, as the administrator says."""
    warned_days: int | None = None
    """How many days before that it was last told."""

    @property
    def broken(self) -> bool:
        """Whether its tickets show ``INTEGRATION_BROKEN``."""
        return self.health.status is HealthStatus.FAULTY

    @property
    def counts_since(self) -> datetime:
        """What was seen of its tickets before this time is no longer shown (R6, R9)."""
        return max(self.enabled_since, self.healthy_since)

    @property
    def browse_url(self) -> str:
        """The prefix of links to its issues."""
        shown_at = self.site.display_url if self.site is not None else None
        return f"{shown_at or self.site_url}/browse/"

    @property
    def site_url(self) -> str:
        """The site's address, as it was given."""
        return self.jira_server_url.rstrip("/")


class TicketKey(Struct, frozen=True, order=True):
    """The identity of a ticket."""

    integration_ref: str
    ticket_id: str
    """The numeric Jira issue id, or ``key#KEY`` while only the key is known."""

    @classmethod
    def of(cls, integration_ref: str, issue_id: str | None, issue_key: str) -> Self:
        """The identity of the ticket with this issue id, or with this key while the id is not known."""
        return cls(integration_ref, issue_id or KEY_ONLY_PREFIX + issue_key)

    @property
    def issue_id(self) -> str | None:
        """The numeric Jira issue id, once known."""
        return None if self.ticket_id.startswith(KEY_ONLY_PREFIX) else self.ticket_id

    @property
    def connection_name(self) -> str:
        """The integration's name, which its ref starts with."""
        return self.integration_ref.rpartition("~")[0]


MOST_SHOWN_VIOLATIONS = 20
"""Violations that are shown with a ticket."""


class ServedViolations(Struct, frozen=True):
    """The violations that a ticket serves."""

    first: tuple[str, ...] = ()
    """Up to ``MOST_SHOWN_VIOLATIONS`` of them, in order."""
    total: int = 0

    @property
    def complete(self) -> bool:
        """Whether all are named. An item from before they were stored names none at all."""
        return 0 < self.total <= len(self.first)


class Ticket(Struct, frozen=True):
    """What is stored of a ticket. What it *shows* is derived on reading."""

    key: TicketKey
    issue_key: str
    created_at: datetime
    site_url: str
    """The site's address when the ticket was registered: its link when the integration is gone."""
    status: Status | None = None
    """The last status that Jira showed."""
    absence: Absence | None = None
    observed_at: datetime | None = None
    """When the newest observation that was written was asked for."""
    missed_at: datetime | None = None
    """A retrieval at this time, and any before it, got no answer for this ticket although it covered it."""
    status_seen_at: datetime | None = None
    """On a deleted ticket: when Jira last showed it."""
    status_since: datetime | None = None
    """When Jira first showed the status; of one that is inaccessible, since when it is."""
    registered_at: datetime | None = None
    """When it became known here; ``None`` for tickets from before this was stored."""
    serves: ServedViolations = ServedViolations()
    """Kept with it for its readers; no part of what was registered or observed."""
    hinted_at: datetime | None = None
    """When a webhook last named it (R19)."""


class Counts(Struct, frozen=True):
    """The results for the tickets that a run asked for."""

    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    inaccessible: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Tickets that are done."""
        return sum(astuple(self))

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


class Slice(Struct, frozen=True):
    """A part of a run: the tickets at positions ``start <= p < end``, which lie in ``months``."""

    start: str
    end: str
    months: tuple[str, ...]
    """``YYYY-MM``, ascending; only months that had tickets when the run was planned."""


class SliceProgress(Struct, frozen=True):
    """How far a slice has come."""

    slice: Slice
    step: int = 0
    """Counts what was written of it, so that a repeated message is recognised."""
    cursor: str = ""
    """Position of the last ticket that is done with."""
    done: bool = False
    tally: Mapping[str, int] = field(default_factory=dict)
    """What the tickets that are done with showed, in a run of all tickets (see ``summary``)."""


NEW_TICKETS = "new"
"""Name of the slice that retrieves newly registered tickets; the other slices are named by number."""


class SyncRun(Struct, frozen=True):
    """One retrieval of all tickets of one integration."""

    integration_ref: str
    run_id: str
    trigger: Trigger
    started_at: datetime
    """The run's clock: it decides the window (R2)."""
    state: RunState = RunState.RUNNING
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    tickets_total: int = 0
    asked: int = 0
    """Tickets, not inaccessible before, that Jira answered for: R8 compares with half of them."""
    vanished: int = 0
    """Those among them that Jira did not show."""
    missing: int = 0
    """All tickets that are noted to be judged."""
    counts: Counts = field(default_factory=Counts)
    jira_requests: int = 0
    error: str | None = None
    paused_until: datetime | None = None
    slices: dict[str, SliceProgress] = field(default_factory=dict)
