"""``SyncWorkerFunction``: does the work that the sync queue brings, one answer for each message."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from ticket_status import composition


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Work on each message; those whose work raised come back after the queue's visibility time-out."""
    app = composition.worker()

    def consume(record: SQSRecord) -> None:
        app.consume(record.body, record.message_id, context)

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event=event, record_handler=consume, processor=processor, context=context)
