"""Policies of execution roles, as a template writes them."""

from collections.abc import Iterator
from typing import Any


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement of a role's policies."""
    for policy in role["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - IAM allows one or a list of anything
    """IAM's one-or-many as many."""
    return value if isinstance(value, list) else [value]
