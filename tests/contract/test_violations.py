"""Registration, links and resources."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import Stores
from tests.fakes.samples import IN_PROGRESS, NOW, REF, deleted, registration, ticket
from ticket_status.core.model import Absence, Ticket, TicketKey
from ticket_status.core.observations import Observed
from ticket_status.core.violations import Link, Resource
from ticket_status.ports.paging import InvalidTokenError, Page

APP = Resource("artifact", "docker/app", "1.0")


def linked(stores: Stores, violation_id: str) -> list[TicketKey]:
    return [link.ticket for link in stores.violations.links([violation_id]).get(violation_id, [])]


def aged(days: float, issue_id: str) -> Ticket:
    return ticket(issue_id, f"JAS-{issue_id}", NOW - timedelta(days=days))


def test_a_registration_stores_ticket_link_and_resource(stores: Stores) -> None:
    one = registration(resource=APP)
    assert stores.violations.register([one], NOW) == {one.ticket.key}
    link = Link("XRAY-1", one.ticket.key, one.ticket.created_at, APP)
    assert stores.violations.links(["XRAY-1", "XRAY-2"]) == {"XRAY-1": [link]}
    assert stores.violations.violations_of([one.ticket.key]) == {one.ticket.key: ["XRAY-1"]}
    assert stores.violations.resources(None, 10, None) == Page([(APP, 1)])
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
    stores.tickets.record([Observed(one.ticket.key, NOW, IN_PROGRESS)])
    assert stores.violations.register([one, other], NOW) == {other.ticket.key}


def test_a_ticket_older_than_the_window_waits_for_nobody(stores: Stores) -> None:
    assert stores.violations.register([registration(aged(366, "1"))], NOW) == frozenset()


def test_a_known_ticket_keeps_when_it_was_created_and_gains_a_link(stores: Stores) -> None:
    first = registration()
    stores.violations.register([first], NOW)
    second = registration(replace(first.ticket, created_at=NOW, issue_key="OTHER-1"), "XRAY-2")
    stores.violations.register([second], NOW)
    assert stores.tickets.get_many([first.ticket.key])[0] == {first.ticket.key: first.ticket}
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
    known = stores.tickets.resolve(by_key.key, "10001", IN_PROGRESS, NOW)
    assert stores.violations.register([registration(by_key, "XRAY-2"), registration(by_key)], NOW) == frozenset()
    assert linked(stores, "XRAY-1") == [known]
    assert linked(stores, "XRAY-2") == [known]


def test_a_resource_that_is_named_later_is_taken(stores: Stores) -> None:
    stores.violations.register([registration()], NOW)
    stores.violations.register([registration(resource=APP)], NOW)
    stores.violations.register([registration()], NOW)
    assert stores.violations.links(["XRAY-1"])["XRAY-1"][0].resource == APP


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
    assert (resource, 1) in stores.violations.resources(resource.type, 10, None).items


def test_every_resource_is_on_exactly_one_page_with_its_number_of_violations(stores: Stores) -> None:
    expected = {Resource("build", f"app-{number}", "1"): number for number in range(1, 7)}
    for resource, number in expected.items():
        many = [registration(violation_id=f"{resource.name}-{at}", resource=resource) for at in range(number)]
        stores.violations.register(many, NOW)
    stores.violations.register([registration(resource=APP)], NOW)
    found: list[tuple[Resource, int]] = []
    token = None
    while True:
        page = stores.violations.resources("build", 2, token)
        assert page.items
        found += page.items
        token = page.next_token
        if token is None:
            break
    assert dict(found) == expected
    assert len(found) == len(expected)
    assert len(stores.violations.resources(None, 10, None).items) == 7


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
        stores.violations.resources(None, 1, token)
