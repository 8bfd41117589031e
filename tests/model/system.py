"""The system under test: its use cases over stores, a queue that loses nothing, and Jira sites, all at one clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.connections import FakeOAuth1, FakeOAuth2
from tests.fakes.stores import Stores
from tests.fakes.use_cases import UseCases
from tests.fakes.webhooks import FakeJiraWebhooks
from tests.model.actors import Baton
from tests.model.jira import JiraSite, ModelConnections, Watcher
from ticket_status.core.model import AuthType, InstallationType
from ticket_status.core.work import Work
from ticket_status.service.administration.integrations import NewIntegration
from ticket_status.service.administration.webhook import WebhookPorts

SLICE_TICKETS = 2
"""Small, so that a run of a few tickets has several slices."""

VISIBILITY = timedelta(minutes=9)
RECEIVES = 5
"""Of the sync queue, as in ``template.yaml``."""


@dataclass(eq=False)
class Message:
    """A piece of work on the queue."""

    number: int
    work: Work
    due: datetime
    receives: int = 0

    @property
    def name(self) -> str:
        """As the story tells it."""
        what = type(self.work).__name__.removesuffix("Work").lower()
        part = getattr(self.work, "name", "")
        return f"message {self.number} ({what}{' ' if part else ''}{part} of {self.work.integration_name})"


class ModelQueue:
    """The ``WorkQueue``: at least once, in any order, five receives."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self.waiting: list[Message] = []
        self.dead: list[Message] = []
        self._sent = 0

    def send(self, work: Sequence[Work], delay_seconds: int = 0) -> None:
        self._baton.point("messages are sent")
        for one in work:
            self._sent += 1
            self.waiting.append(Message(self._sent, one, self._baton.clock() + timedelta(seconds=delay_seconds)))

    def give_up(self, body: str, reason: str) -> None:
        raise AssertionError(f"{reason}: {body}")

    def receive(self, message: Message) -> None:
        """It is hidden from others until it is done with or comes back."""
        message.receives += 1
        self.waiting.remove(message)

    def come_back(self, message: Message) -> None:
        """Nobody said that it is done with."""
        message.due = max(message.due, self._baton.clock()) + VISIBILITY
        (self.waiting if message.receives < RECEIVES else self.dead).append(message)


class System(UseCases):
    """Everything that people, timers and the queue can set in motion."""

    def __init__(self, stores: Stores, sites: dict[str, JiraSite], baton: Baton, watcher: Watcher) -> None:
        clock = baton.clock
        connections = ModelConnections(sites, baton, watcher)
        self.queue = ModelQueue(baton)
        self.stores = stores
        super().__init__(
            *(stores, self.queue, connections, clock, clock.wait),
            slice_tickets=SLICE_TICKETS,
            jitter=0.5,
            on_rejected=_rejected,
        )
        webhooks = WebhookPorts(stores.webhooks, stores.hook_keys, FakeJiraWebhooks())
        self.settings = self.administration(connections, webhooks, FakeOAuth1(), FakeOAuth2(), lambda _url: None)


def an_integration(name: str) -> NewIntegration:
    """What an administrator enters."""
    return NewIntegration(
        connection_name=name,
        installation_type=InstallationType.CLOUD,
        jira_server_url=f"https://{name}.example",
        auth_type=AuthType.BASIC,
        secrets={"password": "token"},
        username="bot",
        skip_connection_test=True,
    )


def _rejected(error: Exception) -> None:
    raise AssertionError("Jira rejected a request") from error
