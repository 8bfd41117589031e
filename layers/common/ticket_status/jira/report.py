"""What Test Integration finds, put together: always five checks, in this order (contract, section 3.1)."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from ticket_status.core.model import Site
from ticket_status.ports import Check, ConnectionReport, JiraTrouble, Throttled

CheckName: TypeAlias = Literal["reachable", "is_jira", "authenticated", "scopes", "can_read_issues"]

CHECKS: Final[tuple[CheckName, ...]] = ("reachable", "is_jira", "authenticated", "scopes", "can_read_issues")


def report(
    trouble: JiraTrouble | None,
    checks: Mapping[CheckName, Check],
    missing: tuple[str, ...] = (),
    site: Site | None = None,
    requests: int = 0,
) -> ConnectionReport:
    """The report, with the checks that were not come to."""
    waiting = isinstance(trouble, Throttled)
    untried = (
        "Not tried: Jira asked to slow down; test again later."
        if waiting
        else "Not tried: put right what failed before it, then test again."
    )
    every = tuple(checks.get(name) or Check(name, ok=False, detail=untried) for name in CHECKS)
    return ConnectionReport(every, missing, site, trouble, requests)


def unreachable_report(trouble: JiraTrouble, name: CheckName = "reachable") -> ConnectionReport:
    """The report on an integration that could not even be asked."""
    return report(trouble, {name: Check(name, ok=False, detail=sentence(trouble))})


def sentence(trouble: JiraTrouble) -> str:
    """The trouble's reason, with a full stop."""
    return trouble.reason if trouble.reason.endswith(".") else f"{trouble.reason}."
