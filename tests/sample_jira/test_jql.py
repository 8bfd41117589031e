"""JQL is parsed and evaluated, whatever way it is written."""

from datetime import UTC, datetime, timedelta

import pytest

from sample_jira.book import IssueBook
from sample_jira.clock import Clock
from sample_jira.jql import JqlError, parse
from sample_jira.search import Search

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def book() -> IssueBook:
    """SEC-1 to SEC-3 (10001...), a day apart, in three statuses; OPS-1 (10004)."""
    made = IssueBook(Clock())
    made.create("SEC", 3, created=START, spread_seconds=3 * 86400)
    made.create("OPS", created=START + timedelta(days=10))
    made.issue("SEC-2").status_id = made.status("In Progress").id
    made.issue("SEC-3").status_id = made.status("Done").id
    return made


def found(book: IssueBook, jql: str, time_zone: str = "UTC") -> list[str]:
    """The keys that a query finds, in its order."""
    search = Search(book, START + timedelta(days=11), time_zone, anonymous=False)
    return [issue.key for issue in search.run(parse(jql))]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("id in (10003, 10001) order by id", ["SEC-1", "SEC-3"]),
        ("ID IN (10003,10001) ORDER BY id DESC", ["SEC-3", "SEC-1"]),
        ("key in (SEC-1, 'OPS-1') order by key", ["OPS-1", "SEC-1"]),
        ("issuekey = sec-2", ["SEC-2"]),
        ("issue in (10001, SEC-2) order by created asc", ["SEC-1", "SEC-2"]),
        ("project = SEC order by key desc", ["SEC-3", "SEC-2", "SEC-1"]),
        ("project = 'Project OPS'", ["OPS-1"]),
        ("project in (SEC, OPS) and status != Done order by id", ["SEC-1", "SEC-2", "OPS-1"]),
        ('status = "In Progress"', ["SEC-2"]),
        ("statusCategory = Done", ["SEC-3"]),
        ("statusCategory not in (done, new)", ["SEC-2"]),
        ("not project = SEC", ["OPS-1"]),
        ("project = SEC and not (id = 10001 or id = 10002)", ["SEC-3"]),
        ("id = 10001 or id = 10002 and project = OPS", ["SEC-1"]),
        ("(id = 10001 or id = 10002) and project = OPS", []),
        ("id in (10001,10002,10003) and id not in (10002) order by id", ["SEC-1", "SEC-3"]),
        ("id > 10003", ["OPS-1"]),
        ("key <= SEC-2 order by key", ["SEC-1", "SEC-2"]),
        ("created >= 2026-01-02 and project = SEC order by created", ["SEC-2", "SEC-3"]),
        ('created < "2026-01-02 12:00"', ["SEC-1"]),
        ("created >= -2d", ["OPS-1"]),
        ("order by id", ["SEC-1", "SEC-2", "SEC-3", "OPS-1"]),
        ("", ["OPS-1", "SEC-3", "SEC-2", "SEC-1"]),
        ("order by status, key desc", ["SEC-2", "SEC-1", "OPS-1", "SEC-3"]),
    ],
)
def test_queries_find_what_they_say(book: IssueBook, jql: str, keys: list[str]) -> None:
    assert found(book, jql) == keys


@pytest.mark.parametrize(
    "jql",
    [
        "id in (10001",
        "id in ()",
        "id 10001",
        "id = 10001 10002",
        "and id = 1",
        "project = SEC and",
        "order by",
        "assignee = me",
        "id in (1) order by colour",
        'key in ("1")',
        "key = SEC",
        "status > Done",
        "created in (2026-01-01)",
        "created > yesterday",
        "id = 1 ! 2",
        f"id = 1 order by {', '.join(['id'] * 8)}",
    ],
)
def test_what_is_no_query_is_refused(book: IssueBook, jql: str) -> None:
    with pytest.raises(JqlError):
        found(book, jql)


def test_dates_are_read_in_the_accounts_time_zone(book: IssueBook) -> None:
    at_noon_utc = 'project = SEC and created < "2026-01-01 13:00"'

    assert found(book, at_noon_utc) == ["SEC-1"]
    assert found(book, at_noon_utc, "Europe/Paris") == []


def test_a_renamed_status_is_found_by_its_new_name(book: IssueBook) -> None:
    book.rename_status("In Progress", "Doing")

    assert found(book, "status = Doing") == ["SEC-2"]
    assert found(book, 'status = "In Progress"') == []


def test_old_keys_find_moved_issues(book: IssueBook) -> None:
    book.move_to_project("SEC-1", "OPS")

    assert found(book, "key in (SEC-1)") == ["OPS-2"]
    assert found(book, "project = SEC order by id") == ["SEC-2", "SEC-3"]
