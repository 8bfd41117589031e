"""Webhooks in DynamoDB: one small item each; its counts are added to without being read first."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from ticket_status.aws.dynamo import Dynamo, Item
from ticket_status.core.webhooks import Signing, Tally, Webhook, WebhookMode, WebhookState, hour_of, stale_hours

_TIMES = ("set_up_at", "expires_at", "live_since", "last_delivery_at", "unheard_at", "gathering_since")
_TEXTS = ("connection_name", "mode", "signing", "state", "jira_id", "silence", "jql", "url")


class DynamoWebhookStore:
    """The ``WebhookStore``."""

    def __init__(self, dynamo: Dynamo, table_name: str) -> None:
        self._dynamo = dynamo
        self._table = table_name

    def get(self, hook_id: str) -> Webhook | None:
        """One consistent GetItem."""
        answer = self._dynamo.client.get_item(TableName=self._table, Key=_key(hook_id), ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return None if item is None else _webhook_of(item)

    def all(self) -> Iterator[Webhook]:
        """A scan, page after page: as many items as integrations with a webhook."""
        return (_webhook_of(item) for item in self._dynamo.scan(TableName=self._table, ConsistentRead=True))

    def put(self, webhook: Webhook) -> None:
        """One PutItem."""
        self._dynamo.client.put_item(TableName=self._table, Item=_item_of(webhook))

    def remove(self, hook_id: str) -> None:
        """One DeleteItem."""
        self._dynamo.client.delete_item(TableName=self._table, Key=_key(hook_id))

    def count(
        self, hook_id: str, tallies: Mapping[Tally, int], now: datetime, *, delivered: bool, gathering: bool = False
    ) -> datetime | None:
        """One UpdateItem."""
        set_: list[str] = []
        if delivered:
            set_ += ["last_delivery_at = :now", "live_since = if_not_exists(live_since, :now)"]
        if gathering:
            set_.append("gathering_since = if_not_exists(gathering_since, :now)")
        names = {f"#c{place}": _count_name(tally, hour_of(now)) for place, tally in enumerate(tallies)}
        values: dict[str, Any] = {f":c{place}": {"N": str(number)} for place, number in enumerate(tallies.values())}
        added = ", ".join(f"#c{place} :c{place}" for place in range(len(tallies)))
        expression = [*([f"SET {', '.join(set_)}"] if set_ else []), *([f"ADD {added}"] if added else [])]
        before = self._change(
            hook_id,
            " ".join(expression),
            values | ({":now": _time_value(now)} if set_ else {}),
            {"ExpressionAttributeNames": names, "ReturnValues": "ALL_OLD"},
        )
        noted = before.get("gathering_since") if before is not None and gathering else None
        return None if noted is None else datetime.fromisoformat(noted["S"])

    def gathered(self, hook_id: str) -> None:
        """One UpdateItem."""
        self._change(hook_id, "REMOVE gathering_since", {})

    def gathering(self, hook_id: str, until: datetime) -> None:
        """One UpdateItem."""
        self._change(hook_id, "SET gathering_since = :until", {":until": _time_value(until)})

    def unheard(self, hook_id: str, now: datetime) -> None:
        """One UpdateItem."""
        self._change(hook_id, "SET unheard_at = :now", {":now": _time_value(now)})

    def renewed(self, webhook: Webhook, jira_id: str, expires_at: datetime | None) -> None:
        """One UpdateItem."""
        if expires_at is None:
            self._change(webhook.integration_ref, "SET jira_id = :id REMOVE expires_at", {":id": {"S": jira_id}})
        else:
            values = {":id": {"S": jira_id}, ":end": _time_value(expires_at)}
            self._change(webhook.integration_ref, "SET jira_id = :id, expires_at = :end", values)

    def switch(self, hook_id: str, *, on: bool) -> None:
        """One UpdateItem."""
        self._change(hook_id, "SET is_on = :on", {":on": {"BOOL": on}})

    def tell(self, webhook: Webhook, state: WebhookState, now: datetime) -> None:
        """One conditional UpdateItem."""
        stale = stale_hours(webhook, now)
        names = {"#state": "state", **{f"#h{place}": _count_name(*one) for place, one in enumerate(stale)}}
        removed = f" REMOVE {', '.join(f'#h{place}' for place in range(len(stale)))}" if stale else ""
        values = {":new": {"S": state.value}, ":old": {"S": webhook.state.value}}
        more = {"ExpressionAttributeNames": names}
        expression = f"SET #state = :new{removed}"
        self._change(webhook.integration_ref, expression, values, more, "#state = :old")

    def _change(
        self,
        hook_id: str,
        expression: str,
        values: Mapping[str, Mapping[str, Any]],
        more: Mapping[str, Any] | None = None,
        condition: str | None = None,
    ) -> Item | None:
        """The previous values, if requested; ``None`` if the webhook is gone or the condition does not hold."""
        there = "attribute_exists(hook_id)"
        request: dict[str, Any] = {name: value for name, value in (more or {}).items() if value}
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            answer = self._dynamo.client.update_item(
                TableName=self._table,
                Key=_key(hook_id),
                UpdateExpression=expression,
                ConditionExpression=there if condition is None else f"{there} AND {condition}",
                **request,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        before: Item = answer.get("Attributes", {})
        return before


def _item_of(webhook: Webhook) -> dict[str, dict[str, Any]]:
    """The item of a new webhook, without its counts, which are attributes (``accepted#2026112813``)."""
    texts = {name: getattr(webhook, name) for name in _TEXTS}
    times = {name: getattr(webhook, name) for name in _TIMES}
    item: dict[str, dict[str, Any]] = {"hook_id": {"S": webhook.integration_ref}, "is_on": {"BOOL": webhook.on}}
    item.update({name: {"S": str(value)} for name, value in texts.items() if value})
    item.update({name: _time_value(value) for name, value in times.items() if value is not None})
    return item


def _webhook_of(item: Item) -> Webhook:
    values: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS if name in item}
    values.update({name: datetime.fromisoformat(item[name]["S"]) for name in _TIMES if name in item})
    values["mode"], values["signing"] = WebhookMode(values["mode"]), Signing(values["signing"])
    values["state"] = WebhookState(values["state"])
    return Webhook(integration_ref=item["hook_id"]["S"], on=item["is_on"]["BOOL"], hours=_hours(item), **values)


def _time_value(moment: datetime) -> dict[str, str]:
    return {"S": moment.isoformat()}


def _count_name(tally: Tally, hour: str) -> str:
    return f"{tally}#{hour}"


def _hours(item: Item) -> Mapping[Tally, Mapping[str, int]]:
    hours: dict[Tally, dict[str, int]] = {}
    for name, value in item.items():
        tally, separator, hour = name.partition("#")
        if separator:
            hours.setdefault(Tally(tally), {})[hour] = int(value["N"])
    return hours


def _key(hook_id: str) -> dict[str, dict[str, str]]:
    return {"hook_id": {"S": hook_id}}
