"""``SyncFunction``: every 8 hours, or for an on-call engineer, queue the integrations (contract, section 4)."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ticket_status import composition
from ticket_status.service.schedule import read_request


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Queue what the event names; an event that is none of the contract's fails the invocation, naming the field."""
    app = composition.scheduler()
    app.logger.set_correlation_id(context.aws_request_id)
    request = read_request(event)
    answer = app.schedule.queue(request, datetime.now(UTC))
    app.report("schedule", {"QueuedIntegrations": answer.queued}, dry_run=answer.dry_run)
    return asdict(answer)
