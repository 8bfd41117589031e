"""Identities and sums."""

import pytest

from tests.fakes.samples import REF, an_integration
from ticket_status.core.model import Counts, RunState, TicketKey


def test_a_ticket_is_its_integration_and_issue_id_not_its_key() -> None:
    assert TicketKey.of(REF, "10412", "JAS-1") == TicketKey.of(REF, "10412", "NEW-9")
    assert TicketKey.of(REF, "10412", "JAS-1").issue_id == "10412"


def test_the_same_issue_id_on_two_sites_is_two_tickets() -> None:
    assert TicketKey("one~aaaaaa", "10412") != TicketKey("two~bbbbbb", "10412")


def test_while_only_the_key_is_known_the_identity_is_the_key() -> None:
    by_key = TicketKey.of(REF, None, "JAS-1")
    assert (by_key.ticket_id, by_key.issue_id) == ("key#JAS-1", None)


def test_the_integrations_name_is_read_from_its_ref() -> None:
    assert TicketKey("cloud-abc~k3f9x2", "1").connection_name == "cloud-abc"


def test_links_to_issues_are_on_the_address_that_people_open() -> None:
    assert an_integration(jira_server_url="https://jira.example.com/jira/").browse_url == (
        "https://jira.example.com/jira/browse/"
    )


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_open_while_it_runs_or_is_paused(state: RunState) -> None:
    assert state.open is (state.value in {"running", "paused"})


def test_counts_add_up_member_by_member() -> None:
    one, other = Counts(1, 2, 3, 4, 5), Counts(10, 20, 30, 40, 50)
    assert one + other == Counts(11, 22, 33, 44, 55)
    assert (one + other).total == 165
