"""A sample Jira for each test, and clients that send what they are told."""

from collections.abc import Callable, Iterator

import pytest
import requests

from sample_jira import SampleJira

Client = Callable[..., requests.Response]


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.headers["User-Agent"] = "ticket-status/test"
        opened.trust_env = False
        yield opened


@pytest.fixture
def cloud(jira: SampleJira, session: requests.Session) -> Client:
    """Calls the Cloud site with the right credential, unless told otherwise."""

    def call(method: str, path: str, **more: object) -> requests.Response:
        options = {"auth": (jira.cloud.email, jira.cloud.api_token), "timeout": 10, **more}
        return session.request(method, f"{jira.cloud.url}{path}", allow_redirects=False, **options)  # type: ignore[arg-type]

    return call


@pytest.fixture
def data_center(jira: SampleJira, session: requests.Session) -> Client:
    """Calls the Data Center site with a personal access token, unless told otherwise."""

    def call(method: str, path: str, **more: object) -> requests.Response:
        bearer = {"Authorization": f"Bearer {jira.data_center.pat}"}
        options = {"headers": bearer, "timeout": 10, **more}
        url = f"{jira.data_center.url}{path}"
        return session.request(method, url, allow_redirects=False, **options)  # type: ignore[arg-type]

    return call


@pytest.fixture
def bulk_fetch(cloud: Client) -> Client:
    """Fetches the status of issues by ids or keys."""

    def call(*names: str, **more: object) -> requests.Response:
        body = {"issueIdsOrKeys": list(names), "fields": ["status"]}
        return cloud("POST", "/rest/api/3/issue/bulkfetch", json=body, **more)

    return call


@pytest.fixture
def search(data_center: Client) -> Client:
    """Searches by JQL on Data Center, without validation unless told otherwise."""

    def call(jql: str, **more: object) -> requests.Response:
        body = {"jql": jql, "fields": ["status"], "maxResults": 1000, "validateQuery": False}
        return data_center("POST", "/rest/api/2/search", json={**body, **more})

    return call
