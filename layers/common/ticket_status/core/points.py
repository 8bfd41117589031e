"""The hourly points that Atlassian gives an OAuth 2.0 app, counted so that the limit is never reached.

By default an app has 65,000 points an hour for all its sites. A call costs about 1 point, plus 1 for each issue in
the response; calls beyond the limit are refused until the top of the UTC hour (``docs/jira.md``). API tokens cost no
points.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from ticket_status.core.model import AuthType, InstallationType, Integration

POINTS_PER_HOUR = 65_000
USABLE = POINTS_PER_HOUR * 9 // 10
"""What we use: the last tenth is left for the app's other uses, above all opening tickets."""


def pays_points(integration: Integration) -> bool:
    """Whether its calls cost points.

    Atlassian does not say whether service accounts pay; it is assumed, which at worst is slower than necessary.
    """
    by_token = integration.auth_type in {AuthType.OAUTH2, AuthType.CLIENT_CREDENTIALS}
    return integration.installation_type is InstallationType.CLOUD and by_token


def call_cost(issues: int) -> int:
    """The points that a call for this many issues costs."""
    return 1 + issues


def hour_of(now: datetime) -> datetime:
    """The UTC hour to which a moment belongs."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def next_hour(now: datetime) -> datetime:
    """When the points are renewed."""
    return hour_of(now) + timedelta(hours=1)


class Sweep(Struct, frozen=True):
    """What one retrieval of all tickets takes."""

    tickets: int
    requests: int
    points: int
    hours: int
    """Hours of points, rounded up; 0 if it costs none."""


def sweep(tickets: int, ids_per_call: int, *, paid: bool) -> Sweep:
    """What retrieving this many tickets takes if Jira shows them all."""
    requests = -(-tickets // ids_per_call)
    points = (requests + tickets) if paid else 0
    return Sweep(tickets, requests, points, -(-points // USABLE))


def sentence(takes: Sweep) -> str:
    """What a retrieval takes, in words."""
    if not takes.tickets:
        return "There are no tickets to retrieve yet."
    plain = f"Retrieving its {_counted(takes.tickets, 'ticket')} takes {_counted(takes.requests, 'request')}"
    if not takes.points:
        return f"{plain}."
    hours = _counted(takes.hours, "hour")
    spent = f"about {takes.points:,} of the app's {POINTS_PER_HOUR:,} points an hour"
    return f"{plain} and {spent}, so it is spread over {hours}."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
