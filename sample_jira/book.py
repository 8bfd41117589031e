"""All issues of one site, and everything that can happen to them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock

from sample_jira.clock import Clock
from sample_jira.model import (
    DEFAULT_STATUSES,
    CategoryKey,
    Event,
    Issue,
    Project,
    Status,
    UnknownNameError,
)

FIRST_ISSUE_ID = 10001
FIRST_PROJECT_ID = 10000
FIRST_STATUS_ID = 10100


class IssueBook:
    """Issues by id and by key, old keys of moved issues included.

    An issue is named by its key, an old key, or its numeric id as number or text.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = RLock()
        self.projects: dict[str, Project] = {}
        self.statuses = {status.id: status for status in DEFAULT_STATUSES}
        self.issues: dict[int, Issue] = {}
        self._ids_by_key: dict[str, int] = {}
        self._index: dict[int, Issue] | None = None
        self._next_id = FIRST_ISSUE_ID

    # Looking

    def find(self, name: str | int) -> Issue | None:
        """The issue of that id, key or old key (keys in any case), if there is one."""
        text = str(name)
        if text.isdecimal():
            return self.issues.get(int(text))
        number = self._ids_by_key.get(text)
        if number is None:
            number = self._ids_by_key.get(text.upper())
        return None if number is None else self.issues.get(number)

    def issue(self, name: str | int) -> Issue:
        """The issue of that name; UnknownNameError otherwise."""
        found = self.find(name)
        if found is None:
            raise UnknownNameError(f"there is no issue {name}")
        return found

    def project(self, key: str) -> Project:
        """The project of that key; UnknownNameError otherwise."""
        if key not in self.projects:
            raise UnknownNameError(f"there is no project {key}")
        return self.projects[key]

    def status(self, name: str) -> Status:
        """The status of that name; UnknownNameError otherwise."""
        for status in self.statuses.values():
            if status.name == name:
                return status
        raise UnknownNameError(f"there is no status {name!r}")

    def browsable(self, project: Project, *, anonymous: bool = False) -> bool:
        """Whether the project can be browsed by our account, or by anybody."""
        return project.public if anonymous else not project.private

    def visible(self, issue: Issue, *, anonymous: bool = False) -> bool:
        """Whether the issue is shown at all; archived issues are."""
        return not issue.hidden and self.browsable(self.projects[issue.project], anonymous=anonymous)

    def is_archived(self, issue: Issue) -> bool:
        """Whether the issue, or its whole project, was archived."""
        return issue.archived or self.projects[issue.project].archived

    def issue_statuses(self, project: str) -> dict[str, str]:
        """Names of the statuses of a project's issues, by key."""
        with self.lock:
            return {
                issue.key: self.statuses[issue.status_id].name
                for issue in self.issues.values()
                if issue.project == project
            }

    # Making

    def add_project(self, key: str, name: str | None = None, *, private: bool = False, public: bool = False) -> Project:
        """Add a project, or give the one of that key."""
        with self.lock:
            number = FIRST_PROJECT_ID + len(self.projects)
            return self.projects.setdefault(key, Project(number, key, name or f"Project {key}", private, public))

    def add_status(self, name: str, category: CategoryKey, status_id: int | None = None) -> Status:
        """Add a status; without an id it gets a free one."""
        with self.lock:
            number = status_id or max(FIRST_STATUS_ID, *self.statuses) + 1
            self.statuses[number] = Status(number, name, category)
            return self.statuses[number]

    def create(  # noqa: PLR0913 - each is a property of the issues, all but one with a default
        self,
        project: str,
        count: int = 1,
        *,
        status: str = "To Do",
        created: datetime | None = None,
        spread_seconds: float = 0,
        first_id: int | None = None,
    ) -> list[Issue]:
        """Create `count` issues of a project, which is added when it is new.

        Their creation times start at `created` (now, when absent) and are spread evenly over
        `spread_seconds`; their ids count up from `first_id`, or from the next free one.
        """
        with self.lock:
            book = self.add_project(project)
            start = self._next_id if first_id is None else first_id
            at = created or self.clock.now()
            first = Issue(start, "", project, self.status(status).id, at, at)
            issues = list(_series(book, first, count, timedelta(seconds=spread_seconds / count)))
            self.issues.update((issue.id, issue) for issue in issues)
            self._ids_by_key.update((issue.key, issue.id) for issue in issues)
            self._next_id = max(self._next_id, start + count)
            return issues

    # The workflow, and what administrators do

    def move(self, issue: str | int, status: str) -> Issue:
        """Give the issue another status."""
        with self.lock:
            old = self.statuses[self.issue(issue).status_id]
            moved = self._change(issue, status_id=self.status(status).id)
            self.happened("jira:issue_updated", moved, _item("status", old.id, old.name, moved.status_id, status))
            return moved

    def rename_status(self, name: str, new_name: str) -> Status:
        """Rename a status; no issue's `updated` moves, as in Jira."""
        with self.lock:
            renamed = replace(self.status(name), name=new_name)
            self.statuses[renamed.id] = renamed
            return renamed

    def move_to_project(self, issue: str | int, project: str) -> Issue:
        """Move the issue to another project: same id, new key, the old key goes on resolving."""
        with self.lock:
            target = self.add_project(project)
            target.last_number += 1
            moved = self._change(issue, project=project, key=f"{target.key}-{target.last_number}")
            self._ids_by_key[moved.key] = moved.id
            self.happened("jira:issue_updated", moved, _item("Key", None, str(issue), None, moved.key))
            return moved

    def delete(self, issue: str | int) -> None:
        """Delete the issue for good, its old keys too."""
        with self.lock:
            deleted = self.issue(issue)
            del self.issues[deleted.id]
            self.happened("jira:issue_deleted", deleted)

    def forget_issues(self) -> None:
        """There are no issues and projects any more, and ids begin anew."""
        with self.lock:
            self.projects.clear()
            self.issues.clear()
            self._ids_by_key.clear()
            self._next_id = FIRST_ISSUE_ID

    def hide(self, issue: str | int) -> Issue:
        """Hide the issue by issue-level security."""
        return self._change(issue, hidden=True)

    def show(self, issue: str | int) -> Issue:
        """Undo `hide`."""
        return self._change(issue, hidden=False)

    def archive(self, issue: str | int) -> Issue:
        """Archive the issue: searches and bulk answers leave it out."""
        return self._change(issue, archived=True)

    def restore(self, issue: str | int) -> Issue:
        """Undo `archive`."""
        return self._change(issue, archived=False)

    def make_private(self, project: str) -> None:
        """Let nobody whom we know browse the project."""
        self.project(project).private = True

    def make_browsable(self, project: str) -> None:
        """Undo `make_private`."""
        self.project(project).private = False

    def make_public(self, project: str) -> None:
        """Let anonymous visitors browse the project."""
        self.project(project).public = True

    def archive_project(self, project: str) -> None:
        """Archive the project and with it all its issues."""
        self.project(project).archived = True

    def restore_project(self, project: str) -> None:
        """Undo `archive_project`."""
        self.project(project).archived = False

    def _change(self, name: str | int, **changes: object) -> Issue:
        with self.lock:
            issue = self.issue(name)
            for attribute, value in changes.items():
                setattr(issue, attribute, value)
            issue.updated = self.clock.now()
            return issue

    # The search index

    def happened(self, event: Event, issue: Issue, *items: Mapping[str, object]) -> None:
        """Somebody may want to know; a book alone tells nobody."""

    def freeze_index(self) -> None:
        """From now on searches see issues as they are now; deleted and hidden ones still go."""
        with self.lock:
            self._index = {number: replace(issue) for number, issue in self.issues.items()}

    def catch_up_index(self) -> None:
        """Undo `freeze_index`."""
        self._index = None

    def indexed(self) -> dict[int, Issue]:
        """The issues as searches see them."""
        return self.issues if self._index is None else self._index

    def listed(self, issues: Iterable[Issue], *, anonymous: bool) -> list[Issue]:
        """Those of the issues that bulk answers and searches show, in the order given."""
        return [
            issue
            for issue in issues
            if (present := self.issues.get(issue.id)) is not None
            and self.visible(present, anonymous=anonymous)
            and not self.is_archived(present)
        ]


def _item(name: str, old_id: object, old: str, new_id: object, new: str) -> Mapping[str, object]:
    """One change of a changelog, as deliveries of webhooks have it."""
    return {
        "field": name,
        "fieldId": name.lower(),
        "fieldtype": "jira",
        "from": None if old_id is None else str(old_id),
        "fromString": old,
        "to": None if new_id is None else str(new_id),
        "toString": new,
    }


def _series(project: Project, first: Issue, count: int, step: timedelta) -> Iterator[Issue]:
    """Issues like the first, with ids and keys counting up, each created a step later."""
    number, at = project.last_number, first.created
    project.last_number += count
    for offset in range(count):
        number += 1
        key = f"{project.key}-{number}"
        yield Issue(first.id + offset, key, project.key, first.status_id, at, at)
        at += step
