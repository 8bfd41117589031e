"""``SyncWorkerFunction``, assembled."""

import random
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from ticket_status.aws.queue import MalformedMessageError, read_message
from ticket_status.aws.webhooks import DynamoWebhookStore
from ticket_status.composition.parts import Stores, Telemetry, connector, now, telemetry
from ticket_status.config import WorkerConfig
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.ports.queue import WorkQueue
from ticket_status.service.retrieval.worker import Worker
from ticket_status.service.retrieval.worker_ports import WorkerPorts

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class WorkerApp(Telemetry, frozen=True):
    """``SyncWorkerFunction``."""

    worker: Worker
    queue: WorkQueue

    def consume(self, body: str, message_id: str, context: "LambdaContext") -> None:
        """Handle one message; one that cannot be understood or done goes to the dead-letter queue at once."""
        self.logger.append_keys(correlation_id=message_id, message_id=message_id)
        try:
            message = read_message(body)
            self.logger.set_correlation_id(message.origin or message_id)
            report = self.worker.do(
                message.work, lambda: timedelta(milliseconds=context.get_remaining_time_in_millis())
            )
        except (MalformedMessageError, JiraRejectedRequestError) as error:
            self.logger.exception("message given up")
            self.queue.give_up(body, str(error))
            self.report("work", {"GivenUpMessages": 1}, outcome="given_up")
            return
        numbers = {f"Tickets{name.capitalize()}": number for name, number in asdict(report.counts).items()}
        self.report(
            "work",
            {"JiraRequests": report.jira_requests, "CompletedRuns": int(report.completed), **numbers},
            kind=report.kind,
            integration_name=report.integration_name,
            run_id=report.run_id,
            outcome=report.outcome,
            detail=report.detail,
        )
        if report.completed:
            self.count_completed_or_idle()


@cache
def worker() -> WorkerApp:
    """Built at the first invocation."""
    config, to = WorkerConfig.from_env(), telemetry()
    stores = Stores(config.stores, config.dead_letter_queue_url)
    webhooks = DynamoWebhookStore(stores.dynamo, config.webhooks_table)
    opens = connector(stores, config.stores, config.jira)
    ports = WorkerPorts(stores.integrations, stores.tickets, stores.runs, stores.queue, opens, webhooks)
    return WorkerApp(to.logger, to.metrics, Worker(ports, now, random.random), stores.queue)
