"""Reading issues out of answers: the hot path, once per ticket and run.

Everything in an issue is somebody else's text. Names may be anything; keys and ids have to be what they are.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ticket_status.core.model import LARGEST_ISSUE_ID, Category, Sighting, Status
from ticket_status.core.sighting import sighting
from ticket_status.jira.answers import MalformedAnswerError

_ID = re.compile(r"[0-9]{1,30}")
_KEY = re.compile(r"[^\s|\x00-\x1f\x7f]{1,255}")
_LONGEST_NAME: Final = 255
"""Characters of a status name that are kept; Jira allows 60, or 255."""

_UNPRINTABLE: Final = {"Cc", "Cs"}
"""Control characters, and halves of surrogate pairs, which no database takes."""


class Shown(NamedTuple):
    """An issue that Jira showed. ``sighting`` is ``None`` when its status was not readable."""

    issue_id: str
    key: str
    sighting: Sighting | None


def shown_issues(issues: Sequence[object]) -> Iterator[Shown | None]:
    """The issues of a response; ``None`` for an entry that cannot even be told from others."""
    statuses: dict[tuple[str, object], Status] = {}
    for issue in issues:
        try:
            issue_id, key = _issue_id(issue["id"]), _issue_key(issue["key"])  # type: ignore[index]
        except (KeyError, TypeError, MalformedAnswerError):
            yield None
        else:
            yield Shown(issue_id, key, _sighting(issue, key, statuses))


def _issue_id(value: object) -> str:
    """As text, however large: a number beyond 2^53 would not survive other readers."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise MalformedAnswerError("the `id` of an issue is not a number")
    return text


def _issue_key(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise MalformedAnswerError("the `key` of an issue is not a key")
    return value


def _sighting(issue: object, key: str, statuses: dict[tuple[str, object], Status]) -> Sighting | None:
    try:
        shown = issue["fields"]["status"]  # type: ignore[index]
        name = shown["name"]
        category = (shown.get("statusCategory") or {}).get("key")
        status = statuses.get((name, category))
    except (KeyError, TypeError, AttributeError):
        return None
    if status is None:
        if not isinstance(name, str) or not name.strip():
            return None
        status = statuses[name, category] = Status(_clean(name), Category.of(category))
    return sighting(key, status)


def _clean(name: str) -> str:
    """The name, with what cannot be printed or stored made visible."""
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
    """Whether Jira can have such an issue: ids are signed numbers of 64 bits, and a larger one spoils a whole call."""
    return not is_id(asked) or int(asked) <= LARGEST_ISSUE_ID


def asked_name(asked: str) -> str:
    """What an answer is filed under: the id, or the key in upper case."""
    return asked if is_id(asked) else asked.upper()


class Gathered:
    """What the answers to one ``ask`` showed of what was asked for."""

    def __init__(self, asked: Sequence[str]) -> None:
        self.by_id = {one for one in asked if is_id(one)}
        self.by_key = {one.upper() for one in asked if not is_id(one)}
        self.seen: dict[str, Sighting] = {}
        self.ids: dict[str, str] = {}
        self.retry: set[str] = set()
        self.failed: set[str] = set()
        """What Jira fails on, each asked for by itself (R9b)."""
        self.others = False
        """Whether issues were shown that an unmatched key may be the old key of."""

    def add(self, issues: Sequence[object]) -> bool:
        """Take in the issues of a response; whether all of it was readable. What was not asked for is left out."""
        readable = True
        for shown in shown_issues(issues):
            if shown is None:
                readable = False
                continue
            issue_id, key, seen = shown
            names = self._names(issue_id, key)
            if seen is None:
                self.retry.update(names)
                continue
            for name in names:
                self.seen[name] = seen
                if name != issue_id:
                    self.ids[name] = issue_id
        return readable

    def unseen(self, asked: Sequence[str]) -> list[str]:
        """Which of these were not shown by any response yet."""
        return [one for one in asked if asked_name(one) not in self.seen]

    def found(self, asked: str, issue_id: str, seen: Sighting) -> None:
        """Take in an issue that was asked for by this id or key alone."""
        name = asked_name(asked)
        self.seen[name] = seen
        if name != issue_id:
            self.ids[name] = issue_id

    def _names(self, issue_id: str, key: str) -> list[str]:
        """What it was asked for as: by its id, by its key, by both."""
        names = [issue_id] if issue_id in self.by_id else []
        if self.by_key:
            if key.upper() in self.by_key:
                names.append(key.upper())
            else:
                self.others = True
        return names

    @property
    def unmatched_keys(self) -> list[str]:
        """Keys that no issue of the answers bears: gone, hidden, or moved to another key."""
        return sorted(self.by_key - self.seen.keys() - self.retry - self.failed)


def error_names(errors: Sequence[object]) -> Iterator[str | None]:
    """What the entries of ``issueErrors`` name, by id or key; ``None`` for one that names nothing."""
    for error in errors:
        named = error.get("id") if isinstance(error, Mapping) else None
        yield str(named) if named else None
