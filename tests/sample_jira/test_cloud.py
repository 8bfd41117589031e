"""A Cloud site answers as Jira Cloud does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests

from sample_jira import SampleJira

Client = Callable[..., requests.Response]
WRONG = {"auth": ("bot@sample.example", "expired")}


def shown(answer: requests.Response) -> dict[str, str]:
    """The status names in an answer by issue id, in the answer's order."""
    issues = answer.json()["issues"]
    return {issue["id"]: issue["fields"]["status"]["name"] for issue in issues}


def test_issues_come_by_ascending_id_whatever_was_asked(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 3)
    jira.cloud.move("SEC-2", "In Progress")

    answer = bulk_fetch("10003", "SEC-2", "10001", "10003")

    assert list(shown(answer).items()) == [
        ("10001", "To Do"),
        ("10002", "In Progress"),
        ("10003", "To Do"),
    ]
    assert jira.violations == []


def test_a_status_bears_its_category(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.add_status("Unknown", "undefined", 77)
    jira.cloud.create("SEC", status="Unknown")

    status = bulk_fetch("10001").json()["issues"][0]["fields"]["status"]

    assert (status["name"], status["id"]) == ("Unknown", "77")
    assert status["statusCategory"]["key"] == "undefined"


def test_missing_and_hidden_issues_are_in_neither_list(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 4)
    jira.cloud.create("OPS", 1)
    jira.cloud.delete("SEC-1")
    jira.cloud.hide("SEC-2")
    jira.cloud.archive("SEC-3")
    jira.cloud.make_private("OPS")

    answer = bulk_fetch("10001", "10002", "10003", "10004", "10005", "999999")

    assert list(shown(answer)) == ["10004"]
    assert answer.json()["issueErrors"] == []


def test_what_was_hidden_comes_back(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 2)
    jira.cloud.create("OPS", 1)
    jira.cloud.hide("SEC-1")
    jira.cloud.archive("SEC-2")
    jira.cloud.make_private("OPS")
    assert shown(bulk_fetch("10001", "10002", "10003")) == {}

    jira.cloud.show("SEC-1")
    jira.cloud.restore("SEC-2")
    jira.cloud.make_browsable("OPS")

    assert list(shown(bulk_fetch("10001", "10002", "10003"))) == ["10001", "10002", "10003"]


def test_a_moved_issue_keeps_its_id_and_its_old_keys_resolve(
    jira: SampleJira, bulk_fetch: Client, cloud: Client
) -> None:
    jira.cloud.create("SEC")
    jira.cloud.move_to_project("SEC-1", "OPS")
    jira.cloud.move_to_project("OPS-1", "ARC")

    for name in ("10001", "SEC-1", "OPS-1", "ARC-1"):
        issue = bulk_fetch(name).json()["issues"][0]
        assert (issue["id"], issue["key"]) == ("10001", "ARC-1")
    assert cloud("GET", "/rest/api/3/issue/SEC-1?fields=status").json()["key"] == "ARC-1"


def test_a_renamed_status_shows_on_all_its_issues_and_moves_no_update(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC", 2)
    before = jira.cloud.issue("SEC-1").updated
    bulk_fetch("10001")

    jira.cloud.rename_status("To Do", "Open")

    assert shown(bulk_fetch("10001", "10002")) == {"10001": "Open", "10002": "Open"}
    assert jira.cloud.issue("SEC-1").updated == before


def test_ids_beyond_two_to_the_fifty_third_are_exact(jira: SampleJira, bulk_fetch: Client) -> None:
    first = 2**53 + 1
    jira.cloud.create("SEC", 2, first_id=first)

    assert list(shown(bulk_fetch(str(first)))) == [str(first)]


def test_two_sites_have_the_same_ids(jira: SampleJira) -> None:
    other = jira.add_cloud("other")

    assert jira.cloud.create("SEC")[0].id == other.create("ABC")[0].id
    assert other.url != jira.cloud.url


def test_a_thousand_issues_come_at_once_only_with_cheap_fields(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.create("SEC", 1001)
    path = "/rest/api/3/issue/bulkfetch"
    ids = [str(10001 + n) for n in range(1001)]

    def status(count: int, **more: object) -> int:
        return cloud("POST", path, json={"issueIdsOrKeys": ids[:count], **more}).status_code

    assert status(1000, fields=["status"]) == 200
    assert status(1001, fields=["status"]) == 400
    assert status(101, fields=["status", "comment"]) == 400
    assert status(101) == 400
    assert status(101, fields=["status"], expand=["changelog"]) == 400
    assert status(100, fields=["*all"]) == 200
    jira.cloud.options.bulk_cap = 100
    assert status(101, fields=["status"]) == 400
    assert status(100, fields=["status"]) == 200


def test_a_wrong_credential_sees_the_anonymous_view(jira: SampleJira, bulk_fetch: Client, cloud: Client) -> None:
    jira.cloud.create("SEC")
    jira.cloud.create("PUB")
    jira.cloud.make_public("PUB")

    answer = bulk_fetch("10001", "10002", **WRONG)

    assert answer.status_code == 200
    assert answer.headers["x-seraph-loginreason"] == "AUTHENTICATED_FAILED"
    assert list(shown(answer)) == ["10002"]
    assert "X-AACCOUNTID" not in answer.headers
    assert cloud("GET", "/rest/api/3/issue/SEC-1", **WRONG).status_code == 404
    assert cloud("GET", "/rest/api/3/project/SEC", **WRONG).status_code == 404
    assert cloud("GET", "/rest/api/3/myself", **WRONG).status_code == 401


def test_no_credential_is_anonymous_without_a_reason(jira: SampleJira, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC")

    answer = bulk_fetch("10001", auth=None)

    assert answer.json()["issues"] == []
    assert "x-seraph-loginreason" not in answer.headers


def test_an_expired_or_revoked_token_is_a_wrong_credential(jira: SampleJira, cloud: Client) -> None:
    expires_at = datetime.now(UTC) + timedelta(days=365)
    jira.cloud.add_api_token("one-year", expires_at=expires_at)
    one_year = {"auth": (jira.cloud.email, "one-year")}
    myself = "/rest/api/3/myself"

    assert cloud("GET", myself, **one_year).status_code == 200
    jira.clock.advance(366 * 86400)
    assert cloud("GET", myself, **one_year).status_code == 401
    assert cloud("GET", myself).status_code == 200
    jira.cloud.revoke(jira.cloud.api_token)
    assert cloud("GET", myself).status_code == 401
    jira.cloud.reinstate(jira.cloud.api_token)
    assert cloud("GET", myself).status_code == 200


def test_answers_name_the_account_unless_switched_off(jira: SampleJira, cloud: Client) -> None:
    account = cloud("GET", "/rest/api/3/myself").json()["accountId"]

    assert cloud("GET", "/rest/api/3/serverInfo").headers["X-AACCOUNTID"] == account
    jira.cloud.options.account_header = False
    assert "X-AACCOUNTID" not in cloud("GET", "/rest/api/3/serverInfo").headers


def test_bearer_tokens_are_turned_away_at_the_site(cloud: Client) -> None:
    def bearer(token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return cloud("GET", "/rest/api/3/serverInfo", auth=None, headers=headers)

    assert bearer("opaque").status_code == 403
    assert bearer("opaque").json() == {"error": "Failed to parse Connect Session Auth Token"}
    assert bearer("a.b.c").status_code == 401
    assert "html" in bearer("a.b.c").headers["Content-Type"]


def test_what_a_connection_test_asks(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.create("SEC")

    info = cloud("GET", "/rest/api/3/serverInfo", auth=None).json()
    assert (info["deploymentType"], info["baseUrl"]) == ("Cloud", jira.cloud.url)
    tenant = cloud("GET", "/_edge/tenant_info", auth=None).json()
    assert tenant == {"cloudId": jira.cloud.cloud_id}
    project = cloud("GET", "/rest/api/3/project/SEC").json()
    assert (project["key"], project["archived"]) == ("SEC", False)
    asked = "/rest/api/3/mypermissions?permissions=BROWSE_PROJECTS"
    granted = cloud("GET", asked).json()["permissions"]["BROWSE_PROJECTS"]["havePermission"]
    refused = cloud("GET", asked, auth=None).json()["permissions"]["BROWSE_PROJECTS"]
    assert (granted, refused["havePermission"]) == (True, False)
    assert cloud("GET", "/rest/api/3/mypermissions").status_code == 400
    assert jira.violations == []


def test_archived_issues_are_shown_only_by_themselves(jira: SampleJira, cloud: Client, bulk_fetch: Client) -> None:
    jira.cloud.create("SEC")
    jira.cloud.archive_project("SEC")

    assert bulk_fetch("10001").json()["issues"] == []
    assert cloud("GET", "/rest/api/3/issue/10001").status_code == 200
    assert cloud("GET", "/rest/api/3/project/SEC").json()["archived"] is True
    jira.cloud.options.archived_by_id = False
    assert cloud("GET", "/rest/api/3/issue/10001").status_code == 404
    jira.cloud.restore_project("SEC")
    assert list(shown(bulk_fetch("10001"))) == ["10001"]


def test_a_search_is_walked_by_tokens(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.create("SEC", 250)
    seen: list[str] = []
    body: dict[str, object] = {
        "jql": "project = SEC order by id",
        "fields": ["status"],
        "maxResults": 1000,
    }

    sizes = []
    for _ in range(3):
        page = cloud("POST", "/rest/api/3/search/jql", json=body).json()
        seen += [issue["id"] for issue in page["issues"]]
        sizes.append((len(page["issues"]), page["isLast"], "nextPageToken" in page))
        body["nextPageToken"] = page.get("nextPageToken")

    assert sizes == [(100, False, True), (100, False, True), (50, True, False)]
    assert seen == [str(10001 + n) for n in range(250)]
    body["nextPageToken"] = "made up"
    assert cloud("POST", "/rest/api/3/search/jql", json=body).status_code == 400


def test_a_search_of_ids_gives_five_thousand_a_page(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.create("SEC", 5001)

    page = cloud("GET", "/rest/api/3/search/jql?jql=project%3DSEC&maxResults=9000").json()

    assert len(page["issues"]) == 5000


def test_an_unbounded_search_is_refused(cloud: Client) -> None:
    answer = cloud("POST", "/rest/api/3/search/jql", json={"jql": "order by key"})

    assert answer.status_code == 400
    assert "Unbounded" in answer.json()["errorMessages"][0]


def test_unknown_ids_in_a_search_do_what_the_site_is_set_to(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.create("SEC")

    def found() -> object:
        body = {"jql": "id in (10001, 999999)"}
        answer = cloud("POST", "/rest/api/3/search/jql", json=body)
        return len(answer.json()["issues"]) if answer.ok else answer.status_code

    assert found() == 1
    jira.cloud.options.unknown_ids = "nothing"
    assert found() == 0
    jira.cloud.options.unknown_ids = "400"
    assert found() == 400


def test_the_old_search_is_gone(cloud: Client) -> None:
    assert cloud("POST", "/rest/api/3/search", json={"jql": "project = SEC"}).status_code == 410
    assert cloud("GET", "/rest/api/3/search?jql=project%3DSEC").status_code == 410


def test_a_renamed_site_redirects_from_its_old_address(jira: SampleJira, session: requests.Session) -> None:
    old = jira.cloud.url

    new = jira.rename("cloud")

    answer = session.get(f"{old}/rest/api/3/serverInfo?x=1", allow_redirects=False, timeout=5)
    assert new != old
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{new}/rest/api/3/serverInfo?x=1",
    )
    assert session.get(f"{new}/_edge/tenant_info", timeout=5).json() == {"cloudId": jira.cloud.cloud_id}


def test_a_skewed_clock_shows_in_every_answer(jira: SampleJira, cloud: Client) -> None:
    jira.clock.freeze(datetime(2026, 11, 22, 8, tzinfo=UTC))
    jira.cloud.options.clock_skew_seconds = 3600

    answer = cloud("GET", "/rest/api/3/serverInfo")

    assert answer.headers["Date"] == "Sun, 22 Nov 2026 09:00:00 GMT"
    assert answer.json()["serverTime"] == "2026-11-22T09:00:00.000+0000"
