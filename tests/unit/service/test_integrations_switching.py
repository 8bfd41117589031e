"""The toggle (R5, R6, R16), runs by hand, Test Integration (R9 to R11) and recheck (R7)."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.connections import report, site
from tests.fakes.jira import FakeSite
from tests.fakes.samples import IN_PROGRESS, LONG_AGO, NOW, an_integration, faulty, later, ticket
from tests.fakes.world import World
from ticket_status.core.model import (
    Absence,
    AuthType,
    Health,
    HealthStatus,
    Integration,
    ReasonCode,
    RefreshState,
    RunState,
    Trigger,
)
from ticket_status.core.scopes import REQUIRED_SCOPES
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.service.administration.connection_test import Finding
from ticket_status.service.administration.refusals import (
    IntegrationBroken,
    IntegrationNotFound,
    JiraUnavailable,
    MissingScopes,
    OutsideWindow,
    PendingAuthorizationFirst,
    RateLimited,
    Refusal,
    RetrievalDisabled,
    TicketNotFound,
)
from ticket_status.service.administration.switching import Switched
from ticket_status.service.tickets.reading import ShownTicket

URL = "https://cloud-abc.example"
PENDING = Health(HealthStatus.PENDING, NOW, NOW)
REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "401")
UNREACHABLE = Unavailable(ReasonCode.UNREACHABLE, "time-out")
THROTTLED = Throttled(later(seconds=90), "429")


def world_with(**changes: Any) -> World:  # noqa: ANN401 - whatever the attribute is
    return World(an_integration(**changes))


def switch(world: World, *, on: bool) -> object:
    return world.services.switching.switch("cloud-abc", on=on)


def state_of_last_run(world: World) -> RunState:
    last = world.last_run()
    assert last is not None
    return last.state


# --- The toggle -----------------------------------------------------------------------------------------------------


def test_switching_off_is_one_write_of_the_integration() -> None:
    world = world_with()
    assert switch(world, on=False) == Switched(on=False, run_id=None)
    assert not world.stored().retrieve_jira_tickets
    assert world.integrations.writes == 1


def test_switching_off_cancels_the_run_at_work() -> None:
    world = world_with()
    world.services.switching.sync("cloud-abc")
    switch(world, on=False)
    assert state_of_last_run(world) is RunState.CANCELLED
    assert world.stored().active_run_id is None


def test_switching_on_starts_a_run_at_once() -> None:
    world = world_with(retrieve_jira_tickets=False)
    world.clock.wait(60)
    switched = switch(world, on=True)
    last = world.last_run()
    assert last is not None
    assert (last.trigger, switched) == (Trigger.ENABLED, Switched(on=True, run_id=last.run_id))
    assert world.stored().enabled_since == later(minutes=1)


@pytest.mark.parametrize("on", [True, False])
def test_switching_to_how_it_stands_does_nothing(on: bool) -> None:  # noqa: FBT001 - the case
    world = world_with(retrieve_jira_tickets=on)
    assert switch(world, on=on) == Switched(on, None)
    assert (world.integrations.writes, world.queue.sent) == (0, [])


def test_switching_on_again_after_the_queue_refused_begins_what_is_due() -> None:
    """L4."""
    world = World(an_integration(retrieve_jira_tickets=False))
    world.queue.refuses = ConnectionError()
    with pytest.raises(ConnectionError):
        world.services.switching.switch("cloud-abc", on=True)
    assert world.stored().retrieve_jira_tickets
    world.queue.refuses = None
    world.clock.wait(60)
    again = world.services.switching.switch("cloud-abc", on=True)
    assert isinstance(again, Switched)
    last = world.last_run()
    assert last is not None
    assert (again.run_id, last.trigger) == (last.run_id, Trigger.ENABLED)
    assert world.services.switching.switch("cloud-abc", on=True) == Switched(on=True, run_id=None)


def test_of_two_who_switch_at_once_one_starts_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with(retrieve_jira_tickets=False)
    before = world.stored()
    switch(world, on=True)
    found = iter([before, world.stored()])
    monkeypatch.setattr(world.integrations, "get", lambda _: next(found))
    assert switch(world, on=True) == Switched(on=True, run_id=None)


@pytest.mark.parametrize("known", [None, site(granted_scopes=frozenset())])
def test_cloud_with_oauth_2_is_not_switched_on_without_its_scopes(known: Any) -> None:  # noqa: ANN401 - a site or none
    world = world_with(auth_type=AuthType.OAUTH2, retrieve_jira_tickets=False, site=known)
    assert switch(world, on=True) == MissingScopes(REQUIRED_SCOPES)
    assert not world.stored().retrieve_jira_tickets


def test_it_is_told_which_scopes_are_missing() -> None:
    granted = frozenset(REQUIRED_SCOPES) - {"read:field.option:jira"}
    world = world_with(auth_type=AuthType.OAUTH2, retrieve_jira_tickets=False, site=site(granted_scopes=granted))
    assert switch(world, on=True) == MissingScopes(("read:field.option:jira",))


@pytest.mark.parametrize("granted", [frozenset(REQUIRED_SCOPES), frozenset({"read:jira-work", "read:jira-user"})])
def test_with_its_scopes_it_is(granted: frozenset[str]) -> None:
    world = world_with(auth_type=AuthType.OAUTH2, retrieve_jira_tickets=False, site=site(granted_scopes=granted))
    assert isinstance(switch(world, on=True), Switched)
    assert world.stored().retrieve_jira_tickets


def test_switching_on_before_the_authorisation_starts_no_run() -> None:
    world = world_with(auth_type=AuthType.OAUTH1, retrieve_jira_tickets=False, health=PENDING)
    assert switch(world, on=True) == Switched(on=True, run_id=None)


def test_what_is_not_there_cannot_be_switched_or_retrieved() -> None:
    services = World().services
    assert services.switching.switch("cloud-abc", on=True) == IntegrationNotFound("cloud-abc")
    assert services.switching.sync("cloud-abc") == IntegrationNotFound("cloud-abc")


# --- Runs by hand ---------------------------------------------------------------------------------------------------


def test_a_run_that_is_at_work_is_answered_with_its_id() -> None:
    world = world_with()
    first = world.services.switching.sync("cloud-abc")
    assert world.services.switching.sync("cloud-abc") == first
    last = world.last_run()
    assert last is not None
    assert (last.run_id, last.trigger) == (first, Trigger.API)


def test_a_broken_integration_is_retrieved_by_hand_too() -> None:
    assert isinstance(world_with(health=faulty()).services.switching.sync("cloud-abc"), str)


def test_no_run_is_started_while_retrieval_is_off() -> None:
    world = world_with(retrieve_jira_tickets=False)
    assert world.services.switching.sync("cloud-abc") == RetrievalDisabled("cloud-abc")


def test_no_run_is_started_before_the_authorisation() -> None:
    world = world_with(health=PENDING)
    assert world.services.switching.sync("cloud-abc") == PendingAuthorizationFirst("cloud-abc")


# --- Test Integration -----------------------------------------------------------------------------------------------


def check(world: World) -> object:
    return world.services.checking.check("cloud-abc")


def found_with(trouble: JiraTrouble | None, **changes: Any) -> World:  # noqa: ANN401 - whatever the attribute is
    world = world_with(**changes)
    world.connections.reports[URL] = report(trouble, site())
    return world


def test_a_success_is_noted_with_what_was_learnt() -> None:
    world = found_with(None)
    world.clock.wait(60)
    finding = check(world)
    assert isinstance(finding, Finding)
    assert (finding.status, finding.reason_code, finding.reason) == (HealthStatus.HEALTHY, None, None)
    assert finding.report.checks[-1].detail == "as tried There are no tickets to retrieve yet."
    assert world.stored().site == site()
    assert world.stored().health == Health(HealthStatus.HEALTHY, LONG_AGO, later(minutes=1))
    assert world.last_run() is None


def test_a_success_of_a_broken_integration_is_its_recovery() -> None:
    world = found_with(None, health=faulty())
    check(world)
    assert world.stored().health.status is HealthStatus.HEALTHY
    last = world.last_run()
    assert last is not None
    assert last.trigger is Trigger.RECOVERED


def test_a_refusal_breaks_the_integration_at_once() -> None:
    world = found_with(REFUSED)
    assert check(world) == Finding(
        HealthStatus.FAULTY, ReasonCode.AUTHENTICATION_FAILED, "401", report(REFUSED, site())
    )
    assert world.stored().health.reason_code is ReasonCode.AUTHENTICATION_FAILED


def test_a_jira_that_a_test_does_not_reach_is_the_finding_at_once_and_counts_as_one_try() -> None:
    world = found_with(UNREACHABLE)
    finding = check(world)
    assert isinstance(finding, Finding)
    assert (finding.status, finding.reason_code) == (HealthStatus.FAULTY, ReasonCode.UNREACHABLE)
    assert world.stored().health.status is HealthStatus.HEALTHY
    assert world.stored().trouble is not None
    for _ in range(2):
        world.clock.wait(60)
        check(world)
    assert world.stored().health.reason_code is ReasonCode.UNREACHABLE


def test_nothing_is_asked_in_a_pause() -> None:
    world = found_with(None, paused_until=later(seconds=30))
    assert check(world) == RateLimited(later(seconds=30))
    assert world.connections.tried == []


def test_a_throttled_test_pauses_everybody_and_breaks_nothing() -> None:
    world = found_with(THROTTLED)
    assert check(world) == RateLimited(later(seconds=90))
    assert world.stored().paused_until == later(seconds=90)
    assert world.stored().health.status is HealthStatus.HEALTHY


def test_one_that_was_never_authorised_is_not_broken_by_a_test() -> None:
    world = found_with(REFUSED, health=PENDING)
    assert check(world) == Finding(HealthStatus.PENDING, None, None, report(REFUSED, site()))
    assert world.stored().health == PENDING


def test_what_is_not_there_cannot_be_tested() -> None:
    assert check(World()) == IntegrationNotFound("cloud-abc")


# --- Recheck --------------------------------------------------------------------------------------------------------


def world_with_ticket(absence: Absence | None = Absence.DELETED, **changes: Any) -> World:  # noqa: ANN401 - whatever the attribute is
    world = world_with(**changes)
    known = replace(ticket(), status=IN_PROGRESS, absence=absence, observed_at=later(hours=-1))
    world.tickets.add(known, NOW)
    world.tickets.stored[known.key] = known
    world.connections.sites["cloud-abc"] = FakeSite()
    world.clock.wait(60)
    return world


def recheck(world: World, issue_id: str = "10001") -> object:
    return world.services.rechecking.recheck("cloud-abc", issue_id)


def test_a_deleted_ticket_is_active_again_when_jira_shows_it() -> None:
    world = world_with_ticket()
    world.connections.sites["cloud-abc"].put("10001", "JAS-1", "Done")
    shown = recheck(world)
    assert isinstance(shown, ShownTicket)
    assert shown.shown.status is not None
    assert (shown.shown.status.name, shown.shown.refresh_state) == ("Done", RefreshState.ACTIVE)


def test_a_ticket_that_jira_does_not_show_stays_as_it_was() -> None:
    world = world_with_ticket()
    before = dict(world.tickets.stored)
    shown = recheck(world)
    assert isinstance(shown, ShownTicket)
    assert shown.shown.refresh_state is RefreshState.DELETED
    assert world.tickets.stored == before


def test_an_inaccessible_ticket_is_seen_again_too() -> None:
    world = world_with_ticket(Absence.INACCESSIBLE)
    world.connections.sites["cloud-abc"].put("10001", "JAS-1", "Done")
    shown = recheck(world)
    assert isinstance(shown, ShownTicket)
    assert shown.ticket.absence is None


@pytest.mark.parametrize("absence", [None, Absence.INACCESSIBLE, Absence.VANISHED])
def test_a_ticket_that_jira_does_not_show_is_judged_by_itself(absence: Absence | None) -> None:
    """Also one of a mass, which no run judges (R8)."""
    world = world_with_ticket(absence)
    shown = recheck(world)
    assert isinstance(shown, ShownTicket)
    assert shown.ticket.absence is Absence.DELETED
    assert world.connections.sites["cloud-abc"].requests == 5


def test_a_ticket_whose_project_cannot_be_browsed_is_inaccessible() -> None:
    world = world_with_ticket(None)
    site = world.connections.sites["cloud-abc"]
    site.put("10001", "JAS-1", "Done")
    site.closed_projects = {"JAS"}
    shown = recheck(world)
    assert isinstance(shown, ShownTicket)
    assert shown.ticket.absence is Absence.INACCESSIBLE


@pytest.mark.parametrize("absence", [None, *Absence])
def test_a_ticket_known_by_its_key_gets_its_issue_id(absence: Absence | None) -> None:
    world = world_with_ticket(None)
    known = replace(ticket(None), absence=absence, observed_at=later(hours=-1))
    world.tickets.stored[known.key] = known
    world.connections.sites["cloud-abc"].put("10077", "JAS-1", "Done")
    shown = recheck(world, "JAS-1")
    assert isinstance(shown, ShownTicket)
    assert (shown.ticket.key.issue_id, shown.ticket.absence) == ("10077", None)
    assert shown.shown.status is not None


def test_an_issue_that_jira_fails_on_is_not_judged() -> None:
    world = world_with_ticket(None)
    failing = Unavailable(ReasonCode.JIRA_ERROR, "500")
    world.connections.sites["cloud-abc"].before = lambda call, _: failing if call == "can_browse" else None
    assert isinstance(recheck(world), JiraUnavailable)
    assert world.tickets.stored[ticket().key].absence is None


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"retrieve_jira_tickets": False}, RetrievalDisabled("cloud-abc")),
        ({"health": PENDING}, PendingAuthorizationFirst("cloud-abc")),
        ({"paused_until": later(minutes=5)}, RateLimited(later(minutes=5))),
    ],
)
def test_jira_is_not_asked_when_nothing_may_be_asked(changes: dict[str, Any], refusal: Refusal) -> None:
    world = world_with_ticket(**changes)
    assert recheck(world) == refusal
    assert world.connections.sites["cloud-abc"].requests == 0


def test_a_ticket_older_than_a_year_is_not_asked_for_even_by_hand() -> None:
    world = world_with_ticket()
    world.clock.wait(365 * 86_400)
    assert recheck(world) == OutsideWindow("10001")


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        (REFUSED, IntegrationBroken("401")),
        (UNREACHABLE, JiraUnavailable("time-out")),
        (Throttled(later(minutes=3), "429"), RateLimited(later(minutes=3))),
    ],
)
@pytest.mark.parametrize("opening", [True, False])
def test_trouble_with_jira_is_told_and_noted(
    opening: bool,  # noqa: FBT001 - the case
    trouble: JiraTrouble,
    refusal: Refusal,
) -> None:
    world = world_with_ticket()
    if opening:
        world.connections.refuses["cloud-abc"] = trouble
    else:
        world.connections.sites["cloud-abc"].trouble = trouble
    before = world.stored()
    assert recheck(world) == refusal
    assert world.stored() != before


def test_an_unknown_ticket_is_not_found() -> None:
    assert recheck(world_with_ticket(), "999") == TicketNotFound("999")
    assert recheck(World()) == IntegrationNotFound("cloud-abc")


def test_a_ticket_of_an_integration_that_had_the_name_before_is_not_found() -> None:
    world = world_with_ticket()
    old: Integration = world.stored()
    world.integrations.stored["cloud-abc"] = replace(old, integration_ref="cloud-abc~another")
    assert recheck(world) == TicketNotFound("10001")
