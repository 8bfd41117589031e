"""R19: marks tickets that Jira named, so that they wait in the index of tickets to be read, like new ones."""

from datetime import date, datetime
from typing import Any

from botocore.exceptions import ClientError

from ticket_status.aws.dynamo import ContendedWriteError, Dynamo, Item, tries
from ticket_status.aws.tickets.table import TicketRow
from ticket_status.core.model import Absence, TicketKey
from ticket_status.core.webhooks import Hint
from ticket_status.core.window import position, window_start
from ticket_status.ports.webhooks import Marked

_MOST = 200
"""Delivery identifiers that a ticket remembers per day, 36 bytes each; beyond that, a repeated one costs a read."""

_MARK = "SET n = :ref, hinted_at = :now"
_WAITS = "attribute_exists(issue_key) AND (attribute_not_exists(x) OR x <> :deleted) AND c >= :start"
_ROOM = "(attribute_not_exists(#today) OR size(#today) < :most)"
_FIRST = "NOT contains(#today, :id) AND NOT contains(#yesterday, :id)"


class DynamoHintStore:
    """The ``HintStore``. The ticket itself records deliveries, so that handling one is a single write.

    Each ticket has three sets of identifiers, ``h0`` to ``h2``, one per day in rotation: today's is added to,
    yesterday's is checked, the third is dropped.
    """

    def __init__(self, dynamo: Dynamo, tickets_table: str) -> None:
        self._dynamo = dynamo
        self._table = tickets_table

    def mark(self, key: TicketKey, hint: Hint, now: datetime) -> Marked:
        """One conditional UpdateItem; a second one for a ticket with hundreds of hints a day."""
        today = now.date()
        names = {"#today": _set_of(today, 0), "#yesterday": _set_of(today, -1), "#third": _set_of(today, 1)}
        first: dict[str, Any] = {
            "UpdateExpression": f"{_MARK} ADD #today :ids REMOVE #third",
            "ConditionExpression": f"{_WAITS} AND {_FIRST} AND {_ROOM}",
            "ExpressionAttributeNames": names,
        }
        values = {":id": {"S": hint.identifier}, ":ids": {"SS": [hint.identifier]}, ":most": {"N": str(_MOST)}}
        stored = self._update(key, now, first, values)
        if stored is None:
            return Marked.WAITS
        if "issue_key" not in stored:
            return Marked.UNKNOWN
        if stored.get("x", {}).get("S") == Absence.DELETED or stored["c"]["S"] < position(window_start(now)):
            return Marked.NOT_ASKED
        seen = {one for name in ("#today", "#yesterday") for one in stored.get(names[name], {}).get("SS", ())}
        if hint.identifier in seen:
            return Marked.REPEATED
        full = self._update(key, now, {"UpdateExpression": _MARK, "ConditionExpression": _WAITS}, {})
        return Marked.WAITS if full is None else Marked.NOT_ASKED

    def _update(self, key: TicketKey, now: datetime, request: dict[str, Any], values: dict[str, Any]) -> Item | None:
        """``None`` if it was written, else what is stored."""
        always = {
            ":ref": {"S": key.integration_ref},
            ":now": {"S": TicketRow.hinted_at.serialize(now)},
            ":deleted": {"S": Absence.DELETED.value},
            ":start": {"S": position(window_start(now))},
        }
        for _ in tries():
            try:
                self._dynamo.client.update_item(
                    TableName=self._table,
                    Key={"i": {"S": key.integration_ref}, "t": {"S": key.ticket_id}},
                    ExpressionAttributeValues={**always, **values},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **request,
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "TransactionConflictException":
                    continue  # a registration or the like is writing the ticket
                if code != "ConditionalCheckFailedException":
                    raise
                answer: dict[str, Any] = dict(error.response)
                stored: Item = answer.get("Item", {})
                return stored
            return None
        raise ContendedWriteError(f"{key}: a transaction was in the way on every try")


def _set_of(today: date, later: int) -> str:
    return f"h{(today.toordinal() + later) % 3}"
