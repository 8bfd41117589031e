"""Whether an answer is to be believed, and what it means when it is not (R7, R9, R11). Pure.

Absence is given for deleted, hidden, expired and misdirected alike, and a bad credential is answered with 200 and an
empty list. So no answer is data before it has passed here. The order of the checks is part of the rule: throttling
and outages come first, because they tell nothing about the credential.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.jira.session import Answer
from ticket_status.jira.throttling import throttled

_BEGINNING: Final = 4096
"""Bytes of a refusal that are looked at."""

_DEAD_OAUTH1 = ("token_revoked", "token_expired", "token_rejected", "permission_denied")


@dataclass(frozen=True, slots=True)
class Expected:
    """Who an answer should be for."""

    authenticated: bool = True
    """False for calls made without credentials."""
    account_id: str | None = None
    """``accountId`` (Cloud) or ``name`` (Data Center), once known."""


def judge(answer: Answer, expected: Expected) -> JiraTrouble | None:
    """What is wrong with the answer; ``None`` when it is JSON, for us. Its status may still say no."""
    return (
        throttled(answer.status, answer.headers, answer.received_at)
        or _outage(answer)
        or _redirect(answer)
        or (_login_trouble(answer, expected) if expected.authenticated else None)
        or _not_json(answer)
    )


def scope_mismatch(answer: Answer) -> bool:
    """Whether the token lacks a scope of the call. Jira says 401 for that, and does not name the scope."""
    return answer.status == HTTPStatus.UNAUTHORIZED and "scope does not match" in _message(answer)


def _outage(answer: Answer) -> Unavailable | None:
    status = answer.status
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Unavailable(ReasonCode.UNREACHABLE, "The proxy wants credentials (407)")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unavailable(ReasonCode.JIRA_ERROR, f"Jira fails with status {status}")
    if status < HTTPStatus.BAD_REQUEST and not answer.body and not _login_reasons(answer):
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            return None
        return Unavailable(ReasonCode.JIRA_ERROR, "Jira sent an empty answer")
    return None


def _redirect(answer: Answer) -> Refused | None:
    """Redirects are not followed: they lead to a login page, or a site was renamed."""
    if not HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return None
    to = _origin(answer.headers.get("Location", ""))
    where = f" to {to}" if to else ""
    return Refused(
        ReasonCode.NOT_JIRA,
        f"The address redirects{where}: if the site was renamed, edit the address; if a single sign-on page"
        " stands before it, let this service past it",
    )


def _origin(location: str) -> str:
    """Scheme and host of a redirect; nothing else of it is worth showing."""
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
        )
    reasons = _login_reasons(answer)
    if reasons - {"OK"}:
        return _unauthenticated("Jira did not accept the credentials")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(answer)
    if "Connect Session Auth Token" in _message(answer):
        return _unauthenticated("The token is not one of Jira Cloud's: check the installation type")
    return _wrong_account(answer, expected)


def _unauthorized(answer: Answer) -> Refused:
    if scope_mismatch(answer):
        return Refused(
            ReasonCode.MISSING_SCOPES,
            "The token lacks a scope that the call needs: add the scopes and authorise again",
        )
    challenge = answer.headers.get("WWW-Authenticate", "")
    if any(problem in challenge for problem in _DEAD_OAUTH1):
        return Refused(ReasonCode.AUTHORIZATION_EXPIRED, "The authorisation is no longer valid: authorise again")
    return _unauthenticated("Jira did not accept the credentials (401)")


def _wrong_account(answer: Answer, expected: Expected) -> Refused | None:
    """An answer for another account is no answer. The headers are not always there."""
    told = answer.headers.get("X-AACCOUNTID") or answer.headers.get("X-AUSERNAME")
    if not told or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    who = unquote(told).casefold()
    if who == "anonymous":
        return _unauthenticated("Jira answered as if nobody were logged in: it did not take the credentials")
    if expected.account_id is not None and who != expected.account_id.casefold():
        return _unauthenticated("Jira answered for another account than the one known: test the integration")
    return None


def _not_json(answer: Answer) -> Refused | None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return None
    if answer.status == HTTPStatus.FORBIDDEN and not answer.body:
        return _unauthenticated("Jira does not let the account in (403)")
    return Refused(
        ReasonCode.NOT_JIRA,
        "The answer is no JSON, so not Jira's: check the address, and whether a login page stands before it",
    )


def _unauthenticated(reason: str) -> Refused:
    return Refused(ReasonCode.AUTHENTICATION_FAILED, reason)


def _login_reasons(answer: Answer) -> set[str]:
    told = answer.headers.get("X-Seraph-LoginReason", "").split(",")
    return {reason.strip().upper() for reason in told} - {""}


def _message(answer: Answer) -> str:
    """What a refusal says, from the beginning of its body."""
    if answer.status < HTTPStatus.BAD_REQUEST or len(answer.body) > _BEGINNING:
        return ""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(told, Mapping):
        return ""
    return " ".join(str(told.get(name, "")) for name in ("message", "error", "errorMessage"))
