"""Registration, links and resources."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.samples import NOW, REF, SEEN_IN_PROGRESS, deleted, registration, seen, ticket
from tests.fakes.stores import Stores
from ticket_status.core.model import Absence, ServedViolations, Ticket, TicketKey
from ticket_status.core.observations import Deleted, Observed
from ticket_status.core.violations import Head, Link, Resource
from ticket_status.ports.paging import InvalidTokenError, Page

APP = Resource("artifact", "docker/app", "1.0")


def linked(stores: Stores, violation_id: str) -> list[TicketKey]:
    return [link.ticket for link in stores.violations.links([violation_id]).get(violation_id, [])]


def aged(days: float, issue_id: str) -> Ticket:
    return ticket(issue_id, f"JAS-{issue_id}", NOW - timedelta(days=days))


def test_a_registration_stores_ticket_link_and_resource(stores: Stores) -> None:
    one = registration(resource=APP)
    assert stores.violations.register([one], NOW) == {one.ticket.key}
    link = Link("XRAY-1", one.ticket.key, one.ticket.created_at, (APP,), one.ticket.registered_at)
    assert stores.violations.links(["XRAY-1", "XRAY-2"]) == {"XRAY-1": [link]}
    assert stores.violations.violations_of([one.ticket.key]) == {one.ticket.key: ["XRAY-1"]}
    assert stores.violations.resources(None, 10, None, NOW) == Page([(APP, 1)])
    assert stores.violations.of_resource(APP, 10, None) == Page(["XRAY-1"])


def test_registering_the_same_again_changes_nothing(stores: Stores) -> None:
    one = registration(resource=APP)
    stores.violations.register([one], NOW)
    links = stores.violations.links(["XRAY-1"])
    stores.violations.register([one, one], NOW)
    assert stores.violations.links(["XRAY-1"]) == links
    assert sum(stores.tickets.census(REF, NOW).values()) == 1


def test_a_ticket_waits_until_it_is_retrieved_however_often_it_is_registered(stores: Stores) -> None:
    one, other = registration(), registration(ticket("10002"))
    assert stores.violations.register([one], NOW) == {one.ticket.key}
    assert stores.violations.register([one, other], NOW) == {one.ticket.key, other.ticket.key}
    stores.tickets.record([Observed(one.ticket.key, NOW, SEEN_IN_PROGRESS)])
    assert stores.violations.register([one, other], NOW) == {other.ticket.key}


def test_a_ticket_older_than_the_window_waits_for_nobody(stores: Stores) -> None:
    assert stores.violations.register([registration(aged(366, "1"))], NOW) == frozenset()


def test_a_known_ticket_keeps_when_it_was_created_and_gains_a_link(stores: Stores) -> None:
    first = registration()
    stores.violations.register([first], NOW)
    second = registration(replace(first.ticket, created_at=NOW, issue_key="OTHER-1"), "XRAY-2")
    stores.violations.register([second], NOW)
    known = replace(first.ticket, serves=ServedViolations(("XRAY-1", "XRAY-2"), 2))
    assert stores.tickets.get_many([known.key])[0] == {known.key: known}
    assert stores.violations.links(["XRAY-2"])["XRAY-2"][0].created_at == first.ticket.created_at


def test_of_two_registrations_of_a_new_ticket_in_one_call_the_first_says_when_it_was_created(stores: Stores) -> None:
    first = ticket()
    both = [registration(first), registration(replace(first, created_at=NOW), "XRAY-2")]
    assert stores.violations.register(both, NOW) == {first.key}
    assert stores.tickets.get_many([first.key])[0][first.key].created_at == first.created_at
    assert sum(stores.tickets.census(REF, NOW).values()) == 1


def test_a_deleted_ticket_gains_links_and_stays_deleted(stores: Stores) -> None:
    one = ticket()
    stores.violations.register([registration(one)], NOW)
    stores.tickets.record([deleted(one.key, NOW)])
    assert stores.violations.register([registration(one, "XRAY-2")], NOW) == frozenset()
    assert stores.tickets.get_many([one.key])[0][one.key].absence is Absence.DELETED
    assert linked(stores, "XRAY-2") == [one.key]


def test_the_ticket_created_last_leads(stores: Stores) -> None:
    tickets = [aged(3, "1"), aged(1, "2"), aged(2, "3")]
    stores.violations.register([registration(one) for one in tickets], NOW)
    assert [key.ticket_id for key in linked(stores, "XRAY-1")] == ["2", "3", "1"]


def test_of_two_tickets_created_at_once_the_same_one_always_leads(stores: Stores) -> None:
    for order in (("7", "5"), ("5", "7")):
        stores.violations.register([registration(aged(1, issue_id)) for issue_id in order], NOW)
        assert [key.ticket_id for key in linked(stores, "XRAY-1")] == ["7", "5"]


def test_one_ticket_serves_several_violations(stores: Stores) -> None:
    one = ticket()
    stores.violations.register([registration(one, f"XRAY-{number}") for number in range(5)], NOW)
    found = stores.violations.violations_of([one.key, TicketKey(REF, "404")])
    assert {key: sorted(names) for key, names in found.items()} == {one.key: [f"XRAY-{n}" for n in range(5)]}


def test_a_hundred_registrations_of_different_everything_are_all_stored(stores: Stores) -> None:
    registrations = [
        registration(aged(3 * number, str(number)), f"XRAY-{number}", Resource("build", f"app-{number}", "7"))
        for number in range(100)
    ]
    assert len(stores.violations.register(registrations, NOW)) == 100
    found = stores.violations.links([one.violation_id for one in registrations])
    assert {name: [link.ticket for link in links] for name, links in found.items()} == {
        one.violation_id: [one.ticket.key] for one in registrations
    }


def test_registering_a_key_that_got_its_id_meanwhile_is_about_the_ticket_that_it_became(stores: Stores) -> None:
    by_key = ticket(None)
    stores.violations.register([registration(by_key)], NOW)
    known = stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    assert stores.violations.register([registration(by_key, "XRAY-2"), registration(by_key)], NOW) == frozenset()
    assert linked(stores, "XRAY-1") == [known]
    assert linked(stores, "XRAY-2") == [known]


def test_a_resource_that_is_named_later_is_taken(stores: Stores) -> None:
    stores.violations.register([registration()], NOW)
    stores.violations.register([registration(resource=APP)], NOW)
    stores.violations.register([registration()], NOW)
    assert stores.violations.links(["XRAY-1"])["XRAY-1"][0].resources == (APP,)


@pytest.mark.parametrize(
    "resource",
    [
        Resource("artifact", "docker/app"),
        Resource("artifact", "docker/app", ""),
        Resource("artifact", "100%#1", "2#3%"),
        Resource("artifact", "%23"),
        Resource("build", "größe ✓", "1"),
        Resource("release_bundle", "app#1"),
    ],
    ids=repr,
)
def test_a_resource_is_told_from_those_with_similar_names(stores: Stores, resource: Resource) -> None:
    similar = [
        APP,
        Resource("artifact", "docker/app#1.0"),
        Resource("artifact", "#"),
        Resource("release_bundle", "app", "1"),
    ]
    for number, one in enumerate([resource, *similar]):
        stores.violations.register([registration(violation_id=f"XRAY-{number}", resource=one)], NOW)
    assert stores.violations.of_resource(resource, 10, None) == Page(["XRAY-0"])
    assert (resource, 1) in stores.violations.resources(resource.type, 10, None, NOW).items


def test_every_resource_is_on_exactly_one_page_with_its_number_of_violations(stores: Stores) -> None:
    expected = {Resource("build", f"app-{number}", "1"): number for number in range(1, 7)}
    for resource, number in expected.items():
        many = [registration(violation_id=f"{resource.name}-{at}", resource=resource) for at in range(number)]
        stores.violations.register(many, NOW)
    stores.violations.register([registration(resource=APP)], NOW)
    found: list[tuple[Resource, int]] = []
    token = None
    while True:
        page = stores.violations.resources("build", 2, token, NOW)
        assert page.items
        found += page.items
        token = page.next_token
        if token is None:
            break
    assert dict(found) == expected
    assert len(found) == len(expected)
    assert len(stores.violations.resources(None, 10, None, NOW).items) == 7


def test_violations_of_a_resource_come_in_pages(stores: Stores) -> None:
    names = [f"XRAY-{number}" for number in range(5)]
    stores.violations.register([registration(violation_id=name, resource=APP) for name in names], NOW)
    first = stores.violations.of_resource(APP, 3, None)
    second = stores.violations.of_resource(APP, 3, first.next_token)
    assert [*first.items, *second.items] == names
    assert second.next_token is None
    assert stores.violations.of_resource(APP, 5, None).next_token is None


def test_a_token_of_another_list_is_refused(stores: Stores) -> None:
    stores.violations.register([registration(violation_id=f"XRAY-{number}", resource=APP) for number in range(3)], NOW)
    token = stores.violations.of_resource(APP, 1, None).next_token
    assert token is not None
    with pytest.raises(InvalidTokenError):
        stores.violations.of_resource(replace(APP, version="2.0"), 1, token)
    with pytest.raises(InvalidTokenError):
        stores.violations.resources(None, 1, token, NOW)


# --- Heads ----------------------------------------------------------------------------------------------------------


def head(stores: Stores, violation_id: str = "XRAY-1") -> Head:
    return stores.violations.heads([violation_id, "nobody"])[violation_id]


def test_a_head_names_the_leading_ticket_and_counts_all(stores: Stores) -> None:
    tickets = [aged(2, "1"), aged(1, "2"), aged(3, "3")]
    for one in tickets:
        stores.violations.register([registration(one), registration(one, "XRAY-2")], NOW)
    stores.violations.register([registration(tickets[0])], NOW)
    assert head(stores) == Head("XRAY-1", tickets[1].created_at, (tickets[1].key,), 3, placed=False)
    assert set(stores.violations.heads(["XRAY-1", "XRAY-2", "nobody"])) == {"XRAY-1", "XRAY-2"}


def test_of_tickets_created_at_once_the_one_registered_last_comes_first(stores: Stores) -> None:
    one, other = aged(1, "1"), aged(1, "2")
    later_one = replace(one, registered_at=NOW + timedelta(microseconds=1))
    stores.violations.register([registration(replace(other, registered_at=NOW)), registration(later_one)], NOW)
    assert head(stores).candidates == (one.key, other.key)
    assert linked(stores, "XRAY-1") == [one.key, other.key]


def test_registrations_in_one_call_of_one_violation_are_all_in_its_head(stores: Stores) -> None:
    tickets = [aged(number, str(number)) for number in range(1, 31)]
    stores.violations.register([registration(one) for one in tickets], NOW)
    assert (head(stores).tickets, head(stores).candidates) == (30, (tickets[0].key,))


def test_the_head_of_a_violation_follows_a_ticket_that_got_its_id(stores: Stores) -> None:
    by_key, by_id = ticket(None), ticket("10001")
    stores.violations.register([registration(by_key), registration(by_id), registration(by_key, "XRAY-2")], NOW)
    assert head(stores).tickets == 2
    stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    assert (head(stores).tickets, head(stores).candidates) == (1, (by_id.key,))
    assert head(stores, "XRAY-2").candidates == (by_id.key,)


# --- Violations of a ticket -----------------------------------------------------------------------------------------


def serves(stores: Stores, key: TicketKey) -> ServedViolations:
    return stores.tickets.get_many([key])[0][key].serves


def test_a_ticket_names_the_first_violations_that_it_serves_and_counts_all(stores: Stores) -> None:
    one = ticket()
    stores.violations.register([registration(one, f"XRAY-{number:02}") for number in range(15)], NOW)
    stores.violations.register([registration(one, f"XRAY-{number:02}") for number in range(25)], NOW)
    assert serves(stores, one.key).total == 25
    assert len(serves(stores, one.key).first) == 20


def test_the_violations_of_a_key_only_ticket_are_those_of_the_ticket_that_it_becomes(stores: Stores) -> None:
    by_key = ticket(None)
    stores.violations.register([registration(by_key, f"XRAY-{number:02}") for number in range(40)], NOW)
    known = stores.tickets.resolve(by_key.key, "10001", SEEN_IN_PROGRESS, NOW)
    assert serves(stores, known).total == 40
    assert len(serves(stores, known).first) == 20


def test_a_ticket_is_found_by_its_key(stores: Stores) -> None:
    one, other, by_key = ticket("1", "JAS-1"), ticket("2", "JAS-2"), ticket(None, "JAS-3")
    stores.violations.register([registration(each) for each in (one, other, by_key)], NOW)
    assert stores.violations.under_key("JAS-1", 10, None) == Page([one.key])
    assert stores.violations.under_key("JAS-3", 10, None) == Page([by_key.key])
    assert stores.violations.under_key("JAS-4", 10, None) == Page([])
    known = stores.tickets.resolve(by_key.key, "3", SEEN_IN_PROGRESS, NOW)
    assert stores.violations.under_key("JAS-3", 10, None) == Page([known])


def test_a_moved_ticket_is_found_by_both_of_its_keys(stores: Stores) -> None:
    stores.violations.register([registration()], NOW)
    stores.tickets.record([Observed(ticket().key, NOW, seen("NEW-7"))])
    stores.violations.keep_keys([stores.tickets.get_many([ticket().key])[0][ticket().key]])
    for key in ("JAS-1", "NEW-7"):
        assert stores.violations.under_key(key, 10, None) == Page([ticket().key])
    unregister(stores, "XRAY-1", ticket().key)
    for key in ("JAS-1", "NEW-7"):
        assert stores.violations.under_key(key, 10, None) == Page([])


# --- Unregistration -------------------------------------------------------------------------------------------------


def unregister(stores: Stores, violation_id: str, key: TicketKey) -> None:
    links = stores.violations.links([violation_id]).get(violation_id, [])
    stores.violations.unregister([link for link in links if link.ticket == key])


def test_a_ticket_without_a_link_is_forgotten(stores: Stores) -> None:
    one = ticket()
    stores.violations.register([registration(one, resource=APP)], NOW)
    unregister(stores, "XRAY-1", one.key)
    assert stores.violations.links(["XRAY-1"]) == {}
    assert stores.violations.heads(["XRAY-1"]) == {}
    assert stores.tickets.get_many([one.key])[0] == {}
    assert list(stores.tickets.new_rows(REF)) == []
    assert sum(stores.tickets.census(REF, NOW).values()) == 0
    assert stores.violations.under_key("JAS-1", 10, None) == Page([])
    assert stores.violations.resources(None, 10, None, NOW) == Page([])
    assert stores.violations.of_resource(APP, 10, None) == Page([])
    unregister(stores, "XRAY-1", one.key)
    assert stores.violations.register([registration(one)], NOW) == {one.key}
    assert sum(stores.tickets.census(REF, NOW).values()) == 1


def test_a_ticket_stays_for_its_other_violations_and_a_violation_for_its_other_tickets(stores: Stores) -> None:
    one, other = aged(1, "1"), aged(2, "2")
    stores.violations.register([registration(one, resource=APP), registration(one, "XRAY-2")], NOW)
    stores.violations.register([registration(other, resource=APP)], NOW)
    unregister(stores, "XRAY-1", one.key)
    assert serves(stores, one.key) == ServedViolations(("XRAY-2",), 1)
    assert head(stores) == Head("XRAY-1", other.created_at, (other.key,), 1, placed=True)
    assert stores.violations.resources(None, 10, None, NOW) == Page([(APP, 1)])


def test_a_violation_that_was_taken_off_never_comes_back(stores: Stores) -> None:
    """A ticket's own item may name more violations than are shown."""
    names = [f"V-{number:02}" for number in range(50)]
    for part in (names[49:], names[:49]):
        stores.violations.register([registration(ticket(), name) for name in part], NOW)
    for name in [*reversed(names[3:])]:
        unregister(stores, name, ticket().key)
    serves = stores.tickets.get_many([ticket().key])[0][ticket().key].serves
    assert serves.total == 3
    assert set(serves.first) <= set(names[:3])


