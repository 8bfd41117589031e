"""The problem document of each refusal of an administrator's request."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeVar, assert_never

from msgspec.structs import asdict

from ticket_status.api.bodies import ROOT
from ticket_status.api.presenters import present_time
from ticket_status.api.problems import FieldError, ProblemError, integration_not_found, invalid_request
from ticket_status.service.administration.refusals import (
    AddressRefused,
    AuthorizationFailed,
    ChangedMeanwhile,
    ConnectionFailed,
    CredentialsRequired,
    DifferentSite,
    IntegrationBroken,
    IntegrationNotFound,
    JiraUnavailable,
    MissingScopes,
    NameTaken,
    OutsideWindow,
    PendingAuthorizationFirst,
    RateLimited,
    Refusal,
    RetrievalDisabled,
    SyncRunNotFound,
    TicketNotFound,
    WebhookNotPermitted,
    WrongAuthType,
)

T = TypeVar("T")


def granted(outcome: T | Refusal, now: datetime) -> T:
    """The result of a service; raises the problem if it refused."""
    if isinstance(outcome, Refusal):
        raise problem_of(outcome, now)
    return outcome


def problem_of(refusal: Refusal, now: datetime) -> ProblemError:  # noqa: C901, PLR0911, PLR0912 - one line for each
    """The problem document of a refusal."""
    match refusal:
        case IntegrationNotFound(connection_name=name):
            return integration_not_found(name)
        case TicketNotFound(issue=issue):
            return _missing("ticket_not_found", f"the integration has no ticket for the issue {issue[:100]!r}")
        case SyncRunNotFound(run_id=run_id):
            return _missing("sync_run_not_found", f"the integration has no sync run {run_id!r}")
        case AddressRefused(detail=detail):
            return invalid_request(FieldError(f"{ROOT}/jira_server_url", detail))
        case ConnectionFailed():
            return _connection_failed(refusal)
        case AuthorizationFailed(reason=reason):
            return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "jira_connection_failed", reason)
        case RateLimited(until=until):
            return _rate_limited(until, now)
        case NameTaken(connection_name=name):
            return _conflict("integration_exists", f"an integration named {name!r} already exists")
        case DifferentSite(known=known, found=found):
            return _conflict("different_site", f"{found} is a different site from {known}, which has the tickets")
        case CredentialsRequired(known=known, found=found):
            detail = f"the secret was entered for {known}; enter it again for {found}, where it would now be sent"
            return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "credentials_required", detail)
        case MissingScopes(scopes=scopes):
            detail = f"the grant lacks {', '.join(scopes)}; add them in Atlassian's console and authorise again"
            return ProblemError(HTTPStatus.CONFLICT, "missing_scopes", detail, missing_scopes=list(scopes))
        case RetrievalDisabled(connection_name=name):
            return _conflict("retrieval_disabled", f"Retrieve Jira Tickets is off for {name!r}; switch it on first")
        case PendingAuthorizationFirst(connection_name=name):
            return _conflict("pending_authorization", f"{name!r} has to be authorised in Jira first")
        case WrongAuthType(actual=actual, asked=asked):
            return _conflict("auth_type_mismatch", f"this is for {asked}; the integration's auth_type is {actual}")
        case OutsideWindow():
            detail = "the ticket was created more than 365 days ago, so its status is no longer retrieved"
            return _conflict("outside_window", detail)
        case IntegrationBroken(reason=reason):
            return _conflict("integration_broken", reason)
        case JiraUnavailable(reason=reason):
            return _conflict("jira_unavailable", reason)
        case WebhookNotPermitted(reason=reason, steps=steps):
            return ProblemError(HTTPStatus.CONFLICT, "webhook_not_permitted", reason, steps=list(steps))
        case ChangedMeanwhile(connection_name=name):
            return _conflict("changed_meanwhile", f"somebody else is changing {name!r} right now; try again")
        case _:
            assert_never(refusal)


def _missing(code: str, detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, code, detail)


def _conflict(code: str, detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, code, detail)


def _connection_failed(failed: ConnectionFailed) -> ProblemError:
    report = failed.report
    trouble = report.trouble
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "jira_connection_failed",
        "Jira could not be reached" if trouble is None else trouble.reason,
        reason_code=getattr(trouble, "reason_code", None),
        checks=[asdict(check) for check in report.checks],
    )


def _rate_limited(until: datetime, now: datetime) -> ProblemError:
    """R11: ``Retry-After`` is whole seconds, rounded up."""
    seconds = max(1, -((now - until) // timedelta(seconds=1)))
    return ProblemError(
        HTTPStatus.CONFLICT,
        "rate_limited",
        f"Jira asked us to slow down; try again after {present_time(until)}",
        headers={"Retry-After": str(seconds)},
        paused_until=present_time(until),
    )
