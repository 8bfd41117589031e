"""Credentials: written, read, destroyed."""

from tests.fakes.samples import REF
from tests.fakes.stores import Stores


def test_secrets_are_read_as_they_were_written(stores: Stores) -> None:
    assert stores.secrets.read(REF) is None
    stores.secrets.write(REF, {"password": "päss", "token": "t"})
    assert stores.secrets.read(REF) == {"password": "päss", "token": "t"}


def test_secrets_are_replaced_whole(stores: Stores) -> None:
    stores.secrets.write(REF, {"password": "one", "token": "t"})
    stores.secrets.write(REF, {"password": "two"})
    assert stores.secrets.read(REF) == {"password": "two"}


def test_destroyed_secrets_are_gone_and_can_be_destroyed_again(stores: Stores) -> None:
    stores.secrets.write(REF, {"password": "one"})
    stores.secrets.destroy(REF)
    stores.secrets.destroy(REF)
    assert stores.secrets.read(REF) is None
