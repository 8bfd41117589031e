"""Faults to plant in the system, each in one place: the model has to find every one of them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import tickets as fakes
from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.runs import InMemoryRunStore
from tests.fakes.tickets import InMemoryTicketStore
from ticket_status.core import health, runs
from ticket_status.core.judgement import Evidence, Found, Verdict
from ticket_status.core.model import Due, Health, Integration, ReasonCode, Slice, SyncRun, Ticket, Trouble
from ticket_status.core.observations import SliceStep
from ticket_status.core.trouble import Refused, Throttled
from ticket_status.core.window import END, Coverage
from ticket_status.service.retrieval import new_tickets, proof, verdict, worker
from ticket_status.service.retrieval.asking import Retrieval
from ticket_status.service.retrieval.site_health import SiteHealth
from ticket_status.service.tickets.registration import RegisterTickets

Plant = Callable[[pytest.MonkeyPatch], None]


def older_observations_replace_newer_ones(planted: pytest.MonkeyPatch) -> None:
    """In the store: R12's condition is dropped."""
    planted.setattr(fakes, "_older", lambda _stored, _at: True)


def deleted_is_not_for_good(planted: pytest.MonkeyPatch) -> None:
    """In the store: an observation brings a deleted ticket back."""
    record = InMemoryTicketStore._record  # noqa: SLF001 - a fault is planted where it would be

    def forgetting(store: InMemoryTicketStore, observation: Any) -> bool:  # noqa: ANN401 - any observation
        stored = store.stored.get(observation.key)
        if stored is not None:
            store.stored[observation.key] = replace(stored, absence=None)
        return record(store, observation)

    planted.setattr(InMemoryTicketStore, "_record", forgetting)


def links_stay_behind_when_a_key_gets_its_id(planted: pytest.MonkeyPatch) -> None:
    """In the store."""
    planted.setattr(InMemoryTicketStore, "_move_links", lambda *_: None)


def a_step_is_written_twice(planted: pytest.MonkeyPatch) -> None:
    """In the store: the lock on a slice's step is dropped."""
    advance = InMemoryRunStore.advance

    def unlocked(store: InMemoryRunStore, run: SyncRun, name: str, step: SliceStep, now: datetime) -> SyncRun | None:
        stored = store.get(run.integration_ref, run.run_id)
        number = stored.slices[name].step if stored is not None else step.number
        return advance(store, run, name, replace(step, number=number), now)

    planted.setattr(InMemoryRunStore, "advance", unlocked)


def switching_on_is_not_dated(planted: pytest.MonkeyPatch) -> None:
    """In the store: what was seen before switching on is shown again at once (R6)."""
    switch = InMemoryIntegrationStore.switch

    def undated(
        store: InMemoryIntegrationStore, integration: Integration, *, on: bool, now: datetime
    ) -> Integration | None:
        del now
        return switch(store, integration, on=on, now=integration.enabled_since)

    planted.setattr(InMemoryIntegrationStore, "switch", undated)


def coverage_counts_for_tickets_that_came_later(planted: pytest.MonkeyPatch) -> None:
    """In the store: a range's time counts also for what was not compared in it."""
    raise_coverage = InMemoryTicketStore.raise_coverage

    def boundless(  # noqa: PLR0913, PLR0917 - as the port has it
        store: InMemoryTicketStore, ref: str, start: str, end: str, seen_at: datetime, since: datetime
    ) -> None:
        del since
        raise_coverage(store, ref, start, end, seen_at, seen_at)

    planted.setattr(InMemoryTicketStore, "raise_coverage", boundless)


def what_vanished_is_deleted_without_proof(planted: pytest.MonkeyPatch) -> None:
    """In the decision of R7."""

    def careless(_ticket: Ticket, evidence: Evidence, _now: datetime) -> Verdict | Found:
        return evidence.issue if isinstance(evidence.issue, Found) else Verdict.DELETED

    planted.setattr(proof, "judge", careless)


def the_account_is_not_proven_once_more(planted: pytest.MonkeyPatch) -> None:
    """In the proof: what was concluded counts although nobody asked who we were after it (R7)."""
    planted.setattr(proof.Proof, "_doubt", lambda *_: None)


def however_many_vanish_each_is_judged(planted: pytest.MonkeyPatch) -> None:
    """In the decision of R8."""
    planted.setattr(verdict, "implausible", lambda _missing, _asked: False)


def throttling_breaks(planted: pytest.MonkeyPatch) -> None:
    """In the decision of R11."""
    met = SiteHealth.met

    def breaking(keeper: SiteHealth, integration: Integration, trouble: Any, good_at: Any = None) -> Any:  # noqa: ANN401 - as it is
        refused = Refused(ReasonCode.JIRA_ERROR, "429")
        return met(keeper, integration, refused if isinstance(trouble, Throttled) else trouble, good_at)

    planted.setattr(SiteHealth, "met", breaking)


def one_failing_try_breaks(planted: pytest.MonkeyPatch) -> None:
    """In the decision of R9."""
    planted.setattr(health, "LASTING_TRIES", 1)
    planted.setattr(health, "LASTING_TIME", timedelta())


