"""Evaluates JQL over the issues of a site."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from sample_jira.book import IssueBook
from sample_jira.jql import Both, Clause, Condition, Either, Jql, JqlError, Not, Order, Value
from sample_jira.jql_dates import read_date
from sample_jira.languages import Language, unknown_issue
from sample_jira.model import CATEGORIES, Issue

Predicate = Callable[[Issue], bool]

MAX_ORDER_FIELDS = 7
_ISSUE_FIELDS = {"id": "id", "issue": "id", "key": "key", "issuekey": "key"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
LARGEST_ID = 2**63 - 1
"""Ids are signed numbers of 64 bits."""
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[1-9][0-9]*", re.IGNORECASE)


@dataclass(slots=True)
class Search:
    """One query on one site for one viewer.

    Dates without a zone are read in the account's `time_zone`, to the minute. What the query names
    and the viewer cannot see is collected in `missing` as Jira's messages; whether those make a
    400 is the caller's rule.
    """

    book: IssueBook
    now: datetime
    time_zone: str
    anonymous: bool
    missing: list[str] = field(default_factory=list)
    language: Language = "en"

    def run(self, jql: Jql) -> list[Issue]:
        """The issues found, ordered as asked, else newest first; JqlError for unknown fields."""
        if len(jql.order) > MAX_ORDER_FIELDS:
            raise JqlError(f"JQL can be ordered by at most {MAX_ORDER_FIELDS} fields.")
        holds = self._predicate(jql.condition) if jql.condition else _always
        named = self._named(jql.condition) if jql.condition else None
        index = self.book.indexed()
        everything = index.values() if named is None else _present(index, named)
        found = self.book.listed(filter(holds, everything), anonymous=self.anonymous)
        return self._ordered(found, jql.order)

    # Which issues need to be looked at: a query for a thousand ids must not walk a hundred thousand

    def _named(self, condition: Condition) -> set[int] | None:
        """The ids among which everything found must be; None when that is not known."""
        match condition:
            case Clause(name, "=" | "in", values) if name in _ISSUE_FIELDS:
                return set(self._issue_ids(values))
            case Both(parts):
                known = [ids for ids in map(self._named, parts) if ids is not None]
                return set.intersection(*known) if known else None
            case Either(parts):
                each = [self._named(part) for part in parts]
                known = [ids for ids in each if ids is not None]
                return set().union(*known) if len(known) == len(each) else None
            case Clause() | Not():
                return None
            case _:
                assert_never(condition)

    # What an issue must be

    def _predicate(self, condition: Condition) -> Predicate:
        match condition:
            case Both(parts):
                all_of = [self._predicate(part) for part in parts]
                return lambda issue: all(holds(issue) for holds in all_of)
            case Either(parts):
                any_of = [self._predicate(part) for part in parts]
                return lambda issue: any(holds(issue) for holds in any_of)
            case Not(part):
                inner = self._predicate(part)
                return lambda issue: not inner(issue)
            case Clause():
                return self._clause(condition)
            case _:
                assert_never(condition)

    def _clause(self, clause: Clause) -> Predicate:
        match clause.field:
            case "id" | "issue" | "key" | "issuekey":
                return self._about_issues(clause)
            case "project":
                return self._member(clause, self._projects(clause.values), lambda one: one.project)
            case "status":
                return self._member(clause, self._statuses(clause.values), lambda one: one.status_id)
            case "statuscategory":
                return self._member(clause, _categories(clause.values), self._category)
            case "created":
                return self._time(clause, lambda issue: issue.created)
            case "updated" | "updateddate":
                return self._time(clause, lambda issue: issue.updated)
            case _:
                raise JqlError(f"Field '{clause.field}' does not exist or you do not have permission to view it.")

    def _member(self, clause: Clause, members: set[Any], of: Callable[[Issue], object]) -> Predicate:
        match clause.operator:
            case "=" | "in":
                return lambda issue: of(issue) in members
            case "!=" | "not in":
                return lambda issue: of(issue) not in members
            case _:
                raise _inapplicable(clause)

    def _about_issues(self, clause: Clause) -> Predicate:
        if clause.operator in ("<", "<=", ">", ">="):
            return self._beside(clause)
        if clause.operator in ("is", "is not"):
            raise _inapplicable(clause)
        wrong = [value.text for value in clause.values if not _is_issue_name(value)]
        if wrong:
            raise JqlError("\n".join(f"The issue key '{one}' for field 'issueKey' is invalid." for one in wrong))
        too_large = [one.text for one in clause.values if one.text.isdecimal() and int(one.text) > LARGEST_ID]
        if too_large:
            raise JqlError(f"The value '{too_large[0]}' is not a valid number for the field 'id'.")
        self._note_missing(clause)
        return self._member(clause, set(self._issue_ids(clause.values)), lambda issue: issue.id)

    def _beside(self, clause: Clause) -> Predicate:
        """A comparison with one issue: by number within its project, by id for an id."""
        value = clause.values[0]
        issue = self.book.find(value.text)
        if issue and not value.text.isdecimal() and issue.key != value.text.upper():
            raise JqlError(f"Operator '{clause.operator}' cannot be applied to moved issue key '{value.text}'")
        compare = _COMPARE[clause.operator]
        if value.text.isdecimal():
            return lambda one: compare(one.id, int(value.text))
        project, _, number = value.text.upper().rpartition("-")
        return lambda one: one.project == project and compare(int(one.key.rpartition("-")[2]), int(number))

    def _note_missing(self, clause: Clause) -> None:
        for value in clause.values:
            issue = self.book.find(value.text)
            if issue is None or not self.book.listed([issue], anonymous=self.anonymous):
                self.missing.append(unknown_issue(value.text, self.language))

    def _issue_ids(self, values: Iterable[Value]) -> list[int]:
        found = (self.book.find(value.text) for value in values)
        return [issue.id for issue in found if issue]

    def _projects(self, values: Iterable[Value]) -> set[str]:
        by_name = {
            name: project.key
            for project in self.book.projects.values()
            if self.book.browsable(project, anonymous=self.anonymous)
            for name in (str(project.id), project.name.lower(), project.key.lower())
        }
        self._note_unknown("project", values, by_name)
        return {by_name[one.text.lower()] for one in values if one.text.lower() in by_name}

    def _statuses(self, values: Iterable[Value]) -> set[int]:
        by_name = {
            name: status.id for status in self.book.statuses.values() for name in (str(status.id), status.name.lower())
        }
        self._note_unknown("status", values, by_name)
        return {by_name[one.text.lower()] for one in values if one.text.lower() in by_name}

    def _note_unknown(self, name: str, values: Iterable[Value], known: Iterable[str]) -> None:
        names = set(known)
        self.missing += [
            f"The value '{one.text}' does not exist for the field '{name}'."
            for one in values
            if one.text.lower() not in names
        ]

    def _category(self, issue: Issue) -> str:
        return self.book.statuses[issue.status_id].category

    # Times

    def _time(self, clause: Clause, of: Callable[[Issue], datetime]) -> Predicate:
        compare = _COMPARE.get(clause.operator)
        if compare is None:
            raise _inapplicable(clause)
        limit = read_date(clause.values[0].text, self.now, self.time_zone)
        return lambda issue: compare(of(issue).replace(second=0, microsecond=0), limit)

    # Order

    def _ordered(self, issues: list[Issue], order: Sequence[Order]) -> list[Issue]:
        newest_first = sorted(issues, key=lambda issue: (issue.created, issue.id), reverse=True)
        for one in reversed(order):
            newest_first.sort(key=self._sort_key(one.field), reverse=one.descending)
        return newest_first

    def _sort_key(self, name: str) -> Callable[[Issue], Any]:
        match name:
            case "id" | "issue":
                return lambda issue: issue.id
            case "key" | "issuekey":
                return lambda issue: (issue.project, int(issue.key.rpartition("-")[2]))
            case "project":
                return lambda issue: issue.project
            case "status":
                return lambda issue: issue.status_id
            case "created":
                return lambda issue: issue.created
            case "updated" | "updateddate":
                return lambda issue: issue.updated
            case _:
                raise JqlError(f"Not able to sort using field '{name}'.")


def _present(index: Mapping[int, Issue], ids: Iterable[int]) -> list[Issue]:
    return [index[number] for number in ids if number in index]


def _always(_issue: Issue) -> bool:
    return True


def _is_issue_name(value: Value) -> bool:
    """A key, or a number that is not quoted."""
    return bool(_KEY.fullmatch(value.text)) or (value.text.isdecimal() and not value.quoted)


def _categories(values: Iterable[Value]) -> set[str]:
    return {
        category.key
        for category in CATEGORIES.values()
        for value in values
        if value.text.lower() in (category.key, category.name.lower(), str(category.id))
    }


def _inapplicable(clause: Clause) -> JqlError:
    return JqlError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
