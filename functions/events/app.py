"""``EventsFunction``: publishes changes from the streams of tickets and integrations on the bus."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ticket_status.aws.stream import read_write
from ticket_status.composition import events as composition

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Publish the changes in a batch, at least once and in order: if it fails, the whole batch is retried."""
    app = composition.events()
    app.logger.set_correlation_id(context.aws_request_id)
    writes = [write for record in event["Records"] if (write := read_write(record)) is not None]
    published = app.publishing.publish(writes, datetime.now(UTC))
    app.report("events", {"PublishedEvents": published}, records=len(event["Records"]))
    return {"batchItemFailures": []}
