"""Lambda: payloads."""

from local.gate.call import Call, Refusal
from local.gate.rules.rule import Rule, World, calls, utf8

MOST_ANSWER_BYTES = 6 * 1024 * 1024
"""Of a synchronous invocation, each way; the functions' answers through the API are bounded by it too."""
_MOST_ASYNCHRONOUS_BYTES = 1_048_576


def _payload(call: Call, _world: World) -> Refusal | None:
    payload = call.input.get("Payload") or b""
    size = len(payload) if isinstance(payload, bytes) else utf8(payload)
    most = _MOST_ASYNCHRONOUS_BYTES if call.input.get("InvocationType") == "Event" else MOST_ANSWER_BYTES
    if size <= most:
        return None
    message = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
    return Refusal("RequestEntityTooLargeException", message, 413)


def rules() -> list[Rule]:
    """Rules about whole calls."""
    source = "API Invoke: 6 MB each way, 1 MB asynchronously"
    return [Rule("invoke-payload", source, calls("lambda", "Invoke"), _payload)]
