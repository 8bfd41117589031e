"""Sync runs in DynamoDB: one item per run, moved step by step, and items for what its steps did not find."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import asdict
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ticket_status.aws.dynamo import Dynamo, either, insist, listed, same
from ticket_status.aws.integrations.table import ATTENTION, IntegrationRow, due_members, is_still
from ticket_status.aws.runs.item import (
    MISSING_PREFIX,
    RUN_PREFIX,
    MissingRow,
    RunRow,
    add_counts,
    missing_of,
    missing_parts,
    run_of,
    slice_map,
    stored_unproven,
)
from ticket_status.core.missing import MissingTickets
from ticket_status.core.model import Counts, Integration, RunState, Slice, SliceProgress, SyncRun
from ticket_status.core.observations import SliceStep
from ticket_status.core.runs import of_all_tickets
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page
from ticket_status.ports.runs import SliceTakenError

KEPT = timedelta(days=90)
"""How long the ledger keeps a run."""


class DynamoRunStore:
    """The ``RunStore``. It also writes the integrations' table, where a new run becomes the active one."""

    def __init__(self, dynamo: Dynamo, runs_table: str, integrations_table: str) -> None:
        self._dynamo = dynamo
        self._table_name = runs_table
        self._rows = dynamo.bind(RunRow, runs_table)
        self._missing = dynamo.bind(MissingRow, runs_table)
        self._integrations = dynamo.bind(IntegrationRow, integrations_table)

    def begin(self, run: SyncRun, integration: Integration) -> bool:
        """One transaction over run and integration."""
        active: list[Action] = [
            IntegrationRow.active_run_id.set(run.run_id),
            IntegrationRow.last_run_id.set(run.run_id),
            IntegrationRow.attention.set(ATTENTION),
            *([IntegrationRow.due.remove()] if of_all_tickets(run.trigger) else []),
        ]

        def fill(write: TransactWrite) -> None:
            write.save(self._row_of(run), RunRow.run_id.does_not_exist())
            row = self._integrations(integration.connection_name)
            write.update(row, active, _none_began_since(integration))

        return self._dynamo.transact(fill, run.run_id)

    def add(self, run: SyncRun) -> None:
        """One conditional PutItem."""
        self._row_of(run).save(RunRow.run_id.does_not_exist())

    def get(self, integration_ref: str, run_id: str) -> SyncRun | None:
        """One consistent GetItem."""
        try:
            return run_of(self._rows.get(integration_ref, RUN_PREFIX + run_id, consistent_read=True))
        except DoesNotExist:
            return None

    def page(self, integration_ref: str, limit: int, token: str | None = None) -> Page[SyncRun]:
        """One query, backwards."""
        items, more = listed(self._newest(integration_ref, limit + 1, token), limit)
        runs = [run_of(self._rows.from_raw_data(dict(item))) for item in items]
        return Page(runs, write_token(integration_ref, runs[-1].run_id) if more else None)

    def get_many(self, runs: Collection[tuple[str, str]]) -> dict[tuple[str, str], SyncRun]:
        """One BatchGetItem per 100."""
        keys = [{"integration_ref": {"S": ref}, "run_id": {"S": RUN_PREFIX + run_id}} for ref, run_id in set(runs)]
        found = self._dynamo.batch_get(self._table_name, keys)
        kept = [run_of(self._rows.from_raw_data(dict(item))) for item in found]
        return {(run.integration_ref, run.run_id): run for run in kept}

    def latest(self, integration_ref: str) -> SyncRun | None:
        """One query of one item."""
        items = self._newest(integration_ref, 1)["Items"]
        return next((run_of(self._rows.from_raw_data(dict(item))) for item in items), None)

    def _newest(self, integration_ref: str, most: int, token: str | None = None) -> Mapping[str, Any]:
        request: dict[str, Any] = {
            "TableName": self._table_name,
            "KeyConditionExpression": "integration_ref = :ref AND begins_with(run_id, :run)",
            "ExpressionAttributeValues": {":ref": {"S": integration_ref}, ":run": {"S": RUN_PREFIX}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": most,
        }
        if token is not None:
            last = RUN_PREFIX + read_token(integration_ref, token)
            request["ExclusiveStartKey"] = {"integration_ref": {"S": integration_ref}, "run_id": {"S": last}}
        return self._dynamo.client.query(**request)

    def advance(self, run: SyncRun, name: str, step: SliceStep, now: datetime) -> SyncRun | None:
        """One update; a transaction when the step missed tickets."""
        slice_ = RunRow.slices[name]
        actions = [
            slice_["s"].set(step.number + 1),
            slice_["c"].set(step.cursor),
            slice_["d"].set(step.done),
            *([] if step.tally is None else [slice_["y"].set(json.dumps(dict(step.tally)))]),
            RunRow.state.set(RunState.RUNNING.value),
            RunRow.updated_at.set(now),
            RunRow.paused_until.remove(),
            RunRow.asked.add(step.asked),
            RunRow.vanished.add(len(step.vanished)),
            RunRow.missing.add(len(step.vanished) + len(step.hidden)),
            RunRow.slices_open.add(-1 if step.done else 0),
            *add_counts(step.counts, step.jira_requests),
        ]
        rows = [
            self._missing_row(run, key, MissingTickets(key, tuple(ticket_ids)))
            for key, ticket_ids in missing_parts(run, name, step)
        ]
        written = self._write(run, actions, _open() & (slice_["s"] == step.number), rows)
        if written is None:
            self._tell_why(run, name, step)
        return written

    def join(self, run: SyncRun, name: str, part: Slice, tickets: int) -> SyncRun | None:
        """One update; ``None`` also when the run has a slice of that name."""
        actions = [
            RunRow.slices[name].set(slice_map(SliceProgress(part))),
            RunRow.slices_open.add(1),
            RunRow.tickets_total.add(tickets),
        ]
        retrieving = _open() & (RunRow.slices_open > 0) & RunRow.slices[name].does_not_exist()
        return self._write(run, actions, retrieving)

    def conclude(  # noqa: PLR0913 - one transaction
        self,
        run: SyncRun,
        judged: MissingTickets,
        left: MissingTickets,
        *,
        counts: Counts,
        jira_requests: int,
        now: datetime,
    ) -> bool:
        """One transaction over run and part."""
        key = f"{MISSING_PREFIX}{run.run_id}#{judged.part}"
        unwritten = MissingRow.version == judged.version
        actions = [RunRow.updated_at.set(now), *add_counts(counts, jira_requests)]

        def fill(write: TransactWrite) -> None:
            if left.ticket_ids:
                write.save(self._missing_row(run, key, left, judged.version + 1), unwritten)
            else:
                write.delete(self._missing(run.integration_ref, key), unwritten)
            write.update(self._row(run), actions, RunRow.run_id.exists())

        return self._dynamo.transact(fill, run.run_id)

    def spend(self, run: SyncRun, jira_requests: int) -> None:
        """One update."""
        self._write(run, [RunRow.jira_requests.add(jira_requests)], RunRow.run_id.exists())

    def pause(self, run: SyncRun, until: datetime) -> None:
        """One conditional update."""
        actions = [RunRow.state.set(RunState.PAUSED.value), RunRow.paused_until.set(until)]
        self._write(run, actions, _open())

    def close(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        """One conditional update."""
        actions = [
            RunRow.state.set(state.value),
            RunRow.updated_at.set(now),
            RunRow.completed_at.set(now),
            RunRow.paused_until.remove(),
            RunRow.error.remove() if error is None else RunRow.error.set(error),
        ]
        return self._write(run, actions, _open())

    def missing(self, run: SyncRun) -> Iterator[MissingTickets]:
        """One query, page after page."""
        prefix = f"{MISSING_PREFIX}{run.run_id}#"
        items = self._dynamo.items(
            TableName=self._table_name,
            KeyConditionExpression="integration_ref = :ref AND begins_with(run_id, :run)",
            ExpressionAttributeValues={":ref": {"S": run.integration_ref}, ":run": {"S": prefix}},
            ConsistentRead=True,
        )
        return (missing_of(self._missing.from_raw_data(dict(item)), prefix) for item in items)

    def _missing_row(self, run: SyncRun, key: str, part: MissingTickets, version: int = 0) -> MissingRow:
        return self._missing(
            run.integration_ref,
            key,
            ticket_ids=list(part.ticket_ids),
            unproven=stored_unproven(part.unproven),
            version=version,
            expires_at=run.started_at + KEPT,
        )

    def _row(self, run: SyncRun) -> RunRow:
        return self._rows(run.integration_ref, RUN_PREFIX + run.run_id)

    def _row_of(self, run: SyncRun) -> RunRow:
        return self._rows(
            run.integration_ref,
            RUN_PREFIX + run.run_id,
            trigger=run.trigger.value,
            started_at=run.started_at,
            state=run.state.value,
            updated_at=run.updated_at,
            completed_at=run.completed_at,
            paused_until=run.paused_until,
            error=run.error,
            tickets_total=run.tickets_total,
            asked=run.asked,
            vanished=run.vanished,
            missing=run.missing,
            jira_requests=run.jira_requests,
            **asdict(run.counts),
            slices={name: slice_map(progress) for name, progress in run.slices.items()},
            slices_open=sum(not progress.done for progress in run.slices.values()),
            expires_at=run.started_at + KEPT,
        )

    def _write(
        self, run: SyncRun, actions: Sequence[Action], condition: Condition, beside: Sequence[MissingRow] = ()
    ) -> SyncRun | None:
        """The run afterwards; ``None`` if the condition does not hold."""
        row = self._row(run)
        if not beside:
            return run_of(row) if insist(lambda: row.update(list(actions), condition), run.run_id) else None

        def fill(write: TransactWrite) -> None:
            write.update(row, list(actions), condition)
            for other in beside:
                write.save(other)

        return self.get(run.integration_ref, run.run_id) if self._dynamo.transact(fill, run.run_id) else None

    def _tell_why(self, run: SyncRun, name: str, step: SliceStep) -> None:
        """Distinguish a step already written (raises ``SliceTakenError``) from a closed run."""
        stored = self.get(run.integration_ref, run.run_id)
        if stored is not None and stored.state.open:
            raise SliceTakenError(f"{run.run_id}: step {step.number} of slice {name} was written already")


def _open() -> Condition:
    condition: Condition = RunRow.state.is_in(RunState.RUNNING.value, RunState.PAUSED.value)
    return condition


def _none_began_since(integration: Integration) -> Condition:
    """No run, or only the one known when the integration was read, is active; and nothing else is due."""
    active = IntegrationRow.active_run_id
    free: Condition = active.does_not_exist()
    if integration.active_run_id is not None:
        free = either(free, active == integration.active_run_id)
    as_due: Condition = same(IntegrationRow.due, due_members(integration.due))
    both: Condition = is_still(integration) & free & as_due
    return both


_POINTS_KEPT = timedelta(days=2)


class DynamoPointsLedger:
    """The hourly points of OAuth apps: an item of the same table per app and hour, one atomic write per call."""

    def __init__(self, dynamo: Dynamo, sync_runs_table: str) -> None:
        self._dynamo = dynamo
        self._table = sync_runs_table

    def spend(self, app: str, hour: datetime, points: int) -> int:
        """Add to an app's points of an hour; how many were spent in it by now."""
        answer = self._dynamo.client.update_item(
            TableName=self._table,
            Key={"integration_ref": {"S": f"points#{app}"}, "run_id": {"S": f"{hour:%Y-%m-%dT%H}"}},
            UpdateExpression="ADD spent :points SET expires_at = :expires",
            ExpressionAttributeValues={
                ":points": {"N": str(points)},
                ":expires": {"N": str(int((hour + _POINTS_KEPT).timestamp()))},
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["spent"]["N"])
