"""Which ticket of a violation leads, and what a list knows of it without reading its links."""

import pytest

from tests.fakes.samples import DAY, NOW, REF
from ticket_status.core.model import TicketKey
from ticket_status.core.violations import Link, head_of, with_link

OLD, NEW, TIED = (TicketKey(REF, number) for number in ("1", "2", "3"))


def a_link(ticket: TicketKey, days_ago: int, registered_days_ago: int = 0) -> Link:
    return Link("V-1", ticket, NOW - days_ago * DAY, registered_at=NOW - registered_days_ago * DAY)


def test_the_ticket_created_last_leads_whatever_the_order_of_registration() -> None:
    links = [a_link(NEW, 1, registered_days_ago=1), a_link(OLD, 5)]
    for order in (links, links[::-1]):
        head = head_of("V-1", order)
        assert (head.candidates, head.tickets, head.created_at) == ((NEW,), 2, NOW - DAY)


def test_an_older_ticket_that_is_linked_later_is_counted_and_does_not_lead() -> None:
    head = with_link(head_of("V-1", [a_link(NEW, 1)]), a_link(OLD, 5))
    assert (head.candidates, head.tickets, head.created_at) == ((NEW,), 2, NOW - DAY)


def test_of_tickets_created_at_the_same_time_the_one_registered_last_comes_first() -> None:
    head = head_of("V-1", [a_link(OLD, 9), a_link(TIED, 1), a_link(NEW, 1, registered_days_ago=3)])
    assert head.candidates == (TIED, NEW)


def test_a_violation_without_a_link_has_no_head() -> None:
    with pytest.raises(ValueError, match="V-1 has no link"):
        head_of("V-1", [])
