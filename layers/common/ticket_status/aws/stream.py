"""Reads writes of tickets and integrations from DynamoDB streams."""

from collections.abc import Mapping
from typing import Any

from ticket_status.aws.integrations.table import IntegrationRow, integration_of
from ticket_status.aws.tickets.table import TicketRow, ticket_of
from ticket_status.service.tickets.publishing import IntegrationWrite, TicketWrite

_TICKET_HASH = "i"


def read_write(record: Mapping[str, Any]) -> TicketWrite | IntegrationWrite | None:
    """The write in a stream's record; ``None`` for inserts, removals and other items."""
    change = record["dynamodb"]
    if record["eventName"] != "MODIFY":
        return None
    old, new = change["OldImage"], change["NewImage"]
    if _TICKET_HASH not in change["Keys"]:
        return IntegrationWrite(
            integration_of(IntegrationRow.from_raw_data(old)), integration_of(IntegrationRow.from_raw_data(new))
        )
    if "issue_key" not in old or "issue_key" not in new:
        return None
    return TicketWrite(ticket_of(TicketRow.from_raw_data(old)), ticket_of(TicketRow.from_raw_data(new)))
