"""The hourly points of OAuth apps, as items of the table of sync runs: one per app and hour, which expire."""

from datetime import datetime, timedelta

from ticket_status.aws.dynamo import Dynamo

_KEPT = timedelta(days=2)


class DynamoPointsLedger:
    """Counts points in one atomic write per call."""

    def __init__(self, dynamo: Dynamo, sync_runs_table: str) -> None:
        self._dynamo = dynamo
        self._table = sync_runs_table

    def spend(self, app: str, hour: datetime, points: int) -> int:
        """Add to an app's points of an hour; how many were spent in it by now."""
        answer = self._dynamo.client.update_item(
            TableName=self._table,
            Key={"integration_ref": {"S": f"points#{app}"}, "run_id": {"S": f"{hour:%Y-%m-%dT%H}"}},
            UpdateExpression="ADD spent :points SET expires_at = :expires",
            ExpressionAttributeValues={
                ":points": {"N": str(points)},
                ":expires": {"N": str(int((hour + _KEPT).timestamp()))},
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["spent"]["N"])
