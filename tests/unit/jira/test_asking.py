"""Asking for issues over real sockets: what was shown, what is missing, and at the cost of how many calls."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from sample_jira.model import Issue
from tests.unit.jira.conftest import Bench, Kind
from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import Refused, Unavailable
from ticket_status.jira.site import JiraSite
from ticket_status.ports.jira import JiraRejectedRequestError

BOTH: tuple[Kind, ...] = ("cloud", "data center")
BULK = "POST /rest/api/3/issue/bulkfetch"
SEARCH = "POST /rest/api/2/search"


def asked(jira: JiraSite, *issues: Issue | str) -> Answered:
    answer = jira.ask([one if isinstance(one, str) else str(one.id) for one in issues])
    assert isinstance(answer, Answered), answer
    return answer


@pytest.mark.parametrize("kind", BOTH)
def test_a_thousand_issues_are_one_call(bench: Bench, kind: Kind) -> None:
    jira, issues = bench.connected(kind), bench.site(kind).create("SEC", 1000)
    answer = asked(jira, *issues)
    assert len(answer.seen) == 1000
    assert answer.seen[str(issues[0].id)] == f"{issues[0].key}|new|To Do"
    assert (jira.requests, len(bench.calls(kind))) == (1, 1)


@pytest.mark.parametrize("kind", BOTH)
def test_deleted_and_hidden_issues_are_missing_and_nothing_else_is(bench: Bench, kind: Kind) -> None:
    site = bench.site(kind)
    jira, issues = bench.connected(kind), site.create("SEC", 5)
    site.delete(issues[1].key)
    site.hide(issues[3].key)
    answer = asked(jira, *issues)
    assert set(answer.seen) == {str(issues[position].id) for position in (0, 2, 4)}
    assert not answer.retry


@pytest.mark.parametrize("kind", BOTH)
def test_an_issue_moved_to_another_project_is_found_by_id_with_its_new_key(bench: Bench, kind: Kind) -> None:
    site = bench.site(kind)
    jira, [issue] = bench.connected(kind), site.create("SEC", 1)
    site.add_project("OPS")
    moved = site.move_to_project(issue.key, "OPS")
    assert asked(jira, str(issue.id)).seen == {str(issue.id): f"{moved.key}|new|To Do"}


@pytest.mark.parametrize("kind", BOTH)
def test_keys_and_ids_are_asked_for_in_one_call_and_keys_learn_their_ids(bench: Bench, kind: Kind) -> None:
    jira, issues = bench.connected(kind), bench.site(kind).create("SEC", 3)
    answer = asked(jira, str(issues[0].id), issues[1].key)
    assert set(answer.seen) == {str(issues[0].id), issues[1].key}
    assert answer.ids == {issues[1].key: str(issues[1].id)}
    assert jira.requests == 1


@pytest.mark.parametrize("kind", BOTH)
def test_an_old_key_is_told_apart_from_a_gone_one_by_single_calls(bench: Bench, kind: Kind) -> None:
    site = bench.site(kind)
    jira, issues = bench.connected(kind), site.create("SEC", 2)
    old_key, gone = (issue.key for issue in issues)
    site.add_project("OPS")
    moved = site.move_to_project(old_key, "OPS")
    site.delete(gone)
    answer = asked(jira, old_key, gone)
    assert answer.seen == {old_key: f"{moved.key}|new|To Do"}
    assert answer.ids == {old_key: str(moved.id)}
    assert jira.requests == 3


@pytest.mark.parametrize("kind", BOTH)
def test_keys_that_nothing_shown_can_be_cost_no_more_calls(bench: Bench, kind: Kind) -> None:
    jira, [issue] = bench.connected(kind), bench.site(kind).create("SEC", 1)
    assert set(asked(jira, issue.key, "SEC-404").seen) == {issue.key}
    assert jira.requests == 1


def test_the_same_issue_asked_for_by_id_and_by_its_old_key_is_shown_for_both(bench: Bench) -> None:
    jira, [issue] = bench.connected("cloud"), bench.jira.cloud.create("SEC", 1)
    old_key = issue.key
    bench.jira.cloud.add_project("OPS")
    bench.jira.cloud.move_to_project(old_key, "OPS")
    assert set(asked(jira, str(issue.id), old_key).seen) == {str(issue.id), old_key}


@pytest.mark.parametrize("kind", BOTH)
def test_odd_names_ids_and_categories_are_taken_as_they_are(bench: Bench, kind: Kind) -> None:
    site = bench.site(kind)
    [issue] = site.create("SEC", 1, first_id=2**53 + 1)
    jira = bench.connected(kind)
    site.add_status("Unknown", "undefined")
    site.move(issue.key, "Unknown")
    assert asked(jira, str(issue.id)).seen == {str(2**53 + 1): f"{issue.key}|undefined|Unknown"}
    site.rename_status("Unknown", "a|b <b>\N{SNOWMAN}</b>")
    assert asked(jira, str(issue.id)).seen == {str(2**53 + 1): f"{issue.key}|undefined|a|b <b>\N{SNOWMAN}</b>"}


@pytest.mark.parametrize("kind", BOTH)
def test_nothing_asked_is_no_call(bench: Bench, kind: Kind) -> None:
    jira = bench.connected(kind)
    assert asked(jira).seen == {}
    assert jira.requests == 0


@pytest.mark.parametrize("kind", BOTH)
def test_an_issue_is_looked_at_by_id_and_by_key(bench: Bench, kind: Kind) -> None:
    jira, [issue] = bench.connected(kind), bench.site(kind).create("SEC", 1)
    found = Found(str(issue.id), asked(jira, issue).seen[str(issue.id)])
    assert jira.look_at(str(issue.id)) == jira.look_at(issue.key) == found
    assert jira.look_at("999999") is None
    assert jira.look_at("../serverInfo?x=/") is None


def test_an_issue_that_a_data_center_forbids_is_there_but_hidden(bench: Bench) -> None:
    site = bench.jira.data_center
    jira, [issue] = bench.connected("data center"), site.create("SEC", 1)
    site.options.hidden_issue_status = 403
    site.hide(issue.key)
    assert jira.look_at(str(issue.id)) is Lookup.HIDDEN


@pytest.mark.parametrize("kind", BOTH)
def test_a_project_can_be_browsed_until_it_is_private_gone_or_archived(bench: Bench, kind: Kind) -> None:
    site = bench.site(kind)
    jira = bench.connected(kind)
    site.create("SEC", 1)
    site.add_project("OPS")
    assert jira.can_browse("SEC") is True
    site.make_private("SEC")
    site.archive_project("OPS")
    assert [jira.can_browse(key) for key in ("SEC", "OPS", "NONE")] == [False, False, False]


@pytest.mark.parametrize("kind", BOTH)
def test_the_account_is_proven_and_another_one_is_refused(bench: Bench, kind: Kind) -> None:
    jira = bench.connected(kind)
    assert jira.whoami() == Account(jira.site.account_id or "", jira.site.account_name)
    stranger = bench.opened(bench.integration(kind, site=replace(jira.site, account_id="somebody")))
    assert isinstance(stranger.whoami(), Refused)


# Sizes


def test_a_cloud_site_that_takes_a_hundred_ids_is_asked_in_hundreds_and_remembered(bench: Bench) -> None:
    bench.jira.cloud.options.bulk_cap = 100
    jira, issues = bench.connected("cloud"), bench.jira.cloud.create("SEC", 250)
    assert len(asked(jira, *issues).seen) == 250
    assert (jira.requests, jira.ids_per_call, jira.site.ids_per_call) == (5, 100, 100)
    assert len(asked(jira, *issues[:150]).seen) == 150
    assert jira.requests == 7


def test_a_400_that_is_not_about_size_is_our_own_fault_and_teaches_nothing(bench: Bench) -> None:
    jira, issues = bench.connected("cloud"), bench.jira.cloud.create("SEC", 150)
    bench.jira.cloud.fault("status", path="*bulkfetch", status=400, body={"errorMessages": ["no"]})
    with pytest.raises(JiraRejectedRequestError):
        jira.ask([str(issue.id) for issue in issues])
    assert jira.ids_per_call == 1000


def test_a_clamped_page_of_a_data_center_is_noticed_and_the_rest_asked_for_by_name(bench: Bench) -> None:
    bench.jira.data_center.options.page_cap = 100
    jira, issues = bench.connected("data center"), bench.jira.data_center.create("SEC", 250)
    bench.jira.data_center.delete(issues[240].key)
    answer = asked(jira, *issues)
    assert (len(answer.seen), answer.retry) == (249, frozenset())
    assert (jira.requests, jira.site.ids_per_call) == (3, 100)


def test_issues_that_vanish_between_pages_take_no_others_with_them(bench: Bench) -> None:
    site = bench.jira.data_center
    site.options.page_cap = 10
    jira, issues = bench.connected("data center"), site.create("SEC", 30)
    site.fault("drop_issues", path="*search", ids=[str(one.id) for one in issues[:5]], skip=1, times=1)
    assert set(asked(jira, *issues).seen) >= {str(one.id) for one in issues[:10]}


# Answers that contradict themselves


def test_what_issue_errors_name_is_retried_and_never_concluded_from(bench: Bench) -> None:
    jira, issues = bench.connected("cloud"), bench.jira.cloud.create("SEC", 3)
    bench.jira.cloud.fault("issue_errors", ids=[issues[1].id], times=1)
    answer = asked(jira, *issues)
    assert answer.retry == {str(issues[1].id)}
    assert set(answer.seen) == {str(issues[0].id), str(issues[2].id)}


def test_a_page_with_fewer_issues_than_its_total_is_asked_for_once_more(bench: Bench) -> None:
    jira, issues = bench.connected("data center"), bench.jira.data_center.create("SEC", 3)
    fault: dict[str, Any] = {"path": "*search", "ids": [issues[1].id]}
    bench.jira.data_center.fault("drop_issues", **fault, times=1)
    assert len(asked(jira, *issues).seen) == 3
    assert jira.requests == 2
    bench.jira.data_center.fault("drop_issues", **fault)
    answer = asked(jira, *issues)
    assert answer.retry == {str(issues[1].id)}
    assert jira.requests == 4


def test_a_data_center_that_rejects_a_query_for_its_keys_is_asked_for_each_by_itself(bench: Bench) -> None:
    jira, issues = bench.connected("data center"), bench.jira.data_center.create("SEC", 3)
    body = {"errorMessages": ["An issue with key 'SEC-9' does not exist for field 'key'."]}
    bench.jira.data_center.fault("status", path="*search", status=400, body=body, times=1)
    answer = asked(jira, str(issues[0].id), issues[1].key, "SEC-9")
    assert set(answer.seen) == {str(issues[0].id), issues[1].key}
    assert bench.calls("data center")[:2] == [SEARCH, SEARCH]


@pytest.mark.parametrize("also", ["SEC-1", None], ids=["with a key", "ids only"])
def test_ids_that_a_data_center_rejects_a_query_for_are_missing_and_the_rest_is_asked_for_again(
    bench: Bench, also: str | None
) -> None:
    bench.jira.data_center.options.always_validates = True
    jira, issues = bench.connected("data center"), bench.jira.data_center.create("SEC", 3)
    names = [str(issues[1].id), "1", str(issues[2].id), "2", *([also] if also else [])]
    answer = asked(jira, *names)
    assert set(answer.seen) == {str(issues[1].id), str(issues[2].id), *([also] if also else [])}
    assert not answer.retry
    assert bench.calls("data center")[:2] == [SEARCH, SEARCH]
    assert asked(jira, "1").seen == {}


def test_ids_that_a_data_center_names_one_at_a_time_are_each_left_out(bench: Bench) -> None:
    jira, [issue] = bench.connected("data center"), bench.jira.data_center.create("SEC", 1)
    for unknown in (3, 2, 1):
        body = {"errorMessages": [f"A value with ID '{unknown}' does not exist for the field 'id'."]}
        bench.jira.data_center.fault("status", path="*search", status=400, body=body, times=1)
    answer = asked(jira, "1", "2", "3", str(issue.id))
    assert (set(answer.seen), answer.retry) == ({str(issue.id)}, frozenset())
    assert jira.requests == 4


@pytest.mark.parametrize(
    "body",
    [
        {"errorMessages": ["A value with ID '7' does not exist for the field 'id'."]},
        {"errorMessages": ["Error in line 1, character 1."]},
        {"errorMessages": "A value with ID '1' does not exist for the field 'id'."},
        ["A value with ID '1' does not exist for the field 'id'."],
    ],
)
def test_a_rejection_that_names_none_of_our_ids_is_our_own_fault(bench: Bench, body: Any) -> None:  # noqa: ANN401 - any JSON
    jira = bench.connected("data center")
    bench.jira.data_center.fault("status", path="*search", status=400, body=body)
    with pytest.raises(JiraRejectedRequestError):
        jira.ask(["1"] if "line" not in str(body) else ["10001"])
    assert bench.calls("data center") == [SEARCH, SEARCH, "GET /rest/api/2/myself"]


def test_a_key_that_could_be_more_than_a_key_never_reaches_the_query(bench: Bench) -> None:
    jira = bench.connected("data center")
    bench.jira.data_center.create("SEC", 1)
    assert asked(jira, 'SEC-1") OR project in ("SEC').seen == {}
    assert SEARCH not in bench.calls("data center")


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "issues",
    [
        None,
        {},
        "x",
        [1],
        [{"key": "SEC-1"}],
        [{"id": "1"}],
        [{"id": "x", "key": "SEC-1"}],
        [{"id": True, "key": "SEC-1"}],
        [{"id": "1", "key": "SEC|1"}],
        [{"id": "1", "key": "SEC\n1"}],
    ],
)
def test_issues_in_no_form_of_jiras_are_no_data(bench: Bench, kind: Kind, issues: object) -> None:
    jira = bench.connected(kind)
    body = {"issues": issues, "issueErrors": [], "total": 1, "maxResults": 1, "startAt": 0}
    bench.site(kind).fault("status", method="POST", status=200, body=body)
    assert isinstance(jira.ask(["1"]), Unavailable)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "fields",
    [
        None,
        {},
        {"status": None},
        {"status": {"name": 1}},
        {"status": {"name": " "}},
        {"status": {"name": "x", "statusCategory": 1}},
    ],
)
def test_an_issue_without_a_readable_status_is_retried(bench: Bench, kind: Kind, fields: object) -> None:
    jira = bench.connected(kind)
    issues = [{"id": "1", "key": "SEC-1", "fields": fields}]
    body = {"issues": issues, "issueErrors": [], "total": 1, "maxResults": 1, "startAt": 0}
    bench.site(kind).fault("status", method="POST", status=200, body=body)
    answer = asked(jira, "1")
    assert not answer.seen
    assert answer.retry == {"1"}


def test_names_that_no_database_takes_are_made_storable_and_numbers_stay_whole(bench: Bench) -> None:
    jira = bench.connected("cloud")
    status = {"name": "a\ud800\x00\N{SNOWMAN}" + "x" * 300, "statusCategory": {"key": "in-flight"}}
    issues = [
        {"id": 2**60 + 1, "key": "SEC-1", "fields": {"status": status}},
        {"id": 2**60 + 1, "key": "SEC-1", "fields": {"status": status}},
        {"id": "7", "key": "SEC-7", "fields": {"status": status}},
    ]
    body = json.dumps({"issues": issues})
    bench.jira.cloud.fault("status", method="POST", status=200, body=body, content_type="application/json")
    [(issue_id, seen)] = asked(jira, str(2**60 + 1)).seen.items()
    assert issue_id == str(2**60 + 1)
    assert seen.startswith("SEC-1|undefined|a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{SNOWMAN}xx")
    assert seen.encode()


def test_a_name_may_have_letters_that_do_not_print(bench: Bench) -> None:
    jira = bench.connected("cloud")
    status = {"name": "Готово\u00a0\u200dё", "statusCategory": {"key": "done"}}
    bench.jira.cloud.fault(
        "status", method="POST", status=200, body={"issues": [{"id": "1", "key": "S-1", "fields": {"status": status}}]}
    )
    assert asked(jira, "1").seen == {"1": "S-1|done|Готово\u00a0\u200dё"}
