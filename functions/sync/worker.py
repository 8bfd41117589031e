"""``SyncWorkerFunction``: works on the messages of the sync queue, and reports on each of them."""

from typing import TYPE_CHECKING, Any

from ticket_status.composition import worker as composition

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Work on each message; those that raised return after the queue's visibility time-out."""
    app = composition.worker()
    failures = []
    for record in event["Records"]:
        try:
            app.consume(record["body"], record["messageId"], context)
        except Exception:
            app.logger.exception("message comes back")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
