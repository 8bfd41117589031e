"""What Jira told the system, and when: the only ground on which it may show anything."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import NamedTuple

from tests.model.actors import Actor, Baton
from tests.model.jira import Issue, project_of
from ticket_status.core.trouble import JiraTrouble, Refused

Name = tuple[str, str]
"""A ticket: the integration's reference, and the issue's id, or ``key#KEY`` while only that is known."""

IMPLAUSIBLE = 20
"""R8."""


class Face(NamedTuple):
    """What an issue shows."""

    key: str
    status: str
    category: str


class Answer(NamedTuple):
    """What Jira said of a ticket."""

    number: int
    at: datetime
    face: Face | None
    """``None``: it did not show it."""
    actor: Actor


@dataclass
class _Proving:
    """How far an actor's proof has come (R7)."""

    account: bool = False
    projects: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A call that reached Jira."""

    ref: str
    call: str
    names: Sequence[str]
    at: datetime
    actor: Actor
    looked_at: datetime
    """When the actor had last looked whether it may ask."""


class Evidence:
    """Notes every call and every answer."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self._numbers = count()
        self._proving: dict[tuple[Actor, str], _Proving] = defaultdict(_Proving)
        self._looked: dict[tuple[str, str], dict[Name, datetime]] = defaultdict(dict)
        """By run or press of a button: not found by itself, after the account was proven, while its project could be
        browsed; complete when the account is proven once more, be it by the next message of the run."""
        self.answers: dict[Name, list[Answer]] = defaultdict(list)
        self.of_work: dict[tuple[str, str], dict[Name, list[Answer]]] = defaultdict(lambda: defaultdict(list))
        """By integration's reference, and the run (or the single press of a button) that asked."""
        self.named: dict[tuple[str, str], set[str]] = defaultdict(set)
        """What was asked for by the same, answered or not."""
        self.calls: list[Call] = []
        """Since they were last looked through."""
        self.troubles: dict[str, list[tuple[datetime, JiraTrouble, Actor]]] = defaultdict(list)
        self.successes: dict[str, list[tuple[datetime, Actor]]] = defaultdict(list)
        self.proven: dict[Name, datetime] = {}
        """Tickets that were proven deleted, and when they last were looked at."""
        self.known_keys: dict[Name, set[str]] = defaultdict(set)
        """Keys under which the system may know a ticket now."""

    # --- What Jira is asked and says --------------------------------------------------------------------------------

    def asked(self, ref: str, call: str, names: Sequence[str]) -> None:
        if call == "ask":
            self.named[ref, self._actor.work_id] |= set(names)
        self.calls.append(Call(ref, call, names, self._baton.clock(), self._actor, self._actor.looked_at))

    def met(self, ref: str, trouble: JiraTrouble) -> None:
        self.troubles[ref].append((self._baton.clock(), trouble, self._actor))
        self._proving.pop((self._actor, ref), None)
        if isinstance(trouble, Refused):
            self._looked.pop((ref, self._actor.work_id), None)

    def answered(self, ref: str, call: str, answer: Mapping[str, Issue | None]) -> None:
        self.successes[ref].append((self._baton.clock(), self._actor))
        for name, issue in answer.items():
            if issue is not None:
                self._tell((ref, issue.id), Face(issue.key, issue.status.name, issue.status.category))
                continue
            missing = (ref, name if name.isdigit() else f"key#{name}")
            self._tell(missing, None)
            if call == "look_at":
                self._look(missing)

    def browsed(self, ref: str, project: str, *, ok: bool) -> None:
        self.successes[ref].append((self._baton.clock(), self._actor))
        self._proving[self._actor, ref].projects[project] = ok
        if not ok:
            for name, keys in list(self.known_keys.items()):
                if name[0] == ref and project in map(project_of, keys):
                    self._note(name, None)

    def proved(self, ref: str) -> None:
        self.successes[ref].append((self._baton.clock(), self._actor))
        proving = self._proving[self._actor, ref]
        proving.account = True
        self.proven |= self._looked[ref, self._actor.work_id]

    # --- What follows -----------------------------------------------------------------------------------------------

    @property
    def _actor(self) -> Actor:
        assert self._baton.holder is not None
        return self._baton.holder

    def _tell(self, name: Name, face: Face | None) -> None:
        self.of_work[name[0], self._actor.work_id][name].append(self._note(name, face))
        if face is not None:
            self.known_keys[name].add(face.key)

    def _note(self, name: Name, face: Face | None) -> Answer:
        answer = Answer(next(self._numbers), self._baton.clock(), face, self._actor)
        self.answers[name].append(answer)
        return answer

    def _look(self, name: Name) -> None:
        """A ticket is not found by itself: a proof, if everything else holds."""
        proving = self._proving[self._actor, name[0]]
        browsable = any(proving.projects.get(project_of(key), False) for key in self.known_keys[name])
        hidden = self._was_missing_before(name, self.of_work[name[0], self._actor.work_id][name][0])
        if proving.account and browsable and (hidden or not self._is_mass(name[0])):
            self._looked[name[0], self._actor.work_id][name] = self._baton.clock()

    def _is_mass(self, ref: str) -> bool:
        """R8, of the run that the actor works on, or of its one go: what was inaccessible before counts neither way."""
        of_work = self.of_work[ref, self._actor.work_id]
        asked = [answers for name, answers in of_work.items() if not self._was_missing_before(name, answers[0])]
        missing = sum(all(answer.face is None for answer in answers) for answers in asked)
        return missing > IMPLAUSIBLE and 2 * missing >= len(asked)

    def _was_missing_before(self, name: Name, first: Answer) -> bool:
        """Whether it may have been inaccessible: Jira did not show it when somebody last asked, before this answer."""
        before = [answer for answer in self.answers[name] if answer.number < first.number]
        return bool(before) and before[-1].face is None

    def may_be_of_a_mass(self, name: Name) -> bool:
        """Whether it vanished together with so many others that it stays inaccessible until Jira shows it (R8)."""
        for (ref, _), asked in self.of_work.items():
            if ref == name[0] and asked.get(name) and asked[name][-1].face is None:
                missing = sum(answers[-1].face is None for answers in asked.values())
                if missing > IMPLAUSIBLE:
                    return True
        return False
