"""What only DynamoDB has: pages, limits, unprocessed keys, rivals, and what a use case costs in calls."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from msgspec.structs import replace
from pynamodb.exceptions import PynamoDBException, TransactWriteError, UpdateError

from tests.fakes.account import Account
from tests.fakes.samples import (
    NOW,
    REF,
    SEEN_IN_PROGRESS,
    an_integration,
    deleted,
    faulty,
    later,
    registration,
    run,
    ticket,
)
from tests.fakes.stores import Stores
from ticket_status.aws import dynamo
from ticket_status.aws.dynamo import ContendedWriteError
from ticket_status.core.model import Counts, ServedViolations, Slice, SliceProgress, TicketKey
from ticket_status.core.observations import Observed, SliceStep
from ticket_status.core.shown import Filters
from ticket_status.core.violations import Registration, Resource
from ticket_status.core.webhooks import Hint
from ticket_status.core.window import END, position
from ticket_status.ports.webhooks import Marked
from ticket_status.service.tickets.reading import Reading

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
WHOLE = Slice("", END, tuple(f"2026-{month:02d}" for month in range(1, 13)))


@dataclass
class Wire:
    """What goes over the wire of an account: counted, looked at, and disturbed."""

    stores: Stores
    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    page_size: int | None = None
    """Most items that a query answers at once."""
    keys_at_once: int | None = None
    """Most keys that a BatchGetItem answers; the others are left unprocessed."""
    rivals: list[Mapping[str, Any] | None] = field(default_factory=list)
    """Errors that the next writes meet, in this order; ``None`` lets one pass."""
    first: Callable[[], object] | None = None
    """What somebody else does just before the next write."""
    _left: list[Any] = field(default_factory=list)

    @property
    def calls(self) -> Counter[str]:
        return Counter(operation for operation, _ in self.requests)

    @property
    def writes(self) -> int:
        return sum(self.calls[operation] for operation in WRITES)

    def prepare(self, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        self.requests.append((model.name, params))
        if model.name == "Query" and self.page_size:
            params.setdefault("Limit", self.page_size)
        if model.name == "BatchGetItem" and self.keys_at_once:
            ((table, wanted),) = params["RequestItems"].items()
            self._left = wanted["Keys"][self.keys_at_once :]
            params["RequestItems"] = {table: {**wanted, "Keys": wanted["Keys"][: self.keys_at_once]}}

    def disturb(self, model: Any, **_: object) -> tuple[AWSResponse, Mapping[str, Any]] | None:  # noqa: ANN401 - botocore's
        if model.name not in WRITES:
            return None
        first, self.first = self.first, None
        if first is not None:
            first()
        error = self.rivals.pop(0) if self.rivals else None
        return None if error is None else (AWSResponse("", 400, HTTPHeaders(), None), error)

    def leave(self, parsed: dict[str, Any], **_: object) -> None:
        if self._left:
            (table,) = parsed["Responses"]
            parsed["UnprocessedKeys"] = {table: {"Keys": self._left, "ConsistentRead": True}}
            self._left = []


def cancelled(*codes: str) -> Mapping[str, Any]:
    """A transaction that was cancelled, with a reason per item."""
    error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
    return {"Error": error, "CancellationReasons": [{"Code": code} for code in codes], "ResponseMetadata": {}}


CONFLICT = cancelled("TransactionConflict", "None")
BUSY: Mapping[str, Any] = {
    "Error": {"Code": "TransactionConflictException", "Message": "busy"},
    "ResponseMetadata": {},
}
OUTAGE = {"Error": {"Code": "ResourceNotFoundException", "Message": "no table"}, "ResponseMetadata": {}}


@pytest.fixture
def wire(mocked: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """The stores over moto, and their wire."""
    monkeypatch.setattr(dynamo, "AT_ONCE", 1)  # moto is not made for several threads
    events = mocked.dynamo.client.meta.events
    with mock_aws():
        tapped = Wire(mocked.stores())
        hooks: dict[str, Any] = {
            "provide-client-params.dynamodb.*": tapped.prepare,
            "before-call.dynamodb.*": tapped.disturb,
            "after-call.dynamodb.BatchGetItem": tapped.leave,
        }
        for event, hook in hooks.items():
            events.register(event, hook)
        yield tapped
        for event, hook in hooks.items():
            events.unregister(event, hook)


def many(number: int, **changes: object) -> list[Registration]:
    return [
        registration(
            ticket(str(one), f"JAS-{one}", NOW - timedelta(days=3 * one)),
            f"XRAY-{one}",
            Resource("artifact", f"app-{one}", "1.0"),
            **changes,
        )
        for one in range(number)
    ]


# --- Calls ----------------------------------------------------------------------------------------------------------


def test_a_hundred_registrations_of_different_everything_take_at_most_sixteen_calls(wire: Wire) -> None:
    wire.stores.violations.register(many(100), NOW)
    assert sum(wire.calls.values()) <= 16


def test_registering_again_writes_nothing(wire: Wire) -> None:
    wire.stores.violations.register(many(10), NOW)
    wire.requests.clear()
    wire.stores.violations.register(many(10), NOW)
    assert wire.writes == 0


def test_a_transaction_keeps_within_the_limits_and_names_no_item_twice(wire: Wire) -> None:
    shared = Resource("artifact", "app", "1.0")
    same_resource = [registration(one.ticket, f"OTHER-{at // 2}", shared) for at, one in enumerate(many(100))]
    wire.stores.violations.register(many(100), NOW)
    wire.stores.violations.register(same_resource, NOW)
    transactions = [request["TransactItems"] for name, request in wire.requests if name == "TransactWriteItems"]
    assert transactions
    for items in transactions:
        keys = [_key_of(*next(iter(item.items()))) for item in items]
        assert len(keys) <= 100
        assert len(set(keys)) == len(keys)


def _key_of(kind: str, request: Mapping[str, Any]) -> str:
    item = request["Item"] if kind == "Put" else request["Key"]
    return repr([request["TableName"], *(item.get(name) for name in ("i", "t", "pk", "sk"))])


def test_breaking_and_recovering_and_switching_are_one_write_each(wire: Wire) -> None:
    one = an_integration()
    wire.stores.integrations.add(one)
    wire.requests.clear()
    wire.stores.integrations.set_health(one, faulty())
    wire.stores.integrations.switch(one, on=False, now=NOW)
    assert wire.calls == {"UpdateItem": 2}


def test_tickets_and_coverage_of_a_violation_are_one_read(wire: Wire) -> None:
    keys = [one.ticket.key for one in many(99)]
    wire.stores.tickets.get_many(keys, [REF])
    assert wire.calls == {"BatchGetItem": 1}


def test_a_step_without_missing_tickets_is_one_write(wire: Wire) -> None:
    wire.stores.integrations.add(an_integration())
    one = run(slices={"0": SliceProgress(WHOLE)})
    wire.stores.run_store.begin(one, an_integration())
    wire.requests.clear()
    wire.stores.run_store.advance(
        one, "0", SliceStep(0, "c", done=False, counts=Counts(), asked=1, jira_requests=1), NOW
    )
    assert wire.calls == {"UpdateItem": 1}


def test_only_what_the_comparison_needs_travels_from_the_index(wire: Wire) -> None:
    list(wire.stores.tickets.rows(REF, Slice("", END, ("2026-11",))))
    ((_, request),) = wire.requests
    assert request["ProjectionExpression"] == "t,c,o,x"


def test_months_before_the_cursor_are_not_asked_for(wire: Wire) -> None:
    list(wire.stores.tickets.rows(REF, WHOLE, position(NOW, "1")))
    assert wire.calls == {"Query": 2}


# --- Pages ----------------------------------------------------------------------------------------------------------


def test_every_read_follows_every_page(wire: Wire) -> None:
    wire.page_size = 2
    stores = wire.stores
    for number in range(5):
        stores.integrations.add(an_integration(f"site-{number}", health=faulty()))
    one = ticket()
    everything = [registration(one, f"XRAY-{number}", Resource("artifact", "app")) for number in range(5)]
    stores.violations.register([*everything, *(registration(other.ticket) for other in many(5))], NOW)
    assert len(list(stores.integrations.needing_attention())) == 5
    assert sum(len(page) for page in stores.tickets.rows(REF, WHOLE)) == 6
    assert sum(len(page) for page in stores.tickets.new_rows(REF)) == 6
    assert sum(stores.tickets.census(REF, NOW).values()) == 6
    assert stores.tickets.count(REF, position(NOW - timedelta(days=20)), END) == 6
    assert len(stores.violations.links(["XRAY-1"])["XRAY-1"]) == 6
    assert len(stores.violations.violations_of([one.key])[one.key]) == 5
    assert stores.violations.resources(None, 1, None, NOW).items == [(Resource("artifact", "app"), 5)]


def test_missing_tickets_of_a_run_follow_every_page(wire: Wire) -> None:
    wire.page_size = 2
    wire.stores.integrations.add(an_integration())
    one = run(slices={str(number): SliceProgress(WHOLE) for number in range(5)})
    wire.stores.run_store.begin(one, an_integration())
    for name in one.slices:
        step = SliceStep(0, "c", done=True, counts=Counts(), asked=1, jira_requests=1, vanished=("1",))
        wire.stores.run_store.advance(one, name, step, NOW)
    assert len(list(wire.stores.run_store.missing(one))) == 5


def test_keys_that_were_left_unprocessed_are_read_again(wire: Wire) -> None:
    registrations = many(10)
    wire.stores.violations.register(registrations, NOW)
    wire.keys_at_once = 3
    keys = [one.ticket.key for one in registrations]
    assert set(wire.stores.tickets.get_many(keys)[0]) == set(keys)


def test_keys_that_stay_unprocessed_are_an_outage_not_an_absence(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamo, "sleep", lambda _: None)
    wire.keys_at_once = 1
    with pytest.raises(ContendedWriteError):
        wire.stores.tickets.get_many([one.ticket.key for one in many(50)])


# --- Rivals and outages ---------------------------------------------------------------------------------------------


def test_a_registration_that_meets_a_rival_is_planned_anew(wire: Wire) -> None:
    wire.rivals = [CONFLICT, cancelled("None", "ConditionalCheckFailed")]
    new = wire.stores.violations.register(many(3), NOW)
    assert new == {one.ticket.key for one in many(3)}
    assert sum(wire.stores.tickets.census(REF, NOW).values()) == 3


def test_a_registration_that_a_rival_made_meanwhile_is_not_made_again(wire: Wire) -> None:
    one = registration()
    wire.first = lambda: wire.stores.violations.register([one], NOW)
    assert wire.stores.violations.register([one], NOW) == {one.ticket.key}
    assert sum(wire.stores.tickets.census(REF, NOW).values()) == 1


def test_a_ticket_that_a_rival_registered_for_another_violation_keeps_when_it_was_created(wire: Wire) -> None:
    first, second = ticket(), ticket(created_at=NOW)
    wire.first = lambda: wire.stores.violations.register([registration(first, "XRAY-2")], NOW)
    wire.stores.violations.register([registration(second)], NOW)
    known = replace(first, serves=ServedViolations(("XRAY-1", "XRAY-2"), 2))
    assert wire.stores.tickets.get_many([known.key])[0] == {known.key: known}
    assert wire.stores.violations.links(["XRAY-1"])["XRAY-1"][0].created_at == first.created_at


def test_coverage_that_a_rival_raised_meanwhile_is_kept(wire: Wire) -> None:
    middle, start = position(NOW - timedelta(days=10)), position(NOW - timedelta(days=20))
    for number in range(2):
        at = later(hours=number)
        wire.first = partial(wire.stores.tickets.raise_coverage, REF, start, middle, at, at)
        wire.stores.tickets.raise_coverage(REF, middle, END, at, at)
        covered = wire.stores.tickets.get_many([], [REF])[1][REF]
        assert (covered.at(start), covered.at(middle)) == (at, at)


def test_an_outage_is_raised_not_taken_for_a_refusal(wire: Wire) -> None:
    wire.stores.integrations.add(an_integration())
    one, key = registration(), ticket().key
    wire.stores.violations.register([one], NOW)
    attempts: list[Callable[[], object]] = [
        lambda: wire.stores.integrations.add(an_integration("other")),
        lambda: wire.stores.integrations.remove(an_integration()),
        lambda: wire.stores.integrations.switch(an_integration(), on=False, now=NOW),
        lambda: wire.stores.tickets.record([Observed(key, NOW, SEEN_IN_PROGRESS)]),
        lambda: wire.stores.tickets.record([deleted(key, NOW)]),
        lambda: wire.stores.tickets.raise_coverage(REF, position(NOW), END, NOW, NOW),
        lambda: wire.stores.violations.register(many(2), NOW),
        lambda: wire.stores.run_store.begin(run(), an_integration()),
        lambda: wire.stores.run_store.pause(run(), NOW),
    ]
    for attempt in attempts:
        wire.rivals = [OUTAGE]
        with pytest.raises(PynamoDBException) as outage:
            attempt()
        assert outage.value.cause_response_code == "ResourceNotFoundException"


def test_writes_that_meet_a_transaction_are_tried_again(wire: Wire) -> None:
    key = ticket().key
    wire.stores.violations.register([registration()], NOW)
    wire.rivals = [BUSY]
    assert wire.stores.tickets.record([Observed(key, NOW, SEEN_IN_PROGRESS)]) == {key}
    wire.rivals = [CONFLICT]
    assert wire.stores.tickets.record([deleted(key, later(hours=1))]) == {key}


def test_a_hint_that_meets_a_transaction_is_tried_again(wire: Wire) -> None:
    wire.stores.violations.register([registration()], NOW)
    wire.rivals = [BUSY]
    assert wire.stores.hints.mark(ticket().key, Hint(ticket().key.ticket_id, None, "a"), NOW) is Marked.WAITS


@pytest.mark.parametrize("written", range(4))
def test_a_resolution_that_was_interrupted_is_finished_by_the_next(wire: Wire, written: int) -> None:
    by_key = ticket(None)
    wire.stores.violations.register([registration(by_key, f"XRAY-{number}") for number in range(3)], NOW)
    wire.rivals = [None] * written + [OUTAGE]
    with pytest.raises(TransactWriteError) if written != 2 else pytest.raises(UpdateError):
        wire.stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    waiting = [row for page in wire.stores.tickets.rows(REF, WHOLE) for row in page]
    assert "key#JAS-1" in {row.ticket_id for row in waiting}
    known = wire.stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    links = wire.stores.violations.links([f"XRAY-{number}" for number in range(3)])
    assert [[link.ticket for link in found] for found in links.values()] == [[known]] * 3
    assert sum(wire.stores.tickets.census(REF, NOW).values()) == 1
    assert known == TicketKey(REF, "10001")


# --- What lists cost ------------------------------------------------------------------------------------------------


LISTED = 20
"""Entries of each list: what a list costs does not depend on it, up to a hundred."""


def cost(wire: Wire, ask: Callable[[], object]) -> int:
    """Calls of the stores."""
    wire.requests.clear()
    ask()
    return sum(wire.calls.values())


def test_lists_take_few_calls_however_long_they_are(wire: Wire) -> None:
    stores = wire.stores
    for number in range(LISTED):
        site = an_integration(f"site-{number:03}")
        stores.integrations.add(site)
        stores.run_store.begin(
            replace(run(f"20261122T08000025{number:03}"), integration_ref=site.integration_ref), site
        )
    ref = an_integration("site-000").integration_ref
    tickets = [replace(one.ticket, key=TicketKey(ref, one.ticket.key.ticket_id)) for one in many(LISTED)]
    app = Resource("build", "app", "1")
    for number, one in enumerate(tickets):
        older = replace(tickets[(number + 1) % LISTED], created_at=one.created_at - timedelta(days=1))
        for each in (one, older):
            stores.violations.register([Registration(each, f"V-{number:03}", app)], NOW)
    stores.violations.register(
        [Registration(one, "V-000", Resource("build", f"b-{number:03}")) for number, one in enumerate(tickets)], NOW
    )
    reading = Reading(stores.integrations, stores.tickets, stores.violations)
    ids = [f"V-{number:03}" for number in range(LISTED)]

    def integrations() -> None:
        page = stores.integrations.page(100)
        newest = [(one.integration_ref, one.last_run_id) for one in page.items if one.last_run_id]
        assert len(stores.run_store.get_many(newest)) == LISTED

    assert cost(wire, integrations) <= 3
    assert cost(wire, lambda: reading.of_resource(app, Filters(), 100, None, NOW)) <= 6
    assert cost(wire, lambda: reading.resources(None, 100, None, NOW)) <= 2
    assert cost(wire, lambda: reading.statuses(ids, NOW)) <= 4
    leading = sum(
        len(wanted["Keys"])
        for operation, request in wire.requests
        if operation == "BatchGetItem"
        for wanted in request["RequestItems"].values()
    )
    assert leading <= LISTED + LISTED + 1 + 1, "heads, leading tickets, one coverage, one integration"
    assert len(reading.statuses(ids, NOW)) == LISTED
    assert cost(wire, lambda: reading.of_integration("site-000", Filters(), 100, None, NOW)) <= 3
    assert cost(wire, lambda: reading.under_key("JAS-1", 100, None, NOW)) <= 3


# --- Where the index of a ticket's violations lags behind -----------------------------------------------------------


def index_reads(wire: Wire) -> int:
    return sum(operation == "Query" and "IndexName" in request for operation, request in wire.requests)


def test_a_ticket_that_gets_its_id_takes_along_links_that_no_index_has_yet(wire: Wire) -> None:
    by_key = ticket(None)
    wire.stores.violations.register([registration(by_key, f"XRAY-{number:02}") for number in range(20)], NOW)
    wire.requests.clear()
    known = wire.stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    assert index_reads(wire) == 0, "the ticket's own item names its violations"
    assert wire.stores.tickets.get_many([known])[0][known].serves.total == 20


def test_a_link_that_is_registered_while_a_ticket_gets_its_id_moves_too(wire: Wire) -> None:
    by_key = ticket(None)
    wire.stores.violations.register([registration(by_key)], NOW)
    wire.first = lambda: wire.stores.violations.register([registration(by_key, "XRAY-2")], NOW)
    known = wire.stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    links = wire.stores.violations.links(["XRAY-1", "XRAY-2"])
    assert [[link.ticket for link in found] for found in links.values()] == [[known], [known]]
    assert wire.stores.tickets.get_many([known])[0][known].serves.first == ("XRAY-1", "XRAY-2")


def test_the_violations_are_there_before_the_first_status_is_written(wire: Wire) -> None:
    by_key = ticket(None)
    wire.stores.violations.register([registration(by_key)], NOW)
    wire.requests.clear()
    wire.stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    writes = [operation for operation, _ in wire.requests if operation in WRITES]
    assert writes == ["TransactWriteItems", "TransactWriteItems", "UpdateItem", "TransactWriteItems"]
