"""What each kind of trouble on the line comes to, for both kinds of Jira, over real sockets."""

import time
from typing import Any

import pytest

from sample_jira.faults import FaultKind
from tests.unit.jira.conftest import Bench, Kind, met
from ticket_status.core.model import ReasonCode
from ticket_status.core.observations import Answered
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.ports.jira import JiraRejectedRequestError

BOTH: tuple[Kind, ...] = ("cloud", "data center")
STALLING: tuple[FaultKind, ...] = ("hang", "hang_midway", "drip")
HTML = "<html>down</html>"
GONE = {"errorMessages": ["dead link"]}

FAULTS: list[tuple[FaultKind, dict[str, Any], type[JiraTrouble], ReasonCode | None]] = [
    ("login_page", {}, Refused, ReasonCode.NOT_JIRA),
    ("redirect", {}, Refused, ReasonCode.NOT_JIRA),
    ("content_type", {"content_type": "text/html"}, Refused, ReasonCode.NOT_JIRA),
    ("status", {"status": 404, "body": HTML}, Refused, ReasonCode.NOT_JIRA),
    ("status", {"status": 404, "body": {"message": "No message available"}}, Refused, ReasonCode.NOT_JIRA),
    ("status", {"status": 404, "body": GONE}, Refused, ReasonCode.NOT_JIRA),
    ("status", {"status": 401, "body": HTML}, Refused, ReasonCode.AUTHENTICATION_FAILED),
    ("status", {"status": 403, "body": GONE}, Refused, ReasonCode.AUTHENTICATION_FAILED),
    ("status", {"status": 500, "body": HTML}, Unavailable, ReasonCode.JIRA_ERROR),
    ("status", {"status": 503, "body": HTML}, Unavailable, ReasonCode.JIRA_ERROR),
    ("status", {"status": 503, "headers": {"Retry-After": "30"}}, Throttled, None),
    ("status", {"status": 429}, Throttled, None),
    ("empty", {}, Unavailable, ReasonCode.JIRA_ERROR),
    ("truncate", {}, Unavailable, ReasonCode.JIRA_ERROR),
    ("invalid_json", {}, Unavailable, ReasonCode.JIRA_ERROR),
    ("close", {}, Unavailable, ReasonCode.UNREACHABLE),
    ("lose", {}, Unavailable, ReasonCode.UNREACHABLE),
    ("hang", {}, Unavailable, ReasonCode.UNREACHABLE),
    ("hang_midway", {}, Unavailable, ReasonCode.UNREACHABLE),
    ("drip", {"seconds": 0.05}, Unavailable, ReasonCode.UNREACHABLE),
]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("fault", "options", "trouble", "code"), FAULTS, ids=[f"{one[0]} {one[1].get('status', '')}" for one in FAULTS]
)
def test_trouble_is_told_by_its_kind_and_never_taken_for_data(  # noqa: PLR0913, PLR0917 - a row of the table
    bench: Bench,
    kind: Kind,
    fault: FaultKind,
    options: dict[str, Any],
    trouble: type[JiraTrouble],
    code: ReasonCode | None,
) -> None:
    if fault in STALLING:
        bench.be_brief()
    jira, issues = bench.connected(kind), bench.site(kind).create("SEC", 3)
    bench.site(kind).fault(fault, **options)
    answer = jira.ask([str(issue.id) for issue in issues])
    assert type(answer) is trouble
    assert getattr(answer, "reason_code", None) is code
    told_at_once = trouble is Throttled or (options.get("status") == 401)
    assert jira.requests == (1 if told_at_once else 2), "the second one asks whether the site is well (R9b)"
    bench.site(kind).clear_faults()
    assert isinstance(jira.ask([str(issues[0].id)]), Answered)


