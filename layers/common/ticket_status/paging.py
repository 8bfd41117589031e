"""The opaque ``next_token`` of lists: where the page before it ended, bound to the list that gave it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ticket_status.ports.paging import InvalidTokenError

LONGEST_PLACE = 1_000
"""Bytes of a place in a list, at most: it becomes part of a table key of up to 1,024 bytes."""


def write_token(of: str, last: str) -> str:
    """A token for the page of list ``of`` that comes after ``last``."""
    return urlsafe_b64encode(json.dumps([of, last]).encode()).decode().rstrip("=")


def read_token(of: str, token: str) -> str:
    """Where the page before ended. Raises ``InvalidTokenError`` for what ``write_token`` did not give this list."""
    try:
        padding = "=" * (-len(token) % 4)
        content = json.loads(urlsafe_b64decode((token + padding).encode("ascii")))
        match content:
            case [list_, str(last)] if list_ == of and 0 < len(last.encode()) <= LONGEST_PLACE:
                return last
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError from error
    raise InvalidTokenError
