"""The old address of a site that was renamed."""

from collections.abc import Callable
from typing import Protocol

from sample_jira.messages import Answer, Request, redirect
from sample_jira.traffic import Traffic


class Home(Protocol):
    """The site at its new address."""

    url: str
    traffic: Traffic

    def date(self) -> str:
        """The present, as the Date header has it."""


class MovedSite:
    """Sends everybody to the new address; requests stay in the site's log."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def serve(self, request: Request, send: Callable[[Answer], None]) -> None:
        """Redirect to the same target at the new address."""
        with self._home.traffic.watch(request) as exchange:
            exchange.status = 302
            send(redirect(f"{self._home.url}{request.target}"))

    def date(self) -> str:
        """The present, as the Date header has it."""
        return self._home.date()
