"""All tickets of an integration, page by page, each exactly once while other functions write.

The walk goes through the table in the order of ticket ids. A ticket's place changes only when one known only by its
key gets its issue id. So a walk shows such a ticket where it was when the walk began, at its key. The tokens contain
the time at which the walk began.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ticket_status.aws.dynamo import Item, listed
from ticket_status.aws.tickets.table import TicketRow, TicketTable, ticket_of
from ticket_status.core.model import Ticket, TicketKey
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import InvalidTokenError, Page

CLOCKS_DIFFER = timedelta(seconds=5)
"""How far the clocks of two functions may differ: a resolution this soon before a walk counts as during it."""

LONGEST_ID = 256
"""Characters of a ticket id, at most."""

_FIRST_ID = "0"
"""No ticket id is before it: ids begin with a digit or a letter, what else there is of an integration with ``#``."""


class TicketWalk:
    """Pages of an integration's tickets."""

    def __init__(self, table: TicketTable) -> None:
        self._table = table

    def page(self, integration_ref: str, most: int, token: str | None, now: datetime) -> Page[Ticket]:
        """A page of up to ``most`` items, read consistently: one query, of a megabyte at most."""
        began, last = (now, "") if token is None else _place(integration_ref, token)
        items, more = listed(self._read(integration_ref, most + 1, last), most)
        rows = [self._table.tickets.from_raw_data(dict(item)) for item in items]
        tickets = self._at_their_places(rows, began - CLOCKS_DIFFER)
        return Page(tickets, _token(integration_ref, began, items) if more else None)

    def _read(self, ref: str, most: int, last: str) -> dict[str, Any]:
        request: dict[str, Any] = {
            "TableName": self._table.name,
            "KeyConditionExpression": "i = :ref AND t >= :first",
            "ExpressionAttributeValues": {":ref": {"S": ref}, ":first": {"S": _FIRST_ID}},
            "ConsistentRead": True,
            "Limit": most,
        }
        if last:
            request["ExclusiveStartKey"] = {"i": {"S": ref}, "t": {"S": last}}
        return dict(self._table.dynamo.client.query(**request))

    def _at_their_places(self, rows: Sequence[TicketRow], began: datetime) -> list[Ticket]:
        """The tickets of these rows, except those with another place in this walk."""
        moved = [row for row in rows if row.became and _resolved_since(row, began)]
        became = {row.ticket_id: TicketKey(row.integration_ref, row.became) for row in moved}
        targets = self._table.read(became.values())[0] if became else {}
        tickets = []
        for row in rows:
            if not row.became:
                if not _resolved_since(row, began):
                    tickets.append(ticket_of(row))
            elif (key := became.get(row.ticket_id)) is not None:
                target = targets.get(key)
                if target is not None and target.made_of == row.ticket_id and _resolved_since(target, began):
                    tickets.append(ticket_of(target))
        return tickets


def _resolved_since(row: TicketRow, began: datetime) -> bool:
    resolved_at: datetime | None = row.resolved_at
    return resolved_at is not None and resolved_at > began


def _token(ref: str, began: datetime, items: Sequence[Item]) -> str:
    return write_token(f"tickets {ref}", f"{began.isoformat()} {items[-1]['t']['S']}")


def _place(ref: str, token: str) -> tuple[datetime, str]:
    began, _, last = read_token(f"tickets {ref}", token).partition(" ")
    try:
        at = datetime.fromisoformat(began)
    except ValueError as error:
        raise InvalidTokenError from error
    if at.tzinfo is None or not last >= _FIRST_ID or len(last) > LONGEST_ID:
        raise InvalidTokenError
    return at, last
