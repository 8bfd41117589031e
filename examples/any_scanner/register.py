"""Register the tickets of any scanner: one line ``VIOLATION<tab>KEY<tab>CREATED`` each on standard input.

The client is generated from docs/openapi.yaml; docs/connect.md has the command.
"""

import os
import sys

from ticket_status_client import AuthenticatedClient
from ticket_status_client.api.tickets import register_tickets
from ticket_status_client.models import RegisterTicketsBody

client = AuthenticatedClient(f"{os.environ['API_URL']}/api/v1/ticketing", os.environ["TOKEN"])
lines = [line.rstrip("\n").split("\t") for line in sys.stdin]
tickets = [
    {"integration_name": os.environ["INTEGRATION"], "violation_id": violation, "issue_key": key, "created_at": created}
    for violation, key, created in lines
]
for start in range(0, len(tickets), 100):
    body = RegisterTicketsBody.from_dict({"tickets": tickets[start : start + 100]})
    answer = register_tickets.sync(client=client, body=body)
    for rejected in answer.rejected:
        sys.exit(f"{lines[start + rejected.index]}: {rejected.detail}")
