"""Batches of which AWS takes some entries and fails on others: those are sent again."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ticket_status.aws.dynamo import tries

_TRIES = 5
"""What AWS itself fails on (``InternalFailure``, ``ThrottlingException``) is gone in a moment; what lasts, the caller's
caller repeats."""

E = TypeVar("E")


def send_in_full(entries: Sequence[E], send: Callable[[Sequence[E]], Sequence[tuple[E, str]]]) -> list[str]:
    """Send entries; those that ``send`` names, with AWS's code, again, a few times. The codes of what is left then."""
    left: Sequence[tuple[E, str]] = []
    for _ in tries(_TRIES):
        left = send(entries)
        if not left:
            break
        entries = [entry for entry, _code in left]
    return [code for _entry, code in left]
