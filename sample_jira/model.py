"""What a Jira site holds: statuses, projects and issues."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Event = Literal["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
CategoryKey = Literal["undefined", "new", "indeterminate", "done"]


@dataclass(frozen=True, slots=True)
class Category:
    """One of the four status categories that every Jira site has."""

    id: int
    key: CategoryKey
    name: str
    color: str


CATEGORIES: dict[CategoryKey, Category] = {
    category.key: category
    for category in (
        Category(1, "undefined", "No Category", "medium-gray"),
        Category(2, "new", "To Do", "blue-gray"),
        Category(4, "indeterminate", "In Progress", "yellow"),
        Category(3, "done", "Done", "green"),
    )
}


@dataclass(frozen=True, slots=True)
class Status:
    """A step of the workflow. Renaming keeps the id."""

    id: int
    name: str
    category: CategoryKey


DEFAULT_STATUSES = (
    Status(10000, "To Do", "new"),
    Status(3, "In Progress", "indeterminate"),
    Status(10001, "Done", "done"),
)


@dataclass(slots=True)
class Project:
    """A project and who may browse it.

    `private`: not even the account that we connect with. `public`: anonymous visitors too.
    """

    id: int
    key: str
    name: str
    private: bool = False
    public: bool = False
    archived: bool = False
    last_number: int = 0


@dataclass(slots=True)
class Issue:
    """An issue. `hidden`: issue-level security keeps it from everybody who asks."""

    id: int
    key: str
    project: str
    status_id: int
    created: datetime
    updated: datetime
    hidden: bool = False
    archived: bool = False


class UnknownNameError(LookupError):
    """Raised by control calls that name an issue, project, status or site there is not."""
