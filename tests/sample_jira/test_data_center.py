"""A Data Center site answers as Jira Data Center does."""

from collections.abc import Callable

import pytest
import requests

from sample_jira import SampleJira

Client = Callable[..., requests.Response]


def ids(answer: requests.Response) -> list[str]:
    """The ids in an answer, in its order."""
    return [issue["id"] for issue in answer.json()["issues"]]


def test_a_search_by_ids_gives_statuses_in_the_order_asked(jira: SampleJira, search: Client) -> None:
    jira.data_center.create("SEC", 3)
    jira.data_center.move("SEC-2", "Done")

    answer = search("id in (10003,10001,10002) order by id").json()

    assert [issue["fields"]["status"]["name"] for issue in answer["issues"]] == [
        "To Do",
        "Done",
        "To Do",
    ]
    assert (answer["startAt"], answer["maxResults"], answer["total"]) == (0, 1000, 3)
    assert jira.violations == []


def test_the_page_cap_clamps_without_an_error(jira: SampleJira, search: Client) -> None:
    jira.data_center.create("SEC", 7)
    jira.data_center.options.page_cap = 3

    answer = search("project = SEC order by id", startAt=3)

    assert (answer.json()["maxResults"], answer.json()["total"]) == (3, 7)
    assert ids(answer) == ["10004", "10005", "10006"]


def test_unknown_ids_are_dropped_or_refused_as_validation_is_asked(jira: SampleJira, search: Client) -> None:
    jira.data_center.create("SEC", 3)
    jira.data_center.delete("SEC-1")
    jira.data_center.hide("SEC-2")

    assert ids(search("id in (10001,10002,10003)")) == ["10003"]
    assert search("key in (SEC-1,SEC-3)", validateQuery=True).json()["errorMessages"] == [
        "An issue with key 'SEC-1' does not exist for field 'key'."
    ]
    refused = search("id in (10002,10003)", validateQuery=True)
    assert refused.status_code == 400
    assert "10002" in refused.json()["errorMessages"][0]
    assert search("id in (10003)", validateQuery=True).status_code == 200


def test_quoted_numbers_are_no_keys_even_without_validation(search: Client) -> None:
    answer = search('key in ("1","2")')

    assert answer.status_code == 400
    assert answer.json()["errorMessages"] == [
        "The issue key '1' for field 'issueKey' is invalid.",
        "The issue key '2' for field 'issueKey' is invalid.",
    ]


def test_a_moved_key_cannot_be_compared(jira: SampleJira, search: Client) -> None:
    jira.data_center.create("SEC", 3)
    jira.data_center.move_to_project("SEC-2", "OPS")

    assert ids(search("key > SEC-1 order by key")) == ["10003"]
    answer = search("key > SEC-2")
    assert answer.json()["errorMessages"] == ["Operator '>' cannot be applied to moved issue key 'SEC-2'"]


def test_the_same_search_by_query_parameters(jira: SampleJira, data_center: Client) -> None:
    jira.data_center.create("SEC", 2)
    parameters = {"jql": "id in (10001)", "fields": "status,created", "validateQuery": "false"}

    answer = data_center("GET", "/rest/api/2/search", params=parameters)

    assert list(answer.json()["issues"][0]["fields"]) == ["status", "created"]


def test_password_token_and_user_are_told_in_headers(jira: SampleJira, data_center: Client) -> None:
    site = jira.data_center
    by_token = data_center("GET", "/rest/api/2/myself")
    by_password = data_center("GET", "/rest/api/2/myself", headers={}, auth=(site.username, site.password))

    for answer in (by_token, by_password):
        assert answer.json()["name"] == "bot"
        assert answer.headers["X-AUSERNAME"] == "bot"
        assert answer.headers["X-Seraph-LoginReason"] == "OK"


def test_a_wrong_password_is_an_html_page(data_center: Client) -> None:
    answer = data_center("GET", "/rest/api/2/myself", headers={}, auth=("bot", "wrong"))

    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_a_wrong_token_is_refused_or_not_taken(jira: SampleJira, data_center: Client) -> None:
    jira.data_center.create("SEC")
    wrong = {"headers": {"Authorization": "Bearer wrong"}}
    body = {"jql": "id in (10001)", "validateQuery": False}

    assert data_center("POST", "/rest/api/2/search", json=body, **wrong).status_code == 401
    jira.data_center.options.bad_bearer = "anonymous"
    answer = data_center("POST", "/rest/api/2/search", json=body, **wrong)
    assert (answer.status_code, ids(answer)) == (200, [])
    assert answer.headers["X-AUSERNAME"] == "anonymous"


