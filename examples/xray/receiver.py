"""The function behind Xray's webhook, and the one that tells of tickets that are Done too early.

An alert of Xray names neither the violation nor a ticket. So it is taken as a hint: what the watch found since is
listed, and the tickets that each violation's fields name are registered.
"""

import hmac
import json
import os
import urllib.request
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from ticket_status_api import TicketStatus
from xray import Xray, violation_id

HEADER = "x-ticket-status-key"
"""The custom header to set at the webhook in Xray, which signs nothing."""
LOOK_BACK = timedelta(minutes=30)
"""Before the alert: its violations were created a little earlier."""
LARGEST = 1024 * 1024
SECONDS = 10


@cache
def _secrets() -> dict[str, str]:
    """``header_key``, ``xray_token``, ``client_id``, ``client_secret`` and ``chat_url``; read once per process."""
    text = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ID"])["SecretString"]
    secrets: dict[str, str] = json.loads(text)
    return secrets


@cache
def _xray() -> Xray:
    fields = tuple(os.environ["TICKET_FIELDS"].split(","))
    return Xray(os.environ["XRAY_URL"], _secrets()["xray_token"], fields)


@cache
def _service() -> TicketStatus:
    secrets = _secrets()
    return TicketStatus(os.environ["API_URL"], os.environ["TOKEN_URL"], secrets["client_id"], secrets["client_secret"])


def receive(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer Xray's webhook (a function URL): 204, 401 with a wrong key, 400 for what is not an alert."""
    key = event["headers"].get(HEADER, "")
    if not hmac.compare_digest(key.encode(), _secrets()["header_key"].encode()):
        return {"statusCode": 401}
    body = event.get("body") or ""
    raw = b64decode(body) if event.get("isBase64Encoded") else body.encode()
    try:
        alert = json.loads(raw) if len(raw) <= LARGEST else {}
        created = datetime.fromisoformat(alert["created"]).astimezone(UTC)
        watch = str(alert["watch_name"])
    except (ValueError, TypeError, KeyError):
        return {"statusCode": 400}
    since = (created - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    tickets = [
        ticket
        for violation in _xray().violations(since, watch)
        for ticket in _xray().registrations(os.environ["INTEGRATION"], violation)
    ]
    rejected = _service().register(tickets)
    print(json.dumps({"message": "alert", "watch": watch, "registered": len(tickets) - len(rejected)}))
    for one in rejected:
        print(json.dumps({"message": "rejected", **one}))
    return {"statusCode": 204}


def done_too_early(event: dict[str, Any], _context: object) -> list[str]:
    """After *Ticket Status Changed*: violations whose leading ticket is done though Xray still lists them."""
    statuses = _service().statuses(event["detail"]["violation_ids"])
    done = {name: one for name, one in statuses.items() if one["ticket_status_category"] == "done"}
    still_there = []
    if done:
        created_from = (datetime.now(UTC) - timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")
        still_there = [one for one in map(violation_id, _xray().violations(created_from)) if one in done]
    for name in still_there:
        text = f"{done[name]['ticket_no']} is {done[name]['ticket_status']}, but violation {name} still exists."
        _say(text)
    return still_there


def _say(text: str) -> None:
    data = json.dumps({"text": text}).encode()
    request = urllib.request.Request(_secrets()["chat_url"], data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS):
        print(json.dumps({"message": "said", "text": text}))
