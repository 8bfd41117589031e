"""Why an administrator's request can be refused. The API has one problem document for each reason."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.connection import ConnectionReport
from ticket_status.core.model import AuthType, HealthStatus, Integration


class IntegrationNotFound(Struct, frozen=True):
    """There is no integration with this name."""

    connection_name: str


class TicketNotFound(Struct, frozen=True):
    """The integration has no ticket for this issue, named by id or key."""

    issue: str


class SyncRunNotFound(Struct, frozen=True):
    """The integration has no run with this id."""

    run_id: str


class NameTaken(Struct, frozen=True):
    """An integration with this name already exists."""

    connection_name: str


class AddressRefused(Struct, frozen=True):
    """The address is not accepted (R18)."""

    detail: str


class ConnectionFailed(Struct, frozen=True):
    """Jira could not be reached with these credentials; nothing was stored."""

    report: ConnectionReport


class AuthorizationFailed(Struct, frozen=True):
    """Jira refused to begin an authorisation."""

    reason: str


class RateLimited(Struct, frozen=True):
    """Everybody holds off from the site until then (R11)."""

    until: datetime


class DifferentSite(Struct, frozen=True):
    """The new address is a different site, which does not have the tickets."""

    known: str
    found: str


class CredentialsRequired(Struct, frozen=True):
    """The new address is on another host, so the secret must be given again for it (R17)."""

    known: str
    found: str


class MissingScopes(Struct, frozen=True):
    """The grant has too few scopes for retrieval (R16)."""

    scopes: tuple[str, ...]


class RetrievalDisabled(Struct, frozen=True):
    """Jira is not asked while retrieval is off (R5)."""

    connection_name: str


class PendingAuthorizationFirst(Struct, frozen=True):
    """The integration must be authorised before Jira can be asked."""

    connection_name: str


class WrongAuthType(Struct, frozen=True):
    """The integration has another auth type."""

    actual: AuthType
    asked: AuthType


class OutsideWindow(Struct, frozen=True):
    """The ticket is older than a year, so it is not retrieved, not even by hand (R2)."""

    issue_id: str


class IntegrationBroken(Struct, frozen=True):
    """The request itself found the integration broken (R9)."""

    reason: str


class JiraUnavailable(Struct, frozen=True):
    """Jira cannot be reached or fails, but not yet for long enough to break the integration (R9)."""

    reason: str


class WebhookNotPermitted(Struct, frozen=True):
    """Jira does not let this credential register webhooks; ``steps`` say how a person does it (R19)."""

    reason: str
    steps: tuple[str, ...]


class ChangedMeanwhile(Struct, frozen=True):
    """Somebody else is changing the integration right now."""

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


def not_to_be_asked(integration: Integration) -> RetrievalDisabled | PendingAuthorizationFirst | None:
    """Why tickets of this integration may not be retrieved: retrieval is off (R5), or authorization is pending."""
    if not integration.retrieve_jira_tickets:
        return RetrievalDisabled(integration.connection_name)
    if integration.health.status is HealthStatus.PENDING:
        return PendingAuthorizationFirst(integration.connection_name)
    return None
