"""Lists in pages."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """One page of a list; ``next_token`` is opaque, ``None`` at the end."""

    items: Sequence[T]
    next_token: str | None = None


class InvalidTokenError(ValueError):
    """Raised when a ``next_token`` was not returned by this list."""

    def __init__(self) -> None:
        super().__init__("next_token is not one that this list returned")
