"""Reads responses: text in the charset that the header names, and JSON, checked where it is used."""

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from ticket_status.core.model import Discreet, ReasonCode
from ticket_status.core.trouble import Unavailable
from ticket_status.jira.session import Answer

_CHARSET = re.compile(r"(?i)charset\s*=\s*\"?([A-Za-z0-9._:-]{1,40})")


def decoded(answer: Answer) -> str:
    """The body as text; bytes that are not valid in its charset are replaced.

    JSON is in UTF-8 (or 16, or 32: its first bytes tell) unless the header names another charset.
    """
    return answer.body.decode(other_charset(answer) or json.detect_encoding(answer.body), errors="replace")


def other_charset(answer: Answer) -> str | None:
    """The charset that the header names, if it is known and not a Unicode one, which JSON uses anyway."""
    named = _CHARSET.search(answer.headers.get("Content-Type", ""))
    return _known(named[1]) if named is not None else None


def _known(name: str) -> str | None:
    """A charset for text that is known here, other than Unicode's."""
    try:
        # Not of nothing: that is decoded without a look at the name.
        b"x".decode(name, errors="replace")
    except (LookupError, UnicodeError):
        return None
    return None if codecs.lookup(name).name.startswith("utf-") else name


class MalformedAnswerError(Exception):
    """Raised when a response is not in the form that Jira documents; names the member at fault."""


class Reply(Discreet, frozen=True):
    """A trusted response: its status, and its JSON (``None`` if it has none)."""

    status: int
    data: object
    said: str = ""
    """What a refusal says, for people."""
    account: str | None = None
    """Who it was answered for, as its header has it."""

    @property
    def ok(self) -> bool:
        """Whether Jira did what was requested."""
        return self.status == HTTPStatus.OK

    @property
    def says_absent(self) -> bool:
        """Whether this is Jira's own 404; the 404 of a site that no longer exists has no ``errorMessages``."""
        return self.status == HTTPStatus.NOT_FOUND and self.by_jira

    @property
    def by_jira(self) -> bool:
        """Whether a refusal has the form that Jira uses."""
        return isinstance(self.data, Mapping) and isinstance(self.data.get("errorMessages"), list)

    @property
    def text(self) -> str:
        """The full text of Jira's refusal, in the account's language."""
        if not isinstance(self.data, Mapping):
            return ""
        messages, errors = self.data.get("errorMessages"), self.data.get("errors")
        told = [*(messages if isinstance(messages, list) else ())]
        told += errors.values() if isinstance(errors, Mapping) else ()
        return " ".join(map(str, told))


def read(answer: Answer) -> object:
    """The JSON of a response. MalformedAnswerError if it is not JSON, for example cut short."""
    try:
        return json.loads(decoded(answer), strict=False)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswerError("it is not JSON, or it was cut short") from error


def mapping(data: object, what: str) -> Mapping[str, object]:
    """This, as an object with named members."""
    if not isinstance(data, Mapping):
        raise MalformedAnswerError(f"`{what}` is not an object")
    return data


def sequence(data: object, what: str) -> Sequence[object]:
    """This, as a list."""
    if not isinstance(data, list):
        raise MalformedAnswerError(f"`{what}` is not a list")
    return data


def text(data: Mapping[str, object], name: str) -> str:
    """A member that must be a non-empty string."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedAnswerError(f"`{name}` is not a string")
    return value


def number(data: Mapping[str, object], name: str, most: int) -> int | None:
    """A whole number from 0 to ``most``; ``None`` when the member is anything else."""
    value = data.get(name)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= most else None


def malformed(error: MalformedAnswerError) -> Unavailable:
    """The trouble of a malformed response, which says nothing about any issue."""
    return Unavailable(ReasonCode.JIRA_ERROR, f"Jira sent an unexpected response: {error}")
