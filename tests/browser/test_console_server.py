"""The server of the local run: what it gives, and to whom."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
import requests

from local.console import API_PAGE_POLICY, CONTENT_SECURITY_POLICY, ConsoleServer
from local.emulator import free_port
from local.stack import BASE_PATH


@pytest.fixture
def address() -> Iterator[str]:
    """A console over an API that is not there."""
    with ConsoleServer(f"http://127.0.0.1:{free_port()}", lambda: "a-token") as server:
        yield server.url


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as http:
        http.trust_env = False
        yield http


def test_the_token_is_for_those_who_asked_this_server_by_its_name(address: str, http: requests.Session) -> None:
    assert http.get(f"{address}/session.json", timeout=5).json() == {"access_token": "a-token", "sign_in": None}
    rebound = http.get(f"{address}/session.json", headers={"Host": "evil.example"}, timeout=5)
    assert rebound.status_code == HTTPStatus.MISDIRECTED_REQUEST
    assert "a-token" not in rebound.text


def test_no_other_origin_may_read_an_answer(address: str, http: requests.Session) -> None:
    answer = http.get(f"{address}/session.json", headers={"Origin": "https://evil.example"}, timeout=5)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_the_api_page_has_a_policy_of_its_own_and_names_no_other_host(address: str, http: requests.Session) -> None:
    answer = http.get(f"{address}/api.html", timeout=5)
    assert answer.headers["Content-Security-Policy"] == API_PAGE_POLICY
    assert "//" not in API_PAGE_POLICY + answer.text.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    "path", ["/../template.yaml", "/..%2ftemplate.yaml", "/js/../../local/console.py", "/js", "/none.js"]
)
def test_only_the_console_s_own_files_are_served(address: str, http: requests.Session, path: str) -> None:
    request = requests.Request("GET", address).prepare()
    request.url = f"{address}{path}"  # as it is, not tidied up
    assert http.send(request, timeout=5).status_code == HTTPStatus.NOT_FOUND


def test_an_api_that_does_not_answer_is_a_bad_gateway(address: str, http: requests.Session) -> None:
    answer = http.get(f"{address}{BASE_PATH}/jira-integrations", timeout=5)
    assert answer.status_code == HTTPStatus.BAD_GATEWAY


def test_nothing_but_the_api_is_handed_on(address: str, http: requests.Session) -> None:
    assert http.post(f"{address}/_control", json={}, timeout=5).status_code == HTTPStatus.NOT_FOUND
    too_large = http.post(f"{address}{BASE_PATH}/tickets", headers={"Content-Length": "9999999"}, data=b"", timeout=5)
    assert too_large.status_code == HTTPStatus.BAD_REQUEST
