"""How to call the API of a deployed stack, and a new secret for one of its app clients without an outage.

``python -m tools.access``, or ``make access``, prints lines for a shell: the API's address, a token of an hour, and all
that the command line ``ticket-status`` reads. ``--new-secret`` gives the client a second secret; both are good until
``--retire-secret`` deletes the older one. It talks to the AWS account of the environment.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import boto3
import requests

from tools.dead_letters import outputs

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

CLIENTS: Final = {"admin": "AdminClientId", "viewer": "ViewerClientId", "registrar": "RegistrarClientId"}
TIMEOUT_SECONDS: Final = 20


class AccessError(Exception):
    """Raised when the stack has no such client, or its secrets are not as expected; the text says what to do."""


class Secrets(Protocol):
    """What is needed of Cognito to change a client's secret."""

    def add_user_pool_client_secret(self, *, UserPoolId: str, ClientId: str) -> Any:  # noqa: ANN401, N803 - AWS's names
        """Make a second one."""

    def list_user_pool_client_secrets(self, *, UserPoolId: str, ClientId: str) -> Any:  # noqa: ANN401, N803
        """Those there are, without their values."""

    def delete_user_pool_client_secret(self, *, UserPoolId: str, ClientId: str, ClientSecretId: str) -> Any:  # noqa: ANN401, N803
        """Delete one."""


def client_of(stack: Mapping[str, str], name: str) -> tuple[str, str]:
    """The user pool and the id of a client. Raises ``AccessError``."""
    if "UserPoolId" not in stack:
        raise AccessError("this stack accepts the tokens of your own issuer (TokenIssuer): get one there")
    if CLIENTS[name] not in stack:
        raise AccessError(f"this stack has no client {name}: deploy it with the parameter ApiClients=all")
    return stack["UserPoolId"], stack[CLIENTS[name]]


def new_secret(cognito: Secrets, pool: str, client: str) -> str:
    """A second secret, shown only once; the first stays valid. Raises ``AccessError`` if there are already two."""
    if len(_ids(cognito, pool, client)) > 1:
        raise AccessError("the client already has two secrets: retire the older one first")
    answer = cognito.add_user_pool_client_secret(UserPoolId=pool, ClientId=client)
    return str(answer["ClientSecretDescriptor"]["ClientSecretValue"])


def retire_secret(cognito: Secrets, pool: str, client: str) -> None:
    """Delete the older of two. Raises ``AccessError`` when there is only one."""
    ids = _ids(cognito, pool, client)
    if len(ids) < 2:  # noqa: PLR2004 - the older of two
        raise AccessError(
            "the client has only one secret: make a new one first, and give it to everyone who uses the client"
        )
    cognito.delete_user_pool_client_secret(UserPoolId=pool, ClientId=client, ClientSecretId=ids[0])


def _ids(cognito: Secrets, pool: str, client: str) -> list[str]:
    """The oldest first."""
    found = cognito.list_user_pool_client_secrets(UserPoolId=pool, ClientId=client)["ClientSecrets"]
    return [one["ClientSecretId"] for one in sorted(found, key=lambda one: one["ClientSecretCreateDate"])]


def exports(stack: Mapping[str, str], client: str, secret: str, token: str) -> str:
    """Lines for ``eval`` in a shell."""
    values = {
        "API": f"{stack['ApiUrl']}/api/v1/ticketing",
        "TOKEN": token,
        "TICKET_STATUS_API_URL": stack["ApiUrl"],
        "TICKET_STATUS_CLIENT_ID": client,
        "TICKET_STATUS_CLIENT_SECRET": secret,
        "TICKET_STATUS_TOKEN_URL": stack.get("TokenUrl", ""),
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items() if value)


def fetch_token(token_url: str, client: str, secret: str) -> str:
    """A token of all the client's scopes."""
    answer = requests.post(
        token_url, data={"grant_type": "client_credentials"}, auth=(client, secret), timeout=TIMEOUT_SECONDS
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _secret(cognito: "CognitoIdentityProviderClient", pool: str, client: str) -> str:
    described = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)
    return described["UserPoolClient"]["ClientSecret"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.access", description="Call the API of a deployed stack.")
    parser.add_argument("--stack-name", default="ticket-status")
    parser.add_argument("--client", choices=sorted(CLIENTS), default="admin")
    parser.add_argument("--new-secret", action="store_true", help="give the client a second secret, and print it")
    parser.add_argument("--retire-secret", action="store_true", help="delete the older of its two secrets")
    options = parser.parse_args(arguments)
    cognito = boto3.client("cognito-idp")
    try:
        stack = outputs(boto3.client("cloudformation"), options.stack_name)
        pool, client = client_of(stack, options.client)
        if options.new_secret:
            print(new_secret(cognito, pool, client))
        elif options.retire_secret:
            retire_secret(cognito, pool, client)
        else:
            secret = _secret(cognito, pool, client)
            token = fetch_token(stack["TokenUrl"], client, secret) if "TokenUrl" in stack else ""
            print(exports(stack, client, secret, token))
    except AccessError as error:
        sys.exit(f"access: {error}")


if __name__ == "__main__":
    main()
