"""Sync runs: moved step by step, each step once, ended once."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import NOW, REF, an_integration, later, run
from tests.fakes.stores import Stores
from ticket_status.core.judgement import Verdict
from ticket_status.core.missing import MissingTickets, Unproven, UnprovenVerdict
from ticket_status.core.model import Counts, Integration, RunState, Slice, SliceProgress, SyncRun, Trigger
from ticket_status.core.observations import SliceStep
from ticket_status.ports.paging import InvalidTokenError
from ticket_status.ports.runs import SliceTakenError

PART = Slice("1764403200#", "1766966400#", ("2025-11", "2025-12"))
OTHER = Slice("1766966400#", "9999999999#", ("2026-01",))
WITH_SLICES = {"0": SliceProgress(PART), "1": SliceProgress(OTHER)}


def begun(stores: Stores, one: SyncRun | None = None) -> SyncRun:
    """A run that is stored, of an integration that is stored too."""
    one = one or replace(run(), slices=dict(WITH_SLICES))
    stores.integrations.add(an_integration())
    current = stores.integrations.get("cloud-abc")
    assert current is not None
    assert stores.run_store.begin(one, current)
    return one


def stored(stores: Stores, one: SyncRun) -> SyncRun:
    found = stores.run_store.get(one.integration_ref, one.run_id)
    assert found is not None
    return found


def step(number: int = 0, *vanished: str, hidden: tuple[str, ...] = (), done: bool = False, **counts: int) -> SliceStep:
    asked = sum(counts.values()) + len(vanished)
    return SliceStep(number, f"176450000{number}#1", done, Counts(**counts), asked, 2, vanished, hidden)


def conclude(stores: Stores, one: SyncRun, part: MissingTickets, *left: str, counts: Counts | None = None) -> bool:
    rest = replace(part, ticket_ids=left)
    counted = counts or Counts(deleted=1)
    return stores.run_store.conclude(one, part, rest, counts=counted, jira_requests=3, now=later(minutes=1))


def test_a_run_is_read_as_it_began_and_is_the_active_one(stores: Stores) -> None:
    one = begun(stores)
    assert stored(stores, one) == one
    current = stores.integrations.get("cloud-abc")
    assert current is not None
    assert current.active_run_id == one.run_id


def test_a_run_that_is_not_there_is_none(stores: Stores) -> None:
    assert stores.run_store.get(REF, "nope") is None
    assert stores.run_store.latest(REF) is None


def as_stored(stores: Stores) -> Integration:
    found = stores.integrations.get("cloud-abc")
    assert found is not None
    return found


def test_of_two_runs_that_begin_at_once_one_does(stores: Stores) -> None:
    before = an_integration()
    begun(stores)
    other = run("20261122T080001000-ffffff")
    assert not stores.run_store.begin(other, before)
    assert stores.run_store.get(REF, other.run_id) is None
    assert as_stored(stores).active_run_id == run().run_id


def test_a_run_begins_in_place_of_the_one_that_was_read(stores: Stores) -> None:
    begun(stores)
    assert stores.run_store.begin(run("next"), as_stored(stores))
    assert as_stored(stores).active_run_id == "next"


def test_a_run_begins_when_the_one_that_was_read_was_let_go(stores: Stores) -> None:
    begun(stores)
    before = as_stored(stores)
    stores.integrations.release_run(REF, run().run_id)
    assert stores.run_store.begin(run("next"), before)


def test_no_run_begins_for_an_integration_that_is_gone(stores: Stores) -> None:
    assert not stores.run_store.begin(run(), an_integration())
    stores.integrations.add(replace(an_integration(), integration_ref="cloud-abc~zzzzzz"))
    assert not stores.run_store.begin(run(), an_integration())
    assert stores.run_store.get(REF, run().run_id) is None


def test_only_the_active_run_is_let_go(stores: Stores) -> None:
    one = begun(stores)
    stores.integrations.release_run(REF, "another")
    stores.integrations.release_run("cloud-abc~zzzzzz", one.run_id)
    assert as_stored(stores).active_run_id == one.run_id
    stores.integrations.release_run(REF, one.run_id)
    assert as_stored(stores).active_run_id is None


def test_runs_come_newest_first_in_pages(stores: Stores) -> None:
    runs = [begun(stores, run(f"2026112{day}T080000000-aaaaaa")) for day in range(5)]
    stores.run_store.advance(begun(stores, replace(run("20261120"), slices=WITH_SLICES)), "0", step(0, "10001"), NOW)
    newest_first = [*reversed(runs[1:]), runs[0]]
    first = stores.run_store.page(REF, 4)
    second = stores.run_store.page(REF, 4, first.next_token)
    shown = [one.run_id for one in (*first.items, *second.items)]
    assert shown == sorted([one.run_id for one in newest_first] + ["20261120"], reverse=True)
    assert second.next_token is None
    assert stores.run_store.page(REF, 6).next_token is None
    assert stores.run_store.latest(REF) == runs[-1]
    with pytest.raises(InvalidTokenError):
        stores.run_store.page("other~aaaaaa", 4, first.next_token)


def test_a_step_moves_its_slice_and_counts(stores: Stores) -> None:
    one = begun(stores)
    moved = stores.run_store.advance(one, "0", step(0, changed=2, unchanged=5), later(minutes=1))
    expected = replace(
        one,
        updated_at=later(minutes=1),
        asked=7,
        counts=Counts(changed=2, unchanged=5),
        jira_requests=2,
        slices={"0": SliceProgress(PART, 1, "1764500000#1"), "1": SliceProgress(OTHER)},
    )
    assert moved == expected
    assert stored(stores, one) == expected
    done = stores.run_store.advance(one, "0", step(1, done=True, failed=1, deleted=1, inaccessible=1), NOW)
    assert done is not None
    assert done.slices["0"] == SliceProgress(PART, 2, "1764500001#1", done=True)
    assert done.counts == Counts(2, 5, 1, 1, 1)
    assert (done.asked, done.jira_requests) == (10, 4)


@pytest.mark.parametrize("lost", [step(0), step(0, "10002")], ids=["update", "transaction"])
def test_a_step_is_taken_once(stores: Stores, lost: SliceStep) -> None:
    one = begun(stores)
    stores.run_store.advance(one, "0", step(0, "10001", changed=1), NOW)
    before = stored(stores, one)
    with pytest.raises(SliceTakenError):
        stores.run_store.advance(one, "0", lost, NOW)
    with pytest.raises(SliceTakenError):
        stores.run_store.advance(one, "0", replace(lost, number=2), NOW)
    assert stored(stores, one) == before
    assert [part.ticket_ids for part in stores.run_store.missing(one)] == [("10001",)]


def test_a_slice_that_the_run_does_not_have_cannot_be_moved(stores: Stores) -> None:
    one = begun(stores)
    with pytest.raises(SliceTakenError):
        stores.run_store.advance(one, "7", step(), NOW)
    assert stored(stores, one) == one


@pytest.mark.parametrize("late", [step(0), step(0, "10001")], ids=["update", "transaction"])
def test_a_closed_run_is_not_moved(stores: Stores, late: SliceStep) -> None:
    one = begun(stores)
    stores.run_store.close(one, RunState.CANCELLED, NOW)
    before = stored(stores, one)
    assert stores.run_store.advance(one, "0", late, NOW) is None
    assert stores.run_store.join(one, "new", PART, 3) is None
    stores.run_store.pause(one, later(minutes=1))
    assert stored(stores, one) == before
    assert list(stores.run_store.missing(one)) == []


def test_a_paused_run_runs_again_with_its_next_step(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.pause(one, later(minutes=5))
    paused = stored(stores, one)
    assert paused == replace(one, state=RunState.PAUSED, paused_until=later(minutes=5))
    moved = stores.run_store.advance(one, "0", step(), NOW)
    assert moved is not None
    assert (moved.state, moved.paused_until) == (RunState.RUNNING, None)


def test_a_run_ends_once(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.pause(one, later(minutes=5))
    closed = stores.run_store.close(one, RunState.FAILED, later(minutes=1), "no luck")
    expected = replace(
        one,
        state=RunState.FAILED,
        updated_at=later(minutes=1),
        completed_at=later(minutes=1),
        error="no luck",
    )
    assert closed == expected
    assert stores.run_store.close(one, RunState.SUCCEEDED, NOW) is None
    assert stored(stores, one) == expected


def test_new_tickets_join_while_a_slice_is_still_retrieved(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.advance(one, "0", step(0, done=True), NOW)
    joined = stores.run_store.join(one, "new2", PART, 4)
    assert joined is not None
    assert joined.slices["new2"] == SliceProgress(PART)
    assert joined.tickets_total == 7
    assert stores.run_store.join(one, "new2", PART, 4) is None
    stores.run_store.advance(one, "1", step(0, done=True), NOW)
    stores.run_store.advance(one, "new2", step(0, done=True), NOW)
    assert stores.run_store.join(one, "new3", PART, 1) is None
    assert list(stored(stores, one).slices) == ["0", "1", "new2"]


def test_fifty_slices_stay_in_their_order(stores: Stores) -> None:
    one = begun(stores, replace(run(), slices={str(number): SliceProgress(PART) for number in range(50)}))
    assert list(stored(stores, one).slices) == [str(number) for number in range(50)]


def test_what_vanished_in_any_slice_comes_before_what_was_hidden_before(stores: Stores) -> None:
    one = begun(stores, replace(run(), slices={str(number): SliceProgress(PART) for number in range(12)}))
    stores.run_store.advance(one, "0", step(0, "1", hidden=("key#JAS-2", "3")), NOW)
    stores.run_store.advance(one, "0", step(1), NOW)
    stores.run_store.advance(one, "11", step(0, "4", done=True), NOW)
    moved = stored(stores, one)
    assert (moved.asked, moved.vanished, moved.missing) == (2, 2, 4)
    assert [part.ticket_ids for part in stores.run_store.missing(one)] == [("1",), ("4",), ("key#JAS-2", "3")]


def test_a_large_step_misses_many_tickets(stores: Stores) -> None:
    one = begun(stores)
    many = [str(number) for number in range(9_000)]
    stores.run_store.advance(one, "0", step(0, *many[:4_500], hidden=tuple(many[4_500:])), NOW)
    assert [ticket for part in stores.run_store.missing(one) for ticket in part.ticket_ids] == many


@pytest.mark.parametrize("name", ["Q" * 255, "Щ" * 255, "漢" * 255, "\U0001f9ff" * 255], ids=["ASCII", "2", "3", "4"])
def test_the_longest_ids_of_any_script_and_a_verdict_on_each_fit(stores: Stores, name: str) -> None:
    one = begun(stores)
    many = tuple(f"key#{name}-{number:05d}" for number in range(120))
    stores.run_store.advance(one, "0", step(0, *many), NOW)
    parts = list(stores.run_store.missing(one))
    assert tuple(ticket for part in parts for ticket in part.ticket_ids) == many
    for part in parts:
        verdicts = tuple(UnprovenVerdict(name, Verdict.INACCESSIBLE, NOW) for name in part.ticket_ids)
        full = replace(part, unproven=Unproven("account", 3, verdicts))
        assert stores.run_store.conclude(one, part, full, counts=Counts(), jira_requests=1, now=NOW)
    assert sum(len(part.unproven.verdicts) for part in stores.run_store.missing(one) if part.unproven) == len(many)


def test_missing_tickets_of_another_run_are_not_ours(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.advance(one, "0", step(0, "10001"), NOW)
    assert list(stores.run_store.missing(run("20261122T080000250-a1b2c"))) == []


def test_what_was_judged_is_counted_once(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.advance(one, "0", step(0, "1"), NOW)
    stores.run_store.advance(one, "1", step(0, "2"), NOW)
    first, second = stores.run_store.missing(one)
    assert conclude(stores, one, first)
    assert not conclude(stores, one, first)
    assert [part.part for part in stores.run_store.missing(one)] == [second.part]
    concluded = stored(stores, one)
    assert concluded.counts == Counts(deleted=1)
    assert concluded.jira_requests == 7
    assert concluded.updated_at == later(minutes=1)


def test_a_part_is_concluded_little_by_little_by_one_worker_at_a_time(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.advance(one, "0", step(0, "1", "2", "3"), NOW)
    (part,) = stores.run_store.missing(one)
    assert conclude(stores, one, part, "2", "3")
    assert not conclude(stores, one, part, "3")
    (left,) = stores.run_store.missing(one)
    assert (left.ticket_ids, left.unproven) == (("2", "3"), None)
    unproven = Unproven("bot", 2, (UnprovenVerdict("2", Verdict.DELETED, later(minutes=2)),))
    waiting = replace(left, unproven=unproven)
    assert stores.run_store.conclude(one, left, waiting, counts=Counts(), jira_requests=1, now=NOW)
    (proven,) = stores.run_store.missing(one)
    assert (proven.ticket_ids, proven.unproven) == (("2", "3"), unproven)
    assert conclude(stores, one, proven, counts=Counts(deleted=2))
    assert list(stores.run_store.missing(one)) == []
    assert stored(stores, one).counts == Counts(deleted=3)


def test_a_part_that_never_was_is_not_counted(stores: Stores) -> None:
    one = begun(stores)
    assert not conclude(stores, one, MissingTickets("0#0#0", ("1",)))
    assert not conclude(stores, one, MissingTickets("0#0#0", ("1",)), "1")
    assert stored(stores, one) == one


def test_a_run_beside_the_active_one_is_stored_and_does_not_become_active(stores: Stores) -> None:
    one = begun(stores)
    beside = replace(run("20261122T080001000-ffffff"), trigger=Trigger.RECHECK)
    stores.run_store.add(beside)
    assert stored(stores, beside) == beside
    assert as_stored(stores).active_run_id == one.run_id
    assert stores.run_store.latest(REF) == beside


def test_calls_that_brought_nothing_are_counted(stores: Stores) -> None:
    one = begun(stores)
    stores.run_store.spend(one, 3)
    assert stored(stores, one) == replace(one, jira_requests=3)
    stores.run_store.spend(run("nope"), 3)
    assert stores.run_store.get(REF, "nope") is None


def test_times_of_a_run_are_kept_to_the_microsecond(stores: Stores) -> None:
    at = NOW + timedelta(microseconds=1)
    one = begun(stores, replace(run(), started_at=at, updated_at=at))
    assert stored(stores, one).started_at == at
