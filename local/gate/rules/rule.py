"""The types of rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local.gate.call import Call, Members, Refusal


@dataclass(frozen=True, slots=True)
class KeySchema:
    """A table's key attributes, and those of its indexes."""

    hash_key: str
    range_key: str | None
    indexes: Mapping[str, tuple[str, str | None]]
    """Hash and range key of each index."""
    expiry: str | None = None
    """The attribute of TTL, when that is on."""

    def keys(self, index: str | None = None) -> tuple[str, str | None]:
        """Hash and range key of an index, or of the table."""
        table = (self.hash_key, self.range_key)
        return table if index is None else self.indexes.get(index, table)


class World(Protocol):
    """What rules know beyond the call."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def key_schema(self, table: str) -> KeySchema | None:
        """Keys of a table; ``None`` when there is no such table."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about whole calls."""

    name: str
    source: str
    """Where AWS says so."""
    calls: frozenset[tuple[str, str]]
    """Service and operation of the calls that it is about."""
    check: Callable[[Call, World], Refusal | None]


@dataclass(frozen=True, slots=True)
class EntryRule:
    """A rule about the entries of a batch, which are refused one by one."""

    name: str
    source: str
    check: Callable[[Members], Refusal | None]


def calls(service: str, *operations: str) -> frozenset[tuple[str, str]]:
    """Those operations of a service."""
    return frozenset((service, operation) for operation in operations)


def utf8(text: Any) -> int:  # noqa: ANN401 - anything can come
    """Bytes of a string in UTF-8; 0 for anything else."""
    return len(text.encode(errors="surrogatepass")) if isinstance(text, str) else 0


def first_refusal(rules: Sequence[EntryRule], entry: Members) -> Refusal | None:
    """The refusal of the first rule that an entry breaks."""
    return next((refusal for rule in rules if (refusal := rule.check(entry)) is not None), None)
