"""What Jira, or a proxy in front of it, says about a failed call: for people to read, never for decisions. Pure.

Error texts are in the account's language and change from version to version.
"""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ticket_status.jira.answers import decoded
from ticket_status.jira.session import Answer

LONGEST_QUOTE: Final = 200
"""Characters of a quote."""

_MOST: Final = 64 * 1024
"""Bytes of a response that are searched; a longer one is not meant for people."""

_MEMBERS: Final = ("message", "errorMessages", "errorMessage", "error", "error_description", "errors", "reason")
_NOT_SHOWN = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>")


def quote(answer: Answer, conceal: Callable[[str], str]) -> str:
    """What the response says, in at most 200 printable characters; empty when it says nothing.

    ``conceal`` removes secrets from a text before it is shortened.
    """
    if not answer.body or len(answer.body) > _MOST:
        return ""
    text = decoded(answer)
    try:
        said = " ".join(_texts(json.loads(text)))
    except (ValueError, RecursionError):
        said = html.unescape(_NOT_SHOWN.sub(" ", text))
    plain = "".join(one if one.isprintable() else " " for one in conceal(said))
    short = " ".join(plain.split())
    return short if len(short) <= LONGEST_QUOTE else f"{short[: LONGEST_QUOTE - 1]}…"


def with_quote(reason: str, said: str) -> str:
    """A reason, and what was said."""
    return f"{reason}. Jira said: “{said}”" if said else reason


def _texts(told: object) -> Iterator[str]:
    """The texts of an error, from the members in which Jira and Atlassian's gateway put them."""
    match told:
        case str():
            yield told
        case list():
            for one in told:
                yield from _texts(one)
        case Mapping() if any(name in told for name in _MEMBERS):
            for name in _MEMBERS:
                yield from _texts(told.get(name))
        case Mapping():
            for one in told.values():
                yield from _texts(one)
        case _:
            return
