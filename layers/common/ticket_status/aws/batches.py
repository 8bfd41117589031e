"""Batches in which AWS accepts some entries and fails on others, which are then sent again."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ticket_status.aws.dynamo import tries

_TRIES = 5
"""AWS's own failures (``InternalFailure``, ``ThrottlingException``) are brief; for lasting ones the caller's caller
retries."""

E = TypeVar("E")


def send_in_full(entries: Sequence[E], send: Callable[[Sequence[E]], Sequence[tuple[E, str]]]) -> list[str]:
    """Send entries, and a few times again those that ``send`` returns with AWS's code; the codes of those left."""
    left: Sequence[tuple[E, str]] = []
    for _ in tries(_TRIES):
        left = send(entries)
        if not left:
            break
        entries = [entry for entry, _code in left]
    return [code for _entry, code in left]
