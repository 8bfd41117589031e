"""What an administrator's request can come to when it is not done. The API has one problem document for each."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import AuthType


@dataclass(frozen=True, slots=True)
class IntegrationNotFound:
    """There is no integration of this name."""

    connection_name: str


@dataclass(frozen=True, slots=True)
class TicketNotFound:
    """The integration has no ticket of this issue, which was named by id or key."""

    issue: str


@dataclass(frozen=True, slots=True)
class SyncRunNotFound:
    """The integration has no run with this id."""

    run_id: str


@dataclass(frozen=True, slots=True)
class NameTaken:
    """There is an integration of this name already."""

    connection_name: str


@dataclass(frozen=True, slots=True)
class AddressRefused:
    """The address is not accepted (R18)."""

    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionFailed:
    """Jira could not be reached with these credentials; nothing was stored."""

    report: ConnectionReport


@dataclass(frozen=True, slots=True)
class AuthorizationFailed:
    """Jira did not let an authorisation begin."""

    reason: str


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Everybody holds off from the site until then (R11)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class DifferentSite:
    """The new address is another site: the tickets are not there."""

    known: str
    found: str


@dataclass(frozen=True, slots=True)
class CredentialsRequired:
    """The address is another host's: the secret goes there only if it is given for it (R17)."""

    known: str
    found: str


@dataclass(frozen=True, slots=True)
class MissingScopes:
    """The grant has too few scopes for retrieval (R16)."""

    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetrievalDisabled:
    """Nothing is asked from Jira while retrieval is off (R5)."""

    connection_name: str


@dataclass(frozen=True, slots=True)
class PendingAuthorizationFirst:
    """The integration has to be authorised before Jira can be asked."""

    connection_name: str


@dataclass(frozen=True, slots=True)
class WrongAuthType:
    """The integration proves itself in another way."""

    actual: AuthType
    asked: AuthType


@dataclass(frozen=True, slots=True)
class OutsideWindow:
    """The ticket is older than a year: it is not asked for, not even by hand (R2)."""

    issue_id: str


@dataclass(frozen=True, slots=True)
class IntegrationBroken:
    """The request itself found the integration broken (R9)."""

    reason: str


@dataclass(frozen=True, slots=True)
class JiraUnavailable:
    """Jira cannot be reached or fails, not yet for long (R9)."""

    reason: str


@dataclass(frozen=True, slots=True)
class WebhookNotPermitted:
    """Jira does not let this credential register webhooks; ``steps`` say how a person does it (R19)."""

    reason: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """Somebody else is changing the integration at this moment."""

    connection_name: str


Refusal: TypeAlias = (
    IntegrationNotFound
    | TicketNotFound
    | SyncRunNotFound
    | NameTaken
    | AddressRefused
    | ConnectionFailed
    | AuthorizationFailed
    | RateLimited
    | DifferentSite
    | CredentialsRequired
    | MissingScopes
    | RetrievalDisabled
    | PendingAuthorizationFirst
    | WrongAuthType
    | OutsideWindow
    | IntegrationBroken
    | JiraUnavailable
    | WebhookNotPermitted
    | ChangedMeanwhile
)
