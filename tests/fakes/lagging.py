"""Stores whose index reads see the state of some time ago, as DynamoDB's do (``docs/aws.md``)."""

import copy
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

S = TypeVar("S")

INDEX_READS: Mapping[str, frozenset[str]] = {
    "tickets": frozenset({"rows", "new_rows", "count"}),
    "integrations": frozenset({"needing_attention"}),
    "violations": frozenset({"violations_of"}),
}
"""Methods of the ports that read an index, by the store that has them. All others read their own writes."""


class LaggingStores:
    """Stores in memory, seen through their indexes as they were ``lag`` ago by ``clock``.

    What a test writes past the methods of the stores is noted by ``note``.
    """

    def __init__(self, lag: timedelta, clock: Callable[[], datetime], **stores: Any) -> None:  # noqa: ANN401 - any store
        self._lag, self._clock, self._stores = lag, clock, stores
        self._was: list[tuple[datetime, dict[str, Any]]] = []
        self.note()

    def note(self) -> None:
        """Remember what the stores hold now."""
        self._was.append((self._clock(), copy.deepcopy(self._stores)))

    def store(self, name: str, _kind: type[S]) -> S:
        """A store by its name among ``INDEX_READS``."""
        return cast("S", _Lagging(self, name))

    def call(self, name: str, method: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any method
        """Call a method of a store: on what was, when it reads an index, and on what is otherwise."""
        if method in INDEX_READS[name]:
            return getattr(self._as_it_was()[name], method)(*arguments, **named)
        try:
            return getattr(self._stores[name], method)(*arguments, **named)
        finally:
            self.note()

    def _as_it_was(self) -> dict[str, Any]:
        shown = self._clock() - self._lag
        seen = [stores for at, stores in self._was if at <= shown]
        return seen[-1] if seen else self._was[0][1]

    def attribute(self, name: str, attribute: str) -> Any:  # noqa: ANN401 - any attribute
        """What a store really has."""
        return getattr(self._stores[name], attribute)


class _Lagging:
    def __init__(self, stores: LaggingStores, name: str) -> None:
        self._stores, self._name = stores, name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - any attribute
        found = self._stores.attribute(self._name, attribute)
        if not callable(found):
            return found

        @wraps(found)
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any method
            return self._stores.call(self._name, attribute, *arguments, **named)

        return call


class CaughtUp:
    """A store on the embedded AWS, whose index reads wait until the indexes have caught up."""

    def __init__(self, name: str, store: object, lag_seconds: float) -> None:
        self._name, self._store, self._lag_seconds = name, store, lag_seconds

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - any attribute
        if attribute in INDEX_READS[self._name]:
            time.sleep(self._lag_seconds)
        return getattr(self._store, attribute)


def caught_up(name: str, store: S, lag_seconds: float) -> S:
    """The store, for a test that asserts what an index shows in the end."""
    return cast("S", CaughtUp(name, store, lag_seconds))
