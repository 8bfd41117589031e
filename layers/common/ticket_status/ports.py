"""What the use cases need from the outside, named by role. Adapters are in ``aws`` and ``jira``, fakes in the tests.

Stores raise only what the outside world does to them (outages, throttling that outlasts the retries): what can be
expected is in their answers.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from ticket_status.core.comparison import Row
from ticket_status.core.coverage import Coverage
from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import (
    Counts,
    Health,
    Integration,
    PendingAuthorization,
    ReasonCode,
    RunState,
    Sighting,
    Site,
    Slice,
    SyncRun,
    Ticket,
    TicketKey,
    Trouble,
)
from ticket_status.core.slices import Census

T = TypeVar("T")

# --- Jira -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Throttled:
    """Jira said to slow down (R11): 429, or 503 with ``Retry-After``. ``until`` is ``None`` when it gave no hint."""

    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A failing credential, scope or authorisation, or not a Jira at all: breaks the integration at once (R9)."""

    reason_code: ReasonCode
    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Jira cannot be reached or fails: breaks the integration only when it lasts (R9)."""

    reason_code: ReasonCode
    reason: str


JiraTrouble: TypeAlias = Throttled | Refused | Unavailable


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that passed the guard. What was asked for and is in neither member is missing."""

    seen: Mapping[str, Sighting]
    """By what was asked for: the numeric id, or the key (upper case) of a ticket whose id is not known."""
    ids: Mapping[str, str]
    """The numeric id of each key that was asked for and shown."""
    retry: frozenset[str] = frozenset()
    """What Jira could not answer now (``issueErrors``): nothing is concluded from it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who Jira says that we are."""

    account_id: str


class JiraRejectedRequestError(Exception):
    """Raised when Jira answers 400 to a call that we built: our own fault, never ignored."""


class Jira(Protocol):
    """One site, asked with one integration's credentials. Safe to use from several threads.

    Every call stops at ``deadline`` (when given at connecting) with ``Unavailable``. ``requests`` counts the calls to
    the site, not those to a token endpoint.
    """

    @property
    def requests(self) -> int:
        """Calls to the site so far."""

    @property
    def ids_per_call(self) -> int:
        """How many issues one ``ask`` may name, as far as it is known now."""

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        """Show these issues, by numeric id or by key: one call, plus one for each key that has to be told apart."""

    @property
    def site(self) -> Site:
        """What is known of the site by now; worth storing when it is not what the integration has."""

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue, by id or key, by itself; ``None`` for Jira's own 404 for an issue."""

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers."""

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account (``myself`` has no anonymous fallback). ``Refused`` when it is not the one known."""


class JiraConnector(Protocol):
    """Opens sites."""

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira, its credentials read (and an expiring token refreshed)."""


class PointsLedger(Protocol):
    """The hourly points of OAuth apps."""

    def spend(self, app: str, hour: datetime, points: int) -> int:
        """Add to an app's points of an hour; how many were spent in it by now."""


# --- Stores ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_token`` is opaque, ``None`` at the end."""

    items: Sequence[T]
    next_token: str | None = None


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

    def broken(self) -> Iterator[str]:
        """Names of the broken ones, from the sparse index; every page."""

    def add(self, integration: Integration) -> bool:
        """Store a new one; ``False`` when the name is taken."""

    def remove(self, integration: Integration) -> bool:
        """Delete it: one write, however many tickets it has."""

    def edit(self, before: Integration, after: Integration) -> Integration | None:
        """Store address, credentials' names (``username`` …), ``skip_proxy`` and ``site``.

        Counts ``settings_version`` up by one; ``None`` also when it moved meanwhile.
        """

    def learn_site(self, integration: Integration, site: Site) -> Integration | None:
        """Store what connecting learnt; ``None`` also when ``settings_version`` moved meanwhile."""

    def switch(self, integration: Integration, *, on: bool, now: datetime) -> Integration | None:
        """Switch retrieval; on sets ``enabled_since``. ``None`` also when it already was so."""

    def set_health(self, integration: Integration, health: Health) -> Integration | None:
        """Store health as decided from ``integration``.

        ``None`` also when its status, its reason code or its ``settings_version`` moved meanwhile: what an old
        credential met says nothing about a new one.
        Becoming healthy sets ``healthy_since`` and clears ``trouble``; becoming faulty puts it into the sparse index.
        """

    def set_trouble(self, integration: Integration, trouble: Trouble | None) -> Integration | None:
        """Store or clear the count of failing tries."""

    def pause(self, integration: Integration, until: datetime, pause_seconds: int) -> Integration | None:
        """Hold off until then; a pause is only ever made longer: a longer one stays, and is in the answer."""

    def clear_pause(self, integration: Integration) -> Integration | None:
        """Forget the pause that was read, and its doubling; another one stays, and is in the answer."""

    def release_run(self, integration_ref: str, run_id: str) -> None:
        """Let go of the active run if it is this one."""

    def announce_new_tickets(self, integration: Integration, now: datetime, stale_after: datetime) -> bool:
        """Note that new tickets wait. ``False`` when that was noted already, after ``stale_after``."""

    def expect_authorization(self, integration: Integration, pending: PendingAuthorization) -> Integration | None:
        """Note that an authorisation was begun; it replaces one that was begun before."""

    def take_authorization(self, integration: Integration, state_hash: str, now: datetime) -> Integration | None:
        """Use up the authorisation that was begun: once only, ``None`` for another, used or expired one."""

    def take_new_tickets(self, integration: Integration) -> None:
        """Forget the note, before the new tickets are read."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A ticket that Jira showed. ``at`` is when it was asked for: an answer is at least that new (R12)."""

    key: TicketKey
    at: datetime
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Unseen:
    """A ticket that Jira does not show, although it is not proven deleted (R8)."""

    key: TicketKey
    at: datetime


