"""The text of a response, in the charset that its header names. What cannot be read in it does not spoil the rest."""

import codecs
import json
import re

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
