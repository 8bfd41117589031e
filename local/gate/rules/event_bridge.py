"""EventBridge: PutEvents refuses entries one by one, and the whole call when it is too large."""

import json

from local.gate.call import Call, Members, Refusal
from local.gate.rules.rule import EntryRule, Rule, World, calls, utf8

_MOST_BYTES = 1_048_576
_TIME_BYTES = 14
_LONGEST_DETAIL_TYPE = 128
_LONGEST_SOURCE = 256


def entry_bytes(entry: Members) -> int:
    """Bytes of an entry as EventBridge counts them."""
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or ())]
    return sum(map(utf8, texts)) + (_TIME_BYTES if entry.get("Time") is not None else 0)


def _required(entry: Members) -> Refusal | None:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return Refusal("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
    return None


def _lengths(entry: Members) -> Refusal | None:
    for name, most in (("DetailType", _LONGEST_DETAIL_TYPE), ("Source", _LONGEST_SOURCE)):
        if len(entry[name]) > most:
            message = f"Parameter {name} is not valid. Reason: it is longer than {most} characters."
            return Refusal("InvalidArgument", message)
    return None


def _source(entry: Members) -> Refusal | None:
    if not entry["Source"].startswith("aws."):
        return None
    return Refusal("NotAuthorizedForSourceException", f"Not authorized for the source {entry['Source']}.")


def _detail(entry: Members) -> Refusal | None:
    try:
        detail = json.loads(entry["Detail"], parse_constant=_no_constant)
    except ValueError:
        detail = None
    return None if isinstance(detail, dict) else Refusal("MalformedDetail", "Detail is malformed.")


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


ENTRY_RULES = [
    EntryRule("events-required", "API PutEventsRequestEntry", _required),
    EntryRule("events-lengths", "API PutEventsRequestEntry: DetailType 128, Source 256 characters", _lengths),
    EntryRule("events-source", "EventBridge guide: only AWS services publish as aws.*", _source),
    EntryRule("events-detail", "API PutEventsRequestEntry, Detail: a JSON object", _detail),
]
"""PutEvents answers these with 200 and ``FailedEntryCount``."""


def _size(call: Call, _world: World) -> Refusal | None:
    if sum(entry_bytes(entry) for entry in call.input.get("Entries") or ()) < _MOST_BYTES:
        return None
    return Refusal("ValidationException", "Total size of the entries in the request is over the limit.")


def rules() -> list[Rule]:
    """Rules about whole calls."""
    return [Rule("events-bytes", "API PutEvents: less than 1 MB in all", calls("events", "PutEvents"), _size)]
