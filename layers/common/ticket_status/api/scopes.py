"""Scopes of the API. The gateway lets in a token with any of them; each route asks for its own."""

from collections.abc import Mapping
from enum import StrEnum

from ticket_status.api.problems import missing_scope


class Scope(StrEnum):
    """What a token allows, as its ``scope`` claim names it."""

    READ = "ticketing/read"
    REFRESH = "ticketing/refresh"
    REGISTER = "ticketing/register"
    ADMIN = "ticketing/admin"


def demand(scope: Scope | None, claims: Mapping[str, object]) -> None:
    """Raise 403 ``missing_scope`` unless the claims have the scope; ``None`` asks for nothing."""
    if scope is None or scope in str(claims.get("scope", "")).split():
        return
    raise missing_scope(scope)
