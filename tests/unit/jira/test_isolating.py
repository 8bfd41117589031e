"""R9b over real sockets: one issue, one size or one firewall is not the site."""

from datetime import timedelta
from typing import Any

import pytest

from sample_jira.faults import FaultKind, named_in
from tests.unit.jira.conftest import Bench, Kind
from ticket_status.core.model import ReasonCode
from ticket_status.core.observations import Answered
from ticket_status.core.trouble import Unavailable
from ticket_status.jira.site import JiraSite

BOTH: tuple[Kind, ...] = ("cloud", "data center")
BLOCKED = "<html><title>Request blocked</title></html>"


def read(bench: Bench, kind: Kind, count: int) -> tuple[JiraSite, list[str]]:
    """A connected site and the ids of some issues."""
    jira, issues = bench.connected(kind), bench.site(kind).create("SEC", count)
    return jira, [str(issue.id) for issue in issues]


def asked(jira: JiraSite, ids: list[str]) -> Answered:
    answer = jira.ask(ids)
    assert isinstance(answer, Answered), answer
    return answer


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 400, "body": {"errorMessages": ["no"]}}),
        ("status", {"status": 403, "body": {"message": "Forbidden"}}),
        ("status", {"status": 403, "body": BLOCKED}),
        ("truncate", {}),
        ("close", {}),
        ("hang", {}),
        ("garble_issues", {"ids": [10042]}),
    ],
)
def test_the_one_issue_at_fault_alone_is_failed(
    bench: Bench, kind: Kind, fault: FaultKind, options: dict[str, Any]
) -> None:
    if fault == "hang":
        bench.be_brief()
    jira, ids = read(bench, kind, 60)
    bench.site(kind).fault(fault, naming=[10042], **options)
    answer = asked(jira, ids)
    assert answer.failed == {"10042"}
    assert set(answer.seen) == set(ids) - {"10042"}
    assert jira.site.asked_alone == ("10042",)
    before = jira.requests
    assert asked(jira, ids).failed == {"10042"}
    assert jira.requests - before <= 8, "it is asked for by itself from now on"
    bench.site(kind).clear_faults()
    assert asked(jira, ids).failed == set()
    assert not jira.site.asked_alone


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("fault", "options", "size"),
    [
        ("status", {"status": 403, "body": BLOCKED, "body_over": 1000}, 110),
        ("status", {"status": 413, "body": BLOCKED, "issues_over": 70}, 70),
        ("truncate", {"issues_over": 70}, 70),
        ("status", {"status": 500, "issues_over": 70}, 70),
        ("hang", {"issues_over": 70}, 70),
    ],
)
def test_what_is_too_much_for_one_call_is_asked_for_in_several(
    bench: Bench, kind: Kind, fault: FaultKind, options: dict[str, Any], size: int
) -> None:
    if fault == "hang":
        bench.be_brief()
    jira, ids = read(bench, kind, 300)
    bench.site(kind).fault(fault, **options)
    answer = asked(jira, ids)
    assert (set(answer.seen), answer.failed) == (set(ids), frozenset())
    assert jira.ids_per_call <= size
    before = jira.requests
    assert asked(jira, ids).seen.keys() == set(ids)
    named = [len(named_in(one)) for one in bench.bodies(kind)[before:]]
    assert max(named) <= size, "no call is made that the site does not bear"


@pytest.mark.parametrize("kind", BOTH)
def test_the_size_grows_again_after_a_day(bench: Bench, kind: Kind) -> None:
    jira, ids = read(bench, kind, 300)
    bench.site(kind).fault("status", status=413, issues_over=150)
    asked(jira, ids)
    assert jira.ids_per_call == 150
    bench.site(kind).clear_faults()
    bench.ahead = timedelta(days=1)
    asked(jira, ids)
    assert jira.ids_per_call == 300
    before = jira.requests
    asked(jira, ids)
    assert jira.requests - before == 1


@pytest.mark.parametrize("kind", BOTH)
def test_an_id_that_cannot_exist_is_failed_and_never_asked_for(bench: Bench, kind: Kind) -> None:
    jira, ids = read(bench, kind, 3)
    answer = asked(jira, [*ids, "9999999999999999999"])
    assert (set(answer.seen), answer.failed, jira.requests) == (set(ids), frozenset({"9999999999999999999"}), 1)


@pytest.mark.parametrize("language", ["en", "fr", "ja"])
def test_numbers_that_were_asked_for_are_a_hint_in_any_language(bench: Bench, language: str) -> None:
    bench.jira.data_center.configure(always_validates=True, language=language)
    jira, ids = read(bench, "data center", 60)
    bench.jira.data_center.delete("SEC-7")
    answer = asked(jira, ids)
    assert (set(answer.seen), answer.retry, answer.failed) == (set(ids) - {ids[6]}, frozenset(), frozenset())
    assert jira.requests == 2


@pytest.mark.parametrize("kind", BOTH)
def test_a_key_that_fails_by_itself_is_alone(bench: Bench, kind: Kind) -> None:
    site = bench.site(kind)
    jira, issues = bench.connected(kind), site.create("SEC", 3)
    keys = [issue.key for issue in issues]
    site.add_project("OPS")
    for key in keys:
        site.move_to_project(key, "OPS")
    site.fault("status", path="*/issue/SEC-2", status=500)
    answer = asked(jira, keys)
    assert (set(answer.seen), answer.failed) == ({"SEC-1", "SEC-3"}, frozenset({"SEC-2"}))


@pytest.mark.parametrize("kind", BOTH)
def test_an_entry_that_cannot_be_read_hides_no_deletion(bench: Bench, kind: Kind) -> None:
    jira, ids = read(bench, kind, 20)
    bench.site(kind).delete("SEC-3")
    bench.site(kind).fault("garble_issues", ids=[10010])
    answer = asked(jira, ids)
    assert (answer.failed, answer.retry) == (frozenset({"10010"}), frozenset())
    assert set(ids) - set(answer.seen) - answer.failed == {"10003"}


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fault", ["charset", "broken_text", "null_issue_errors"])
def test_what_cannot_be_read_in_one_member_does_not_spoil_the_others(
    bench: Bench, kind: Kind, fault: FaultKind
) -> None:
    site = bench.site(kind)
    jira, ids = read(bench, kind, 2)
    site.add_status("Réglé", "done")
    site.move("SEC-1", "Réglé")
    site.fault(fault)
    assert asked(jira, ids).seen == {"10001": "SEC-1|done|Réglé", "10002": "SEC-2|new|To Do"}


@pytest.mark.parametrize("kind", BOTH)
def test_an_outage_is_not_divided(bench: Bench, kind: Kind) -> None:
    jira, ids = read(bench, kind, 300)
    bench.site(kind).fault("status", status=502)
    answer = jira.ask(ids)
    assert isinstance(answer, Unavailable)
    assert (answer.reason_code, jira.requests) == (ReasonCode.JIRA_ERROR, 2)


def test_a_large_call_that_our_own_deadline_ends_is_a_smaller_one_next_time(bench: Bench) -> None:
    jira, ids = read(bench, "cloud", 100)
    hurried = bench.connected("cloud", seconds=1)
    bench.jira.cloud.fault("hang", issues_over=20)
    answer = hurried.ask(ids)
    assert isinstance(answer, Unavailable)
    assert (answer.own_deadline, hurried.ids_per_call, jira.ids_per_call) == (True, 20, 1000)