@dataclass(frozen=True, slots=True)
class Deleted:
    """A ticket proven deleted (R7)."""

    key: TicketKey
    at: datetime
    status_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Missed:
    """A ticket that a retrieval covered without an answer: what was known, and until when, stays."""

    key: TicketKey
    at: datetime
    seen_at: datetime | None


Observation: TypeAlias = Observed | Unseen | Deleted | Missed


class TicketStore(Protocol):
    """Tickets, their retrieval index, their census and coverage."""

    def get_many(
        self, keys: Collection[TicketKey], refs: Collection[str] = ()
    ) -> tuple[dict[TicketKey, Ticket], dict[str, Coverage]]:
        """Tickets, and coverage of these integrations, in one consistent round trip per 100.

        A ``key#`` identity whose issue id became known meanwhile is answered with the ticket that it became, under
        the identity that was asked for.
        """

    def census(self, integration_ref: str, clock: datetime) -> Census:
        """Tickets per day of creation, of the months that the window touches. One read of about a kilobyte."""

    def count(self, integration_ref: str, start: str, end: str) -> int:
        """Tickets at ``start <= position < end`` within one month, counted in the index."""

    def rows(self, integration_ref: str, part: Slice, after: str = "") -> Iterator[Sequence[Row]]:
        """Pages of the index in ascending position, beyond ``after``; the next page is read ahead."""

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        """Pages of the tickets that were never observed, from their sparse index."""

    def record(self, observations: Sequence[Observation]) -> frozenset[TicketKey]:
        """Write observations, each only if it is newer than what is stored (R12); the keys that were written.

        ``Observed`` clears an absence only if it is ``INACCESSIBLE``: deleted is for good (R7). ``Deleted`` leaves the
        index and the census in the same write.
        """

    def revive(self, ticket: Ticket, seen: Sighting, at: datetime) -> bool:
        """Make a deleted ticket active again, because an administrator had it looked at and Jira shows it."""

    def resolve(self, key: TicketKey, issue_id: str, seen: Sighting, at: datetime) -> TicketKey:
        """Give a key-only ticket its issue id: it becomes, or joins, that ticket, together with its links."""

    def raise_coverage(self, integration_ref: str, start: str, end: str, seen_at: datetime, since: datetime) -> None:
        """Note that ``start <= p < end``, as it was known at ``since``, was seen whole at ``seen_at``.

        Retried on concurrent writes, since ranges are disjoint.
        """


class SliceTakenError(Exception):
    """Raised when a slice's step was written by another worker: the message was delivered twice."""


