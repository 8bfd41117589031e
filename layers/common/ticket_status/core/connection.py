"""What Test Integration finds."""

from msgspec import Struct

from ticket_status.core.model import (
    Site,
)
from ticket_status.core.trouble import JiraTrouble


class Check(Struct, frozen=True):
    """One of the five checks of Test Integration; ``detail`` says what was found, or what to do."""

    name: str
    ok: bool
    detail: str


class ConnectionReport(Struct, frozen=True):
    """What trying an integration found."""

    checks: tuple[Check, ...]
    """``reachable``, ``is_jira``, ``authenticated``, ``scopes``, ``can_read_issues``: always five, in this order."""
    missing_scopes: tuple[str, ...]
    site: Site | None
    """What was found out about the site."""
    trouble: JiraTrouble | None
    """What decides the health; ``None``: healthy."""
