"""Everything can be made to go wrong, where and as often as wanted."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from time import monotonic

import pytest
import requests

from sample_jira import SampleJira
from sample_jira.faults import FaultKind

Client = Callable[..., requests.Response]
BULK = "/rest/api/3/issue/bulkfetch"


def test_a_status_strikes_the_requests_it_is_meant_for(jira: SampleJira, bulk_fetch: Client, cloud: Client) -> None:
    headers = {"Retry-After": "1"}
    jira.cloud.fault("status", path="*/bulkfetch", skip=1, times=2, status=503, headers=headers)

    answers = [bulk_fetch("10001") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "1"
    assert cloud("GET", "/rest/api/3/myself").status_code == 200


def test_a_status_can_bear_any_body(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.fault("status", status=500, body={"oh": "no"}, times=1)
    jira.cloud.fault("status", status=502, body="<h1>Bad gateway</h1>", times=2)

    first, second = bulk_fetch("1"), bulk_fetch("1")

    assert (first.status_code, first.json()) == (500, {"oh": "no"})
    assert (second.status_code, second.text) == (502, "<h1>Bad gateway</h1>")
    assert "html" in second.headers["Content-Type"]


def test_a_fault_of_one_method_spares_the_others(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.fault("status", method="POST", status=400)

    assert cloud("GET", "/rest/api/3/myself").status_code == 200
    assert cloud("POST", BULK, json={"issueIdsOrKeys": []}).status_code == 400


def test_cleared_faults_strike_no_more(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.fault("status", status=500)
    assert bulk_fetch("1").status_code == 500

    jira.cloud.clear_faults()

    assert bulk_fetch("1").status_code == 200


def test_a_login_page_an_empty_answer_and_a_redirect(jira: SampleJira, bulk_fetch: Client) -> None:
    for kind in ("login_page", "empty", "redirect"):
        jira.cloud.fault(kind, times=1)

    page, empty, redirected = bulk_fetch("1"), bulk_fetch("1"), bulk_fetch("1")

    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    assert (empty.status_code, empty.content) == (200, b"")
    assert (redirected.status_code, redirected.headers["Location"][:8]) == (302, "https://")


def test_a_huge_answer_is_twenty_megabytes(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.fault("huge")

    with bulk_fetch("1", stream=True) as answer:
        assert int(answer.headers["Content-Length"]) > 20_000_000


@pytest.mark.parametrize("kind", ["close", "lose"])
def test_a_connection_can_close_without_an_answer(jira: SampleJira, bulk_fetch: Client, kind: FaultKind) -> None:
    jira.cloud.fault(kind)

    with pytest.raises(requests.ConnectionError):
        bulk_fetch("1")


def test_a_truncated_body_is_shorter_than_its_length(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 10)
    jira.cloud.fault("truncate")

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        bulk_fetch("10001", "10002")


def test_invalid_json_and_a_wrong_content_type(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.fault("invalid_json", times=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        bulk_fetch("1").json()

    jira.cloud.fault("content_type", content_type="text/plain")
    assert bulk_fetch("1").headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(("kind", "seconds"), [("delay", 0.2), ("stall", 0.2), ("drip", 0.004)])
def test_answers_can_be_slow_but_whole(jira: SampleJira, bulk_fetch: Client, kind: FaultKind, seconds: float) -> None:
    jira.cloud.fault(kind, seconds=seconds)

    start = monotonic()
    answer = bulk_fetch("1")

    assert monotonic() - start >= 0.2
    assert answer.json()["issues"] == []


@pytest.mark.parametrize("kind", ["hang", "hang_midway"])
def test_a_hanging_answer_never_comes_and_does_not_keep_the_server_from_stopping(
    jira: SampleJira, bulk_fetch: Client, kind: FaultKind
) -> None:
    jira.cloud.fault(kind)

    with pytest.raises((requests.ReadTimeout, requests.ConnectionError)):
        bulk_fetch("1", timeout=0.2)
    start = monotonic()
    jira.stop()
    assert monotonic() - start < 10, "it waits for no answer that never ends"


def test_issues_can_be_dropped_or_made_errors(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 4)
    jira.cloud.fault("drop_issues", ids=[10001])
    jira.cloud.fault("issue_errors", ids=["SEC-2"])

    answer = bulk_fetch("10001", "10002", "10003", "10004").json()

    assert [issue["id"] for issue in answer["issues"]] == ["10003", "10004"]
    assert [error["id"] for error in answer["issueErrors"]] == ["10002"]


def test_a_page_token_can_repeat(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.create("SEC", 3)
    jira.cloud.fault("repeat_page_token")
    body = {"jql": "project = SEC", "maxResults": 1}

    pages = [cloud("POST", "/rest/api/3/search/jql", json=body).json() for _ in range(2)]

    assert pages[0]["nextPageToken"] == pages[1]["nextPageToken"]
    assert not pages[1]["isLast"]


def test_cloud_tells_how_long_to_wait_in_every_form(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.clock.freeze()
    for form in ("seconds", "http_date", "reset", "reset_minutes"):
        jira.cloud.throttle(120, form=form)

    seconds, date, reset, minutes = (bulk_fetch("1") for _ in range(4))

    assert {answer.status_code for answer in (seconds, date, reset, minutes)} == {429}
    assert seconds.headers["Retry-After"] == "120"
    assert seconds.headers["RateLimit-Reason"] == "jira-burst-based"
    until = parsedate_to_datetime(date.headers["Retry-After"])
    assert 119 <= (until - jira.clock.now()).total_seconds() <= 120
    assert "Retry-After" not in reset.headers
    assert len(reset.headers["X-RateLimit-Reset"]) == len("2026-11-22T08:00:00Z")
    assert len(minutes.headers["X-RateLimit-Reset"]) == len("2026-11-22T08:00Z")


def test_a_site_can_be_down_and_up_again(jira: SampleJira, bulk_fetch: Client) -> None:
    assert bulk_fetch("1").status_code == 200
    jira.cloud.down()
    with pytest.raises(requests.ConnectionError):
        bulk_fetch("1")

    jira.cloud.up()

    assert bulk_fetch("1").status_code == 200


def test_the_log_tells_what_was_asked_without_secrets(jira: SampleJira, bulk_fetch: Client) -> None:
    bulk_fetch(*map(str, range(10001, 10101)))

    (seen,) = jira.cloud.requests("*/bulkfetch")

    assert (seen.method, seen.path, seen.auth, seen.status) == ("POST", BULK, "basic", 200)
    assert json.loads(seen.summary) == {"issueIdsOrKeys": "100 members", "fields": ["status"]}
    assert seen.account == jira.cloud.account.id
    assert jira.cloud.max_concurrent() == 1
    jira.cloud.forget_requests()
    assert jira.cloud.requests() == []


def test_requests_under_way_at_once_are_counted(jira: SampleJira) -> None:
    jira.cloud.fault("delay", seconds=0.3)
    url = f"{jira.cloud.url}/rest/api/3/serverInfo"

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _number: requests.get(url, timeout=5), range(3)))

    assert jira.cloud.max_concurrent() == 3
    assert jira.cloud.max_concurrent("*/bulkfetch") == 0
