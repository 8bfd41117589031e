"""R1: queue the integrations, every 8 hours or when an on-call engineer asks."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from ticket_status.core.health import due_warning
from ticket_status.core.model import HealthStatus, Integration, Trigger
from ticket_status.ports.integrations import IntegrationStore
from ticket_status.service.retrieval.runs import Runs, StartedRun

_PAGE = 100
_AT_ONCE = 16


class InvalidEventError(ValueError):
    """Raised when the sync function's event is not a known one; it names the field."""


class SyncRequest(Struct, frozen=True):
    """What the event asks for."""

    integration_name: str | None = None
    dry_run: bool = False
    scheduled: bool = False


class Skipped(StrEnum):
    """Why an integration was not queued."""

    RETRIEVAL_DISABLED = "retrieval_disabled"
    ALREADY_RUNNING = "already_running"
    PENDING_AUTHORIZATION = "pending_authorization"


class Decision(Struct, frozen=True):
    """What was done with one integration, or would be done (dry run)."""

    integration_name: str
    action: str
    reason: Skipped | None
    run_id: str | None
    tickets_in_window: int


class ScheduleAnswer(Struct, frozen=True):
    """The sync function's response; ``queued`` counts what was really put on the queue."""

    dry_run: bool
    queued: int
    integrations: tuple[Decision, ...]


def idle(answer: ScheduleAnswer) -> bool:
    """Whether there was nothing to retrieve: no integration was queued or had an active run."""
    return all(one.reason not in {None, Skipped.ALREADY_RUNNING} for one in answer.integrations)


def read_request(event: object) -> SyncRequest:
    """Read the event of the schedule or an on-call engineer; raises ``InvalidEventError``."""
    if not isinstance(event, Mapping):
        message = "the event must be a JSON object; it may have integration_name and dry_run"
        raise InvalidEventError(message)
    if event.get("source") == "aws.events" and event.get("detail-type") == "Scheduled Event":
        return SyncRequest(scheduled=True)
    unknown = sorted(set(event) - {"integration_name", "dry_run"})
    if unknown:
        message = f"{unknown[0]}: unknown field; the event may have integration_name and dry_run"
        raise InvalidEventError(message)
    name = event.get("integration_name")
    dry_run = event.get("dry_run", False)
    if "integration_name" in event and not (isinstance(name, str) and name):
        message = "integration_name: must be the name of an integration"
        raise InvalidEventError(message)
    if not isinstance(dry_run, bool):
        message = "dry_run: must be true or false"
        raise InvalidEventError(message)
    return SyncRequest(name if isinstance(name, str) else None, dry_run)


_Asked: TypeAlias = Decision | StartedRun | Integration | None


class Schedule:
    """Spreads integrations over the queue, in O(integrations)."""

    def __init__(self, integrations: IntegrationStore, runs: Runs) -> None:
        self._integrations = integrations
        self._runs = runs

    def queue(self, request: SyncRequest, now: datetime) -> ScheduleAnswer:
        """Queue the requested integrations: all are stored as due before the first begins (R1).

        If one integration cannot be queued, the others still are; the first such error is raised after all were
        tried.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            chosen = list(self._chosen(request.integration_name))
            asked = [pool.submit(self._ask_for, one, request, now) for one in chosen]
            wait(asked)
            begun = [pool.submit(self._begin, one, how, now) for one, how in zip(chosen, asked, strict=True)]
        decisions = sorted((future.result() for future in begun), key=lambda one: one.integration_name)
        queued = 0 if request.dry_run else sum(decision.action == "queued" for decision in decisions)
        return ScheduleAnswer(request.dry_run, queued, tuple(decisions))

    def _chosen(self, name: str | None) -> Iterator[Integration]:
        if name is None:
            yield from all_integrations(self._integrations)
            return
        integration = self._integrations.get(name)
        if integration is None:
            message = f"integration_name: there is no integration named {name!r}"
            raise InvalidEventError(message)
        yield integration

    def _ask_for(self, integration: Integration, request: SyncRequest, now: datetime) -> _Asked:
        """Store that a run is due, or return what is done instead. Also notes a due warning about its credential."""
        days = due_warning(integration.credential_expires_at, integration.warned_days, now)
        if days is not None and not request.dry_run:
            self._integrations.warned(integration, days)
        skipped = _skipped(integration)
        if skipped is not None:
            return self._decision(integration, "skipped", skipped, now)
        trigger = Trigger.SCHEDULE if request.scheduled else Trigger.ON_CALL
        if request.dry_run:
            running = self._runs.standing_in(integration, trigger, now) is not None
            reason = Skipped.ALREADY_RUNNING if running else None
            return self._decision(integration, "skipped" if running else "queued", reason, now)
        return self._runs.ask_for(integration, trigger, now)

    def _begin(self, integration: Integration, asked: Future[_Asked], now: datetime) -> Decision:
        how = asked.result()
        if isinstance(how, Decision):
            return how
        started = how if isinstance(how, StartedRun) else self._runs.begin_asked(how, integration, now)
        action, reason = ("skipped", Skipped.ALREADY_RUNNING) if started.already_running else ("queued", None)
        return Decision(integration.connection_name, action, reason, started.run_id, started.tickets_in_window)

    def _decision(self, integration: Integration, action: str, reason: Skipped | None, now: datetime) -> Decision:
        tickets = self._runs.tickets_in_window(integration, now)
        return Decision(integration.connection_name, action, reason, None, tickets)


def _skipped(integration: Integration) -> Skipped | None:
    if not integration.retrieve_jira_tickets:
        return Skipped.RETRIEVAL_DISABLED
    return Skipped.PENDING_AUTHORIZATION if integration.health.status is HealthStatus.PENDING else None


def all_integrations(integrations: IntegrationStore) -> Iterator[Integration]:
    """Every integration, page by page."""
    page = integrations.page(_PAGE)
    yield from page.items
    while page.next_token is not None:
        page = integrations.page(_PAGE, page.next_token)
        yield from page.items
