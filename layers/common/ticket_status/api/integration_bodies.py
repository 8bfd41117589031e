"""Bodies of the routes about integrations: which members each installation and auth type has."""

from collections.abc import Mapping
from typing import Any

from ticket_status.api.bodies import (
    CONNECTION_NAME,
    Flag,
    Members,
    OneOf,
    OrNull,
    Shape,
    Text,
    Time,
    Variants,
    free_text,
    misfit,
    visible_ascii,
)
from ticket_status.core.model import AuthType, InstallationType
from ticket_status.core.toggle import VERSION
from ticket_status.service.administration.editing import Edit
from ticket_status.service.administration.integrations import NewIntegration

_USERNAME = Text(
    "1 to 255 characters without a colon or control characters",
    r"[^:\u0000-\u001f\u007f\ud800-\udfff]{1,255}",
    component="Username",
)
_ADDRESS = free_text(2048, "JiraServerUrl")
_SKIP_TEST = Flag(component="SkipConnectionTest")
_EXPIRY = OrNull(Time(), component="CredentialExpiresAt")

_Credentials = Mapping[str, Shape[str]]
_CLIENT: _Credentials = {
    "client_id": visible_ascii(255, "ClientId"),
    "client_secret": visible_ascii(2048, "ClientSecret"),
}
_CREDENTIALS: Mapping[AuthType, _Credentials] = {
    AuthType.BASIC: {"username": _USERNAME, "password": free_text(2048, "Password")},
    AuthType.PAT: {"token": visible_ascii(2048, "Token")},
    AuthType.OAUTH1: {"consumer_key": visible_ascii(255, "ConsumerKey")},
    AuthType.OAUTH2: _CLIENT,
    AuthType.CLIENT_CREDENTIALS: _CLIENT,
}
_EVERY_CREDENTIAL = {name: shape for credentials in _CREDENTIALS.values() for name, shape in credentials.items()}
_SECRETS = ("password", "token", "client_secret")

SWITCH = Members(dict[str, bool], {"retrieve_jira_tickets": Flag()}, component="EditSettings")
"""The body of the toggle."""


def _apart(members: dict[str, Any]) -> dict[str, Any]:
    """The members with the secrets as one of them."""
    secrets = {name: members.pop(name) for name in _SECRETS if name in members}
    return {**members, "secrets": secrets}


# --- Creation -------------------------------------------------------------------------------------------------------

_INSTALLATIONS = OneOf(tuple(InstallationType), component="InstallationType")
_SERVER_ONLY = OneOf((InstallationType.SERVER,), why=": Jira Cloud has neither pat nor oauth1")
_OPTIONAL: Mapping[str, Shape[object]] = {
    "skip_proxy": Flag(component="SkipProxy"),
    "created_in_version": Text("numbers separated by dots, such as 3.112.3", VERSION, component="Version"),
    "retrieve_jira_tickets": Flag(),
    "skip_connection_test": _SKIP_TEST,
    "credential_expires_at": _EXPIRY,
}


def _required(auth_types: OneOf[AuthType], installations: OneOf[InstallationType]) -> Mapping[str, Shape[object]]:
    return {
        "connection_name": CONNECTION_NAME,
        "installation_type": installations,
        "jira_server_url": _ADDRESS,
        "auth_type": auth_types,
    }


def _new(**members: Any) -> NewIntegration:  # noqa: ANN401 - each is what its shape makes of it
    return NewIntegration(**_apart(members))


def _creation(
    component: str, auth_type: AuthType, installations: OneOf[InstallationType] = _INSTALLATIONS
) -> Members[NewIntegration]:
    required = {**_required(OneOf((auth_type,)), installations), **_CREDENTIALS[auth_type]}
    return Members(_new, required, _OPTIONAL, component=component)


CREATION = Variants(
    "auth_type",
    {
        AuthType.BASIC: _creation("CreateBasicIntegration", AuthType.BASIC),
        AuthType.PAT: _creation("CreatePatIntegration", AuthType.PAT, _SERVER_ONLY),
        AuthType.OAUTH1: _creation("CreateOAuth1Integration", AuthType.OAUTH1, _SERVER_ONLY),
        AuthType.OAUTH2: _creation("CreateOAuth2Integration", AuthType.OAUTH2),
        AuthType.CLIENT_CREDENTIALS: _creation("CreateServiceAccountIntegration", AuthType.CLIENT_CREDENTIALS),
    },
    otherwise=Members(_new, _required(OneOf(tuple(AuthType)), _INSTALLATIONS), {**_OPTIONAL, **_EVERY_CREDENTIAL}),
    component="CreateIntegration",
)
"""The body that creates an integration; its credentials are those of its ``auth_type``."""


# --- Edit -----------------------------------------------------------------------------------------------------------


def _edit(credentials: _Credentials) -> Members[Edit]:
    editable: Mapping[str, Shape[object]] = {
        "jira_server_url": _ADDRESS,
        **credentials,
        "skip_proxy": Flag(),
        "credential_expires_at": _EXPIRY,
    }

    def make(**members: Any) -> Edit:  # noqa: ANN401 - each is what its shape makes of it
        if not editable.keys() & members.keys():
            raise misfit(f"must have at least one of {', '.join(editable)}")
        return Edit(**_apart(members), sets_expiry="credential_expires_at" in members)

    return Members(make, {}, {**editable, "skip_connection_test": _SKIP_TEST}, component="EditIntegration")


EDITS = {auth_type: _edit(credentials) for auth_type, credentials in _CREDENTIALS.items()}
"""The bodies that edit an integration, by its auth type; an empty edit is refused."""

ANY_EDIT = _edit(_EVERY_CREDENTIAL)
"""The same with the credentials of all auth types, as the API document has it."""
