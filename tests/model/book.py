"""Keeps the model in step with the system: what was registered, what changed state, what work was finished."""

from collections import defaultdict
from datetime import datetime, timedelta

from tests.model.actors import Actor, Baton
from tests.model.calls import check_calls
from tests.model.evidence import Evidence, Name
from tests.model.oracle import IntegrationModel, Mismatch, Oracle, TicketModel
from tests.model.system import System
from ticket_status.core.model import (
    NEW_TICKETS,
    HealthStatus,
    Integration,
    RunState,
    SyncRun,
    Trigger,
)
from ticket_status.core.trouble import Refused, Unavailable
from ticket_status.service.retrieval.refresh import RefreshedTicket
from ticket_status.service.tickets.reading import ShownTicket
from ticket_status.service.tickets.registration import NewTicket

Form = tuple[str, str]
"""What was registered: the integration's name, and the issue's id or ``key#KEY``."""

LASTS = timedelta(minutes=2)
TRIES = 3
_RUNS = 5


class Book:
    """The model beside the system."""

    def __init__(self, system: System, evidence: Evidence, baton: Baton, names: tuple[str, ...]) -> None:
        self.system = system
        self.evidence = evidence
        self.oracle = Oracle(evidence)
        self.links: dict[str, set[Name]] = defaultdict(set)
        """What was registered for each violation, and has to stay."""
        self.became: dict[Form, str] = {}
        """The issue that a key belongs to, if any."""
        self._sent: dict[str, dict[Form, set[datetime]]] = defaultdict(lambda: defaultdict(set))
        """What was ever sent for each violation, accepted or not; and when it was created, it said."""
        self._baton = baton
        self._names = names
        self._open: dict[str, SyncRun] = {}
        self._closed: set[str] = set()
        self._clocks: dict[tuple[str, str], datetime] = {}
        self._seen_at = baton.clock()

    # --- What is told to it -----------------------------------------------------------------------------------------

    def send(self, ticket: NewTicket, issue_id: str | None) -> None:
        """A registration is sent; ``issue_id``: of the issue that its key belongs to."""
        form = ticket.integration_name, ticket.issue_id or f"key#{ticket.issue_key}"
        self._sent[ticket.violation_id][form].add(ticket.created_at)
        if issue_id is not None:
            self.became[form] = issue_id

    def accept(self, ticket: NewTicket) -> None:
        """A registration was accepted: it has to be there."""
        now = self._baton.clock()
        ids = {ticket.issue_id or f"key#{ticket.issue_key}"}
        ids |= {self.became[form] for form in {(ticket.integration_name, one) for one in ids} if form in self.became}
        names = {
            (one.ticket.integration_ref, one.ticket.ticket_id)
            for one in self.system.stores.violations.links([ticket.violation_id]).get(ticket.violation_id, [])
            if one.ticket.connection_name == ticket.integration_name and one.ticket.ticket_id in ids
        }
        if not names:
            raise Mismatch(f"{ticket.violation_id} lost {ids} at once")
        self.links[ticket.violation_id] |= names
        for name in names:
            model = self.oracle.tickets.get(name)
            if model is not None and model.registered_at is None:
                model.registered_at = now

    def refreshed(self, actor: Actor, tickets: list[RefreshedTicket]) -> None:
        """A press of the button was answered: what was had is fresh (R3)."""
        for one in tickets:
            key = one.ticket.ticket.key
            name = key.integration_ref, key.ticket_id
            answers = self.evidence.of_work[key.integration_ref, actor.work_id].get(name, [])
            if one.refresh[0] in {"changed", "unchanged"}:
                if not answers:
                    raise Mismatch(f"R3: {one.refresh[0]}, although Jira said nothing of {name[1]}")
                self.oracle.make_sure(self.oracle.tickets[name], actor.started_at)

    # --- After each step --------------------------------------------------------------------------------------------

    def check(self, actor: Actor | None = None) -> None:
        """Look at everything that is shown. ``actor``: who acted since the last time."""
        since = self._seen_at if actor is None else min(self._seen_at, actor.started_at)
        self._see_runs()
        check_calls(self.evidence, self.oracle, self._clocks)
        self._see_integrations(since, actor)
        self._finish_runs()
        now = self._seen_at = self._baton.clock()
        links = self.system.stores.violations.links(self._sent)
        tickets = self.system.reading.show({link.ticket for some in links.values() for link in some}, now)
        for violation in self._sent:
            shown = [tickets[link.ticket] for link in links.get(violation, ()) if link.ticket in tickets]
            self._check_violation(violation, shown, now)

    def _check_violation(self, violation: str, shown: list[ShownTicket], now: datetime) -> None:
        order = [one.ticket.created_at for one in shown]
        if order != sorted(order, reverse=True):
            raise Mismatch(f"{violation}: the ticket created last does not lead")
        there = {(one.ticket.key.integration_ref, one.ticket.key.ticket_id) for one in shown}
        for name in self.links.get(violation, ()):
            if not {name, self.issue_of(name)} & there:
                raise Mismatch(f"{violation} lost {name}")
        if len(there) != len(shown):
            raise Mismatch(f"{violation} shows a ticket twice: {there}")
        for one in shown:
            ticket = self._ticket(one, violation)
            try:
                self.oracle.check(ticket, one, now)
            except Mismatch as mismatch:
                raise Mismatch(f"{one.ticket.issue_key} ({ticket.name[1]}) of {violation}: {mismatch}") from None
            self._note_keys(ticket, one)

    def violation_of(self, issue_id: str, otherwise: str) -> str:
        """A violation that has a ticket for this issue."""
        return next(
            (violation for violation, names in self.links.items() if any(name[1] == issue_id for name in names)),
            otherwise,
        )

    def issue_of(self, name: Name) -> Name:
        """The ticket that a key-only one becomes; itself if it does not."""
        return name[0], self.became.get((name[0].rpartition("~")[0], name[1]), name[1])

    def _ticket(self, one: ShownTicket, violation: str) -> TicketModel:
        """The model of a ticket that is shown; made when it is shown for the first time."""
        key = one.ticket.key
        name = key.integration_ref, key.ticket_id
        if name not in self.oracle.tickets:
            sent = self._sent[violation]
            forms = [
                form for form in sent if self.issue_of((key.integration_ref, form[1])) == name or form[1] == name[1]
            ]
            if one.ticket.created_at not in {at for form in forms for at in sent[form]}:
                raise Mismatch(f"{violation} shows {name}, created {one.ticket.created_at}, which nobody registered")
            self.oracle.tickets[name] = TicketModel(name, one.ticket.created_at)
        return self.oracle.tickets[name]

    def _note_keys(self, ticket: TicketModel, one: ShownTicket) -> None:
        """The project of a ticket is that of the key which was seen last."""
        later = (answer for answer in self.evidence.answers[ticket.name] if answer.number >= ticket.floor)
        keys = {answer.face.key for answer in later if answer.face is not None}
        self.evidence.known_keys[ticket.name] = keys | {one.ticket.issue_key}

    # --- Integrations -----------------------------------------------------------------------------------------------

    def _see_integrations(self, since: datetime, actor: Actor | None) -> None:
        now = self._baton.clock()
        stored = self.system.stores.integrations.get_many(self._names)
        found = {one.integration_ref: one for one in stored.values()}
        for ref, model in self.oracle.integrations.items():
            if ref not in found and not model.gone:
                model.gone, model.off_since = True, now
        for ref, one in found.items():
            if ref not in self.oracle.integrations:
                self.oracle.integrations[ref] = _new(one, since, now)
            self._see(self.oracle.integrations[ref], one, (since, now), actor)

    def _see(
        self, model: IntegrationModel, one: Integration, between: tuple[datetime, datetime], actor: Actor | None
    ) -> None:
        on = one.retrieve_jira_tickets
        if on != model.on:
            model.on = on
            model.on_since, model.off_since = (between, None) if on else (model.on_since, between[1])
        well = one.health.status is HealthStatus.HEALTHY
        if well != model.well:
            model.well = well
            model.well_since = between if well else model.well_since
            if well and not any(a is actor for _, a in self.evidence.successes[one.integration_ref]):
                raise Mismatch(f"R10: {model.name} became well, although Jira did not answer")
            if not well:
                self._check_breaking(model, one, actor)
        if one.paused_until != model.paused_until:
            model.paused_until, model.paused_since = one.paused_until, between[1]

    def _check_breaking(self, model: IntegrationModel, one: Integration, actor: Actor | None) -> None:
        """R9, R11: a refusal breaks at once, trouble only when it lasts, throttling never."""
        troubles = self.evidence.troubles[model.ref]
        reason = one.health.reason_code
        mine = [trouble for _, trouble, by in troubles if by is actor]
        if any(isinstance(trouble, Refused) and trouble.reason_code is reason for trouble in mine):
            return
        since = max((at for at, by in self.evidence.successes[model.ref] if _tells_of(by)), default=one.created_at)
        tries = [at for at, trouble, _ in troubles if isinstance(trouble, Unavailable) and at > since]
        lasted = len(tries) >= TRIES and tries[-1] - tries[0] >= LASTS
        tested = actor is not None and actor.kind == "test" and bool(tries)
        if not (tested or (lasted and any(isinstance(trouble, Unavailable) for trouble in mine))):
            raise Mismatch(f"R9: {model.name} broke with {reason}, although Jira said {troubles}")

    # --- Runs -------------------------------------------------------------------------------------------------------

    def _see_runs(self) -> None:
        for ref, integration in self.oracle.integrations.items():
            if integration.gone:
                continue
            for run in self.system.stores.run_store.page(ref, _RUNS).items:
                self._clocks[ref, run.run_id] = run.started_at
                if run.run_id in self._closed:
                    continue
                self._open[run.run_id] = run
                self._check_counts(run)

    def _check_counts(self, run: SyncRun) -> None:
        """No ticket is counted twice, but one that is new and in a slice as well."""
        asked = len(self.evidence.named[run.integration_ref, run.run_id])
        if run.counts.total > asked and not any(name.startswith(NEW_TICKETS) for name in run.slices):
            raise Mismatch(f"Run {run.run_id} asked for {asked} tickets, and counts {run.counts.total}")

    def _finish_runs(self) -> None:
        for run_id, run in list(self._open.items()):
            if run.state.open:
                continue
            del self._open[run_id]
            self._closed.add(run_id)
            full = run.trigger not in {Trigger.REGISTERED, Trigger.RECHECK}
            if run.state is RunState.SUCCEEDED and full and run.counts.failed == 0:
                self._make_sure(run)

    def _make_sure(self, run: SyncRun) -> None:
        """A run that succeeded retrieved every ticket that was in its window when it began (R1)."""
        answers = self.evidence.of_work[run.integration_ref, run.run_id]
        for name, ticket in self.oracle.tickets.items():
            gone = {name, self.issue_of(name)} & self.evidence.proven.keys()
            if name[0] != run.integration_ref or gone or not ticket.is_in(run.started_at):
                continue
            said = [one for one in (self.issue_of(name), name) if answers.get(one)]
            if not said:
                raise Mismatch(f"R1: run {run.run_id} succeeded, but never asked for {name}")
            if said[0] in self.oracle.tickets:
                self.oracle.make_sure(self.oracle.tickets[said[0]], run.started_at)


def _tells_of(actor: Actor) -> bool:
    """Whether a success of this one has surely cleared what was noted of failing tries."""
    went_through = actor.ended and actor.error is None and not actor.interrupted
    return went_through and (actor.kind in {"refresh", "test"} or "(slice" in actor.name)


def _new(one: Integration, since: datetime, now: datetime) -> IntegrationModel:
    between = (since, now)
    return IntegrationModel(
        name=one.connection_name,
        ref=one.integration_ref,
        on=one.retrieve_jira_tickets,
        well=True,
        on_since=between,
        well_since=between,
    )