def nobody_holds_off(planted: pytest.MonkeyPatch) -> None:
    """In the decisions of how work goes on: a pause is not looked at."""
    planted.setattr(runs, "pause_end", lambda _integration, _now: None)


def what_was_missed_counts_as_seen(planted: pytest.MonkeyPatch) -> None:
    """In the retrieval: tickets without an answer are not noted."""
    planted.setattr(Retrieval, "record_missed", lambda *_: None)


def a_change_is_not_held_against_coverage(planted: pytest.MonkeyPatch) -> None:
    """In the retrieval: an older answer replaces what a run found unchanged later."""
    planted.setattr(Retrieval, "coverage", lambda *_: Coverage())


def a_run_ends_with_its_first_slice(planted: pytest.MonkeyPatch) -> None:
    """In the worker."""
    planted.setattr(worker, "collected", lambda _run: True)


def new_tickets_are_not_announced(planted: pytest.MonkeyPatch) -> None:
    """In the registration."""
    planted.setattr(RegisterTickets, "_announce", lambda *_: None)


def new_tickets_are_asked_for_whatever_their_age(planted: pytest.MonkeyPatch) -> None:
    """In the worker."""

    def whole(_start: str, _end: str, _months: Sequence[str]) -> Slice:
        return Slice("", END, ())

    planted.setattr(new_tickets, "Slice", whole)


def a_run_stands_in_for_a_recovery_that_it_began_before(planted: pytest.MonkeyPatch) -> None:
    """In the decision of who stands in for whom (R10)."""
    planted.setattr(runs, "_NEVER_STOOD_IN_FOR", frozenset())


def a_run_of_new_tickets_stands_in_for_one_of_all(planted: pytest.MonkeyPatch) -> None:
    """In the decision of who stands in for whom (R1)."""
    planted.setattr(runs, "of_all_tickets", lambda _trigger: True)


def a_recovery_is_not_stored_with_the_run_that_is_due(planted: pytest.MonkeyPatch) -> None:
    """In the store: whoever finds it well has to begin the run in the next breath (R10)."""
    set_health = InMemoryIntegrationStore.set_health

    def apart(
        store: InMemoryIntegrationStore, integration: Integration, health: Health, due: Due | None = None
    ) -> Integration | None:
        stored = set_health(store, integration, health)
        return stored if stored is None or due is None else replace(stored, due=due)

    planted.setattr(InMemoryIntegrationStore, "set_health", apart)


def switching_on_is_not_stored_with_the_run_that_is_due(planted: pytest.MonkeyPatch) -> None:
    """In the store: whoever switches on has to begin the run in the next breath (R6)."""
    switch = InMemoryIntegrationStore.switch

    def apart(
        store: InMemoryIntegrationStore, integration: Integration, *, on: bool, now: datetime
    ) -> Integration | None:
        switched = switch(store, integration, on=on, now=now)
        if switched is not None:
            store.stored[switched.connection_name] = replace(switched, due=None)
        return switched

    planted.setattr(InMemoryIntegrationStore, "switch", apart)


def a_run_that_lost_its_work_is_never_found(planted: pytest.MonkeyPatch) -> None:
    """In the decision of R1."""
    planted.setattr(runs, "LOST_AFTER", timedelta(days=300))


def no_good_answer_forgets_a_failure(planted: pytest.MonkeyPatch) -> None:
    """In the decision of R9, and in the store."""
    set_trouble = InMemoryIntegrationStore.set_trouble

    def kept(store: InMemoryIntegrationStore, integration: Integration, trouble: Trouble | None) -> Any:  # noqa: ANN401 - as it is
        return set_trouble(store, integration, integration.trouble if trouble is None else trouble)

    planted.setattr(InMemoryIntegrationStore, "set_trouble", kept)
    planted.setattr(health, "forgets", lambda _trouble, _good_at: False)


def what_the_button_changes_is_not_counted(planted: pytest.MonkeyPatch) -> None:
    """The summary stays what the last run counted."""
    planted.setattr(Retrieval, "_shift", lambda *_: None)


EVERY: tuple[Plant, ...] = (
    older_observations_replace_newer_ones,
    deleted_is_not_for_good,
    links_stay_behind_when_a_key_gets_its_id,
    a_step_is_written_twice,
    switching_on_is_not_dated,
    coverage_counts_for_tickets_that_came_later,
    what_vanished_is_deleted_without_proof,
    the_account_is_not_proven_once_more,
    however_many_vanish_each_is_judged,
    throttling_breaks,
    one_failing_try_breaks,
    nobody_holds_off,
    what_was_missed_counts_as_seen,
    a_change_is_not_held_against_coverage,
    a_run_ends_with_its_first_slice,
    new_tickets_are_not_announced,
    new_tickets_are_asked_for_whatever_their_age,
    what_the_button_changes_is_not_counted,
)

OF_A_RUNS_LIFE: tuple[Plant, ...] = (
    a_run_stands_in_for_a_recovery_that_it_began_before,
    a_run_of_new_tickets_stands_in_for_one_of_all,
    a_recovery_is_not_stored_with_the_run_that_is_due,
    switching_on_is_not_stored_with_the_run_that_is_due,
    a_run_that_lost_its_work_is_never_found,
    no_good_answer_forgets_a_failure,
)
"""Found by whoever is struck between two calls (``test_pairs``)."""
