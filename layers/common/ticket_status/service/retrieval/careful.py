"""Calls to a site, made with care (R9) and within an app's points (R11).

The first call is made alone, a refusal is confirmed by a second call, a single failure is retried. A call that the
hour's points do not cover is not made. Worker, manual refresh, probe and recheck all open sites here, so they cannot
differ.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import RLock
from typing import Literal, Protocol, TypeVar

from msgspec.structs import replace

from ticket_status.core.health import to_be_confirmed
from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import Integration, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.points import USABLE, call_cost, hour_of, next_hour, pays_points
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.ports.jira import Jira, JiraConnector, PointsLedger

Answer = TypeVar("Answer")
CallName = Literal["open", "ask", "look_at", "can_browse", "whoami"]

CONFIRM_AFTER = timedelta(seconds=4)
"""Time between a refusal and the call that confirms it: by then a starting site or a single 401 has recovered."""

OTHERS_CONFIRM_WITHIN = timedelta(seconds=8)
"""How long other refused workers wait for the one that confirms, because Jira locks accounts after a few refusals."""

RETRY_AFTER = timedelta(seconds=1)
"""Time between a single failure and its retry."""

_QUICK = timedelta(seconds=5)
"""A failure that took longer is not retried within the same work."""

_MIN_TIME_FOR_CALL = timedelta(seconds=2)


class Around(Protocol):
    """Wraps the signed calls to a site."""

    def __call__(
        self, name: CallName, issues: int, call: Callable[[], Answer | JiraTrouble], /
    ) -> Answer | JiraTrouble:
        """Make the call, which names this many issues, or return why not."""


class JiraAround:
    """A ``ports.Jira`` that wraps another one and makes its signed calls with care, or pays for them."""

    def __init__(self, jira: Jira, around: Around) -> None:
        self._jira = jira
        self._call = around

    @property
    def requests(self) -> int:
        """Calls to the site so far."""
        return self._jira.requests

    @property
    def ids_per_call(self) -> int:
        """How many issues one ``ask`` may name."""
        return self._jira.ids_per_call

    @property
    def site(self) -> Site:
        """What is known of the site by now."""
        return self._jira.site

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        """Show these issues."""
        return self._call("ask", len(issues), partial(self._jira.ask, issues))

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue by itself."""
        return self._call("look_at", 1, partial(self._jira.look_at, issue))

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers."""
        return self._call("can_browse", 0, partial(self._jira.can_browse, project_key))

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account."""
        return self._call("whoami", 0, self._jira.whoami)

    def same_site(self) -> JiraTrouble | None:
        """Whether it is still the known site; an unsigned call, so it is not wrapped."""
        return self._jira.same_site()


