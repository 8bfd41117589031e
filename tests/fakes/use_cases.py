"""The use cases of retrieval over any stores, queue and Jira, put together as the functions have them."""

from collections.abc import Callable
from datetime import datetime

from tests.fakes.connections import FakeKeyPair
from tests.fakes.samples import RETENTION
from tests.fakes.stores import Stores
from ticket_status.composition.refresh import RefreshServices
from ticket_status.core.runs import SLICE_TICKETS
from ticket_status.ports.connecting import OAuth1Grants, OAuth2Grants
from ticket_status.ports.jira import JiraConnector, JiraRejectedRequestError
from ticket_status.ports.queue import WorkQueue
from ticket_status.service.administration.services import SettingsServices, settings_services
from ticket_status.service.administration.settings_ports import Connections, SettingsPorts
from ticket_status.service.administration.webhook import WebhookPorts
from ticket_status.service.retrieval.careful import CarefulConnector
from ticket_status.service.retrieval.probe import Probe
from ticket_status.service.retrieval.refresh import Refresh, RefreshPorts
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.schedule import Schedule, ScheduleAnswer, SyncRequest
from ticket_status.service.retrieval.worker import Worker
from ticket_status.service.retrieval.worker_ports import WorkerPorts
from ticket_status.service.tickets.reading import Reading
from ticket_status.service.tickets.registration import RegisterTickets
from ticket_status.service.tickets.unregistration import UnregisterTickets


class UseCases:
    """What retrieves, reads, registers and administers."""

    def __init__(  # noqa: PLR0913 - what each of the functions works with
        self,
        stores: Stores,
        queue: WorkQueue,
        connector: JiraConnector,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        *,
        slice_tickets: int = SLICE_TICKETS,
        jitter: float = 0.0,
        on_rejected: Callable[[JiraRejectedRequestError], None] | None = None,
        worker_now: Callable[[], datetime] | None = None,
    ) -> None:
        """``sleep`` waits so many seconds; ``worker_now`` is the clock of those who ask Jira, if it is another.

        ``on_rejected`` is told of what Jira called malformed, which otherwise is in ``rejected``.
        """
        integrations, tickets, runs = stores.integrations, stores.tickets, stores.run_store
        self._stores, self._now, self._sleep = stores, now, sleep
        asking_now = worker_now or now
        self.rejected: list[JiraRejectedRequestError] = []
        """What Jira called malformed when the button was pressed: these alarm."""
        self.careful = careful = CarefulConnector(connector, integrations, asking_now, sleep)
        self.runs = Runs(integrations, tickets, runs, queue, slice_tickets=slice_tickets)
        worker_ports = WorkerPorts(integrations, tickets, runs, queue, careful, stores.webhooks)
        self.worker = Worker(worker_ports, asking_now, lambda: jitter)
        self.probe = Probe(integrations, careful, self.runs, now)
        self.reading = Reading(integrations, tickets, stores.violations)
        refresh_ports = RefreshPorts(integrations, tickets, careful)
        rejected = on_rejected or self.rejected.append
        self.button = Refresh(refresh_ports, self.reading, self.runs, asking_now, rejected)
        self.registration = RegisterTickets(integrations, stores.violations, queue)
        self.unregistration = UnregisterTickets(integrations, tickets, stores.violations)

    def schedule(self, name: str | None = None, *, dry_run: bool = False, scheduled: bool = True) -> ScheduleAnswer:
        """The sync function is invoked: by the timer, unless it is for one integration or a dry run."""
        request = SyncRequest(name, dry_run, scheduled and name is None and not dry_run)
        return Schedule(self._stores.integrations, self.runs).queue(request, self._now())

    def administration(
        self,
        connections: Connections,
        webhooks: WebhookPorts,
        oauth1: OAuth1Grants,
        oauth2: OAuth2Grants,
        address_problem: Callable[[str], str | None],
    ) -> SettingsServices:
        """What administrators do, with what connects and authorises."""
        ports = SettingsPorts(
            integrations=self._stores.integrations,
            tickets=self._stores.tickets,
            run_store=self._stores.run_store,
            runs=self.runs,
            secrets=self._stores.secrets,
            lease=self._stores.integrations,
            connections=connections,
            address_problem=address_problem,
            new_key_pair=FakeKeyPair,
            oauth1=oauth1,
            oauth2=oauth2,
            now=self._now,
            sleep=self._sleep,
        )
        return settings_services(ports, self.reading, webhooks)

    @property
    def of_refresh_function(self) -> RefreshServices:
        """What the routes of ``RefreshFunction`` call."""
        return RefreshServices(self.reading, self.button, self.registration, self.unregistration, RETENTION)
