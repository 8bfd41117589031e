"""The stores that the model runs on, and the points at which somebody can be held or struck.

In memory every call of a store is a point; in DynamoDB every call on the wire is one, so that a worker can die, or be
overtaken, in the middle of what a store does. One thing is taken as a whole: reading when a range was last seen, and
writing an observation that is newer. These are different items, so in truth somebody can come between; what that can
do is said in ``docs/reliability.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any, Protocol, cast

from tests.contract.tables import LOGICAL_IDS, create_tables
from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.moto import gated_session, plain_session
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.tickets import InMemoryTicketStore
from tests.fakes.violations import InMemoryViolationStore
from tests.model.actors import Baton
from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo
from ticket_status.aws.integrations.store import DynamoIntegrationStore
from ticket_status.aws.runs.store import DynamoRunStore
from ticket_status.aws.tickets.store import DynamoTicketStore
from ticket_status.aws.violations.store import DynamoViolationStore
from ticket_status.ports.integrations import IntegrationStore, RefreshLease
from ticket_status.ports.runs import RunStore
from ticket_status.ports.tickets import TicketStore
from ticket_status.ports.violations import ViolationStore

RETENTION = timedelta(days=3 * 365)

_OBSERVING = frozenset({"record", "resolve"})
_LOOKING = frozenset({"get", "get_many"})
"""Of integrations: what an actor does not know yet cannot hold it off (R5, R11)."""
_NOTHING = frozenset[str]()


class IntegrationsAndLeases(IntegrationStore, RefreshLease, Protocol):
    """The integrations, and who may change their secrets."""


@dataclass(frozen=True)
class Stores:
    """One of each, over the same data."""

    integrations: IntegrationsAndLeases
    tickets: TicketStore
    violations: ViolationStore
    runs: RunStore


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


class InMemory:
    """The fakes of the unit tests."""

    quick = True

    def stores(self, baton: Baton) -> Stores:
        """New ones."""
        integrations, tickets = InMemoryIntegrationStore(), InMemoryTicketStore()
        return Stores(
            cast("IntegrationsAndLeases", _AtPoints(integrations, "integrations", baton, looking=_LOOKING)),
            cast("TicketStore", _AtPoints(tickets, "tickets", baton)),
            cast("ViolationStore", _AtPoints(InMemoryViolationStore(tickets), "violations", baton)),
            cast("RunStore", _AtPoints(InMemoryRunStore(integrations), "runs", baton)),
        )

    def forget(self) -> None:
        """Nothing stays."""


class InDynamo:
    """The adapters, on tables of their own."""

    quick = False

    def __init__(self, endpoint_url: str | None = None) -> None:
        session = plain_session() if endpoint_url else gated_session()
        self._dynamo = Dynamo(session.client("dynamodb", endpoint_url=endpoint_url, config=CLIENT_CONFIG))
        self._baton: Baton | None = None
        self._prefix = ""
        self._dynamo.client.meta.events.register("before-call.dynamodb", self._point)

    def stores(self, baton: Baton) -> Stores:
        """On new tables."""
        self._baton, self._prefix = baton, f"model-{token_hex(4)}-"
        create_tables(self._dynamo.client, self._prefix)
        integrations, tickets, violations, runs, *_ = (self._prefix + table for table in LOGICAL_IDS)
        kept = DynamoIntegrationStore(self._dynamo, integrations)
        found = DynamoTicketStore(self._dynamo, tickets, violations, RETENTION)
        return Stores(
            cast("IntegrationsAndLeases", _AtPoints(kept, None, baton, looking=_LOOKING)),
            cast("TicketStore", _AtPoints(found, None, baton)),
            DynamoViolationStore(self._dynamo, violations, tickets, RETENTION),
            DynamoRunStore(self._dynamo, runs, integrations),
        )

    def forget(self) -> None:
        """Delete the tables."""
        for table in LOGICAL_IDS:
            self._dynamo.client.delete_table(TableName=self._prefix + table)

    def _point(self, model: Any, params: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
        if self._baton is not None and self._baton.holder is not None:
            table = str(params["body"]).partition(self._prefix)[2].partition("Table")[0]
            self._baton.point(f"DynamoDB {model.name} {table}")