class CarefulConnector:
    """Opens sites that are called with care."""

    def __init__(
        self,
        connector: JiraConnector,
        integrations: IntegrationStore,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        """``sleep`` waits for a number of seconds."""
        self._connector = connector
        self._integrations = integrations
        self._now = now
        self._sleep = sleep

    def open(self, integration: Integration, deadline: datetime | None = None) -> "CarefulJira | JiraTrouble":
        """The integration's Jira, for one piece of work."""
        care = _Care(integration, deadline, self._integrations, self._now, self._sleep)
        jira = care.call("open", 0, partial(self._connector.open, integration, deadline))
        return jira if isinstance(jira, JiraTrouble) else CarefulJira(jira, care)


class CarefulJira(JiraAround):
    """A site that is called with care."""

    def __init__(self, jira: Jira, care: "_Care") -> None:
        super().__init__(jira, care.call)
        self._care = care

    @property
    def good_at(self) -> datetime | None:
        """When it last answered well."""
        return self._care.good_at


class _Care:
    """What one piece of work has found out about a site so far."""

    def __init__(
        self,
        integration: Integration,
        deadline: datetime | None,
        integrations: IntegrationStore,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._integration = integration
        self._deadline = deadline
        self._integrations = integrations
        self._now = now
        self._sleep = sleep
        self._one_at_a_time = RLock()
        self._in_trouble: JiraTrouble | None = None
        self.good_at: datetime | None = None

    def call(self, name: CallName, _issues: int, call: Callable[[], Answer | JiraTrouble], /) -> Answer | JiraTrouble:
        """The response, or a trouble that a retry did not end. Opening a site does not count as a response."""
        with self._turn():
            if self._in_trouble is not None and not self._was_answered():
                return self._in_trouble
            begun = self._now()
            answer = self._tried(call)
            if isinstance(answer, Refused):
                answer = self._confirmed(answer, call)
            if not isinstance(answer, JiraTrouble):
                if name != "open":
                    self.good_at = max(self.good_at or begun, begun)
            elif not isinstance(self._in_trouble, Refused):
                self._in_trouble = answer
            return answer

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the others wait until one call has had a good response."""
        with ExitStack() as alone:
            if not self._was_answered():
                alone.enter_context(self._one_at_a_time)
                if self._was_answered():
                    alone.close()
            yield

    def _was_answered(self) -> bool:
        return self.good_at is not None

    def _tried(self, call: Callable[[], Answer | JiraTrouble]) -> Answer | JiraTrouble:
        """The response; a failure is retried once."""
        begun = self._now()
        answer = call()
        if isinstance(answer, Unavailable) and self._is_stray(answer, begun):
            self._sleep(RETRY_AFTER.total_seconds())
            answer = call()
        return answer

    def _is_stray(self, trouble: Unavailable, begun: datetime) -> bool:
        quick = self._now() - begun < _QUICK
        return quick and not trouble.own_deadline and self._has_time_for(RETRY_AFTER)

    def _has_time_for(self, wait: timedelta) -> bool:
        return self._deadline is None or self._now() + wait + _MIN_TIME_FOR_CALL <= self._deadline

    # --- Refusals ---------------------------------------------------------------------------------------------------

    def _confirmed(self, refused: Refused, call: Callable[[], Answer | JiraTrouble]) -> Answer | JiraTrouble:
        """The response to a second call, unless it is unnecessary or not allowed."""
        if not to_be_confirmed(self._integration, refused, answered=self._was_answered()):
            return refused
        with self._one_at_a_time:
            if isinstance(self._in_trouble, Refused):
                return self._in_trouble
            now = self._now()
            mine = self._integrations.begin_confirming(self._integration, now, now + OTHERS_CONFIRM_WITHIN)
            wait = CONFIRM_AFTER if mine else OTHERS_CONFIRM_WITHIN
            if not self._has_time_for(wait):
                return Unavailable(refused.reason_code, refused.reason, own_deadline=True)
            self._sleep(wait.total_seconds())
            found = None if mine else self._found_by_others()
            answer = self._tried(call) if found is None else found
            if isinstance(answer, Refused):
                # While the others still wait for the lock, so that none of them asks once more.
                answer = self._in_trouble = replace(answer, final=True)
            return answer

    def _found_by_others(self) -> Refused | None:
        """The refusal that another worker confirmed meanwhile."""
        current = self._integrations.get(self._integration.connection_name)
        if current is None or not current.broken or current.health.reason_code is None:
            return None
        return Refused(current.health.reason_code, current.health.reason or "", final=True)


# --- Points: spent before Jira refuses --------------------------------------------------------------------------------


class PointsConnector:
    """Opens sites, and keeps their calls within the app's points. One ledger for all integrations of an app."""

    def __init__(self, connector: JiraConnector, ledger: PointsLedger, now: Callable[[], datetime]) -> None:
        self._connector = connector
        self._ledger = ledger
        self._now = now

    def open(self, integration: Integration, deadline: datetime | None = None) -> Jira | JiraTrouble:
        """The integration's Jira."""
        jira = self._connector.open(integration, deadline)
        if isinstance(jira, JiraTrouble) or not pays_points(integration):
            return jira
        payment = _Payment(integration.client_id or integration.integration_ref, self._ledger, self._now)
        return JiraAround(jira, payment.call)


class _Payment:
    """Pays for calls with an app's points before they are made."""

    def __init__(self, app: str, ledger: PointsLedger, now: Callable[[], datetime]) -> None:
        self._app = app
        self._ledger = ledger
        self._now = now

    def call(self, _name: CallName, issues: int, call: Callable[[], Answer | JiraTrouble], /) -> Answer | JiraTrouble:
        """The response, unless this hour's points do not cover the call."""
        now = self._now()
        if self._ledger.spend(self._app, hour_of(now), call_cost(issues)) <= USABLE:
            return call()
        return Throttled(next_hour(now), "the app has nearly used up its points for this hour")
