"""The rules by which a random story unfolds: in Jira, in the system, in time."""

from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.actors import Died
from tests.model.jira import STATUSES, Ailment, Issue
from tests.model.rest import come_through_a_minute, come_through_an_hour, come_to_rest
from tests.model.stage import BUTTON, NAMES, TIMER, Cut, Stage
from tests.model.stores import InMemory, Kept
from tests.model.system import Message
from ticket_status.core.work import SliceWork
from ticket_status.service.tickets.reading import ShownTicket

VIOLATIONS = ("V1", "V2", "V3")
PROJECTS = ("P", "Q")
NO_LONGER_FRESH = timedelta(seconds=11)
BULK = 22
"""More than R8 believes to be deleted at once."""

a_number = st.integers(0, 9)
a_name = st.sampled_from((*NAMES, NAMES[0], NAMES[0]))
a_violation = st.sampled_from(VIOLATIONS)
a_project = st.sampled_from(PROJECTS)
some_points = st.sampled_from(range(16))
"""About as many as a worker or a button passes; everybody else passes few."""
a_fate = st.sampled_from(("is held", "is held", "dies", "meets an outage"))
a_cut = st.one_of(st.none(), st.tuples(a_fate, some_points))
a_short_cut = st.one_of(st.none(), st.tuples(a_fate, st.sampled_from(range(6))))
a_change = st.sampled_from((*(status.name for status in STATUSES), *PROJECTS, "deleted", "hidden", "unanswerable"))
an_ailment = st.sampled_from((*Ailment, None, None))
a_time = st.one_of(
    st.sampled_from((2, 11, 31, 61)).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from((16, 62, 480)).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from((1, 35, 200)).map(lambda days: timedelta(days=days)),
)


