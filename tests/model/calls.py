"""Whether Jira was asked at all when the rules say that nobody asks (R2, R5, R7, R10, R11)."""

from datetime import datetime

from tests.model.evidence import Call, Evidence, Name
from tests.model.oracle import IntegrationModel, Mismatch, Oracle

NO_ISSUE = "9973"
"""The one id that a probe may name."""


def check_calls(evidence: Evidence, oracle: Oracle, clocks: dict[tuple[str, str], datetime]) -> None:
    """Look through the calls since the last time. ``clocks``: those of runs, by reference and run id."""
    calls, evidence.calls = evidence.calls, []
    for call in calls:
        integration = oracle.integrations[call.ref]
        _check_held_off(call, integration)
        if call.actor.kind == "probe" and set(call.names) - {NO_ISSUE}:
            raise Mismatch(f"R10: the probe asks for {call.names}")
        clock = clocks.get((call.ref, call.actor.work_id), call.actor.started_at)
        for name in call.names if call.call == "ask" else ():
            _check_ticket(call, (call.ref, name if name.isdigit() else f"key#{name}"), oracle, clock)


def _check_held_off(call: Call, integration: IntegrationModel) -> None:
    """Nobody asks who could know better: who came, or looked, after it was switched off, deleted or paused."""
    looked = call.looked_at
    off_since = integration.off_since
    tests = call.actor.kind == "test"  # which an administrator may do before switching on (R16)
    if off_since is not None and looked > off_since and not tests:
        raise Mismatch(f"R5: {call.actor.name} asks {call.ref} although it is off since {off_since}")
    paused, until = integration.paused_since, integration.paused_until
    if until is not None and paused is not None and paused < looked < until and call.at < until:
        raise Mismatch(f"R11: {call.actor.name} asks {call.ref} although all hold off until {until}")


def _check_ticket(call: Call, name: Name, oracle: Oracle, clock: datetime) -> None:
    ticket = oracle.tickets.get(name)
    if ticket is None:
        return
    if not ticket.in_window(clock):
        raise Mismatch(f"R2: {call.actor.name} asks for {name[1]}, created {ticket.created_at}, at clock {clock}")
    rechecks = "(slice deleted" in call.actor.name  # which an administrator may have done at any time
    if ticket.deleted_at is not None and ticket.deleted_at < call.actor.started_at and not rechecks:
        raise Mismatch(f"R7: {call.actor.name} asks for {name[1]}, which is deleted")
