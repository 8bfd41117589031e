"""Consumers of the bus: a message to Slack, a card to Teams, a row of a table for BI."""

import json
import os
import urllib.request
from functools import cache
from typing import Any

import boto3

SECONDS = 10


@cache
def _address(parameter: str) -> str:
    """The webhook's address, which is its key: a SecureString."""
    found = boto3.client("ssm").get_parameter(Name=os.environ[parameter], WithDecryption=True)
    address: str = found["Parameter"]["Value"]
    return address


def to_slack(event: dict[str, Any], _context: object) -> None:
    """Post to an incoming webhook of Slack. Raises when Slack refuses, and EventBridge sends the event again."""
    title, url, lines = _sentence(event)
    link = f"<{url}|{_escaped(title)}>" if url else f"*{_escaped(title)}*"
    _post(_address("SLACK_PARAMETER"), {"text": "\n".join((link, *map(_escaped, lines)))})


def to_teams(event: dict[str, Any], _context: object) -> None:
    """Post an adaptive card to a Teams workflow ("When a Teams webhook request is received")."""
    title, url, lines = _sentence(event)
    body = [{"type": "TextBlock", "text": title, "weight": "Bolder", "wrap": True}]
    body += [{"type": "TextBlock", "text": line, "wrap": True} for line in lines]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open in Jira", "url": url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    _post(_address("TEAMS_PARAMETER"), {"type": "message", "attachments": [attachment]})


def to_table(event: dict[str, Any], _context: object) -> None:
    """Keep every change, each once however often it is delivered, in whatever order."""
    detail = event["detail"]
    identity = detail["issue_id"] or detail["ticket_no"]
    row = {
        "ticket": {"S": f"{detail['integration_name']}#{identity}"},
        "observed_at": {"S": detail["observed_at"]},
        "ticket_no": {"S": detail["ticket_no"]},
        "violations": {"S": " ".join(detail["violation_ids"])},
        "old_status": {"S": detail["old"]["ticket_status"] or ""},
        "new_status": {"S": detail["new"]["ticket_status"] or ""},
        "unknown_reason": {"S": detail["new"]["unknown_reason"] or ""},
    }
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=row)


def _sentence(event: dict[str, Any]) -> tuple[str, str | None, list[str]]:
    """A title, where it leads, and further lines."""
    detail = event["detail"]
    if event["detail-type"] == "Ticket Status Changed":
        old, new = (_shown(detail[side]) for side in ("old", "new"))
        violations = ", ".join(detail["violation_ids"]) or "none"
        return f"{detail['ticket_no']}: {old} → {new}", detail["ticket_url"], [f"Violations: {violations}"]
    old, new = detail["old"]["status"], detail["new"]["status"]
    reason = detail["new"]["reason_code"]
    why = [f"Reason: {reason}"] if reason else []
    return f"Integration {detail['integration_name']}: {old} → {new}", None, why


def _shown(side: dict[str, Any]) -> str:
    return f"Unknown ({side['unknown_reason']})" if side["unknown_reason"] else side["ticket_status"] or "no status"


def _escaped(text: str) -> str:
    """Slack's three control characters: a status is named by whoever administers that Jira."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _post(url: str, body: object) -> None:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS):
        pass
