"""A story under way: who acts, what time it is, what was told so far, and a look at everything after each step."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.fakes.clock import Clock
from tests.fakes.reading import refreshed_tickets
from tests.fakes.samples import NOW
from tests.model.actors import Actor, Baton, Died, Outage
from tests.model.book import Book
from tests.model.evidence import Evidence
from tests.model.jira import STATUSES, Issue, JiraSite
from tests.model.oracle import Mismatch
from tests.model.stores import Kept
from tests.model.system import Message, System, an_integration
from ticket_status.core.model import Integration
from ticket_status.core.violations import Resource
from ticket_status.ports.runs import SliceTakenError
from ticket_status.service.tickets.registration import NewTicket

if TYPE_CHECKING:
    from ticket_status.service.retrieval.refresh import RefreshedTicket

NAMES = ("abc", "xyz")
RESOURCE = Resource("artifact", "app", "1")
WORKER, BUTTON, TIMER = timedelta(seconds=90), timedelta(seconds=28), timedelta(seconds=300)
"""How long a process lives."""
AT_ONCE = 3
"""Actors that are held at a time."""

Cut = tuple[str, int] | None
"""Whether somebody acts to the end (``None``), or what happens to them after so many points."""

STRUCK: dict[str, type[BaseException] | None] = {"is held": None, "dies": Died, "meets an outage": Outage}


class Stage:
    """What the rules of a story are made of."""

    def __init__(self, kept: Kept) -> None:
        self.told: list[str] = []
        self.quick = kept.quick
        self.failed = False
        self.clock = Clock()
        self.baton = Baton(self.clock)
        self.evidence = Evidence(self.baton)
        self.sites = {name: JiraSite(name) for name in NAMES}
        self.system = System(kept.stores(self.baton), self.sites, self.baton, self.evidence)
        self.book = Book(self.system, self.evidence, self.baton, NAMES)
        self.held: list[tuple[Actor, Message | None]] = []
        self.disturbed_at = NOW
        """When somebody was struck or held, or Jira was unwell, last."""

    # --- Telling and looking ----------------------------------------------------------------------------------------

    def tell(self, sentence: str) -> None:
        """Go on with the story."""
        self.told.append(f"{self.clock():%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"  {sentence}")

    def disturb(self, sentence: str) -> None:
        """Go on with the story, which is out of the ordinary from here."""
        self.disturbed_at = self.clock()
        self.tell(sentence)

    def check(self, actor: Actor | None = None) -> None:
        """Look at everything that is shown."""
        with self.telling():
            self.book.check(actor)

    def happens(self, sentence: str) -> None:
        """Go on with the story, in Jira. It changes nothing that is stored: where looking is slow, that can wait."""
        self.tell(sentence)
        if self.quick:
            self.check()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell the whole story with a mismatch."""
        try:
            yield
        except Mismatch as mismatch:
            self.failed = True
            story = "\n".join(self.told)
            raise Mismatch(f"{mismatch}\n\nThe story:\n{story}\n{self.clock():%Y-%m-%d %H:%M:%S}  {mismatch}") from None

    # --- Jira -------------------------------------------------------------------------------------------------------

    def issue(self, site: JiraSite, project: str, age: int) -> Issue:
        """A new issue, created so many days ago."""
        created_at = self.clock().replace(microsecond=0) - timedelta(days=age)
        issue = Issue(str(10_000 + len(site.issues)), [site.next_key(project)], STATUSES[0], created_at)
        site.issues[issue.id] = issue
        return issue

    def pick(self, of: str, number: int) -> Issue | None:
        """One of a site's issues, if it has any."""
        issues = list(self.sites[of].issues.values())
        return issues[number % len(issues)] if issues else None

    def change(self, of: str, number: int, change: str) -> None:
        """Something becomes of an issue: a status, a project, or what the change names."""
        issue = self.pick(of, number)
        if issue is None:
            return
        status = next((one for one in STATUSES if one.name == change), None)
        key = issue.key
        if status is not None:
            issue.status = status
        elif change.isupper():
            issue.keys.append(self.sites[of].next_key(change))
        else:
            setattr(issue, change, change == "deleted" or not getattr(issue, change))
        was = "is" if status or change.isupper() or getattr(issue, change) else "is no longer"
        becomes = f"moved to {issue.key}" if change.isupper() else change
        self.happens(f"{key} ({issue.id}) of {of} {was} {becomes}")

    # --- Acting -----------------------------------------------------------------------------------------------------

    def act(self, name: str, lifetime: timedelta, work: Callable[[], object], cut: Cut) -> None:
        """Somebody does something, to the end or as far as they come."""
        self._let(Actor(self.baton, name, lifetime, work), None, cut)

    def deliver(self, message: Message, cut: Cut) -> None:
        """A worker takes a message; the clock goes on to when it is due."""
        if message.due > self.clock():
            self.pass_time(message.due - self.clock())
        self.system.queue.receive(message)
        ends = self.clock() + WORKER
        actor = Actor(
            self.baton,
            f"worker with {message.name}",
            WORKER,
            lambda: self.system.worker.do(message.work, lambda: ends - self.clock()),
            getattr(message.work, "run_id", None),
        )
        self._let(actor, message, cut)

    def press(self, violation: str, cut: Cut) -> None:
        """Somebody presses the refresh button of a violation."""
        self.act(f"refresh of {violation}", BUTTON, lambda: refreshed_tickets(self.system.button, violation), cut)

    def go_on(self, which: int, points: int | None) -> None:
        """One who is held goes on."""
        actor, message = self.held.pop(which % len(self.held))
        self.tell(f"The {actor.name} goes on with '{actor.place}'")
        actor.act(points)
        self._after(actor, message)

    def strike(self, which: int, how: str) -> None:
        """One who is held is struck where they stand."""
        actor, message = self.held.pop(which % len(self.held))
        self.disturb(f"The {actor.name} {how} before '{actor.place}'")
        actor.act(0, STRUCK[how])
        self._after(actor, message)

    def _let(self, actor: Actor, message: Message | None, cut: Cut) -> None:
        how, points = cut or (None, None)
        if how == "is held" and len(self.held) >= AT_ONCE:
            how, points = None, None
        self.tell(f"The {actor.name} begins")
        actor.act(points, STRUCK[how] if how else None)
        if actor.interrupted:
            self.disturb(f"The {actor.name} {how} before '{actor.place}'" if _was_cut(actor) else "… and is done")
        self._after(actor, message)

    def _after(self, actor: Actor, message: Message | None) -> None:
        """Look at what came of it; a message that was not done with comes back."""
        if not actor.ended:
            self.held.append((actor, message))
            self.tell(f"… and waits before '{actor.place}'")
        elif actor.error is not None:
            if not isinstance(actor.error, Died | Outage | SliceTakenError):
                self.failed = True
                raise Mismatch("\n".join([repr(actor.error), *self.told])) from actor.error
            if message is not None:
                self.system.queue.come_back(message)
        else:
            self._tell_result(actor)
        if actor.ended:
            actor.on_end()
        self.check(actor)

    def _tell_result(self, actor: Actor) -> None:
        outcome = getattr(actor.result, "outcome", None)
        if outcome is not None:
            self.tell(f"… {outcome}: {getattr(actor.result, 'detail', None) or 'as it should'}")
        if actor.kind == "refresh" and isinstance(actor.result, list):
            tickets: list[RefreshedTicket] = actor.result
            for one in tickets:
                self.tell(f"… {one.ticket.ticket.issue_key} {' '.join(filter(None, one.refresh))}")
            with self.telling():
                self.book.check(actor)
                self.book.refreshed(actor, tickets)

    # --- The system -------------------------------------------------------------------------------------------------

    def stored(self, name: str) -> Integration | None:
        """An integration as it is."""
        return self.system.stores.integrations.get(name)

    def create(self, name: str, cut: Cut) -> None:
        """An integration is created."""
        new = an_integration(name)
        self.act(f"creation of {name}", BUTTON, lambda: self.system.settings.integrations.create(new), cut)

    def register(self, of: str, issues: Sequence[tuple[Issue, str]], violation: str, cut: Cut) -> None:
        """Tickets are registered; who is struck tries again. ``form`` is what is known of the issue."""
        integration = self.stored(of)
        if integration is None:
            return
        known = self.book.oracle.tickets.keys()
        tickets = []
        for issue, form in issues:
            later = form == "later" and (integration.integration_ref, issue.id) in known
            issue_id = issue.id if form in {"id", "later"} else None
            created_at = issue.created_at + (timedelta(days=1) if later else timedelta())
            tickets.append(NewTicket(of, issue.key, issue_id, violation, RESOURCE, created_at))
            self.book.send(tickets[-1], None if form == "unknown" else issue.id)
        self._send(tickets, cut)

    def _send(self, tickets: Sequence[NewTicket], cut: Cut, *, again: bool = False) -> None:
        def accept_or_repeat() -> None:
            if actor.error is not None:
                self._send(tickets, None, again=True)
            elif not actor.result:
                with self.telling():
                    self.book.check(actor)
                    for ticket in tickets:
                        self.book.accept(ticket)
            if again:
                self.disturbed_at = self.clock()  # what a process that died stored, the schedule finds

        register = self.system.registration.register
        actor = Actor(self.baton, "registration", BUTTON, lambda: register(tickets, self.clock()))
        actor.on_end = accept_or_repeat
        self._let(actor, None, cut)

    def fire(self, cut: Cut) -> None:
        """The schedule fires."""
        self.act("schedule", TIMER, self.system.schedule, cut)

    # --- Time -------------------------------------------------------------------------------------------------------

    def pass_time(self, time: timedelta) -> None:
        """The clock goes on; processes that live no longer than this are ended."""
        until = self.clock() + time
        while late := [number for number, (actor, _) in enumerate(self.held) if actor.dies_at < until]:
            self.strike(late[0], "dies")
        self.clock.now = max(until, self.clock())

    def work_off(self, until: datetime, most: int = 1000) -> None:
        """Workers take all messages that are due by then, in order."""
        for _ in range(most):
            due = [message for message in self.system.queue.waiting if message.due <= until]
            if not due:
                return
            self.deliver(min(due, key=lambda message: (message.due, message.number)), None)
        self.failed = True
        raise Mismatch("\n".join(["The queue is never done", *self.told]))


def _was_cut(actor: Actor) -> bool:
    return not actor.ended or isinstance(actor.error, Died | Outage)