def test_versions_before_personal_access_tokens_do_not_take_them(jira: SampleJira, data_center: Client) -> None:
    jira.data_center.options.version = "8.13.9"

    assert data_center("GET", "/rest/api/2/myself").status_code == 401
    info = data_center("GET", "/rest/api/2/serverInfo")
    assert info.headers["X-AUSERNAME"] == "anonymous"
    assert info.json()["versionNumbers"] == [8, 13, 9]
    assert info.json()["deploymentType"] == "Server"


def test_a_locked_user_needs_a_captcha(jira: SampleJira, data_center: Client) -> None:
    site = jira.data_center
    site.options.captcha_after = 2

    def asked(password: str) -> requests.Response:
        auth = (site.username, password)
        return data_center("GET", "/rest/api/2/myself", headers={}, auth=auth)

    assert [asked("wrong").status_code for _ in range(2)] == [401, 401]
    locked = asked(site.password)
    assert locked.status_code == 403
    assert locked.headers["X-Authentication-Denied-Reason"].startswith("CAPTCHA_CHALLENGE")
    assert locked.headers["X-Seraph-LoginReason"] == "AUTHENTICATION_DENIED"
    site.unlock_user(site.username)
    assert asked(site.password).status_code == 200


def test_rate_headers_are_on_every_answer_once_switched_on(jira: SampleJira, data_center: Client) -> None:
    assert "Retry-After" not in data_center("GET", "/rest/api/2/myself").headers
    jira.data_center.options.rate_limit = True

    headers = data_center("GET", "/rest/api/2/myself").headers
    assert headers["Retry-After"] == "0"
    assert sum(name.lower().startswith("x-ratelimit-") for name in headers) == 4


@pytest.mark.parametrize(("accept", "kind"), [("application/json", "json"), ("*/*", "html")])
def test_a_throttled_request_is_told_in_json_only_if_it_asks(
    jira: SampleJira, data_center: Client, accept: str, kind: str
) -> None:
    jira.data_center.throttle(45)
    bearer = f"Bearer {jira.data_center.pat}"

    def asked() -> requests.Response:
        headers = {"Authorization": bearer, "Accept": accept}
        return data_center("GET", "/rest/api/2/myself", headers=headers)

    throttled = asked()
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "45")
    assert kind in throttled.headers["Content-Type"]
    assert asked().status_code == 200


def test_a_missing_issue_is_404_and_a_hidden_one_as_the_site_is_set(jira: SampleJira, data_center: Client) -> None:
    jira.data_center.create("SEC", 2)
    jira.data_center.delete("SEC-1")
    jira.data_center.hide("SEC-2")

    missing = data_center("GET", "/rest/api/2/issue/10001?fields=status")
    assert missing.json()["errorMessages"] == ["Issue Does Not Exist"]
    assert data_center("GET", "/rest/api/2/issue/10002").status_code == 404
    jira.data_center.options.hidden_issue_status = 403
    assert data_center("GET", "/rest/api/2/issue/10002").status_code == 403
    assert data_center("GET", "/rest/api/2/issue/10002", headers={}).status_code == 401


def test_a_site_can_lie_below_a_path(jira: SampleJira, session: requests.Session) -> None:
    site = jira.add_data_center("below", context_path="/jira")

    assert site.url.endswith("/jira")
    answer = session.get(f"{site.url}/rest/api/2/serverInfo", timeout=5)
    assert answer.json()["baseUrl"] == site.url
    above = site.url.removesuffix("/jira")
    assert session.get(f"{above}/rest/api/2/serverInfo", timeout=5).status_code == 404


def test_a_search_can_lag_behind(jira: SampleJira, search: Client, data_center: Client) -> None:
    jira.data_center.create("SEC", 2)
    jira.data_center.freeze_index()
    jira.data_center.move("SEC-1", "Done")
    jira.data_center.create("SEC")

    def statuses() -> list[str]:
        issues = search("project = SEC order by id").json()["issues"]
        return [issue["fields"]["status"]["name"] for issue in issues]

    assert statuses() == ["To Do", "To Do"]
    by_itself = data_center("GET", "/rest/api/2/issue/SEC-1?fields=status").json()
    assert by_itself["fields"]["status"]["name"] == "Done"
    jira.data_center.catch_up_index()
    assert statuses() == ["Done", "To Do", "To Do"]


def test_asking_whether_this_is_cloud_is_answered_and_no_violation(jira: SampleJira, data_center: Client) -> None:
    assert data_center("GET", "/_edge/tenant_info").status_code == 404
    assert data_center("GET", "/rest/api/3/serverInfo").status_code == 404
    assert jira.violations == []
