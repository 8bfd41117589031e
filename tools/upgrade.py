"""Bring what 0.1 stored into the form of 0.2: heads of violations, counted resources, tickets by key.

``python -m tools.upgrade [--stack-name NAME]``, or ``make upgrade``. It reads both tables once, writes only what is
missing, and can be repeated; what is written at the same moment is left alone. It talks to the AWS account of the
environment, and to the embedded AWS when ``AWS_ENDPOINT_URL`` says so.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import boto3
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import CLIENT_CONFIG, Dynamo, Item, attempt, has_version, same
from ticket_status.aws.tickets.table import TicketRow, TicketTable, day_of, deleted_partition, is_ticket, serves
from ticket_status.aws.violations.table import (
    CATALOGUE,
    HEAD,
    RESOURCE,
    VIOLATION,
    CatalogueRow,
    HeadRow,
    ViolationTable,
    expiry_counter,
    expiry_of,
    read_resource,
)
from ticket_status.core.model import MOST_SHOWN_VIOLATIONS, Absence, TicketKey
from ticket_status.core.violations import head_of

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action


class Upgrade:
    """Writes what 0.1 did not store."""

    def __init__(self, dynamo: Dynamo, tickets_table: str, violations_table: str, retention: timedelta) -> None:
        self._dynamo = dynamo
        self._tickets = TicketTable(dynamo, tickets_table, retention)
        self._violations = ViolationTable(dynamo, violations_table, retention)

    def run(self) -> Counter[str]:
        """What was written, by kind."""
        written: Counter[str] = Counter()
        for pk, group in groupby(self._scan(self._violations.name), key=lambda item: str(item["pk"]["S"])):
            items = list(group)  # a scan has all items of a partition one after another
            if pk.startswith(VIOLATION):
                written["violations"] += self._violation(pk.removeprefix(VIOLATION), items)
            elif pk.startswith(RESOURCE):
                written["resources"] += self._resource(pk.removeprefix(RESOURCE), items)
        for item in self._scan(self._tickets.name):
            if "issue_key" in item and "registered_at" not in item:
                written["tickets"] += self._ticket(self._tickets.tickets.from_raw_data(dict(item)))
        return written

    def _scan(self, table: str) -> Iterator[Item]:
        return self._dynamo.scan(TableName=table, ConsistentRead=True)

    def _violation(self, violation_id: str, items: Sequence[Item]) -> bool:
        """Its head, as its links say, and, without a resource, its place among those."""
        links = [self._violations.link(item) for item in items if item["sk"]["S"] != HEAD]
        known = self._violations.heads([violation_id]).get(violation_id)
        if not links or (known is not None and known.head.tickets == len(links)):
            return False
        head, version = head_of(violation_id, links), 0 if known is None else known.version
        row = self._violations.head_row(head, version + 1)
        if not attempt(lambda: row.save(has_version(HeadRow.version, version))):
            return False
        if not head.placed:
            until = self._violations.shared_expiry(head.created_at)
            self._violations.membership_row(None, violation_id, until).save()
        return True

    def _resource(self, name: str, memberships: Sequence[Item]) -> bool:
        """The number of its violations, by when they expire."""
        ends = Counter(map(expiry_of, memberships))
        entry = self._violations.read({(CATALOGUE, name)}).get((CATALOGUE, name), {})
        actions: list[Action] = []
        condition: Condition = CatalogueRow.pk.exists()
        for until, number in ends.items():
            counter = expiry_counter(until)
            known = entry.get(counter.attr_name)
            if known is None or int(known["N"]) != number:
                actions.append(counter.set(number))
                condition &= same(counter, None if known is None else int(known["N"]))
        row = self._violations.catalogue_row(read_resource(name))
        return bool(actions) and attempt(lambda: row.update(actions, condition))

    def _ticket(self, row: TicketRow) -> bool:
        """The violations that it serves, its key, and the census of what was deleted."""
        key = TicketKey(row.integration_ref, row.ticket_id)
        served = sorted(self._violations.violations_of(key))
        if "served" in row.attribute_values and int(row.served) >= len(served):
            return False
        actions: list[Action] = [TicketRow.served.set(len(served))]
        if served:
            actions.append(TicketRow.violations.set(set(served[:MOST_SHOWN_VIOLATIONS])))
        if _uncounted(row):
            actions.append(TicketRow.month.set(deleted_partition(row.integration_ref)))
        return self._dynamo.transact_once(partial(self._write_ticket, row, actions))

    def _write_ticket(self, row: TicketRow, actions: list["Action"], write: TransactWrite) -> None:
        key = TicketKey(row.integration_ref, row.ticket_id)
        write.update(self._tickets.tickets(row.integration_ref, row.ticket_id), actions, is_ticket() & serves(row))
        write.save(self._violations.key_row(row.issue_key, key, row.created_at))
        if _uncounted(row):
            self._tickets.count(write, row.integration_ref, [], [(day_of(row.created_at), 1)])


def _uncounted(row: TicketRow) -> bool:
    """Whether it is a deleted ticket that no census counts yet."""
    return bool(row.absence == Absence.DELETED.value and not row.month)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrade", description="Upgrade what 0.1 stored.")
    parser.add_argument("--stack-name", default="ticket-status")
    options = parser.parse_args(arguments)
    cloudformation = boto3.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=options.stack_name)["Stacks"][0]
    days = next(one["ParameterValue"] for one in stack["Parameters"] if one["ParameterKey"] == "TicketRetentionDays")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=options.stack_name)
    names = {
        one["LogicalResourceId"]: one["PhysicalResourceId"] for page in pages for one in page["StackResourceSummaries"]
    }
    dynamo = Dynamo(boto3.client("dynamodb", config=CLIENT_CONFIG))
    written = Upgrade(dynamo, names["TicketsTable"], names["ViolationsTable"], timedelta(days=int(days))).run()
    print(
        f"upgraded {written['violations']} violations, {written['resources']} resources, {written['tickets']} tickets"
    )


if __name__ == "__main__":
    main()
