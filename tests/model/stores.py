"""The stores that the model runs on, and the points at which somebody can be held or struck.

In memory every call of a store is a point; in DynamoDB every call on the wire is one, so that a worker can die, or be
overtaken, in the middle of what a store does. One thing is taken as a whole: reading when a range was last seen, and
writing an observation that is newer. These are different items, so in truth somebody can come between; what that can
do is said in ``docs/reliability.md``.
"""

from collections.abc import Callable
from secrets import token_hex
from typing import Any, Protocol, TypeVar, cast

from tests.fakes.account import Account
from tests.fakes.stores import InMemory as StoresInMemory
from tests.fakes.stores import Stores
from tests.fakes.tables import TABLES
from tests.model.actors import Baton

S = TypeVar("S")

_OBSERVING = frozenset({"record", "resolve"})
_LOOKING = frozenset({"get", "get_many"})
"""Of integrations: what an actor does not know yet cannot hold it off (R5, R11)."""
_NOTHING = frozenset[str]()


class Kept(Protocol):
    """Where stores keep what is in them."""

    quick: bool
    """Whether looking at everything after every step costs little."""

    def stores(self, baton: Baton) -> Stores:
        """Empty stores whose points are this baton's."""

    def forget(self) -> None:
        """Throw away what was kept last."""


class _AtPoints:
    """A store whose every call is a point, unless its points are elsewhere (``name`` is ``None``)."""

    def __init__(self, store: object, name: str | None, baton: Baton, *, looking: frozenset[str] = _NOTHING) -> None:
        self._store, self._name, self._baton, self._looking = store, name, baton, looking

    def __getattr__(self, call: str) -> Callable[..., object]:
        def called(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - any call
            actor = self._baton.holder
            if actor is None:
                return getattr(self._store, call)(*args, **kwargs)
            actor.writes = call in _OBSERVING
            try:
                if self._name is not None:
                    self._baton.point(f"{self._name}.{call}")
                return getattr(self._store, call)(*args, **kwargs)
            finally:
                actor.writes = False
                if call in self._looking:
                    actor.looked_at = self._baton.clock()

        return called


def _at_points(store: S, name: str | None, baton: Baton, *, looking: frozenset[str] = _NOTHING) -> S:
    return cast("S", _AtPoints(store, name, baton, looking=looking))


class InMemory:
    """The fakes of the unit tests."""

    quick = True

    def stores(self, baton: Baton) -> Stores:
        """New ones."""
        stores: Stores = StoresInMemory()
        stores.integrations = _at_points(stores.integrations, "integrations", baton, looking=_LOOKING)
        stores.tickets = _at_points(stores.tickets, "tickets", baton)
        stores.violations = _at_points(stores.violations, "violations", baton)
        stores.run_store = _at_points(stores.run_store, "runs", baton)
        return stores

    def forget(self) -> None:
        """Nothing stays."""


class InDynamo:
    """The adapters, on tables of their own."""

    quick = False

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._account = Account(endpoint_url)
        self._client = self._account.dynamo.client
        self._baton: Baton | None = None
        self._prefix = ""
        self._client.meta.events.register("before-call.dynamodb", self._point)

    def stores(self, baton: Baton) -> Stores:
        """On new tables."""
        self._baton, self._prefix = baton, f"model-{token_hex(4)}-"
        stores = self._account.stores(self._prefix)
        stores.integrations = _at_points(stores.integrations, None, baton, looking=_LOOKING)
        stores.tickets = _at_points(stores.tickets, None, baton)
        return stores

    def forget(self) -> None:
        """Delete the tables."""
        for table in TABLES.values():
            self._client.delete_table(TableName=self._prefix + table)

    def _point(self, model: Any, params: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
        if self._baton is not None and self._baton.holder is not None:
            table = str(params["body"]).partition(self._prefix)[2].partition("Table")[0]
            self._baton.point(f"DynamoDB {model.name} {table}")
