"""The opaque ``next_token`` of lists: where the page before it ended, bound to the list that gave it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ticket_status.ports.paging import InvalidTokenError


def write_token(of: str, last: str) -> str:
    """A token for the page of list ``of`` that comes after ``last``."""
    return urlsafe_b64encode(json.dumps([of, last]).encode()).decode().rstrip("=")


def read_token(of: str, token: str) -> str:
    """Where the page before ended. Raises ``InvalidTokenError`` for what ``write_token`` did not give this list."""
    try:
        padding = "=" * (-len(token) % 4)
        content = json.loads(urlsafe_b64decode((token + padding).encode("ascii")))
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError("next_token is not one that this list gave") from error
    match content:
        case [list_, str(last)] if list_ == of and last:
            return last
        case _:
            raise InvalidTokenError("next_token is not one that this list gave")
