"""The ``RunStore`` in memory."""

from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec.structs import replace

from tests.fakes.integrations import InMemoryIntegrationStore
from ticket_status.core.missing import MissingTickets
from ticket_status.core.model import Counts, Integration, RunState, Slice, SliceProgress, SyncRun
from ticket_status.core.observations import SliceStep
from ticket_status.core.runs import of_all_tickets
from ticket_status.paging import read_token, write_token
from ticket_status.ports.paging import Page
from ticket_status.ports.runs import SliceTakenError


class InMemoryRunStore:
    """Runs by integration and id, and what their steps did not find."""

    def __init__(self, integrations: InMemoryIntegrationStore) -> None:
        self.stored: dict[tuple[str, str], SyncRun] = {}
        self._integrations = integrations
        self._missing: dict[tuple[str, str], dict[str, MissingTickets]] = {}

    def begin(self, run: SyncRun, integration: Integration) -> bool:
        of_all = of_all_tickets(run.trigger)
        if _id(run) in self.stored or not self._integrations.begin_run(integration, run.run_id, of_all=of_all):
            return False
        self.stored[_id(run)] = run
        return True

    def add(self, run: SyncRun) -> None:
        assert _id(run) not in self.stored
        self.stored[_id(run)] = run

    def get(self, integration_ref: str, run_id: str) -> SyncRun | None:
        return self.stored.get((integration_ref, run_id))

    def page(self, integration_ref: str, limit: int, token: str | None = None) -> Page[SyncRun]:
        last = None if token is None else read_token(integration_ref, token)
        ids = sorted((id_ for ref, id_ in self.stored if ref == integration_ref), reverse=True)
        older = [id_ for id_ in ids if last is None or id_ < last]
        following = write_token(integration_ref, older[limit - 1]) if len(older) > limit else None
        return Page([self.stored[integration_ref, id_] for id_ in older[:limit]], following)

    def get_many(self, runs: Collection[tuple[str, str]]) -> dict[tuple[str, str], SyncRun]:
        return {id_: self.stored[id_] for id_ in runs if id_ in self.stored}

    def latest(self, integration_ref: str) -> SyncRun | None:
        return next(iter(self.page(integration_ref, 1).items), None)

    def advance(self, run: SyncRun, name: str, step: SliceStep, now: datetime) -> SyncRun | None:
        stored = self._open(run)
        if stored is None:
            return None
        progress = stored.slices.get(name)
        if progress is None or progress.step != step.number:
            raise SliceTakenError(name)
        for rank, ticket_ids in (("0", step.vanished), ("1", step.hidden)):
            if ticket_ids:
                part = f"{rank}#{name}#{step.number}"
                self._missing.setdefault(_id(run), {})[part] = MissingTickets(part, ticket_ids)
        tally = progress.tally if step.tally is None else step.tally
        moved = SliceProgress(progress.slice, step.number + 1, step.cursor, step.done, tally)
        return self._store(
            replace(
                _counted(stored, step.counts, step.jira_requests),
                state=RunState.RUNNING,
                updated_at=now,
                paused_until=None,
                asked=stored.asked + step.asked,
                vanished=stored.vanished + len(step.vanished),
                missing=stored.missing + len(step.vanished) + len(step.hidden),
                slices={**stored.slices, name: moved},
            )
        )

    def join(self, run: SyncRun, name: str, part: Slice, tickets: int) -> SyncRun | None:
        stored = self._open(run)
        if stored is None or name in stored.slices or all(one.done for one in stored.slices.values()):
            return None
        slices = {**stored.slices, name: SliceProgress(part)}
        return self._store(replace(stored, slices=slices, tickets_total=stored.tickets_total + tickets))

    def conclude(  # noqa: PLR0913 - as the port has it
        self,
        run: SyncRun,
        judged: MissingTickets,
        left: MissingTickets,
        *,
        counts: Counts,
        jira_requests: int,
        now: datetime,
    ) -> bool:
        parts = self._missing.get(_id(run), {})
        if judged.part not in parts or parts[judged.part].version != judged.version:
            return False
        del parts[judged.part]
        if left.ticket_ids:
            parts[judged.part] = replace(left, version=judged.version + 1)
        self._store(replace(_counted(self.stored[_id(run)], counts, jira_requests), updated_at=now))
        return True

    def spend(self, run: SyncRun, jira_requests: int) -> None:
        if _id(run) in self.stored:
            self._store(_counted(self.stored[_id(run)], Counts(), jira_requests))

    def pause(self, run: SyncRun, until: datetime) -> None:
        stored = self._open(run)
        if stored is not None:
            self._store(replace(stored, state=RunState.PAUSED, paused_until=until))

    def close(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> SyncRun | None:
        stored = self._open(run)
        return stored and self._store(
            replace(stored, state=state, updated_at=now, completed_at=now, paused_until=None, error=error)
        )

    def missing(self, run: SyncRun) -> Iterator[MissingTickets]:
        return iter([part for _, part in sorted(self._missing.get(_id(run), {}).items())])

    def _open(self, run: SyncRun) -> SyncRun | None:
        stored = self.stored.get(_id(run))
        return stored if stored and stored.state.open else None

    def _store(self, run: SyncRun) -> SyncRun:
        self.stored[_id(run)] = run
        return run


def _id(run: SyncRun) -> tuple[str, str]:
    return run.integration_ref, run.run_id


def _counted(run: SyncRun, counts: Counts, jira_requests: int) -> SyncRun:
    return replace(run, counts=run.counts + counts, jira_requests=run.jira_requests + jira_requests)