@pytest.mark.parametrize("kind", BOTH)
def test_a_revoked_credential_is_refused_although_the_answer_looks_fine(bench: Bench, kind: Kind) -> None:
    jira, issues = bench.connected(kind), bench.site(kind).create("SEC", 3)
    bench.site(kind).options.reject_credentials = True
    for answer in (jira.ask([str(issues[0].id)]), jira.whoami(), jira.look_at("SEC-1"), jira.can_browse("SEC")):
        assert isinstance(answer, Refused)
        assert answer.reason_code is ReasonCode.AUTHENTICATION_FAILED


@pytest.mark.parametrize("kind", BOTH)
def test_a_twenty_megabyte_answer_is_read_whole_and_a_larger_than_allowed_one_is_not(bench: Bench, kind: Kind) -> None:
    jira = bench.connected(kind)
    bench.site(kind).fault("huge", path="*/myself", size=20_000_000, times=1)
    assert isinstance(jira.whoami(), Unavailable)
    bench.site(kind).fault("huge", path="*/myself", size=40_000_000, times=1)
    answer = jira.whoami()
    assert isinstance(answer, Unavailable)
    assert "too large" in answer.reason


@pytest.mark.parametrize("kind", BOTH)
def test_a_rejected_call_is_our_fault_and_raises(bench: Bench, kind: Kind) -> None:
    jira = bench.connected(kind)
    for status in (402, 405, 409, 410, 413, 415, 451):
        bench.site(kind).fault("status", method="POST", status=status, body=GONE)
        with pytest.raises(JiraRejectedRequestError, match=rf"{status}: POST .* Jira said: “dead link”"):
            jira.ask(["10001"])
        bench.site(kind).clear_faults()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("status", [400, 402, 405, 409, 410, 413, 451])
def test_a_site_that_rejects_our_account_too_is_at_fault_itself(bench: Bench, kind: Kind, status: int) -> None:
    jira = bench.connected(kind)
    body = {"code": status, "message": "This site has been deactivated"}
    bench.site(kind).fault("status", status=status, body=body)
    for answer in (jira.ask(["10001"]), jira.whoami()):
        assert isinstance(answer, Unavailable)
        assert answer.reason_code is ReasonCode.JIRA_ERROR
        assert answer.reason.endswith("Jira said: “This site has been deactivated”")


@pytest.mark.parametrize("kind", BOTH)
def test_a_site_that_refuses_connections_is_unreachable_and_back_when_it_is_back(bench: Bench, kind: Kind) -> None:
    jira, [issue] = bench.connected(kind), bench.site(kind).create("SEC", 1)
    bench.site(kind).down()
    assert met(jira.ask([str(issue.id)])) == (Unavailable, ReasonCode.UNREACHABLE)
    bench.site(kind).up()
    assert isinstance(jira.ask([str(issue.id)]), Answered)


@pytest.mark.parametrize("kind", BOTH)
def test_the_wait_that_a_site_asks_for_is_passed_on(bench: Bench, kind: Kind) -> None:
    jira = bench.connected(kind)
    before = bench.now()
    bench.site(kind).throttle(120)
    answer = jira.ask(["10001"])
    assert isinstance(answer, Throttled)
    assert answer.until is not None
    assert 115 < (answer.until - before).total_seconds() < 125


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fault", STALLING)
def test_a_deadline_ends_a_call_wherever_it_hangs(bench: Bench, kind: Kind, fault: FaultKind) -> None:
    jira = bench.connected(kind, seconds=0.3)
    bench.site(kind).fault(fault, seconds=0.02)
    started = time.monotonic()
    assert isinstance(jira.ask(["10001"]), Unavailable)
    assert time.monotonic() - started < bench.settings.limits.read
    calls = jira.requests
    assert isinstance(jira.ask(["10001"]), Unavailable)
    assert jira.requests == calls == 1
    assert len(bench.calls(kind)) == calls


def test_a_renamed_site_says_where_it_went(bench: Bench) -> None:
    jira = bench.connected("cloud")
    bench.jira.rename("cloud")
    answer = jira.ask(["10001"])
    assert isinstance(answer, Refused)
    assert answer.reason_code is ReasonCode.NOT_JIRA
    assert "http://127.0.0.1" in answer.reason
