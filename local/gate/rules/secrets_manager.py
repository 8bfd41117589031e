"""Secrets Manager: names, sizes, and what it remembers of a secret."""

import re
from collections import defaultdict, deque

from local.gate.call import Call, Refusal
from local.gate.rules.rule import Rule, World, calls, utf8

_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_LOOKS_LIKE_ARN_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_LONGEST_VALUE = 65_536
_VERSIONS_A_DAY = 100
_DAY = 86_400
_REUSE_SECONDS = 10

_BY_NAME = calls(
    "secretsmanager",
    *("CreateSecret", "GetSecretValue", "PutSecretValue", "DeleteSecret", "DescribeSecret", "UpdateSecret"),
)


def _name(call: Call, _world: World) -> Refusal | None:
    name = call.input.get("Name") or call.input.get("SecretId") or ""
    if name.startswith("arn:") or _NAME.fullmatch(name):
        return None
    message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
    return Refusal("ValidationException", message)


def _suffix(call: Call, _world: World) -> Refusal | None:
    if not _LOOKS_LIKE_ARN_SUFFIX.search(call.input.get("Name") or ""):
        return None
    return Refusal(
        "ValidationException",
        "Invalid name. Do not end a secret's name with a hyphen followed by six characters: "
        "it is taken for the end of an ARN",
    )


def _value(call: Call, _world: World) -> Refusal | None:
    if utf8(call.input.get("SecretString")) <= _LONGEST_VALUE:
        return None
    return Refusal(
        "ValidationException",
        "1 validation error detected: Value at 'secretString' failed to satisfy constraint: "
        f"Member must have length less than or equal to {_LONGEST_VALUE}",
    )


class _Versions:
    """Counts the versions of a secret per day; none is removed before the day is over."""

    def __init__(self) -> None:
        self._put: defaultdict[str, deque[float]] = defaultdict(deque)

    def __call__(self, call: Call, world: World) -> Refusal | None:
        times, now = self._put[call.input.get("SecretId", "")], world.now()
        while times and times[0] < now - _DAY:
            times.popleft()
        if len(times) >= _VERSIONS_A_DAY:
            return Refusal("LimitExceededException", "The secret has the maximum number of versions.")
        times.append(now)
        return None


class _Reuse:
    """Remembers the names of recently destroyed secrets, because deletion is asynchronous."""

    def __init__(self) -> None:
        self._destroyed: dict[str, float] = {}

    def __call__(self, call: Call, world: World) -> Refusal | None:
        if call.operation == "DeleteSecret":
            if call.input.get("ForceDeleteWithoutRecovery"):
                self._destroyed[call.input.get("SecretId", "")] = world.now()
            return None
        if world.now() - self._destroyed.get(call.input.get("Name", ""), 0) >= _REUSE_SECONDS:
            return None
        return Refusal(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )


def rules() -> list[Rule]:
    """New instances of these rules."""
    return [
        Rule("secret-name", "API CreateSecret, Name", _BY_NAME, _name),
        Rule("secret-name-suffix", "API CreateSecret, Name", calls("secretsmanager", "CreateSecret"), _suffix),
        Rule(
            "secret-value-bytes",
            "API CreateSecret, SecretString: bytes, where the model counts characters",
            calls("secretsmanager", "CreateSecret", "PutSecretValue", "UpdateSecret"),
            _value,
        ),
        Rule(
            "secret-versions",
            "API PutSecretValue: 100 versions, of which none of the last 24 hours is removed",
            calls("secretsmanager", "PutSecretValue"),
            _Versions(),
        ),
        Rule(
            "secret-name-reused",
            "API DeleteSecret, ForceDeleteWithoutRecovery: deletion is asynchronous",
            calls("secretsmanager", "CreateSecret", "DeleteSecret"),
            _Reuse(),
        ),
    ]
