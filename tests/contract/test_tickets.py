"""Tickets: observations only ever get newer, and index, census and coverage agree with them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import (
    CREATED,
    NOW,
    REF,
    SEEN_DONE,
    SEEN_IN_PROGRESS,
    deleted,
    later,
    registration,
    seen,
    ticket,
    unseen,
)
from tests.fakes.stores import Stores
from ticket_status.core.comparison import Row
from ticket_status.core.model import Absence, Category, ServedViolations, Slice, Status, Ticket, TicketKey
from ticket_status.core.observations import Deleted, Missed, Observation, Observed, Unseen
from ticket_status.core.runs import DELETED_TICKETS
from ticket_status.core.summary import Counted
from ticket_status.core.window import END, Coverage, Step, month_of, position, window_start

KEY = ticket().key
STATUS = Status("In Progress", Category.INDETERMINATE)
WHOLE = Slice("", END, tuple(f"2026-{month:02d}" for month in range(1, 13)))


def registered(stores: Stores, *tickets: Ticket) -> None:
    for one in tickets or (ticket(),):
        stores.violations.register([registration(one)], NOW)


def stored(stores: Stores, key: TicketKey = KEY) -> Ticket:
    """Less what it serves, which is no part of what was registered or observed (test_violations.py)."""
    return replace(stores.tickets.get_many([key])[0][key], serves=ServedViolations())


def record(stores: Stores, *observations: Observation) -> frozenset[TicketKey]:
    return stores.tickets.record(observations)


def rows(stores: Stores, part: Slice = WHOLE, after: str = "") -> list[Row]:
    return [row for page in stores.tickets.rows(REF, part, after) for row in page]


def new_rows(stores: Stores) -> list[Row]:
    return [row for page in stores.tickets.new_rows(REF) for row in page]


def row_of(one: Ticket) -> Row:
    return Row(position(one.created_at, one.key.ticket_id), one.key.ticket_id, None, None)


# --- Reading --------------------------------------------------------------------------------------------------------


def test_a_registered_ticket_is_read_as_it_was_given(stores: Stores) -> None:
    one = ticket(created_at=datetime.fromisoformat("2026-10-01T12:00:00.123456+02:00"))
    registered(stores, one)
    assert stored(stores) == one


def test_tickets_that_are_not_there_are_left_out_and_coverage_is_there_for_every_integration_asked(
    stores: Stores,
) -> None:
    registered(stores)
    tickets, coverages = stores.tickets.get_many([KEY, TicketKey(REF, "404")], [REF, "other~aaaaaa"])
    assert list(tickets) == [KEY]
    assert coverages == {REF: Coverage(), "other~aaaaaa": Coverage()}


def test_more_tickets_than_one_call_takes_are_read(stores: Stores) -> None:
    tickets = [ticket(str(number), f"JAS-{number}") for number in range(120)]
    for at in (0, 60):
        stores.violations.register([registration(one) for one in tickets[at : at + 60]], NOW)
    keys = [one.key for one in tickets]
    assert set(stores.tickets.get_many(keys, [REF])[0]) == set(keys)


# --- The indexes ----------------------------------------------------------------------------------------------------


def spread(*days_ago: float) -> list[Ticket]:
    """Tickets created so many days ago, the oldest first."""
    return [
        ticket(str(10_000 + number), f"JAS-{number}", NOW - timedelta(days=days))
        for number, days in enumerate(sorted(days_ago, reverse=True))
    ]


def test_rows_come_in_order_of_creation_over_all_months_of_the_slice(stores: Stores) -> None:
    tickets = spread(1, 20, 40, 41, 42, 43, 44, 100, 200, 300)
    registered(stores, *reversed(tickets))
    assert rows(stores) == [row_of(one) for one in tickets]


def test_rows_of_one_second_are_all_there_in_order_of_their_ids(stores: Stores) -> None:
    registered(stores, *(ticket(str(number), f"JAS-{number}") for number in range(10, 30)))
    assert [row.ticket_id for row in rows(stores)] == [str(number) for number in range(10, 30)]


def test_a_slice_begins_with_its_start_and_ends_before_its_end(stores: Stores) -> None:
    tickets = spread(1, 2, 3, 4)
    registered(stores, *tickets)
    part = Slice(position(tickets[1].created_at), position(tickets[3].created_at), ("2026-11",))
    assert rows(stores, part) == [row_of(tickets[1]), row_of(tickets[2])]


def test_rows_go_on_behind_the_cursor(stores: Stores) -> None:
    tickets = spread(1, 2, 3, 40)
    registered(stores, *tickets)
    assert rows(stores, WHOLE, row_of(tickets[0]).position) == [row_of(one) for one in tickets[1:]]
    assert rows(stores, WHOLE, row_of(tickets[2]).position) == [row_of(tickets[3])]
    assert rows(stores, WHOLE, row_of(tickets[3]).position) == []


def test_only_the_months_of_the_slice_are_read(stores: Stores) -> None:
    tickets = spread(1, 40, 80)
    registered(stores, *tickets)
    assert rows(stores, Slice("", END, (month_of(tickets[1].created_at),))) == [row_of(tickets[1])]
    assert rows(stores, Slice("", END, ())) == []


def test_a_row_bears_what_was_last_seen_and_whether_it_is_hidden(stores: Stores) -> None:
    registered(stores, ticket(), ticket("10002", "JAS-2"))
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS), Observed(TicketKey(REF, "10002"), NOW, seen("JAS-2")))
    record(stores, unseen(KEY, later(hours=1)))
    assert [(row.sighting, row.absence) for row in rows(stores)] == [
        (SEEN_IN_PROGRESS, Absence.INACCESSIBLE),
        (seen("JAS-2"), None),
    ]


def test_rows_of_other_integrations_are_not_read(stores: Stores) -> None:
    other = replace(ticket(), key=TicketKey("other~aaaaaa", "10001"))
    registered(stores, other)
    assert rows(stores) == []
    assert new_rows(stores) == []


def test_new_tickets_wait_until_they_are_observed(stores: Stores) -> None:
    tickets = spread(1, 2, 40, 50)
    registered(stores, *tickets)
    assert new_rows(stores) == [row_of(one) for one in tickets]
    keys = [one.key for one in tickets]
    record(
        stores,
        Observed(keys[0], NOW, SEEN_IN_PROGRESS),
        unseen(keys[1], NOW),
        Deleted(keys[2], NOW, None, tickets[2].created_at),
        Missed(keys[3], NOW, None),
    )
    assert new_rows(stores) == [row_of(tickets[3])]


def test_a_ticket_older_than_the_window_does_not_wait_for_its_first_status(stores: Stores) -> None:
    start = window_start(NOW)
    inside = ticket("1", "JAS-1", start)
    registered(stores, inside, ticket("2", "JAS-2", start - timedelta(microseconds=1)))
    assert new_rows(stores) == [row_of(inside)]


# --- Census ---------------------------------------------------------------------------------------------------------


def census(stores: Stores, clock: datetime = NOW) -> dict[date, int]:
    return dict(stores.tickets.census(REF, clock))


def test_the_census_counts_each_ticket_on_its_day_in_utc(stores: Stores) -> None:
    created = ["2026-11-01T23:59:59+00:00", "2026-11-02T00:30:00+01:00", "2026-11-02T00:00:00+00:00"]
    for number, text in enumerate(created):
        registered(stores, ticket(str(number), f"JAS-{number}", datetime.fromisoformat(text)))
    assert census(stores) == {date(2026, 11, 1): 2, date(2026, 11, 2): 1}


def test_the_census_has_the_months_of_the_window_only(stores: Stores) -> None:
    registered(stores, *spread(1, 350, 364, 400))
    days = {one.created_at.date(): 1 for one in spread(1, 350, 364)}
    assert census(stores) == days


def test_a_deleted_ticket_leaves_index_and_census_once(stores: Stores) -> None:
    registered(stores, *spread(10, 10, 10))
    gone = TicketKey(REF, "10000")
    assert record(stores, deleted(gone, NOW)) == {gone}
    assert record(stores, deleted(gone, later(hours=1))) == frozenset()
    assert sum(census(stores).values()) == 2
    assert [row.ticket_id for row in rows(stores)] == ["10001", "10002"]


def test_deleted_tickets_are_listed_by_themselves(stores: Stores) -> None:
    tickets = spread(1, 40, 300)
    registered(stores, *tickets)
    for one in tickets[1:]:
        record(stores, Observed(one.key, NOW, seen(one.issue_key)))
        record(stores, Deleted(one.key, later(hours=1), NOW, one.created_at))
    gone = [(row.ticket_id, row.sighting, row.absence) for row in rows(stores, Slice("", END, (DELETED_TICKETS,)))]
    assert gone == [(one.key.ticket_id, seen(one.issue_key), Absence.DELETED) for one in tickets[1:]]
    start = position(tickets[2].created_at)
    assert len(rows(stores, Slice(start, END, (DELETED_TICKETS,)))) == 1
    assert [row.ticket_id for row in rows(stores)] == [tickets[0].key.ticket_id]


def test_one_of_a_mass_is_told_from_what_is_hidden(stores: Stores) -> None:
    registered(stores)
    record(stores, Unseen(KEY, NOW, Absence.VANISHED))
    assert stored(stores).absence is Absence.VANISHED
    assert [row.absence for row in rows(stores)] == [Absence.VANISHED]
    record(stores, Observed(KEY, later(hours=1), SEEN_DONE))
    assert stored(stores).absence is None


def test_deletions_that_may_not_be_written_do_not_keep_others_from_it(stores: Stores) -> None:
    tickets = spread(*[10.0] * 9, *[50.0] * 9)
    registered(stores, *tickets)
    record(stores, Observed(tickets[3].key, later(hours=2), SEEN_IN_PROGRESS))
    unknown = ticket("999")
    deletions = [Deleted(one.key, later(hours=1), None, one.created_at) for one in [*tickets, unknown]]
    assert record(stores, *deletions) == {one.key for one in tickets} - {tickets[3].key}
    assert census(stores) == {tickets[3].created_at.date(): 1}


def test_many_deletions_at_once_leave_the_census_right(stores: Stores) -> None:
    registered(stores, *spread(*[10.0] * 12))
    deletions = [deleted(TicketKey(REF, str(10_000 + number)), NOW) for number in range(11)]
    assert len(record(stores, *deletions)) == 11
    assert sum(census(stores).values()) == 1


def test_tickets_between_two_positions_are_counted(stores: Stores) -> None:
    tickets = spread(1, 2, 3, 4, 5)
    registered(stores, *tickets)
    start, end = position(tickets[1].created_at), position(tickets[4].created_at)
    assert stores.tickets.count(REF, start, end) == 3
    assert stores.tickets.count(REF, start, start) == 0
    assert stores.tickets.count(REF, end, start) == 0


# --- Observations ---------------------------------------------------------------------------------------------------


def test_an_observation_is_written_and_read(stores: Stores) -> None:
    registered(stores)
    assert record(stores, Observed(KEY, NOW, seen("ABC-7", Status("Review | QA", Category.INDETERMINATE)))) == {KEY}
    expected = replace(
        ticket(),
        issue_key="ABC-7",
        status=Status("Review | QA", Category.INDETERMINATE),
        observed_at=NOW,
        status_since=NOW,
    )
    assert stored(stores) == expected


AN_HOUR_LATER: Sequence[Observation] = (
    Observed(KEY, later(hours=1), SEEN_DONE),
    unseen(KEY, later(hours=1)),
    deleted(KEY, later(hours=1), NOW),
)


@pytest.mark.parametrize("newer", AN_HOUR_LATER, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("older_by", [timedelta(), timedelta(microseconds=1), timedelta(days=1)])
def test_an_older_observation_never_replaces_a_newer_one(
    stores: Stores, newer: Observation, older_by: timedelta
) -> None:
    registered(stores)
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS))
    assert record(stores, newer) == {KEY}
    before = stored(stores)
    at = later(hours=1) - older_by
    for older in (Observed(KEY, at, SEEN_DONE), unseen(KEY, at), deleted(KEY, at)):
        assert record(stores, older) == frozenset()
    assert stored(stores) == before


def test_a_newer_observation_by_a_microsecond_is_written(stores: Stores) -> None:
    registered(stores)
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS))
    assert record(stores, Observed(KEY, NOW + timedelta(microseconds=1), SEEN_DONE)) == {KEY}


def test_nothing_is_recorded_of_a_ticket_that_does_not_exist(stores: Stores) -> None:
    unknown = [replace(one, key=TicketKey(REF, "404")) for one in (*AN_HOUR_LATER, Missed(KEY, NOW, NOW))]
    assert record(stores, *unknown) == frozenset()
    assert stores.tickets.get_many([TicketKey(REF, "404")])[0] == {}


def test_an_inaccessible_ticket_keeps_its_status_and_shows_again_when_seen(stores: Stores) -> None:
    registered(stores)
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS))
    record(stores, unseen(KEY, later(hours=1)))
    hidden = stored(stores)
    assert (hidden.absence, hidden.status, hidden.observed_at) == (Absence.INACCESSIBLE, STATUS, later(hours=1))
    record(stores, Observed(KEY, later(hours=2), SEEN_IN_PROGRESS))
    assert stored(stores).absence is None


def test_a_deleted_ticket_keeps_its_status_and_says_when_it_was_seen(stores: Stores) -> None:
    registered(stores)
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS))
    record(stores, deleted(KEY, later(hours=1), NOW))
    expected = replace(
        ticket(),
        status=STATUS,
        absence=Absence.DELETED,
        observed_at=later(hours=1),
        status_seen_at=NOW,
        status_since=NOW,
    )
    assert stored(stores) == expected


def test_deleted_is_for_good(stores: Stores) -> None:
    registered(stores)
    record(stores, deleted(KEY, NOW))
    at = later(hours=1)
    for observation in (Observed(KEY, at, SEEN_DONE), unseen(KEY, at), Missed(KEY, at, at)):
        assert record(stores, observation) == frozenset()
    assert stored(stores).absence is Absence.DELETED
    assert rows(stores) == []


def test_a_ticket_seen_unchanged_moves_its_time_only(stores: Stores) -> None:
    registered(stores)
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS))
    before = stored(stores)
    record(stores, Observed(KEY, later(hours=1), SEEN_IN_PROGRESS))
    assert stored(stores) == replace(before, observed_at=later(hours=1))


def test_a_missed_ticket_keeps_what_was_known_and_until_when(stores: Stores) -> None:
    registered(stores)
    record(stores, Observed(KEY, NOW, SEEN_IN_PROGRESS))
    assert record(stores, Missed(KEY, later(hours=16), later(hours=8))) == {KEY}
    missed = stored(stores)
    assert (missed.status, missed.observed_at, missed.missed_at) == (STATUS, later(hours=8), later(hours=16))


def test_missing_a_ticket_never_takes_its_times_back(stores: Stores) -> None:
    registered(stores)
    record(stores, Observed(KEY, later(hours=10), SEEN_IN_PROGRESS))
    assert record(stores, Missed(KEY, later(hours=16), later(hours=8))) == {KEY}
    assert (stored(stores).observed_at, stored(stores).missed_at) == (later(hours=10), later(hours=16))
    assert record(stores, Missed(KEY, later(hours=15), later(hours=15))) == frozenset()
    assert record(stores, Missed(KEY, later(hours=17), None)) == {KEY}
    assert (stored(stores).observed_at, stored(stores).missed_at) == (later(hours=10), later(hours=17))


def test_a_ticket_that_was_never_observed_is_missed_without_being_observed(stores: Stores) -> None:
    registered(stores)
    assert record(stores, Missed(KEY, later(hours=2), later(hours=1))) == {KEY}
    assert (stored(stores).observed_at, stored(stores).missed_at) == (None, later(hours=2))


def test_many_observations_at_once_answer_those_that_were_written(stores: Stores) -> None:
    tickets = [ticket(str(number), f"JAS-{number}") for number in range(40)]
    registered(stores, *tickets)
    record(stores, *(Observed(one.key, later(hours=1), seen(one.issue_key)) for one in tickets[:10]))
    written = record(stores, *(Observed(one.key, NOW, seen(one.issue_key)) for one in tickets))
    assert written == {one.key for one in tickets[10:]}


def test_a_revived_ticket_is_active_in_index_and_census(stores: Stores) -> None:
    registered(stores)
    assert not stores.tickets.revive(KEY, CREATED, SEEN_DONE, NOW)
    record(stores, deleted(KEY, NOW, NOW))
    assert not stores.tickets.revive(KEY, CREATED, SEEN_DONE, NOW - timedelta(hours=1))
    assert stores.tickets.revive(KEY, CREATED, SEEN_DONE, later(hours=1))
    assert not stores.tickets.revive(KEY, CREATED, SEEN_DONE, later(hours=2))
    shown_at = later(hours=1)
    revived = replace(ticket(), status=Status("Done", Category.DONE), observed_at=shown_at, status_since=shown_at)
    assert stored(stores) == revived
    assert [row.sighting for row in rows(stores)] == [SEEN_DONE]
    assert sum(census(stores).values()) == 1


# --- Coverage -------------------------------------------------------------------------------------------------------


def coverage(stores: Stores) -> Coverage:
    return stores.tickets.get_many([], [REF])[1][REF]


def test_coverage_is_raised_range_by_range(stores: Stores) -> None:
    recent, older = position(NOW - timedelta(days=1)), position(NOW - timedelta(days=30))
    stores.tickets.raise_coverage(REF, older, recent, NOW, NOW)
    stores.tickets.raise_coverage(REF, recent, END, later(microseconds=1), NOW)
    assert coverage(stores).at(older) == NOW
    assert coverage(stores).step_at(recent) == Step(recent, later(microseconds=1), NOW)
    assert coverage(stores).at(position(NOW - timedelta(days=31))) is None


def test_coverage_is_never_lowered(stores: Stores) -> None:
    start = position(NOW - timedelta(days=30))
    stores.tickets.raise_coverage(REF, start, END, later(hours=8), NOW)
    before = coverage(stores)
    stores.tickets.raise_coverage(REF, start, END, NOW, NOW)
    assert coverage(stores).at(start) == later(hours=8)
    assert coverage(stores).version == before.version


def test_coverage_of_what_left_the_window_is_kept_with_less_detail(stores: Stores) -> None:
    start = position(window_start(NOW))
    for day in range(5):
        at = later(days=day)
        stores.tickets.raise_coverage(REF, position(window_start(at)), END, at, at)
    assert coverage(stores).at(start) == NOW
    assert len(coverage(stores).steps) == 2


# --- Key-only tickets -----------------------------------------------------------------------------------------------


def key_only(days: float = 10) -> Ticket:
    return ticket(None, "JAS-1", NOW - timedelta(days=days))


RESOLVED = TicketKey(REF, "10001")


def violations_of(stores: Stores, key: TicketKey) -> list[str]:
    return sorted(stores.violations.violations_of([key]).get(key, []))


def test_a_key_only_ticket_becomes_the_ticket_with_its_id(stores: Stores) -> None:
    one = key_only()
    for violation in ("XRAY-1", "XRAY-2"):
        stores.violations.register([registration(one, violation)], NOW)
    assert [row.ticket_id for row in new_rows(stores)] == ["key#JAS-1"]
    assert stores.tickets.resolve(one.key, "10001", seen("NEW-1"), NOW) == RESOLVED
    expected = replace(one, key=RESOLVED, issue_key="NEW-1", status=STATUS, observed_at=NOW, status_since=NOW)
    assert stored(stores, RESOLVED) == expected
    assert [row.ticket_id for row in rows(stores)] == ["10001"]
    assert new_rows(stores) == []
    assert census(stores) == {one.created_at.date(): 1}
    assert violations_of(stores, RESOLVED) == ["XRAY-1", "XRAY-2"]
    assert violations_of(stores, one.key) == []
    assert [link.ticket for link in stores.violations.links(["XRAY-1"])["XRAY-1"]] == [RESOLVED]


def test_a_key_only_ticket_is_still_found_under_its_key(stores: Stores) -> None:
    one = key_only()
    registered(stores, one)
    stores.tickets.resolve(one.key, "10001", SEEN_IN_PROGRESS, NOW)
    found, _ = stores.tickets.get_many([one.key, RESOLVED])
    assert set(found) == {one.key, RESOLVED}
    assert found[one.key] == found[RESOLVED]


def test_a_key_only_ticket_joins_the_ticket_that_has_its_id(stores: Stores) -> None:
    first, second = ticket(), key_only(days=5)
    stores.violations.register([registration(first, "XRAY-1"), registration(second, "XRAY-2")], NOW)
    record(stores, Observed(RESOLVED, NOW, SEEN_DONE))
    assert stores.tickets.resolve(second.key, "10001", SEEN_IN_PROGRESS, later(hours=1)) == RESOLVED
    expected = replace(first, status=STATUS, observed_at=later(hours=1), status_since=later(hours=1))
    assert stored(stores, RESOLVED) == expected
    assert census(stores) == {first.created_at.date(): 1}
    assert violations_of(stores, RESOLVED) == ["XRAY-1", "XRAY-2"]
    assert stores.violations.links(["XRAY-2"])["XRAY-2"][0].created_at == first.created_at


def test_joining_does_not_bring_older_news(stores: Stores) -> None:
    registered(stores, ticket(), key_only())
    record(stores, Observed(RESOLVED, later(hours=1), SEEN_DONE))
    stores.tickets.resolve(key_only().key, "10001", SEEN_IN_PROGRESS, NOW)
    assert stored(stores, RESOLVED).observed_at == later(hours=1)


def test_resolving_twice_changes_nothing_but_takes_newer_news(stores: Stores) -> None:
    one = key_only()
    registered(stores, one)
    stores.tickets.resolve(one.key, "10001", SEEN_IN_PROGRESS, NOW)
    assert stores.tickets.resolve(one.key, "10001", SEEN_IN_PROGRESS, NOW) == RESOLVED
    assert census(stores) == {one.created_at.date(): 1}
    assert stores.tickets.resolve(one.key, "10001", SEEN_DONE, later(hours=1)) == RESOLVED
    assert stored(stores, RESOLVED).status == Status("Done", Category.DONE)


def test_a_deleted_key_only_ticket_stays_deleted(stores: Stores) -> None:
    one = key_only()
    registered(stores, one)
    record(stores, deleted(one.key, NOW))
    assert stores.tickets.resolve(one.key, "10001", SEEN_IN_PROGRESS, later(hours=1)) == one.key
    assert stored(stores, one.key).absence is Absence.DELETED
    assert census(stores) == {}


def test_an_alias_takes_no_observations(stores: Stores) -> None:
    one = key_only()
    registered(stores, one)
    stores.tickets.resolve(one.key, "10001", SEEN_IN_PROGRESS, NOW)
    at = later(hours=1)
    late: list[Observation] = [unseen(one.key, at), deleted(one.key, at), Missed(one.key, at, NOW)]
    assert record(stores, *late) == frozenset()
    assert stored(stores, RESOLVED).absence is None


def test_many_links_move_along(stores: Stores) -> None:
    one = key_only()
    names = sorted(f"XRAY-{number}" for number in range(120))
    for at in (0, 60):
        stores.violations.register([registration(one, name) for name in names[at : at + 60]], NOW)
    stores.tickets.resolve(one.key, "10001", SEEN_IN_PROGRESS, NOW)
    assert violations_of(stores, RESOLVED) == names


# --- Numbers --------------------------------------------------------------------------------------------------------


def test_what_is_counted_is_kept_and_changed_by_one_at_a_time(stores: Stores) -> None:
    assert stores.tickets.counted(REF) == Counted()
    stores.tickets.change_counted(REF, lambda *_: Counted({"done|Done": 2}, NOW, {NOW: {"done|Done": -1}}))
    kept = Counted({"done|Done": 2}, NOW, {NOW: {"done|Done": -1}}, 1)
    assert stores.tickets.counted(REF) == kept
    stores.tickets.change_counted(REF, lambda counted, _: counted)
    assert stores.tickets.counted(REF) == kept
    assert stores.tickets.get_many([], [REF])[1] == {REF: Coverage()}


def test_the_whole_census_has_all_months_and_the_number_of_deleted_tickets(stores: Stores) -> None:
    tickets = spread(1, 40, 500)
    registered(stores, *tickets)
    record(stores, Deleted(tickets[0].key, NOW, None, tickets[0].created_at))
    active = {one.created_at.date(): 1 for one in tickets[1:]}
    assert stores.tickets.whole_census(REF) == (active, 1)
    stores.tickets.revive(tickets[0].key, tickets[0].created_at, SEEN_DONE, later(hours=1))
    assert stores.tickets.whole_census(REF) == (active | {tickets[0].created_at.date(): 1}, 0)


def test_a_walk_has_each_ticket_once_though_one_gets_its_id_meanwhile(stores: Stores) -> None:
    tickets = [ticket(str(number), f"JAS-{number}") for number in range(100, 105)]
    by_key = ticket(None, "JAS-9")
    registered(stores, *tickets, by_key)
    walked, token = [], None
    for number in range(10):
        page = stores.tickets.page(REF, 2, token, NOW)
        walked += [one.key for one in page.items]
        token = page.next_token
        if number == 1:
            stores.tickets.resolve(by_key.key, "101000", SEEN_IN_PROGRESS, later(hours=1))
            record(stores, Observed(tickets[4].key, later(hours=1), SEEN_DONE))
        if token is None:
            break
    known = {*(one.key for one in tickets), by_key.key, TicketKey(REF, "101000")}
    assert len(walked) == len(set(walked)) == 6
    assert set(walked) < known
    again = stores.tickets.page(REF, 100, None, later(hours=2))
    assert {one.key.ticket_id for one in again.items} == {"100", "101", "102", "103", "104", "101000"}
