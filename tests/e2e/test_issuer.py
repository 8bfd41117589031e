"""The stack with an issuer of its own, on loopback: no user pool, and tokens that a function of the stack verifies."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import boto3
import pytest
import requests

from local.emulator import CREDENTIALS, REGION, Emulator
from local.stack import BASE_PATH, STACK_NAME, deploy
from tests.unit.api.test_tokens import AUDIENCE, Issuer, serving

pytestmark = pytest.mark.slow(reason="a stack of its own is deployed")


@dataclass(frozen=True)
class Guarded:
    """The deployed API and who makes its tokens."""

    url: str
    issuer: Issuer

    def get(self, path: str, token: str | None) -> requests.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}{BASE_PATH}{path}", headers=headers, timeout=60)


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    with serving() as issuer, Emulator("issuer") as emulator:
        parameters = {"TokenIssuer": issuer.address, "TokenAudience": AUDIENCE}
        outputs = deploy(session, emulator.url, STACK_NAME, parameters)
        assert "UserPoolId" not in outputs
        yield Guarded(f"{emulator.url}/_aws/execute-api/{outputs['ApiId']}/prod", issuer)


def test_a_token_of_the_issuer_lets_in_and_each_route_asks_for_its_own_scope(guarded: Guarded) -> None:
    reader = guarded.issuer.token(scope="openid ticketing/read")
    assert guarded.get("/jira-integrations", reader).json() == {"integrations": []}
    scanner = guarded.issuer.token(scp=["ticketing.register"])
    refused = guarded.get("/jira-integrations", scanner)
    assert (refused.status_code, refused.json()["code"]) == (HTTPStatus.FORBIDDEN, "missing_scope")


def test_without_a_good_token_nobody_gets_in(guarded: Guarded) -> None:
    with serving() as forger:
        forged = forger.token(iss=guarded.issuer.address, scope="ticketing/read")
    other = guarded.issuer.token(aud="another-api", scope="ticketing/read")
    for token in (None, "no-token", forged, other):
        assert guarded.get("/jira-integrations", token).status_code == HTTPStatus.UNAUTHORIZED, token
