"""Lists in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_token`` is opaque, ``None`` at the end."""

    items: Sequence[T]
    next_token: str | None = None


class InvalidTokenError(ValueError):
    """Raised when a ``next_token`` is not one that this list gave."""

    def __init__(self) -> None:
        super().__init__("next_token is not one that this list gave")