def test_a_deleted_ticket_is_unregistered_without_touching_the_census(stores: Stores) -> None:
    one, other = aged(1, "1"), aged(1, "2")
    stores.violations.register([registration(one), registration(other)], NOW)
    stores.tickets.record([Deleted(one.key, NOW, None, one.created_at)])
    unregister(stores, "XRAY-1", one.key)
    assert sum(stores.tickets.census(REF, NOW).values()) == 1
    assert linked(stores, "XRAY-1") == [other.key]


def test_many_are_unregistered_at_once(stores: Stores) -> None:
    tickets = [aged(1, str(number)) for number in range(1, 13)]
    stores.violations.register([registration(one, resource=APP) for one in tickets], NOW)
    stores.violations.unregister(stores.violations.links(["XRAY-1"])["XRAY-1"])
    assert stores.violations.links(["XRAY-1"]) == {}
    assert stores.tickets.page(REF, 100, None, NOW) == Page([])
    assert stores.violations.of_resource(APP, 10, None) == Page([])


# --- Without a resource ---------------------------------------------------------------------------------------------


def test_violations_without_a_resource_are_listed_apart_until_they_have_one(stores: Stores) -> None:
    one = ticket()
    stores.violations.register([registration(one), registration(one, "XRAY-2"), registration(one, "XRAY-3", APP)], NOW)
    assert stores.violations.of_resource(None, 10, None) == Page(["XRAY-1", "XRAY-2"])
    stores.violations.register([registration(one, "XRAY-2", APP)], NOW)
    assert stores.violations.of_resource(None, 10, None) == Page(["XRAY-1"])
    assert stores.violations.of_resource(APP, 10, None) == Page(["XRAY-2", "XRAY-3"])
    stores.violations.register([registration(ticket("2"), "XRAY-3")], NOW)
    assert stores.violations.of_resource(None, 10, None) == Page(["XRAY-1"])
    unregister(stores, "XRAY-3", one.key)
    assert stores.violations.of_resource(None, 10, None) == Page(["XRAY-1", "XRAY-3"])


def test_a_violation_is_found_in_several_resources(stores: Stores) -> None:
    other = Resource("build", "app", "17")
    stores.violations.register([registration(resource=APP), registration(resource=other)], NOW)
    stores.violations.register([registration(ticket("2"), resource=APP)], NOW)
    assert stores.violations.resources(None, 10, None, NOW) == Page([(APP, 1), (other, 1)])
    assert stores.violations.of_resource(other, 10, None) == Page(["XRAY-1"])
    unregister(stores, "XRAY-1", ticket().key)
    assert stores.violations.resources(None, 10, None, NOW) == Page([(APP, 1)])


def test_a_resource_is_counted_once_however_often_a_later_ticket_keeps_it(stores: Stores) -> None:
    for number, days in enumerate((300, 100, 1)):
        stores.violations.register([registration(aged(days, str(number + 1)), resource=APP)], NOW)
    stores.violations.register([registration(aged(200, "9"), "XRAY-2", APP)], NOW)
    assert stores.violations.resources(None, 10, None, NOW) == Page([(APP, 2)])
