"""Bodies of the routes about integrations: which members each installation and auth type has."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticket_status.api.bodies import (
    ROOT,
    Flag,
    Members,
    OneOf,
    OrNull,
    Shape,
    Text,
    Time,
    check,
    free_text,
    visible_ascii,
)
from ticket_status.api.problems import FieldError, invalid_request
from ticket_status.api.times import parse_time
from ticket_status.core.model import AuthType, InstallationType
from ticket_status.core.toggle import MalformedVersionError, parse_version
from ticket_status.service.administration.editing import Edit
from ticket_status.service.administration.integrations import NewIntegration

CONNECTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = Text("1 to 64 letters, digits or . _ - that start with a letter or digit", CONNECTION_NAME)
_USERNAME = Text(
    "1 to 255 characters without a colon or control characters", re.compile(r"[^:\x00-\x1f\x7f\ud800-\udfff]{1,255}")
)
_PASSWORD = free_text(2048)
_IDENTIFIER = visible_ascii(255)
_TOKEN = visible_ascii(2048)
_SECRETS = ("password", "token", "client_secret")

_SERVER_ONLY = frozenset({AuthType.PAT, AuthType.OAUTH1})


class _Version(Struct, frozen=True):
    """A version of the product."""

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error when it is none."""
        try:
            parse_version(value if isinstance(value, str) else "")
        except MalformedVersionError:
            yield FieldError(pointer, "must be numbers separated by dots, such as 3.112.3")


_CREDENTIALS: Mapping[AuthType, Mapping[str, Shape]] = {
    AuthType.BASIC: {"username": _USERNAME, "password": _PASSWORD},
    AuthType.PAT: {"token": _TOKEN},
    AuthType.OAUTH1: {"consumer_key": _IDENTIFIER},
    AuthType.OAUTH2: {"client_id": _IDENTIFIER, "client_secret": _TOKEN},
    AuthType.CLIENT_CREDENTIALS: {"client_id": _IDENTIFIER, "client_secret": _TOKEN},
}
_REQUIRED: Mapping[str, Shape] = {
    "connection_name": _NAME,
    "installation_type": OneOf(tuple(InstallationType)),
    "jira_server_url": free_text(2048),
    "auth_type": OneOf(tuple(AuthType)),
}
_OPTIONAL: Mapping[str, Shape] = {
    "skip_proxy": Flag(),
    "created_in_version": _Version(),
    "retrieve_jira_tickets": Flag(),
    "skip_connection_test": Flag(),
    "credential_expires_at": OrNull(Time()),
}

SWITCH = Members({"retrieve_jira_tickets": Flag()})
"""The body of the toggle."""


class _Creation(Struct, frozen=True):
    """An integration to create; its credentials are those of its ``auth_type``."""

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """The errors of its members, and of ``auth_type`` on this installation."""
        given = value if isinstance(value, dict) else {}
        auth_type = next((one for one in AuthType if one == given.get("auth_type")), None)
        if auth_type is None:
            anything = {name: shape for credentials in _CREDENTIALS.values() for name, shape in credentials.items()}
            yield from Members(_REQUIRED, {**_OPTIONAL, **anything}).errors(value, pointer)
            return
        yield from Members({**_REQUIRED, **_CREDENTIALS[auth_type]}, _OPTIONAL).errors(value, pointer)
        if auth_type in _SERVER_ONLY and given.get("installation_type") == InstallationType.CLOUD:
            yield FieldError(f"{pointer}/auth_type", "pat and oauth1 are for installation_type server only")


def read_creation(body: object) -> NewIntegration:
    """What to create; raises the 422 that names every error."""
    members = check(body, _Creation())
    return NewIntegration(
        connection_name=members["connection_name"],
        installation_type=InstallationType(members["installation_type"]),
        jira_server_url=members["jira_server_url"],
        auth_type=AuthType(members["auth_type"]),
        secrets=_secrets(members),
        username=members.get("username"),
        client_id=members.get("client_id"),
        consumer_key=members.get("consumer_key"),
        skip_proxy=members.get("skip_proxy", False),
        created_in_version=members.get("created_in_version"),
        retrieve_jira_tickets=members.get("retrieve_jira_tickets"),
        skip_connection_test=members.get("skip_connection_test", False),
        credential_expires_at=_time(members.get("credential_expires_at")),
    )


def read_edit(body: object, auth_type: AuthType) -> Edit:
    """What to edit of an integration of this auth type; an edit of nothing does not fit."""
    editable = {
        "jira_server_url": _REQUIRED["jira_server_url"],
        **_CREDENTIALS[auth_type],
        "skip_proxy": Flag(),
        "credential_expires_at": _OPTIONAL["credential_expires_at"],
    }
    members = check(body, Members(optional={**editable, "skip_connection_test": Flag()}))
    if not editable.keys() & members.keys():
        raise invalid_request(FieldError(ROOT, f"must have at least one of {', '.join(editable)}"))
    return Edit(
        jira_server_url=members.get("jira_server_url"),
        username=members.get("username"),
        client_id=members.get("client_id"),
        consumer_key=members.get("consumer_key"),
        skip_proxy=members.get("skip_proxy"),
        secrets=_secrets(members),
        skip_connection_test=members.get("skip_connection_test", False),
        credential_expires_at=_time(members.get("credential_expires_at")),
        sets_expiry="credential_expires_at" in members,
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _secrets(members: Mapping[str, Any]) -> dict[str, str]:
    return {name: members[name] for name in _SECRETS if name in members}
