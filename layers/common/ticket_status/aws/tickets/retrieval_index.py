"""The hot path: rows of the retrieval index, read without building objects beside the rows themselves."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ticket_status.aws.dynamo import Dynamo, Item, read_ahead
from ticket_status.aws.tickets.item import NEW_TICKETS_INDEX, RETRIEVAL_INDEX
from ticket_status.core.comparison import Row
from ticket_status.core.model import Absence, Sighting, Slice
from ticket_status.core.window import month_of, position, read_position

_FIRST = position(datetime.fromtimestamp(0, UTC))


class RetrievalIndex:
    """The two sparse indexes of the tickets table."""

    def __init__(self, dynamo: Dynamo, table_name: str) -> None:
        self._dynamo = dynamo
        self._table_name = table_name

    def rows(self, integration_ref: str, part: Slice, after: str) -> Iterator[Sequence[Row]]:
        """Pages of a slice beyond ``after``, month by month."""
        # No text lies between a position and the same with a zero character behind it.
        start = max(part.start, after + "\0" if after else _FIRST)
        if start >= part.end:
            return
        first = month_of(read_position(start)[0])
        months = [month for month in part.months if month >= first]
        yield from read_ahead(self._pages(integration_ref, months, start, part.end))

    def new_rows(self, integration_ref: str) -> Iterator[Sequence[Row]]:
        """Pages of the tickets that were never observed."""
        pages = self._dynamo.query(
            TableName=self._table_name,
            IndexName=NEW_TICKETS_INDEX,
            KeyConditionExpression="n = :ref",
            ExpressionAttributeValues={":ref": {"S": integration_ref}},
            ProjectionExpression="t,c",
        )
        yield from ([_row(item) for item in page] for page in pages if page)

    def count(self, integration_ref: str, start: str, end: str) -> int:
        """Tickets between two positions of one month."""
        if start >= end:
            return 0
        month = month_of(read_position(start)[0])
        return self._dynamo.count(**self._between(integration_ref, month, start, end))

    def _pages(self, integration_ref: str, months: Sequence[str], start: str, end: str) -> Iterator[Sequence[Row]]:
        for month in months:
            request = self._between(integration_ref, month, start, end)
            for page in self._dynamo.query(**request, ProjectionExpression="t,c,o,x"):
                if page:
                    yield [_row(item) for item in page]

    def _between(self, integration_ref: str, month: str, start: str, end: str) -> dict[str, object]:
        """A query of one month. ``end`` is not the position of a ticket, so that including it changes nothing."""
        return {
            "TableName": self._table_name,
            "IndexName": RETRIEVAL_INDEX,
            "KeyConditionExpression": "m = :month AND c BETWEEN :start AND :end",
            "ExpressionAttributeValues": {
                ":month": {"S": f"{integration_ref}#{month}"},
                ":start": {"S": start},
                ":end": {"S": end},
            },
        }


def _row(item: Item) -> Row:
    seen: Sighting | None = item["o"]["S"] if "o" in item else None
    return Row(item["c"]["S"], item["t"]["S"], seen, Absence(item["x"]["S"]) if "x" in item else None)
