"""What 0.1 stored is brought to the lists of 0.2."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from tests.fakes.account import Account
from tests.fakes.samples import NOW, REF, RETENTION, SEEN_IN_PROGRESS, registration, ticket
from tests.fakes.stores import Stores
from ticket_status.aws import dynamo
from ticket_status.core.model import ServedViolations
from ticket_status.core.observations import Deleted, Observed
from ticket_status.core.violations import Resource
from ticket_status.ports.paging import Page
from tools.upgrade import Upgrade

APP = Resource("artifact", "docker/app", "1.0")
OF_TODAY = ("s", "v", "registered_at", "status_since")


@dataclass
class Old:
    """The tables as 0.1 left them."""

    stores: Stores
    client: Any
    tickets: str
    violations: str
    upgrade: Upgrade


@pytest.fixture
def old(mocked: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Old]:
    monkeypatch.setattr(dynamo, "AT_ONCE", 1)  # moto is not made for several threads
    with mock_aws():
        stores = mocked.stores()
        client: Any = mocked.dynamo.client
        names = {name.rpartition("-")[2]: name for name in client.list_tables()["TableNames"]}
        tickets, violations = names["TicketsTable"], names["ViolationsTable"]
        made = Upgrade(mocked.dynamo, tickets, violations, RETENTION)
        yield Old(stores, client, tickets, violations, made)


def turn_back(old: Old) -> None:
    """Take out of the tables what 0.1 did not write."""
    for item in old.client.scan(TableName=old.violations)["Items"]:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == "#head" or pk == "unplaced" or pk.startswith("key#"):
            old.client.delete_item(TableName=old.violations, Key={"pk": item["pk"], "sk": item["sk"]})
            continue
        resources = item.pop("resources", None)
        if resources:
            item["resource"] = {"S": resources["SS"][0]}
        kept = {name: value for name, value in item.items() if not (name[0] == "s" and name[1:].isdigit())}
        kept.pop("registered_at", None)
        old.client.put_item(TableName=old.violations, Item=kept)
    for item in old.client.scan(TableName=old.tickets)["Items"]:
        kept = {name: value for name, value in item.items() if (name not in OF_TODAY and name[0] != "x") or name == "x"}
        if kept.get("x") == {"S": "deleted"}:
            kept.pop("m", None)
        old.client.put_item(TableName=old.tickets, Item=kept)


def _counts_deleted(name: str) -> bool:
    return name[0] == "x" and name[1:].isdigit()


def test_violations_tickets_and_resources_of_0_1_come_to_the_lists(old: Old) -> None:
    stores = old.stores
    one, gone = ticket("1", "JAS-1"), ticket("2", "JAS-2")
    stores.violations.register(
        [registration(one, "XRAY-1", APP), registration(one, "XRAY-2"), registration(gone, "XRAY-1", APP)], NOW
    )
    stores.tickets.record([Observed(one.key, NOW, SEEN_IN_PROGRESS), Deleted(gone.key, NOW, None, gone.created_at)])
    before = stores.violations.heads(["XRAY-1", "XRAY-2"])
    turn_back(old)
    assert stores.violations.heads(["XRAY-1", "XRAY-2"]) == {}
    assert stores.violations.resources(None, 10, None, NOW) == Page([])
    assert {link.resources for link in stores.violations.links(["XRAY-1"])["XRAY-1"]} == {(APP,)}

    assert old.upgrade.run() == {"violations": 2, "resources": 1, "tickets": 2}
    after = stores.violations.heads(["XRAY-1", "XRAY-2"])
    assert {name: (head.tickets, head.placed) for name, head in after.items()} == {
        name: (head.tickets, head.placed) for name, head in before.items()
    }
    assert stores.violations.resources(None, 10, None, NOW) == Page([(APP, 1)])
    assert stores.violations.of_resource(None, 10, None) == Page(["XRAY-2"])
    assert stores.violations.under_key("JAS-1", 10, None) == Page([one.key])
    found = stores.tickets.get_many([one.key])[0][one.key]
    assert found.serves == ServedViolations(("XRAY-1", "XRAY-2"), 2)
    assert stores.tickets.whole_census(REF)[1] == 1

    assert old.upgrade.run().total() == 0
    stores.violations.register([registration(one, "XRAY-1", Resource("build", "app", "7"))], NOW)
    assert len(stores.violations.resources(None, 10, None, NOW).items) == 2
