"""Errors of the API: problem documents (RFC 9457) with a stable ``code``."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple

PROBLEM_TYPE = "application/problem+json"


class FieldError(NamedTuple):
    """An invalid value: a JSON pointer into the body (``#/tickets``) or the name of a query parameter, and why."""

    pointer: str
    detail: str


class ProblemError(Exception):
    """Raised to answer a request with a problem document; further keyword arguments become its members."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = members

    def document(self) -> dict[str, object]:
        """The problem document, ready for JSON."""
        document: dict[str, object] = {
            "type": f"urn:ticket-status:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": int(self.status),
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            document["errors"] = [error._asdict() for error in self.errors]
        return document | self.members


def invalid_request(*errors: FieldError) -> ProblemError:
    """422 for a body or parameter that can be read but is not valid."""
    detail = "; ".join(
        f"{error.pointer.removeprefix('#/').strip('#') or 'the body'} {error.detail}" for error in errors
    )
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=errors)


def invalid_json(detail: str) -> ProblemError:
    """400 for a body that cannot be read."""
    return ProblemError(HTTPStatus.BAD_REQUEST, "invalid_json", detail)


LONGEST_BODY = 512 * 1024
"""Characters; enough for a hundred registrations with the longest names."""


def request_too_large() -> ProblemError:
    """413 for a body that is longer than any valid one."""
    detail = f"a body has at most {LONGEST_BODY} characters"
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", detail)


def missing_scope(scope: str) -> ProblemError:
    """403 for a token without the scope."""
    return ProblemError(HTTPStatus.FORBIDDEN, "missing_scope", f"this needs a token with the scope {scope}")


def internal_error(request_id: str) -> ProblemError:
    """500 for an unexpected failure, without details."""
    detail = f"Internal error. Quote request id {request_id}."
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)


def integration_not_found(connection_name: str) -> ProblemError:
    """404 for an unknown integration."""
    return ProblemError(HTTPStatus.NOT_FOUND, "integration_not_found", no_integration(connection_name))


def no_integration(connection_name: str) -> str:
    """The same in a sentence."""
    return f"there is no integration named {connection_name!r}"


def violation_not_found(violation_id: str) -> ProblemError:
    """404 for a violation without tickets."""
    detail = f"no ticket is registered for the violation {violation_id!r}"
    return ProblemError(HTTPStatus.NOT_FOUND, "violation_not_found", detail)
