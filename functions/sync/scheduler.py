"""``SyncFunction``: every 8 hours, or for an on-call engineer, queue the integrations."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from ticket_status.composition import scheduler as composition
from ticket_status.service.retrieval.schedule import idle, read_request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Queue what the event names; an unknown event fails the invocation, naming the field."""
    app = composition.scheduler()
    app.logger.set_correlation_id(context.aws_request_id)
    request = read_request(event)
    answer = app.schedule.queue(request, datetime.now(UTC))
    numbers = {"QueuedIntegrations": answer.queued, "ScheduledRounds": int(request.scheduled)}
    app.report("schedule", numbers, dry_run=answer.dry_run)
    if request.scheduled and idle(answer):
        app.count_completed_or_idle()
    queued: dict[str, Any] = to_builtins(answer)
    return queued
