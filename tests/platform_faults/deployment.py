"""The functions as they are deployed, in this process: their handlers, their composition, real queues and tables.

What Lambda does around them is done here: it takes a message off the queue, hands it over, deletes it if that went
well, and leaves it to be seen again after the visibility time-out (here a second) if not.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.events import app as events_app
from functions.refresh import app as refresh_app
from functions.settings import app as settings_app
from functions.sync import probe as probe_app
from functions.sync import scheduler as scheduler_app
from functions.sync import worker as worker_app
from local.emulator import CREDENTIALS, REGION
from sample_jira import SampleJira
from sample_jira.model import Issue
from tests.e2e.driver import ticket
from tests.fakes.gateway import Answer, Invocation, request
from tests.fakes.tables import create_resources
from tests.platform_faults.wire import Wire, WorkerKilledError
from ticket_status.composition import events, parts, probe, refresh, scheduler, settings, sites, worker
from tools.dead_letters import DeadLetter, DeadLetters

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs.type_defs import MessageTypeDef

NAME = "jira"
VIOLATION = "XRAY-1"
TICKETS = 3
MOST_RECEIVES = 5
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}
MOST_DELIVERIES = 60
COMPOSED: tuple[ModuleType, ...] = (events, probe, refresh, scheduler, settings, sites, worker)


class Deployment:
    """One deployment with one integration of the sample Jira Cloud, and three tickets that were retrieved."""

    period = timedelta(hours=8)
    past_freshness = timedelta(seconds=15)
    """After this a ticket that was retrieved is asked for again by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, endpoint_url: str, jira: SampleJira) -> None:
        self.jira = jira
        self.ahead = timedelta()
        """How far our clocks are ahead of everybody else's."""
        self._prefix = f"platform-{uuid.uuid4().hex[:8]}-"
        session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        self._client: Callable[..., Any] = lambda service: session.client(
            service, region_name=REGION, endpoint_url=endpoint_url
        )
        self.sqs = self._client("sqs")
        self._create(monkeypatch, endpoint_url)
        for module in COMPOSED:
            if hasattr(module, "now"):
                monkeypatch.setattr(module, "now", self.now)
        monkeypatch.setattr(scheduler_app, "datetime", self)
        monkeypatch.setattr("ticket_status.service.tickets.registration.GATHER", timedelta())
        monkeypatch.setattr("ticket_status.core.new_tickets.LOOK_AGAIN", timedelta(seconds=1))
        monkeypatch.setattr("tools.dead_letters.WAIT_SECONDS", 0)
        self.wire = Wire(monkeypatch)
        self.letters = DeadLetters(self.sqs, self.dead_url, self.queue_url)
        self._set_up()

    def now(self, _zone: object = UTC) -> datetime:
        """What our clocks say; the sync function takes this for ``datetime.now``."""
        return datetime.now(UTC) + self.ahead

    def _create(self, monkeypatch: pytest.MonkeyPatch, endpoint_url: str) -> None:
        variables = {
            **create_resources(self._client, endpoint_url, self._prefix),
            "ATLASSIAN_API_URL": self.jira.atlassian_url,
            "ATLASSIAN_AUTH_URL": self.jira.atlassian_url,
            "POWERTOOLS_METRICS_NAMESPACE": "Test",
            "DETAILED_METRICS": "true",
            "POWERTOOLS_SERVICE_NAME": f"{self._prefix}service",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        self.queue_url, self.dead_url = variables["SYNC_QUEUE_URL"], variables["SYNC_DEAD_LETTER_QUEUE_URL"]
        dead = self.sqs.get_queue_attributes(QueueUrl=self.dead_url, AttributeNames=["QueueArn"])["Attributes"]
        redrive = json.dumps({"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": MOST_RECEIVES})
        attributes = {"VisibilityTimeout": "1", "RedrivePolicy": redrive}
        self.sqs.set_queue_attributes(QueueUrl=self.queue_url, Attributes=attributes)

    def _set_up(self) -> None:
        site = self.jira.cloud
        self.issues: list[Issue] = site.create("PLAT", TICKETS, status="To Do")
        body = {"connection_name": NAME, "installation_type": "cloud", "jira_server_url": site.url}
        login = {"auth_type": "basic", "username": site.email, "password": site.api_token}
        assert self.call(settings_app, "POST", "/jira-integrations", {**body, **login}).status == 201
        assert self.register(*self.issues)["registered"] == TICKETS
        self.work_off()
        assert self.shown() == ["To Do"] * TICKETS
        site.forget_requests()
        self.wire.calls.clear()

    # --- Functions --------------------------------------------------------------------------------------------------

    def call(self, app: Any, method: str, path: str, body: object = None) -> Answer:  # noqa: ANN401 - a function's module
        """A request to the API."""
        event = {**request(method, path, body=body), "requestContext": _context()}
        return Answer.of(app.handler(event, Invocation()))

    def register(self, *issues: Issue) -> dict[str, Any]:
        """Tell of tickets."""
        tickets = [ticket(NAME, issue, VIOLATION) for issue in issues]
        answer = self.call(refresh_app, "POST", "/tickets", {"tickets": tickets})
        return {"status": answer.status, **answer.json}

    def schedule(self) -> dict[str, Any]:
        """The schedule fires; what was decided about the integration."""
        (decision,) = scheduler_app.handler(SCHEDULED, Invocation())["integrations"]
        assert isinstance(decision, dict)
        return decision

    def probe(self) -> dict[str, Any]:
        """The probe's timer fires."""
        return probe_app.handler({}, Invocation())

    def publish(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """A batch of a table's stream."""
        return events_app.handler({"Records": records}, Invocation())

    def receive(self) -> "MessageTypeDef | None":
        """A message, if there is one or may soon be one."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=1)
        return next(iter(answer.get("Messages", [])), None)

    def deliver(self, message: "MessageTypeDef") -> bool:
        """Hand a message to a worker, and delete it if it was done with; whether it was."""
        done = self.hand_over(message)
        if done:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return done

    @staticmethod
    def hand_over(message: "MessageTypeDef") -> bool:
        """Hand a message to a worker; whether it was done with."""
        record = {"messageId": message["MessageId"], "body": message["Body"]}
        try:
            failures = worker_app.handler({"Records": [record]}, Invocation())["batchItemFailures"]
        except WorkerKilledError:
            return False
        return not failures

    def work_off(self) -> int:
        """Deliver until the queue is empty; how many deliveries were not done with."""
        failed = 0
        for _ in range(MOST_DELIVERIES):
            if not self._waiting():
                return failed
            message = self.receive()
            if message is not None:
                failed += not self.deliver(message)
        raise AssertionError("there is no end to the messages")

    def _waiting(self) -> bool:
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)["Attributes"]
        return any(int(found[name]) for name in names)

    def dead(self) -> list[DeadLetter]:
        """The dead letters."""
        return self.letters.look()

    # --- What is seen -----------------------------------------------------------------------------------------------

    def tickets(self) -> list[dict[str, Any]]:
        """The tickets of the violation, in the order of their issues."""
        answer = self.call(refresh_app, "GET", f"/violations/{VIOLATION}/tickets")
        assert answer.status == 200, answer.text
        by_key = {one["ticket_no"]: one for one in answer.json["tickets"]}
        return [by_key[issue.key] for issue in self.issues if issue.key in by_key]

    def shown(self) -> list[str]:
        """The statuses that they show."""
        return [one["ticket_status"] for one in self.tickets()]

    def press_refresh(self) -> Answer:
        """The refresh button."""
        return self.call(refresh_app, "POST", f"/violations/{VIOLATION}/tickets/refresh")

    def integration(self) -> dict[str, Any]:
        """The integration."""
        found: dict[str, Any] = self.call(settings_app, "GET", f"/jira-integrations/{NAME}").json
        return found

    def runs(self) -> list[dict[str, Any]]:
        """Its runs of all tickets, newest first."""
        found = self.call(settings_app, "GET", f"/jira-integrations/{NAME}/sync-runs").json["sync_runs"]
        return [run for run in found if run["trigger"] != "registered"]

    def asked(self) -> int:
        """Calls to Jira that read tickets."""
        return sum(one.path.endswith("/issue/bulkfetch") for one in self.jira.cloud.requests())


def forget_composed() -> None:
    """Have everything that was put together for other environment variables made anew."""
    for cached in (
        *(scheduler.scheduler, probe.probe, worker.worker, events.events),
        *(parts.telemetry, parts._session),  # noqa: SLF001 - a container's own, and a container is what begins here
        *(refresh_app._api, settings_app._api),  # noqa: SLF001 - see above
    ):
        cached.cache_clear()


def _context() -> dict[str, Any]:
    context: dict[str, Any] = request("GET", "/")["requestContext"]
    return {**context, "requestId": uuid.uuid4().hex}
