"""What a program does with a client that was generated from the API document; run with the client's own environment.

Its arguments are the API's base address, a file with a token and the account in Jira, and two issue keys. It prints
what it saw as JSON.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ticket_client import AuthenticatedClient
from ticket_client.api.integrations import (
    create_integration,
    delete_integration,
    edit_integration,
    get_integration,
    get_integration_summary,
    list_integrations,
)
from ticket_client.api.sync_runs import start_sync
from ticket_client.api.tickets import (
    get_violation_tickets,
    list_tickets,
    refresh_violations,
    register_tickets,
    unregister_tickets,
)
from ticket_client.api.violations import get_ticket_statuses, list_resources, list_violations
from ticket_client.models import (
    CreateBasicIntegration,
    EditIntegration,
    GetTicketStatusesBody,
    InstallationType,
    ListViolationsResourceType,
    Problem,
    RefreshViolationsBody,
    RegisterTicketsBody,
    Resource,
    ResourceType,
    TicketRegistration,
    TicketUnregistration,
    UnregisterTicketsBody,
)

NAME = "generated-client"
PATIENCE = 60


def story(base_url: str, token: str, account: dict[str, str], keys: list[str]) -> dict[str, object]:
    """A whole life of an integration with two tickets."""
    basic = {**account, "auth_type": "basic", "installation_type": InstallationType.CLOUD}
    client = AuthenticatedClient(base_url=base_url, token=token, httpx_args={"trust_env": False})
    seen: dict[str, object] = {}

    # Errors come with their type.
    missing = get_integration.sync("nobody", client=client)
    seen["missing"] = (type(missing).__name__, missing.code if isinstance(missing, Problem) else None)
    wrong = CreateBasicIntegration(connection_name="bad name", **basic)
    refused = create_integration.sync(client=client, body=wrong)
    seen["refused"] = refused.errors[0].pointer if isinstance(refused, Problem) and refused.errors else None

    created = create_integration.sync(client=client, body=CreateBasicIntegration(connection_name=NAME, **basic))
    seen["created"] = getattr(getattr(created, "health", None), "status", None)

    edited = edit_integration.sync(NAME, client=client, body=EditIntegration(skip_proxy=True))
    seen["edited"] = getattr(edited, "skip_proxy", None)

    at = datetime.now(UTC) - timedelta(days=2)
    resource = Resource(ResourceType.BUILD, "generated", "7")
    numbered = list(enumerate(keys, start=1))
    tickets = [TicketRegistration(NAME, key, f"GEN-{number}", at, resource=resource) for number, key in numbered]
    registered = register_tickets.sync(client=client, body=RegisterTicketsBody(tickets))
    seen["registered"] = (registered.registered, len(registered.rejected))
    start_sync.sync(NAME, client=client)
    until = time.monotonic() + PATIENCE
    statuses = GetTicketStatusesBody(["GEN-1", "GEN-2", "GEN-3"])
    while True:
        columns = get_ticket_statuses.sync(client=client, body=statuses).violations.to_dict()
        if all(one["ticket_status"] != "Unknown" for one in columns.values()) or time.monotonic() > until:
            break
        time.sleep(1)
    seen["columns"] = {name: one["ticket_status"] for name, one in sorted(columns.items())}

    of_one = get_violation_tickets.sync("GEN-1", client=client)
    (only,) = of_one.tickets
    seen["created_at"] = abs((only.created_at - at).total_seconds()) < 1
    seen["found"] = [one.violation_ids for one in list_tickets.sync(client=client, ticket_no=keys[0]).tickets]
    seen["listed"] = sorted(one.ticket_no for one in list_tickets.sync(client=client, integration_name=NAME).tickets)
    refreshed = refresh_violations.sync(client=client, body=RefreshViolationsBody(["GEN-1", "GEN-2"]))
    seen["refreshed"] = sorted(refreshed.violations.additional_properties)
    build = list_violations.sync(
        client=client, resource_type=ListViolationsResourceType.BUILD, resource_name="generated", resource_version="7"
    )
    seen["of_resource"] = sorted(one.violation_id for one in build.violations)
    named = [
        one for one in list_resources.sync(client=client, type_=ResourceType.BUILD).resources if one.name == "generated"
    ]
    seen["resource"] = [one.violations for one in named]
    # Tickets are counted a moment after they are seen.
    while (summary := get_integration_summary.sync(NAME, client=client)).tickets < len(keys):
        if time.monotonic() > until:
            break
        time.sleep(1)
    seen["summary"] = summary.tickets
    seen["integrations"] = NAME in {one.connection_name for one in list_integrations.sync(client=client).integrations}

    gone = [TicketUnregistration(NAME, f"GEN-{number}", issue_key=key) for number, key in numbered]
    seen["unregistered"] = unregister_tickets.sync(client=client, body=UnregisterTicketsBody(gone)).unregistered
    after = get_violation_tickets.sync("GEN-1", client=client)
    seen["after"] = after.code if isinstance(after, Problem) else None
    seen["deleted"] = int(delete_integration.sync_detailed(NAME, client=client).status_code)
    return seen


if __name__ == "__main__":
    address, file, *issues = sys.argv[1:]
    given = json.loads(Path(file).read_text(encoding="utf-8"))
    print(json.dumps(story(address, given["token"], given["account"], issues)))  # noqa: T201 - its answer
