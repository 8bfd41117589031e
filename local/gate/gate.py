"""Checks a call by the model's and then the documented rules."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from local.gate.call import Call, Members, Outcome, Partial, Refusal
from local.gate.model import model_refusal
from local.gate.rules import dynamodb, event_bridge, functions, secrets_manager, sqs
from local.gate.rules.rule import EntryRule, KeySchema, Rule, first_refusal

_ENTRY_RULES: dict[tuple[str, str], list[EntryRule]] = {
    ("events", "PutEvents"): event_bridge.ENTRY_RULES,
    ("sqs", "SendMessageBatch"): sqs.ENTRY_RULES,
}


def all_rules() -> list[Rule]:
    """New instances of all documented rules about whole calls."""
    return [rule for service in (dynamodb, event_bridge, functions, secrets_manager, sqs) for rule in service.rules()]


class Gate:
    """Refuses what AWS would refuse. One for each AWS, since some rules remember."""

    def __init__(self, key_schema: Callable[[str], KeySchema | None], now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._read_key_schema = key_schema
        self._key_schemas: dict[str, KeySchema | None] = {}
        self._rules: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in all_rules():
            for one in rule.calls:
                self._rules[one].append(rule)

    def judge(self, call: Call) -> Outcome:
        """The refusal of a call, the rest of it, or ``None`` if all of it may pass."""
        self._key_schemas.clear()
        refusal = model_refusal(call)
        if refusal is not None:
            return refusal
        for rule in self._rules[call.service, call.operation]:
            refusal = rule.check(call, self)
            if refusal is not None:
                return refusal
        return self._entries(call)

    def key_schema(self, table: str) -> KeySchema | None:
        """Keys of a table, read once for each call; ``None`` when there is no such table."""
        if table not in self._key_schemas:
            self._key_schemas[table] = self._read_key_schema(table)
        return self._key_schemas[table]

    def _entries(self, call: Call) -> Outcome:
        if (call.service, call.operation) == ("sqs", "SendMessage"):
            return first_refusal(sqs.ENTRY_RULES, call.input)
        rules = _ENTRY_RULES.get((call.service, call.operation))
        if rules is None:
            return None
        entries: list[Members] = call.input.get("Entries") or []
        refusals = [first_refusal(rules, entry) for entry in entries]
        if not any(refusals):
            return None
        return without_entries(call, refusals)


def without_entries(call: Call, refusals: "list[Refusal | None]", *, ours: bool = True) -> Partial:
    """The call without refused entries, and the response entries for those.

    ``ours`` says whose fault it is, which EventBridge does not say.
    """
    entries: list[Members] = call.input["Entries"]
    rest = [entry for entry, refusal in zip(entries, refusals, strict=True) if refusal is None]
    left = {**call.input, "Entries": rest} if rest else None
    if call.service == "events":
        told = [_of_event(refusal) for refusal in refusals]
        return Partial(left, {"FailedEntryCount": sum(map(bool, refusals)), "Entries": told})
    failed = [
        {"Id": entry["Id"], "SenderFault": ours, "Code": refusal.code, "Message": refusal.message}
        for entry, refusal in zip(entries, refusals, strict=True)
        if refusal is not None
    ]
    return Partial(left, {"Successful": [], "Failed": failed})


def _of_event(refusal: Refusal | None) -> Members | None:
    return None if refusal is None else {"ErrorCode": refusal.code, "ErrorMessage": refusal.message}


def merged(partial: Partial, answer: Members) -> dict[str, Any]:
    """The service's response to the rest of a call, with the gate's entries added."""
    whole: dict[str, Any] = {**answer}
    for name, said in partial.answer.items():
        have = whole.get(name)
        if isinstance(said, int):
            whole[name] = (have or 0) + said
        elif isinstance(said, dict):
            whole[name] = {**(have or {}), **said}
        elif None in said:  # in the order of the request: the service's answers fill the gaps
            answers = iter(have or ())
            whole[name] = [next(answers, None) if one is None else one for one in said]
        else:
            whole[name] = [*(have or ()), *said]
    return whole
