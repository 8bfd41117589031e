"""The item of a webhook, in both directions. Its counts are attributes of their own: ``accepted#2026112813``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ticket_status.aws.dynamo import Item
from ticket_status.core.webhooks import Signing, Tally, Webhook, WebhookMode, WebhookState

_TIMES = ("set_up_at", "expires_at", "live_since", "last_delivery_at", "unheard_at", "gathering_since")
_TEXTS = ("connection_name", "mode", "signing", "state", "jira_id", "silence", "jql", "url")


def item_of(webhook: Webhook) -> dict[str, dict[str, Any]]:
    """The item of a new webhook, which has no counts yet."""
    texts = {name: getattr(webhook, name) for name in _TEXTS}
    times = {name: getattr(webhook, name) for name in _TIMES}
    item: dict[str, dict[str, Any]] = {"hook_id": {"S": webhook.integration_ref}, "is_on": {"BOOL": webhook.on}}
    item.update({name: {"S": str(value)} for name, value in texts.items() if value})
    item.update({name: time_value(value) for name, value in times.items() if value is not None})
    return item


def webhook_of(item: Item) -> Webhook:
    """The webhook in an item."""
    values: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS if name in item}
    values.update({name: datetime.fromisoformat(item[name]["S"]) for name in _TIMES if name in item})
    values["mode"], values["signing"] = WebhookMode(values["mode"]), Signing(values["signing"])
    values["state"] = WebhookState(values["state"])
    return Webhook(integration_ref=item["hook_id"]["S"], on=item["is_on"]["BOOL"], hours=_hours(item), **values)


def time_value(moment: datetime) -> dict[str, str]:
    """A time as an attribute's value."""
    return {"S": moment.isoformat()}


def count_name(tally: Tally, hour: str) -> str:
    """The attribute of a count."""
    return f"{tally}#{hour}"


def _hours(item: Item) -> Mapping[Tally, Mapping[str, int]]:
    hours: dict[Tally, dict[str, int]] = {}
    for name, value in item.items():
        tally, separator, hour = name.partition("#")
        if separator:
            hours.setdefault(Tally(tally), {})[hour] = int(value["N"])
    return hours
