"""Test Integration: tests an integration, and the result becomes its health (R9 to R11)."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core import health as rules
from ticket_status.core.connection import ConnectionReport
from ticket_status.core.health import Paused, pause_end, to_be_confirmed
from ticket_status.core.model import Health, HealthStatus, Integration, ReasonCode, Site
from ticket_status.core.points import pays_points, sentence, sweep
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.service.administration.refusals import IntegrationNotFound, RateLimited
from ticket_status.service.administration.settings_ports import SettingsPorts
from ticket_status.service.retrieval.careful import CONFIRM_AFTER


class Finding(Struct, frozen=True):
    """What Test Integration found."""

    status: HealthStatus
    reason_code: ReasonCode | None
    reason: str | None
    report: ConnectionReport

    def health(self, now: datetime) -> Health:
        """The result as the integration's current health."""
        return Health(self.status, now, now, self.reason_code, self.reason)


class Checking:
    """Tests integrations."""

    def __init__(self, ports: SettingsPorts) -> None:
        self._ports = ports

    def check(self, connection_name: str) -> Finding | IntegrationNotFound | RateLimited:
        """Test an integration. Success is a recovery, if it was broken (R10)."""
        integration = self._ports.integrations.get(connection_name)
        if integration is None:
            return IntegrationNotFound(connection_name)
        until = pause_end(integration, self._ports.now())
        if until is not None:
            return RateLimited(until)
        report = self._tried(integration)
        return self.conclude(self._ports.learn(integration, report.site), report)

    def _tried(self, integration: Integration) -> ConnectionReport:
        """The report of a test; a refusal is confirmed by a second try seconds later (R9)."""
        deadline = self._ports.deadline
        report = self._ports.connections.check(integration, None, deadline)
        if not to_be_confirmed(integration, report.trouble):
            return report
        self._ports.sleep(CONFIRM_AFTER.total_seconds())
        return self._ports.connections.check(integration, None, deadline)

    def conclude(self, integration: Integration, report: ConnectionReport) -> Finding | RateLimited:
        """What a report means for the integration, stored as its health."""
        match report.trouble:
            case None:
                self._well(integration)
                return Finding(HealthStatus.HEALTHY, None, None, self._with_sweep(integration, report))
            case Throttled() as throttled:
                held_off = self._ports.health.met(integration, throttled)
                return RateLimited(held_off.until if isinstance(held_off, Paused) else self._ports.now())
            case Refused() | Unavailable() as trouble:
                return self._unwell(integration, trouble, report)
            case _:
                assert_never(report.trouble)

    def _well(self, integration: Integration) -> None:
        after = self._ports.recovery.succeeded(integration)
        if after.health.status is HealthStatus.HEALTHY:
            self._ports.integrations.set_health(after, rules.well(after.health, self._ports.now()))

    def _with_sweep(self, integration: Integration, report: ConnectionReport) -> ConnectionReport:
        """The report, with the number of requests and points that retrieving all tickets takes."""
        site = report.site or integration.site or Site(integration.site_url)
        tickets = self._ports.runs.tickets_in_window(integration, self._ports.now())
        takes = sentence(sweep(tickets, site.ids_per_call, paid=pays_points(integration)))
        checks = tuple(
            replace(check, detail=f"{check.detail} {takes}") if check.name == "can_read_issues" and check.ok else check
            for check in report.checks
        )
        return replace(report, checks=checks)

    def _unwell(self, integration: Integration, trouble: Refused | Unavailable, report: ConnectionReport) -> Finding:
        """A refusal becomes the health; a site that cannot be reached counts as one failed try (R9).

        An integration that was never authorised stays so: it cannot have broken.
        """
        if integration.health.status is HealthStatus.PENDING:
            return Finding(HealthStatus.PENDING, None, None, report)
        self._ports.health.met(integration, trouble)
        return Finding(HealthStatus.FAULTY, trouble.reason_code, trouble.reason, report)
