"""What must hold when a story comes to rest: faults have ended, a whole period has passed, and everything is exact."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from tests.fakes.reading import shown_tickets
from tests.model.evidence import Name
from tests.model.jira import QUICK, Issue, JiraSite, project_of
from tests.model.oracle import Facts, IntegrationModel, Mismatch, TicketModel
from tests.model.stage import NAMES, RESOURCE, TIMER, Stage
from ticket_status.core.model import HealthStatus
from ticket_status.core.shown import Filters
from ticket_status.core.summary import Summary
from ticket_status.core.window import WINDOW
from ticket_status.service.tickets.reading import ShownTicket

PERIOD = timedelta(hours=8)
DAY = timedelta(days=1)
PROBED_EVERY = timedelta(minutes=15)
HOUR_AND_A_QUARTER = timedelta(minutes=75)
"""What is due is taken up within a quarter of an hour; a run that lost its work is found after 20 minutes."""

MINUTE = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(minutes=1)
"""The note of a registration that died before its message was sent keeps others from sending one for so long."""


def come_to_rest(stage: Stage) -> None:
    """End all faults, let a period pass, and hold every ticket against what is true in Jira."""
    stage.tell("Everything comes to rest")
    _end_all_faults(stage)
    end = stage.clock() + PERIOD
    stage.work_off(stage.clock() + PROBED_EVERY)
    stage.act("probe", TIMER, stage.system.probe.probe, None)
    stage.work_off(end)
    stage.pass_time(max(timedelta(), end - stage.clock()))
    since = stage.clock()
    stage.fire(None)
    stage.work_off(since + PERIOD)
    with stage.telling():
        _check_exact(stage)


def come_through_an_hour(stage: Stage) -> None:
    """R1, R6, R10: all faults end, and only the probe and what is on the queue go on; no schedule comes.

    Nothing is due for longer than a quarter of an hour, no run is open whose work was lost, and nothing shows that its
    integration was broken, or just switched on, any more.
    """
    stage.tell("An hour passes without trouble, and without a schedule")
    _end_all_faults(stage)
    for _ in range(HOUR_AND_A_QUARTER // PROBED_EVERY):
        until = stage.clock() + PROBED_EVERY
        stage.work_off(until)
        stage.pass_time(max(timedelta(), until - stage.clock()))
        stage.act("probe", TIMER, stage.system.probe.probe, None)
    stage.work_off(stage.clock() + PROBED_EVERY)
    stage.check()
    with stage.telling():
        for name in NAMES:
            _check_nothing_waits(stage, name)


def _check_nothing_waits(stage: Stage, name: str) -> None:
    stored = stage.stored(name)
    if stored is None or not stored.retrieve_jira_tickets:
        return
    if stored.health.status is not HealthStatus.HEALTHY:
        raise Mismatch(f"R10: {name} is {stored.health.status}, an hour after everything was well")
    if stored.due is not None:
        raise Mismatch(f"R1: {name} has a run due since {stored.due.since} by {stored.due.trigger}")
    if stored.active_run_id is not None:
        raise Mismatch(f"R1: {name} has a run open, and nothing is on the queue: {stored.active_run_id}")
    for violation in stage.book.links:
        for one in shown_tickets(stage.system.reading, violation, stage.clock()):
            active = one.shown.refresh_state == "active"
            waits = active and one.shown.unknown_reason in {"INTEGRATION_BROKEN", "NOT_RETRIEVED_YET"}
            if one.ticket.key.integration_ref == stored.integration_ref and waits:
                raise Mismatch(f"R6, R9, R14: {one.ticket.issue_key} shows {one.shown.unknown_reason}")


def _end_all_faults(stage: Stage) -> None:
    while stage.held:
        stage.go_on(0, None)
    for site in stage.sites.values():
        site.ailment, site.throttled_until, site.latency = None, None, QUICK
        for issue in site.issues.values():
            issue.unanswerable = False


def come_through_a_minute(stage: Stage) -> None:
    """R14: let a minute pass in which all messages come in time; every new ticket has its first status."""
    stage.tell("A minute passes without trouble")
    begun = stage.clock()
    stage.work_off(begun + MINUTE)
    stage.pass_time(max(timedelta(), begun + MINUTE - stage.clock()))
    stage.check()
    if stage.system.queue.waiting or stage.system.queue.dead:
        return
    with stage.telling():
        for ticket in stage.book.oracle.tickets.values():
            integration = stage.book.oracle.integrations[ticket.name[0]]
            at = ticket.registered_at
            if at is not None and stage.disturbed_at + FORGOTTEN_AFTER < at <= begun and _retrieves(integration):
                _check_retrieved(stage, ticket)


def _retrieves(integration: IntegrationModel) -> bool:
    return integration.on and integration.well and not integration.gone and integration.paused_until is None


def _check_retrieved(stage: Stage, ticket: TicketModel) -> None:
    issue = stage.sites[ticket.name[0].rpartition("~")[0]].find(ticket.name[1].removeprefix("key#"))
    can_be = ticket.in_window(stage.clock()) and (issue is None or not issue.unanswerable)
    if can_be and ticket.last_update is None and not _has_become(stage, ticket.name):
        raise Mismatch(f"R14: {ticket.name[1]} was registered at {ticket.registered_at}, and not retrieved")


def _has_become(stage: Stage, name: Name) -> bool:
    """Whether a key is an issue by now."""
    issue = stage.book.issue_of(name)
    return issue != name and issue in stage.book.oracle.tickets


def _check_exact(stage: Stage) -> None:
    now = stage.clock()
    for name in NAMES:
        site = stage.sites[name]
        shown = {
            (one.ticket.key.integration_ref, one.ticket.key.ticket_id): one
            for violation in stage.book.links
            for one in shown_tickets(stage.system.reading, violation, now)
            if one.ticket.key.connection_name == name
        }
        for ref, integration in stage.book.oracle.integrations.items():
            mine = {key: one for key, one in shown.items() if key[0] == ref}
            if mine and not integration.gone and integration.on:
                _check_integration(stage, integration, site, mine)
                _check_summary(stage, mine)
    _check_resource(stage)


def _check_integration(
    stage: Stage, integration: IntegrationModel, site: JiraSite, shown: dict[Name, ShownTicket]
) -> None:
    if not integration.well:
        raise Mismatch(f"R10: {integration.name} is broken a period after everything was well")
    active = {key: one for key, one in shown.items() if one.shown.refresh_state == "active"}
    asked = {key: site.find(key[1].removeprefix("key#")) for key in shown if key in active}
    for key, issue in asked.items():
        try:
            of_a_mass = stage.book.evidence.may_be_of_a_mass(key)
            _check_ticket(Facts.of(active[key]), issue if site.shows(issue) else None, site, may_be_mass=of_a_mass)
        except Mismatch as mismatch:
            raise Mismatch(f"At rest, {key[1]} of {integration.name}: {mismatch}") from None
        if active[key].ticket.key.issue_id is None and site.shows(issue):
            raise Mismatch(f"At rest, {key[1]} of {integration.name} has no issue id")
        if (active[key].shown.last_update or stage.clock()) < stage.clock() - PERIOD:
            raise Mismatch(f"At rest, {key[1]} of {integration.name} was last seen {active[key].shown.last_update}")


def _check_ticket(facts: Facts, issue: Issue | None, site: JiraSite, *, may_be_mass: bool) -> None:
    """Of an active ticket: what Jira shows; or why it does not."""
    if issue is not None:
        expected = (issue.key, issue.status.name, None)
        if (facts.key, facts.status, facts.reason) != expected:
            raise Mismatch(f"shows {(facts.key, facts.status, facts.reason)}, Jira {expected}")
        return
    if facts.reason != "INACCESSIBLE":
        raise Mismatch(f"Jira does not show it, and it shows {facts.reason or facts.status}")
    if project_of(facts.key) not in site.closed and not may_be_mass:
        raise Mismatch("R7: INACCESSIBLE, although its deletion could be proven")


def _check_resource(stage: Stage) -> None:
    page = stage.system.reading.of_resource(RESOURCE, Filters(), 100, None, stage.clock())
    listed, accepted = {violation for violation, _ in page.items}, stage.book.links.keys()
    if not accepted <= listed:
        raise Mismatch(f"The resource lost {sorted(accepted - listed)}")


def _check_summary(stage: Stage, shown: Mapping[Name, ShownTicket]) -> None:
    """What the summary of the living integration says is what its tickets show, but for those about to leave."""
    now = stage.clock()
    name = next(iter(shown.values())).ticket.key.connection_name
    summary = stage.system.settings.integrations.summary(name)
    inside = [one for one in shown.values() if one.shown.refresh_state != "outside_window"]
    if not isinstance(summary, Summary) or any(
        abs(now - WINDOW - one.ticket.created_at) < DAY for one in shown.values()
    ):
        return
    unknown = Counter(one.shown.unknown_reason for one in inside if one.shown.unknown_reason is not None)
    statuses = Counter(one.shown.status for one in inside if one.shown.status is not None)
    found = dict(summary.by_status), dict(summary.unknown), summary.outside_window
    expected = dict(statuses), dict(unknown), len(shown) - len(inside)
    if found != expected:
        raise Mismatch(f"At rest, the summary of {name} says {found}, its tickets {expected}")
