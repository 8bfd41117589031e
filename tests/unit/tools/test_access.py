"""Access to a deployed stack: what a shell is told, and a secret that is changed without an outage."""

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tools.access import AccessError, client_of, exports, new_secret, retire_secret

POOL, CLIENT = "eu-central-1_AbCdEfGhI", "1example23456789"
STACK = {
    "ApiUrl": "https://abc.execute-api.eu-central-1.amazonaws.com/prod",
    "TokenUrl": "https://ticketing.auth.eu-central-1.amazoncognito.com/oauth2/token",
    "UserPoolId": POOL,
    "AdminClientId": CLIENT,
}
OLDER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cognito() -> Any:  # noqa: ANN401 - a client
    """Cognito's own client: what it is asked is checked against AWS's model."""
    return boto3.client(
        "cognito-idp", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none"
    )


def secrets(number: int) -> dict[str, Any]:
    """As Cognito lists them, the newest first."""
    days = reversed(range(number))
    listed = [
        {"ClientSecretId": f"{CLIENT}--{day}", "ClientSecretCreateDate": OLDER + timedelta(days=day)} for day in days
    ]
    return {"ClientSecrets": listed}


WHOSE = {"UserPoolId": POOL, "ClientId": CLIENT}


def test_a_client_gets_a_second_secret_while_the_first_stays_good(cognito: Any) -> None:  # noqa: ANN401
    with Stubber(cognito) as stub:
        stub.add_response("list_user_pool_client_secrets", secrets(1), WHOSE)
        made = {"ClientSecretDescriptor": {"ClientSecretId": f"{CLIENT}--1", "ClientSecretValue": "n" * 30}}
        stub.add_response("add_user_pool_client_secret", made, WHOSE)
        assert new_secret(cognito, POOL, CLIENT) == "n" * 30
        stub.assert_no_pending_responses()


def test_the_older_one_is_retired_and_never_the_only_one(cognito: Any) -> None:  # noqa: ANN401
    with Stubber(cognito) as stub:
        stub.add_response("list_user_pool_client_secrets", secrets(2), WHOSE)
        stub.add_response("delete_user_pool_client_secret", {}, {**WHOSE, "ClientSecretId": f"{CLIENT}--0"})
        retire_secret(cognito, POOL, CLIENT)
        stub.add_response("list_user_pool_client_secrets", secrets(1), WHOSE)
        with pytest.raises(AccessError, match="make a new one first"):
            retire_secret(cognito, POOL, CLIENT)
        stub.add_response("list_user_pool_client_secrets", secrets(2), WHOSE)
        with pytest.raises(AccessError, match="retire the older one first"):
            new_secret(cognito, POOL, CLIENT)
        stub.assert_no_pending_responses()


def test_a_shell_is_told_all_that_it_needs_and_nothing_that_it_would_obey() -> None:
    lines = exports(STACK, CLIENT, "se cret; rm -rf '~'", "token").splitlines()
    told = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    assert told["API"] == f"{STACK['ApiUrl']}/api/v1/ticketing"
    assert told["TICKET_STATUS_CLIENT_SECRET"] == "se cret; rm -rf '~'"
    assert told["TOKEN"] == "token"
    assert len(told) == 6


def test_where_there_is_no_such_client_it_says_which_parameter_makes_it() -> None:
    assert client_of(STACK, "admin") == (POOL, CLIENT)
    with pytest.raises(AccessError, match="ApiClients=all"):
        client_of(STACK, "registrar")
    with pytest.raises(AccessError, match="TokenIssuer"):
        client_of({"ApiUrl": "x"}, "admin")
