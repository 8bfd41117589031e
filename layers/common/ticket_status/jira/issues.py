"""Reads issues from responses. Hot path: runs once per ticket and run.

Nothing in an issue is trusted: names may be anything, keys and ids are validated.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, TypeAlias

import msgspec

from ticket_status.core.comparison import of_shown, shown
from ticket_status.core.model import LARGEST_ISSUE_ID, Category, Sighting, Status
from ticket_status.jira.answers import MalformedAnswerError, other_charset, read
from ticket_status.jira.session import Answer

_ID = re.compile(r"[0-9]{1,30}")
_KEY = re.compile(r"[^\s|\x00-\x1f\x7f]{1,255}")
_LONGEST_NAME: Final = 255
"""Characters of a status name that are kept; Jira allows 60, or 255."""

_UNPRINTABLE: Final = {"Cc", "Cs"}
"""Control characters, and lone surrogates, which no database accepts."""

_SURELY_POSSIBLE: Final = len(str(LARGEST_ISSUE_ID)) - 1
"""No number with this many digits is too large for an issue id."""


class _Issue(msgspec.Struct, gc=False):
    """An issue as most sites send it. Its fields stay bytes, because hundreds of issues have the same."""

    id: Annotated[str, msgspec.Meta(pattern=rf"^(?:{_ID.pattern})\Z")]
    key: Annotated[str, msgspec.Meta(pattern=rf"^(?:{_KEY.pattern})\Z")]
    fields: msgspec.Raw


class _Page(msgspec.Struct, gc=False):
    issues: list[_Issue]
    issueErrors: object = None  # noqa: N815 - Jira's names
    maxResults: object = None  # noqa: N815
    total: object = None


_PAGES: Final = msgspec.json.Decoder(_Page)


Shown: TypeAlias = tuple[str, str, Sighting | None]
"""An issue that Jira showed: its id, its key, and the sighting (``None`` when its status was not readable)."""


def read_page(answer: Answer) -> object:
    """The JSON of a response with many issues; only what is used is decoded.

    Unusual responses (another charset, a numeric id, half a character) are read like any other. MalformedAnswerError
    if it is not JSON.
    """
    if other_charset(answer) is None:
        try:
            return msgspec.structs.asdict(_PAGES.decode(answer.body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    return read(answer)


def shown_issues(issues: Sequence[object]) -> Iterator[Shown | None]:
    """The issues of a response; ``None`` for an entry that cannot be identified."""
    statuses: dict[bytes, str | None] = {}
    for issue in issues:
        try:
            if type(issue) is _Issue:
                issue_id, key, fields = issue.id, issue.key, bytes(issue.fields)
                if fields not in statuses:
                    statuses[fields] = _status(json.loads(fields.decode(errors="replace"), strict=False))
                status = statuses[fields]
            else:
                issue_id, key = _issue_id(issue["id"]), _issue_key(issue["key"])  # type: ignore[index]
                status = _status(issue.get("fields"))  # type: ignore[attr-defined]
        except (KeyError, TypeError, MalformedAnswerError):
            yield None
        else:
            yield issue_id, key, None if status is None else of_shown(key, status)


def _issue_id(value: object) -> str:
    """As text, however large: other readers cannot handle numbers beyond 2^53."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise MalformedAnswerError("the `id` of an issue is not a number")
    return text


def _issue_key(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise MalformedAnswerError("the `key` of an issue is not a key")
    return value


def _status(fields: object) -> str | None:
    """The status in an issue's fields; ``None`` if it is not readable."""
    try:
        status = fields["status"]  # type: ignore[index]
        name = status["name"]
        category = (status.get("statusCategory") or {}).get("key")
    except (KeyError, TypeError, AttributeError):
        return None
    if not isinstance(name, str) or not name.strip() or isinstance(category, list | dict):
        return None
    return shown(Status(_clean(name), Category.of(category)))


def _clean(name: str) -> str:
    """The name, with unprintable and unstorable characters made visible."""
    if name.isprintable():
        return name[:_LONGEST_NAME]
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in _UNPRINTABLE else one
        for one in name[:_LONGEST_NAME]
    )


def is_id(asked: str) -> bool:
    """Whether an issue was asked for by id."""
    return _ID.fullmatch(asked) is not None


def can_exist(asked: str) -> bool:
    """Whether Jira can have such an issue: ids are signed 64-bit numbers, and a larger one fails a whole call."""
    return len(asked) <= _SURELY_POSSIBLE or not is_id(asked) or int(asked) <= LARGEST_ISSUE_ID


def asked_name(asked: str) -> str:
    """The name under which a result is stored: the id, or the key in upper case."""
    return asked if is_id(asked) else asked.upper()


class Gathered:
    """What the responses to one ``ask`` showed."""

    def __init__(self, asked: Sequence[str]) -> None:
        self.by_id = set(filter(_ID.fullmatch, asked))
        self.by_key = {one.upper() for one in asked if one not in self.by_id}
        self.seen: dict[str, Sighting] = {}
        self.ids: dict[str, str] = {}
        self.retry: set[str] = set()
        self.failed: set[str] = set()
        """What Jira fails on, each asked for by itself (R9b)."""
        self.others = False
        """Whether issues were shown that an unmatched key may be the old key of."""

    def add(self, issues: Sequence[object]) -> bool:
        """Add the issues of a response; whether all were readable. Issues that were not asked for are left out."""
        readable = True
        for issue in shown_issues(issues):
            if issue is None:
                readable = False
                continue
            issue_id, key, seen = issue
            if seen is None:
                self.retry.update(self._names(issue_id, key))
            elif not self.by_key:
                if issue_id in self.by_id:
                    self.seen[issue_id] = seen
            else:
                for name in self._names(issue_id, key):
                    self.found(name, issue_id, seen)
        return readable

    def unseen(self, asked: Sequence[str]) -> list[str]:
        """Which of these were not shown by any response yet."""
        return [one for one in asked if asked_name(one) not in self.seen]

    def found(self, asked: str, issue_id: str, seen: Sighting) -> None:
        """Add an issue that was asked for by this id or key alone."""
        name = asked_name(asked)
        self.seen[name] = seen
        if name != issue_id:
            self.ids[name] = issue_id

    def _names(self, issue_id: str, key: str) -> list[str]:
        """The names under which it was asked for: its id, its key, or both."""
        names = [issue_id] if issue_id in self.by_id else []
        if self.by_key:
            if key.upper() in self.by_key:
                names.append(key.upper())
            else:
                self.others = True
        return names

    @property
    def unmatched_keys(self) -> list[str]:
        """Keys that no issue in the responses has: gone, hidden, or moved to another key."""
        return sorted(self.by_key - self.seen.keys() - self.retry - self.failed)


def error_names(errors: Sequence[object]) -> Iterator[str | None]:
    """The ids or keys that the entries of ``issueErrors`` name; ``None`` for one that names nothing."""
    for error in errors:
        named = error.get("id") if isinstance(error, Mapping) else None
        yield str(named) if named else None