class Story(RuleBasedStateMachine):
    """Somebody does something; then everything that is shown has to be as the rules say."""

    kept: ClassVar[Kept] = InMemory()
    steps: ClassVar[int] = 0
    """Rules that were carried out, over all stories."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(self.kept)

    @invariant()
    def one_more_step(self) -> None:
        """After each rule; the rule itself has looked at everything by then."""
        type(self).steps += 1

    @initialize(ages=st.lists(st.sampled_from((1, 3, 40, 364)), min_size=1, max_size=4, unique=True))
    def begins(self, ages: list[int]) -> None:
        self.stage.create("abc", None)
        for age in ages:
            self.opens_a_ticket("abc", "P", age, "id", "V1", None)

    # --- Jira -------------------------------------------------------------------------------------------------------

    @rule(
        of=a_name,
        project=a_project,
        age=st.sampled_from((0, 3, 40, 200, 364, 365, 366)),
        form=st.sampled_from(("id", "key", "unknown")),
        violation=a_violation,
        cut=a_short_cut,
    )
    def opens_a_ticket(  # noqa: PLR0913, PLR0917 - what there is to a ticket
        self, of: str, project: str, age: int, form: str, violation: str, cut: Cut
    ) -> None:
        site = self.stage.sites[of]
        issue = self.stage.issue(site, project, age)
        known = {"id": "its id", "key": "its key only", "unknown": f"a key that {of} does not know"}[form]
        if form == "unknown":
            del site.issues[issue.id]
        self.stage.tell(f"{issue.key} ({issue.id}) of {of}, {age} days old, is registered for {violation} with {known}")
        self.stage.register(of, [(issue, form)], violation, cut)

    @precondition(lambda self: self.kept.quick and len(self.stage.sites["abc"].issues) < BULK)
    @rule(days=st.sampled_from((1, 30)))
    def opens_many_tickets(self, days: int) -> None:
        site = self.stage.sites["abc"]
        site.ids_per_call = 10
        issues = [self.stage.issue(site, "P", days + count % 3) for count in range(BULK)]
        keys = f"{issues[0].key} to {issues[-1].key} of abc"
        self.stage.tell(f"{keys}, {days} days old and older, are registered for V2")
        self.stage.register("abc", [(issue, "id") for issue in issues], "V2", None)

    @rule(
        of=a_name, number=a_number, form=st.sampled_from(("id", "key", "later")), violation=a_violation, cut=a_short_cut
    )
    def registers_again(self, of: str, number: int, form: str, violation: str, cut: Cut) -> None:
        issue = self.stage.pick(of, number)
        if issue is not None:
            self.stage.tell(f"{issue.key} ({issue.id}) of {of} is registered again ({form}) for {violation}")
            self.stage.register(of, [(issue, form)], violation, cut)

    @rule(of=a_name, number=a_number, change=a_change)
    def changes_in_jira(self, of: str, number: int, change: str) -> None:
        self.stage.change(of, number, change)

    @rule(of=a_name)
    def all_issues_are_hidden_or_shown(self, of: str) -> None:
        issues = self.stage.sites[of].issues.values()
        hidden = not any(issue.hidden for issue in issues)
        for issue in issues:
            issue.hidden = hidden
        self.stage.happens(f"All issues of {of} are {'hidden from' if hidden else 'shown to'} us")

    @rule(of=a_name, project=a_project)
    def opens_or_closes_a_project(self, of: str, project: str) -> None:
        closed = self.stage.sites[of].closed
        closed ^= {project}
        self.stage.happens(f"Project {project} of {of} is {'closed to' if project in closed else 'open for'} us")

    @rule(of=a_name, ailment=an_ailment)
    def falls_ill_or_gets_well(self, of: str, ailment: Ailment | None) -> None:
        self.stage.sites[of].ailment = ailment
        self.stage.disturb(f"{of}'s Jira: {ailment.name.lower().replace('_', ' ') if ailment else 'well'}")

    @rule(of=a_name, seconds=st.sampled_from((5, 40, 1200)), hints=st.booleans())
    def throttles(self, of: str, seconds: int, hints: bool) -> None:  # noqa: FBT001 - drawn by name
        site = self.stage.sites[of]
        site.throttled_until, site.hints = self.stage.clock() + timedelta(seconds=seconds), hints
        self.stage.disturb(f"{of}'s Jira throttles for {seconds} s{'' if hints else ' and does not say so'}")

    @rule(of=a_name, seconds=st.sampled_from((0.05, 3)))
    def is_quick_or_slow(self, of: str, seconds: float) -> None:
        self.stage.sites[of].latency = timedelta(seconds=seconds)
        self.stage.disturb(f"{of}'s Jira takes {seconds} s for an answer")

    # --- The system -------------------------------------------------------------------------------------------------

    @rule(cut=a_short_cut)
    def fires_the_schedule(self, cut: Cut) -> None:
        self.stage.fire(cut)

    @precondition(lambda self: self.stage.system.queue.waiting)
    @rule(number=a_number, cut=a_cut)
    def delivers(self, number: int, cut: Cut) -> None:
        waiting = self.stage.system.queue.waiting
        self.stage.deliver(waiting[number % len(waiting)], cut)

    @precondition(lambda self: self.stage.system.queue.waiting)
    @rule(many=st.integers(0, 5), cut=a_cut)
    def delivers_in_order(self, many: int, cut: Cut) -> None:
        for left in reversed(range(many + 1)):
            if self.stage.system.queue.waiting:
                self.stage.deliver(min(self.stage.system.queue.waiting, key=lambda one: one.due), None if left else cut)

    @precondition(lambda self: self.stage.system.queue.waiting)
    @rule(number=a_number, points=some_points, beside=st.booleans())
    def delivers_twice(self, number: int, points: int, beside: bool) -> None:  # noqa: FBT001 - drawn by name
        waiting = self.stage.system.queue.waiting
        slices = [message for message in waiting if isinstance(message.work, SliceWork)] or waiting
        message = slices[number % len(slices)]
        again = Message(message.number, message.work, message.due)
        waiting.append(again)
        self.stage.disturb(f"There is {message.name} twice")
        self.stage.deliver(message, ("is held", points))
        if beside:
            self.stage.deliver(again, None)

    @rule(violation=a_violation, cut=a_cut)
    def presses_the_button(self, violation: str, cut: Cut) -> None:
        self.stage.press(violation, cut)

    @precondition(lambda self: not self.stage.held)
    @rule(
        number=a_number,
        violation=a_violation,
        points=st.tuples(some_points, some_points),
        change=a_change,
        opened=st.booleans(),
    )
    def overtakes(self, number: int, violation: str, points: tuple[int, int], change: str, opened: bool) -> None:  # noqa: FBT001 - drawn by name
        """A worker and a button are under way at once, and an issue changes in between, or changes and changes back."""
        issue = self.stage.pick("abc", number)
        if issue is None:
            return
        self.stage.pass_time(NO_LONGER_FRESH)
        self.stage.fire(None)
        waiting = self.stage.system.queue.waiting
        before = issue.status.name
        violation = self.stage.book.violation_of(issue.id, violation)
        if waiting:
            self.stage.deliver(waiting[number % len(waiting)], ("is held", points[0]))
        if opened:
            self.opens_a_ticket("abc", "P", 3, "id", violation, None)
        self.stage.change("abc", number, change)
        self.stage.press(violation, ("is held", points[1]))
        self.stage.change("abc", number, before if issue.status.name == change else change)
        while self.stage.held:
            self.stage.go_on(points[0], None)

    @rule(cut=a_short_cut)
    def probes(self, cut: Cut) -> None:
        self.stage.act("probe", TIMER, self.stage.system.probe.probe, cut)

    @rule(of=a_name, on=st.sampled_from((True, True, False)), cut=a_short_cut)
    def switches(self, of: str, on: bool, cut: Cut) -> None:  # noqa: FBT001 - drawn by name
        switching = self.stage.system.settings.switching
        what = f"switch of {of} {'on' if on else 'off'}"
        self.stage.act(what, BUTTON, lambda: switching.switch(of, on=on), cut)

    @rule(of=a_name, cut=a_short_cut)
    def syncs_by_hand(self, of: str, cut: Cut) -> None:
        switching = self.stage.system.settings.switching
        self.stage.act(f"sync of {of} by hand", BUTTON, lambda: switching.sync(of), cut)

    @rule(of=a_name, cut=a_short_cut)
    def tests_the_integration(self, of: str, cut: Cut) -> None:
        checking = self.stage.system.settings.checking
        self.stage.act(f"test of {of}", BUTTON, lambda: checking.check(of), cut)

    @rule(of=a_name, really=st.sampled_from((False, False, True)), cut=a_short_cut)
    def creates_or_deletes_the_integration(self, of: str, really: bool, cut: Cut) -> None:  # noqa: FBT001 - drawn by name
        if self.stage.stored(of) is None:
            self.stage.create(of, cut)
        elif really:
            integrations = self.stage.system.settings.integrations
            self.stage.act(f"deletion of {of}", BUTTON, lambda: integrations.delete(of), cut)

    @rule(of=a_name, number=a_number)
    def rechecks(self, of: str, number: int) -> None:
        issue, stored = self.stage.pick(of, number), self.stage.stored(of)
        if issue is not None and stored is not None:
            name = stored.integration_ref, issue.id
            self.stage.act(f"recheck of {issue.key} of {of}", BUTTON, lambda: self._recheck(of, issue, name), None)

    @rule(of=a_name, cut=a_short_cut)
    def rechecks_all(self, of: str, cut: Cut) -> None:
        stored = self.stage.stored(of)
        if stored is not None:
            self.stage.book.oracle.integrations[stored.integration_ref].rechecked_at = self.stage.clock()
            rechecking = self.stage.system.settings.rechecking
            self.stage.act(f"recheck of all of {of}", BUTTON, lambda: rechecking.recheck_all(of), cut)

    def _recheck(self, of: str, issue: Issue, name: tuple[str, str]) -> None:
        result = self.stage.system.settings.rechecking.recheck(of, issue.id)
        if isinstance(result, ShownTicket) and self.stage.sites[of].shows(issue):
            ticket = self.stage.book.oracle.tickets[name]
            ticket.deleted_at, ticket.registered_at = None, self.stage.clock()
            self.stage.evidence.proven.pop(name, None)

    # --- Those who are held, and time -------------------------------------------------------------------------------

    @precondition(lambda self: self.stage.held)
    @rule(number=a_number, points=st.one_of(st.none(), st.integers(1, 12)))
    def goes_on(self, number: int, points: int | None) -> None:
        self.stage.go_on(number, points)

    @precondition(lambda self: self.stage.held)
    @rule(number=a_number, how=st.sampled_from(("dies", "meets an outage")))
    def is_struck(self, number: int, how: str) -> None:
        self.stage.strike(number, how)

    @rule(time=a_time)
    def time_passes(self, time: timedelta) -> None:
        self.stage.tell(f"{time} pass")
        self.stage.pass_time(time)
        self.stage.check()

    @precondition(lambda self: not self.stage.held)
    @rule()
    def a_minute_passes_without_trouble(self) -> None:
        come_through_a_minute(self.stage)

    @precondition(lambda self: self.kept.quick)
    @rule()
    def an_hour_passes_without_trouble_or_schedule(self) -> None:
        come_through_an_hour(self.stage)

    @precondition(lambda self: self.kept.quick)
    @rule()
    def comes_to_rest(self) -> None:
        come_to_rest(self.stage)

    def teardown(self) -> None:
        """Every story comes to rest, and nobody is left held."""
        try:
            if not self.stage.failed:
                come_to_rest(self.stage)
        finally:
            for actor, _ in self.stage.held:
                actor.act(0, Died)
            self.kept.forget()