class RunStore(Protocol):
    """The ledger of sync runs."""

    def begin(self, run: SyncRun, integration: Integration) -> bool:
        """Store a new run and make it the integration's active one, in one transaction.

        ``False``, and nothing stored, when another run than the one in ``integration`` is active now, or the
        integration is gone: two runs of one integration never work at the same time.
        """

    def get(self, integration_ref: str, run_id: str) -> SyncRun | None:
        """Read one, consistently."""

    def page(self, integration_ref: str, limit: int, token: str | None = None) -> Page[SyncRun]:
        """A page, newest first."""

    def latest(self, integration_ref: str) -> SyncRun | None:
        """The newest run."""

    def advance(self, run: SyncRun, name: str, step: "SliceStep", now: datetime) -> SyncRun | None:
        """Write one step of a slice; makes a paused run running.

        ``SliceTakenError`` when its step is not ``step.number``; ``None`` when the run is closed (cancelled meanwhile).
        """

    def join(self, run: SyncRun, name: str, part: Slice, tickets: int) -> SyncRun | None:
        """Add a slice to an open run that is still retrieving.

        ``None`` when it is too late for that, or the run has a slice of that name.
        """

    def conclude(
        self, run: SyncRun, judged: "MissingTickets", counts: Counts, jira_requests: int, now: datetime
    ) -> bool:
        """Remove missing tickets that were judged and count what became of them, in one transaction.

        ``False`` when another worker did so already.
        """

    def spend(self, run: SyncRun, jira_requests: int) -> None:
        """Count calls that brought nothing."""

    def pause(self, run: SyncRun, until: datetime) -> None:
        """Show an open run as paused."""

    def close(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        """End an open run; ``None`` when it was closed already: a run ends once."""

    def missing(self, run: SyncRun) -> Iterator["MissingTickets"]:
        """What the run's slices did not find, for its verdict."""


class MissingTicket(NamedTuple):
    """A ticket that a run asked for and Jira did not show."""

    ticket_id: str
    sighting: Sighting | None
    """What Jira last showed of it."""
    was_inaccessible: bool
    seen_at: datetime | None
    """When Jira last showed it, as far as that is known."""


@dataclass(frozen=True, slots=True)
class MissingTickets:
    """The missing tickets of one step of a slice; ``part`` names it within the run."""

    part: str
    tickets: tuple[MissingTicket, ...]


@dataclass(frozen=True, slots=True)
class SliceStep:
    """What a worker did of a slice since the step before."""

    number: int
    """The step that is expected to be stored."""
    cursor: str
    done: bool
    counts: Counts
    asked: int
    jira_requests: int
    missing: tuple[MissingTicket, ...] = ()


class SecretStore(Protocol):
    """Credentials of integrations; the only place that has them (R17)."""

    def read(self, integration_ref: str) -> Mapping[str, str] | None:
        """All secrets of an integration; ``None`` when it has none."""

    def write(self, integration_ref: str, secrets: Mapping[str, str]) -> None:
        """Store all secrets of an integration."""

    def destroy(self, integration_ref: str) -> None:
        """Delete them, without a way back."""


# --- Queue ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SliceWork:
    """Retrieve a slice of a run, from a cursor on."""

    integration_name: str
    integration_ref: str
    run_id: str
    clock: datetime
    name: str
    part: Slice
    step: int
    cursor: str


@dataclass(frozen=True, slots=True)
class VerdictWork:
    """Judge the tickets that a run missed, and end it."""

    integration_name: str
    integration_ref: str
    run_id: str
    clock: datetime


@dataclass(frozen=True, slots=True)
class NewTicketsWork:
    """Retrieve newly registered tickets (R14)."""

    integration_name: str
    integration_ref: str


Work: TypeAlias = SliceWork | VerdictWork | NewTicketsWork


class WorkQueue(Protocol):
    """The sync queue."""

    def send(self, work: Sequence[Work], delay_seconds: int = 0) -> None:
        """Put work on the queue, in batches; raises when any of it was not accepted."""

    def give_up(self, body: str, reason: str) -> None:
        """Put a message that cannot be understood or done straight into the dead-letter queue."""


# --- Violations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resource:
    """What was scanned; ``type`` is ``artifact``, ``build`` or ``release_bundle``."""

    type: str
    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A violation has a ticket."""

    violation_id: str
    ticket: TicketKey
    created_at: datetime
    """When the ticket was created: the last one leads."""
    resource: Resource | None = None

    @property
    def rank(self) -> tuple[datetime, TicketKey]:
        """The highest leads; the identity decides between tickets that were created at the same moment."""
        return self.created_at, self.ticket


@dataclass(frozen=True, slots=True)
class Registration:
    """A ticket, the violation it was opened for, and the resource that it was found in."""

    ticket: Ticket
    violation_id: str
    resource: Resource | None


class ViolationStore(Protocol):
    """Links between violations and tickets, and the resources that violations were found in."""

    def links(self, violation_ids: Collection[str]) -> dict[str, list[Link]]:
        """The links of each violation that has any, the leading ticket's first; read side by side."""

    def violations_of(self, tickets: Collection[TicketKey]) -> dict[TicketKey, list[str]]:
        """The violations that each ticket serves."""

    def register(self, registrations: Sequence[Registration], clock: datetime) -> frozenset[TicketKey]:
        """Store tickets, links and resources, all or nothing for each registration.

        A known ticket keeps its ``created_at`` and gains links. What is stored already is not written again. New
        tickets within the window (at ``clock``) enter the index of new tickets; deleted ones stay deleted. Answers
        which of the tickets are in that index, those that were known before among them: they wait to be retrieved.
        """

    def resources(self, type_: str | None, limit: int, token: str | None) -> Page[tuple[Resource, int]]:
        """Resources with their numbers of violations."""

    def of_resource(self, resource: Resource, limit: int, token: str | None) -> Page[str]:
        """Ids of the violations found in a resource."""


class InvalidTokenError(ValueError):
    """Raised when a ``next_token`` is not one that this list gave."""


# --- Changing secrets -----------------------------------------------------------------------------------------------


class RefreshLease(Protocol):
    """Who may change an integration's secrets: one at a time.

    Above all since each refresh of OAuth 2.0 tokens ends the old ones.
    """

    def take(self, integration: Integration, holder: str, now: datetime, until: datetime) -> bool:
        """Hold it until then: one conditional write, ``False`` while somebody else holds it beyond ``now``."""

    def release(self, integration: Integration, holder: str) -> None:
        """Let go of it, if it still is this holder's."""


# --- Events ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event for the stack's bus."""

    detail_type: str
    detail: Mapping[str, object]


class EventBus(Protocol):
    """The stack's bus."""

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus, in batches; raises when any of them was not accepted."""


# --- Connecting -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One of the five checks of Test Integration; ``detail`` says what was found, or what to do."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What trying an integration found."""

    checks: tuple[Check, ...]
    """``reachable``, ``is_jira``, ``authenticated``, ``scopes``, ``can_read_issues``: always five, in this order."""
    missing_scopes: tuple[str, ...]
    site: Site | None
    """What was learnt, as far as it got."""
    trouble: JiraTrouble | None
    """What decides the health; ``None``: well."""
    requests: int


class ConnectionTester(Protocol):
    """Tries integrations."""

    def check(
        self,
        integration: Integration,
        secrets: Mapping[str, str] | None = None,
        deadline: datetime | None = None,
    ) -> ConnectionReport:
        """Try it with its stored secrets, or with others without storing anything."""

    def cloud_id(self, integration: Integration, deadline: datetime | None = None) -> str | None:
        """The id of the Cloud site at its address, asked without credentials; ``None`` when it cannot be told."""


class GrantedSecrets(Protocol):
    """What an authorisation gave."""

    def as_secrets(self) -> Mapping[str, str]:
        """As members of the integration's secrets."""


class OAuth2Grants(Protocol):
    """OAuth 2.0, of Cloud (3LO) and Data Center (application link)."""

    def authorization_url(self, integration: Integration, redirect_uri: str, state: str) -> str:
        """Where a person grants access."""

    def exchange(
        self,
        integration: Integration,
        client_secret: str,
        code: str,
        redirect_uri: str,
        deadline: datetime | None = None,
    ) -> GrantedSecrets | JiraTrouble:
        """Tokens for a code."""


class RequestToken(Protocol):
    """The first leg of OAuth 1.0a."""

    @property
    def token(self) -> str:
        """The temporary token."""

    @property
    def secret(self) -> str:
        """Its secret."""

    @property
    def authorization_url(self) -> str:
        """Where a person grants access."""


class KeyPair(Protocol):
    """A key pair of an OAuth 1.0a integration, as PEM texts."""

    @property
    def private_key(self) -> str:
        """A secret."""

    @property
    def public_key(self) -> str:
        """What the administrator of Jira is given."""


class OAuth1Grants(Protocol):
    """OAuth 1.0a of Server and Data Center."""

    def request_token(
        self,
        integration: Integration,
        private_key: str,
        callback_url: str,
        deadline: datetime | None = None,
    ) -> RequestToken | JiraTrouble:
        """Begin."""

    def access_token(  # noqa: PLR0913 - the protocol has so many
        self,
        integration: Integration,
        private_key: str,
        token: str,
        secret: str,
        verifier: str,
        *,
        deadline: datetime | None = None,
    ) -> GrantedSecrets | JiraTrouble:
        """End."""
