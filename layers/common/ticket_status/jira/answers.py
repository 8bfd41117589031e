"""Reading what Jira sent: its text in the charset that the header names, and JSON, checked where it is used."""

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
    """The body as text; what is not of its charset is replaced.

    JSON is in UTF-8 (or 16, or 32: its first bytes tell) unless the header names another charset.
    """
    return answer.body.decode(other_charset(answer) or json.detect_encoding(answer.body), errors="replace")


def other_charset(answer: Answer) -> str | None:
    """The charset that the header names, when it is known here and not one of Unicode's, which JSON is in."""
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
    """Raised when an answer is not in the form that Jira's documents give it; says which member is not."""


class Reply(Discreet, frozen=True):
    """A believed answer: its status, and its JSON (``None`` when there is none)."""

    status: int
    data: object
    said: str = ""
    """What a refusal says, for people."""
    account: str | None = None
    """Who it was answered for, as its header has it."""

    @property
    def ok(self) -> bool:
        """Whether Jira did what it was asked."""
        return self.status == HTTPStatus.OK

    @property
    def says_absent(self) -> bool:
        """Whether this is Jira's own 404: that of a site that is gone has no ``errorMessages``."""
        return self.status == HTTPStatus.NOT_FOUND and self.by_jira

    @property
    def by_jira(self) -> bool:
        """Whether a refusal has the form of Jira's own."""
        return isinstance(self.data, Mapping) and isinstance(self.data.get("errorMessages"), list)

    @property
    def text(self) -> str:
        """All that a refusal of Jira's own says, in the account's language."""
        if not isinstance(self.data, Mapping):
            return ""
        messages, errors = self.data.get("errorMessages"), self.data.get("errors")
        told = [*(messages if isinstance(messages, list) else ())]
        told += errors.values() if isinstance(errors, Mapping) else ()
        return " ".join(map(str, told))


def read(answer: Answer) -> object:
    """The JSON of an answer. MalformedAnswerError when it is none, as when its end is missing."""
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
    """A member that has to be a text, and not an empty one."""
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
    """What a malformed answer means: nothing about any issue."""
    return Unavailable(ReasonCode.JIRA_ERROR, f"Jira sent an unexpected response: {error}")
