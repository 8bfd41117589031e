"""The same stores three times: in memory, in DynamoDB as moto has it, and in DynamoDB as the embedded AWS has it."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from local.emulator import Emulator
from local.gate.settings import GateSettings
from tests.fakes.account import Account
from tests.fakes.stores import InMemory, Stores
from ticket_status.aws import dynamo

LAG_SECONDS = 0.3
"""Of the embedded AWS's indexes: short, since these tests wait for them."""


@pytest.fixture(scope="session")
def emulated() -> Iterator[Account]:
    """The embedded AWS, with nothing deployed on it."""
    with Emulator("contract-tests", gate=GateSettings(lag_seconds=LAG_SECONDS)) as running:
        yield Account(running.url, LAG_SECONDS)


@pytest.fixture(scope="session")
def mocked() -> Account:
    """An account whose clients work within ``mock_aws`` only."""
    return Account()


@pytest.fixture(params=["memory", "moto", "emulator"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """Empty stores of each kind."""
    match request.param:
        case "memory":
            yield InMemory()
        case "moto":
            monkeypatch.setattr(dynamo, "AT_ONCE", 1)  # moto is not made for several threads
            account: Account = request.getfixturevalue("mocked")
            with mock_aws():
                yield account.stores()
        case _:
            account = request.getfixturevalue("emulated")
            yield account.stores()
