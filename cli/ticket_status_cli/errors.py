"""Errors, as the user sees them.

    CommandError            the command was refused or failed: exit status 1
    ├── ApiError            the service answered with an error
    └── NoAnswerError       the service did not answer in any of a call's tries

Wrong use of the command line is ``click.UsageError``: exit status 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

WORDS = {
    HTTPStatus.UNAUTHORIZED: "The service does not accept the token: it has expired, or is for another stack.",
    HTTPStatus.FORBIDDEN: "The token lacks the scope that this needs.",
    HTTPStatus.TOO_MANY_REQUESTS: "The service is rate limiting requests, and still was when the last try was over.",
}
"""Text for responses without a ``detail``, such as the gateway's own."""

MISSING_ROUTE = "Missing Authentication Token"
"""API Gateway's message, with 403, for an unknown route."""
NO_ROUTE = "The service does not support this: it is an older version, or the address is wrong."


class CommandError(Exception):
    """Raised when a command is refused or fails; the text is what the user reads."""


class NoAnswerError(CommandError):
    """Raised when the service did not answer in any of a call's tries."""


@dataclass
class ApiError(CommandError):
    """Raised when the service answers with an error (RFC 9457, or the gateway's own form)."""

    status: int
    code: str | None
    """The stable code of the problem; ``None`` in the gateway's responses."""
    detail: str
    fields: Sequence[tuple[str, str]] = ()
    """Pointer and explanation for each invalid member."""
    retry_after: float | None = None
    """Seconds."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Other members of the problem, such as ``missing_scopes``."""

    def __str__(self) -> str:
        """The detail, the code, and a line for each field at fault."""
        name = self.code or "no code"
        lines = [f"{self.detail} ({name}, HTTP {self.status})"]
        lines += [f"  {pointer.removeprefix('#/') or 'the body'}: {detail}" for pointer, detail in self.fields]
        lines += [
            f"  {check['name']}: {check['detail']}" for check in self.members.get("checks", []) if not check["ok"]
        ]
        lines += [f"  {number}. {step}" for number, step in enumerate(self.members.get("steps", []), start=1)]
        if self.retry_after is not None:
            lines.append(f"  Try again in {self.retry_after:.0f} seconds.")
        return "\n".join(lines)


def api_error(status: int, document: object, retry_after: float | None) -> ApiError:
    """Read an error response; ``document`` is its body as JSON, or ``None`` if it is not JSON."""
    body = document if isinstance(document, dict) else {}
    said = body.get("detail") or body.get("message")
    known = (
        NO_ROUTE if said == MISSING_ROUTE else next((words for code, words in WORDS.items() if code == status), None)
    )
    detail = " ".join(str(part) for part in (known, said) if part) or "The service answered with an error."
    errors = body.get("errors") if isinstance(body.get("errors"), list) else []
    fields = [
        (str(one.get("pointer", "")), str(one.get("detail", ""))) for one in errors or [] if isinstance(one, dict)
    ]
    if fields:
        detail = "The request is not valid."
    code = body.get("code")
    return ApiError(status, code if isinstance(code, str) else None, detail, fields, retry_after, body)
