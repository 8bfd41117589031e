"""Requests that no published document allows are refused, and remembered."""

from collections.abc import Callable

import pytest
import requests

from sample_jira import SampleJira

Client = Callable[..., requests.Response]
BULK = "/rest/api/3/issue/bulkfetch"
SEARCH = "/rest/api/2/search"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"issueIdsOrKeys": ["1"], "fieldz": ["status"]}, "fieldz"),
        ({"issueIdsOrKeys": [10001], "fields": ["status"]}, "issueIdsOrKeys.0"),
        ({"issueIdsOrKeys": "10001"}, "issueIdsOrKeys"),
        ({"fields": ["status"]}, "issueIdsOrKeys"),
        ({"issueIdsOrKeys": ["1"], "fields": "status"}, "fields"),
        ({"issueIdsOrKeys": ["1"], "fieldsByKeys": "no"}, "fieldsByKeys"),
        ({"issueIdsOrKeys": ["1"], "expand": "names"}, "expand"),
        ({"issueIdsOrKeys": ["1"], "properties": list("abcdef")}, "properties"),
        (["10001"], "body"),
    ],
)
def test_a_bulkfetch_that_does_not_fit(jira: SampleJira, cloud: Client, body: object, what: str) -> None:
    answer = cloud("POST", BULK, json=body)

    assert answer.status_code == 400
    assert answer.json()["errorMessages"]
    (violation,) = jira.violations
    assert (violation.server, violation.path) == ("cloud", BULK)
    assert violation.what.startswith(f"{what}:")


@pytest.mark.parametrize(
    "body",
    [
        {"jql": "id in (1)", "maxResults": "1000"},
        {"jql": "id in (1)", "maxResults": 1000.5},
        {"jql": "id in (1)", "validateQuery": "false"},
        {"jql": "id in (1)", "startAt": -1},
        {"jql": "id in (1)", "nextPageToken": "x"},
        {"jql": "id in (1)", "expand": "names"},
        {"jql": None},
    ],
)
def test_a_search_that_does_not_fit(jira: SampleJira, data_center: Client, body: object) -> None:
    assert data_center("POST", SEARCH, json=body).status_code == 400
    assert len(jira.violations) == 1


def test_cloud_takes_no_start_at(jira: SampleJira, cloud: Client) -> None:
    body = {"jql": "project = SEC", "startAt": 0}

    assert cloud("POST", "/rest/api/3/search/jql", json=body).status_code == 400
    assert jira.violations[0].what.startswith("startAt:")


def test_paths_methods_and_parameters_that_do_not_exist(jira: SampleJira, cloud: Client) -> None:
    assert cloud("GET", "/rest/api/3/nothing").status_code == 404
    assert cloud("GET", BULK).status_code == 405
    assert cloud("GET", "/rest/api/3/issue/10001?field=status").status_code == 400
    assert cloud("GET", "/rest/api/3/search/jql?jql=id%3D1&failFast=maybe").status_code == 400
    assert [violation.what.split(":")[0] for violation in jira.violations] == [
        "unknown path",
        "method GET",
        "field",
        "failFast",
    ]


def test_bodies_of_another_type_or_none_at_all(jira: SampleJira, cloud: Client) -> None:
    assert cloud("POST", BULK, data="issueIdsOrKeys=1").status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert cloud("POST", BULK, data="a=b", headers=form).status_code == 415
    json_type = {"Content-Type": "application/json"}
    assert cloud("POST", BULK, data="{", headers=json_type).status_code == 400
    assert cloud("GET", "/rest/api/3/myself", json={}).status_code == 400
    assert len(jira.violations) == 4


def test_a_client_that_does_not_say_who_it_is(jira: SampleJira, cloud: Client) -> None:
    answer = cloud("GET", "/rest/api/3/serverInfo", headers={"User-Agent": "python-requests"})

    assert answer.status_code == 200
    assert "User-Agent" in jira.violations[0].what


def test_a_fault_does_not_excuse_a_wrong_request(jira: SampleJira, cloud: Client) -> None:
    jira.cloud.fault("status", status=503)

    assert cloud("POST", BULK, json={"issueIdsOrKeys": [1]}).status_code == 503
    assert len(jira.violations) == 1


def test_what_only_cloud_knows_does_not_fit_data_center(jira: SampleJira, data_center: Client) -> None:
    for path in ("mypermissions?permissions=BROWSE_PROJECTS", "issue/1?fieldsByKeys=true", "myself?expand=groups"):
        assert data_center("GET", f"/rest/api/2/{path}").status_code == 400
    assert len(jira.violations) == 3


def test_asking_the_removed_search_is_a_violation(jira: SampleJira, cloud: Client) -> None:
    cloud("POST", "/rest/api/3/search", json={"jql": "id = 1", "startAt": 0})

    assert [violation.what for violation in jira.violations] == ["removed from Jira Cloud"]
