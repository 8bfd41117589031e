"""Whether a response can be trusted, and if not, what it means (R7, R9, R11). Pure.

Jira also leaves an issue out if it is hidden or the credential has expired: to a bad credential it answers 200 and an
empty list. So no response is used before it has passed here. The order of the checks is part of the rule: throttling
and outages come first, because they say nothing about the credential.
"""

import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit

from msgspec import Struct

from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.jira.answers import decoded, read
from ticket_status.jira.quoting import quote, with_quote
from ticket_status.jira.session import Answer
from ticket_status.jira.throttling import throttled

_BEGINNING: Final = 4096
"""Bytes of a refusal that are searched for its cause."""

_DEAD_OAUTH1 = ("token_revoked", "token_expired", "token_rejected", "permission_denied")

NAMED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""Refusals that say something about the account or the request. All others may be anyone's fault (R9)."""

_STARTING = re.compile(r"/(startup|johnson/startup|bootstrap)\.jsp|/secure/errors\.jsp|/plugins/servlet/johnson")
"""Where a Data Center redirects everybody while it is starting or stopped by a health check."""


def _nothing_secret(text: str) -> str:
    return text


class Expected(Struct, frozen=True):
    """The account that a response should be for."""

    authenticated: bool = True
    """False for calls made without credentials."""
    conceal: Callable[[str], str] = _nothing_secret
    """Removes the credentials from a quoted text."""
    may_be_empty: bool = False
    """Whether a response may have no body, as after a change."""
    read: Callable[[Answer], object] = read
    """Parses its JSON."""


def trouble_in(answer: Answer, expected: Expected) -> JiraTrouble | None:
    """What is wrong with the response; ``None`` if it is Jira's and for our account. It may still be a refusal."""
    if expected.may_be_empty and not answer.body and answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    return (
        throttled(answer.status, answer.headers, answer.received_at)
        or _outage(answer, expected)
        or _redirect(answer)
        or (_login_trouble(answer, expected) if expected.authenticated else None)
        or _not_json(answer, expected)
    )


def scope_mismatch(answer: Answer) -> bool:
    """Whether the token lacks a scope of the call. Jira says 401 for that, and does not name the scope."""
    return answer.status == HTTPStatus.UNAUTHORIZED and "scope does not match" in _message(answer)


def unnamed(status: int) -> bool:
    """Whether no rule names this refusal: it is our fault only if the same site answers for our account (R9)."""
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in NAMED


def account_named(answer: Answer) -> str | None:
    """The account that the response is for. The headers are not always present."""
    return answer.headers.get("X-AACCOUNTID") or answer.headers.get("X-AUSERNAME") or None


def same_name(told: str, known: str) -> bool:
    """Whether a header names this account: its value is percent-encoded, or encoded as forms are."""
    return known.casefold() in {unquote(told).casefold(), unquote_plus(told).casefold()}


def _outage(answer: Answer, expected: Expected) -> Unavailable | None:
    status = answer.status
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Unavailable(ReasonCode.UNREACHABLE, "The proxy requires credentials (407)")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        said = quote(answer, expected.conceal)
        return Unavailable(ReasonCode.JIRA_ERROR, with_quote(f"Jira failed with status {status}", said))
    if status < HTTPStatus.BAD_REQUEST and not answer.body and not _login_reasons(answer):
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            return None
        return Unavailable(ReasonCode.JIRA_ERROR, "Jira sent an empty response")
    return None


def _redirect(answer: Answer) -> Refused | Unavailable | None:
    """Redirects are not followed: they lead to a login page, or a site was renamed, or it is starting."""
    if not HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return None
    location = answer.headers.get("Location", "")
    if _STARTING.search(location):
        return Unavailable(ReasonCode.JIRA_ERROR, "Jira is starting, or its own health check has stopped it")
    to = _origin(location)
    where = f" to {to}" if to else ""
    return Refused(
        ReasonCode.NOT_JIRA,
        f"The address redirects{where}: if the site was renamed, edit the address; if a single sign-on page"
        " is in front of it, let this service bypass it",
    )


def _origin(location: str) -> str:
    """Scheme and host of a redirect; the rest is not worth showing."""
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
    except ValueError:
        return ""
    plain = host.isascii() and all(one.isalnum() or one in ".-" for one in host)
    return f"{parts.scheme}://{host}" if host and plain and parts.scheme in {"http", "https"} else ""


def _login_trouble(answer: Answer, expected: Expected) -> Refused | None:
    if "CAPTCHA" in answer.headers.get("X-Authentication-Denied-Reason", "").upper():
        return Refused(
            ReasonCode.CAPTCHA_REQUIRED,
            "Jira locked the account after failed logins: log in to Jira as this user in a browser once",
            final=True,
        )
    if _login_reasons(answer) - {"OK"}:
        return _unauthenticated("Jira did not accept the credentials")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(answer, expected)
    if "Connect Session Auth Token" in _message(answer):
        return _unauthenticated("The token is not a Jira Cloud token: check the installation type")
    told = account_named(answer)
    if told is not None and same_name(told, "anonymous"):
        return _unauthenticated("Jira answered as if nobody were logged in: it did not accept the credentials")
    return None


def _unauthorized(answer: Answer, expected: Expected) -> Refused:
    if scope_mismatch(answer):
        return Refused(
            ReasonCode.MISSING_SCOPES,
            "The token lacks a scope that the call needs: add the scopes and authorise again",
            final=True,
        )
    challenge = answer.headers.get("WWW-Authenticate", "")
    if any(problem in challenge for problem in _DEAD_OAUTH1):
        return Refused(
            ReasonCode.AUTHORIZATION_EXPIRED, "The authorisation is no longer valid: authorise again", final=True
        )
    return _unauthenticated(with_quote("Jira did not accept the credentials (401)", quote(answer, expected.conceal)))


def _not_json(answer: Answer, expected: Expected) -> Refused | None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return None
    if unnamed(answer.status):
        return None
    said = quote(answer, expected.conceal)
    if answer.status == HTTPStatus.FORBIDDEN and (not answer.body or _by_jira(answer)):
        return _unauthenticated(with_quote("Jira does not let the account in (403)", said))
    return Refused(
        ReasonCode.NOT_JIRA,
        _with_text(
            f"The response (status {answer.status}) is not JSON, so it did not come from Jira."
            " Check the address, and whether a login page or a firewall is in front of it",
            said,
        ),
    )


def _with_text(reason: str, said: str) -> str:
    return f"{reason}. It says: “{said}”" if said else reason


def _by_jira(answer: Answer) -> bool:
    """Whether it has a header that only Jira writes."""
    return any(name in answer.headers for name in ("X-AREQUESTID", "X-ANODEID", "X-AUSERNAME", "X-AACCOUNTID"))


def _unauthenticated(reason: str) -> Refused:
    return Refused(ReasonCode.AUTHENTICATION_FAILED, reason)


def _login_reasons(answer: Answer) -> set[str]:
    told = answer.headers.get("X-Seraph-LoginReason", "").split(",")
    return {reason.strip().upper() for reason in told} - {""}


def _message(answer: Answer) -> str:
    """What a refusal says, from its body."""
    if answer.status < HTTPStatus.BAD_REQUEST or len(answer.body) > _BEGINNING:
        return ""
    try:
        told = json.loads(decoded(answer))
    except (ValueError, RecursionError):
        return ""
    if not isinstance(told, Mapping):
        return ""
    return " ".join(str(told.get(name, "")) for name in ("message", "error", "errorMessage"))
