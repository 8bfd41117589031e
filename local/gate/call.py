"""A call of an AWS API as the gate sees it, and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Members: TypeAlias = Mapping[str, Any]
"""Members of a request or an answer, by the names in the service model."""


@dataclass(frozen=True, slots=True)
class Call:
    """A decoded request."""

    service: str
    """As botocore names it: ``dynamodb``, ``sqs``, ``secretsmanager`` …"""
    operation: str
    input: Members


@dataclass(frozen=True, slots=True)
class Refusal:
    """AWS's refusal of a call, or of one entry of a batch."""

    code: str
    message: str
    status: int = 400
    reasons: tuple[str, ...] = ()
    """Of a cancelled transaction: the code of each item, ``None`` for those that are not at fault."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A call that the service accepts only in part."""

    input: Members | None
    """What is left to be done; ``None`` when nothing is."""
    answer: Members = field(default_factory=dict)
    """What the answer says about the rest, to be merged by ``merged``."""


Outcome: TypeAlias = Refusal | Partial | None
"""``None``: the call goes on as it is."""
