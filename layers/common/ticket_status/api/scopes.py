"""Scopes of the API. The gateway accepts a token with any of them; each route requires its own."""

from enum import StrEnum


class Scope(StrEnum):
    """What a token allows, as its ``scope`` claim names it."""

    READ = "ticketing/read"
    REFRESH = "ticketing/refresh"
    REGISTER = "ticketing/register"
    ADMIN = "ticketing/admin"
