"""Paths and bodies at their limits and beyond, through the gateway: refused in the documented form, and never a 5xx."""

import json
import re
from http import HTTPStatus

import pytest
import requests

from local.stack import BASE_PATH
from tests.e2e.driver import Service
from tests.fakes.api_document import document
from ticket_status.api.problems import LONGEST_BODY

NO_NAMES = {
    "too long": "x" * 65,
    "very long": "x" * 4_000,
    "a slash": "a%2Fb",
    "the folder above": "%2E%2E%2Fjira-integrations",
    "a line break": "a%0D%0AX-Injected:%201",
    "a zero": "a%00b",
    "a quote of JQL": "a%22%20OR%20%22",
    "no UTF-8": "a%FFb",
    "unicode": "%F0%9F%8E%AB",
    "markup": "%3Cscript%3E",
}
ROUTED_ELSEWHERE = ("a slash", "the folder above")
"""The gateway may decode a path before it looks for its route; then it has none, and says so itself."""

SETTINGS = '{"retrieve_jira_tickets": true}'
BODIES = {"webhook": '{"mode": "manual"}', "oauth2/authorization": None}
"""By the path's end, where the body of settings would be refused."""
OPERATIONS = [
    (method.upper(), path)
    for path, operations in document()["paths"].items()
    for method in operations
    if path.startswith("/jira-integrations/{") and method in {"get", "put", "post", "patch", "delete"}
]


def send(service: Service, method: str, path: str, body: str | None = None) -> requests.Response:
    """One request, its path and body exactly as they are."""
    request = requests.Request(
        method,
        "http://host",
        data=body and body.encode(),
        headers={"Authorization": f"Bearer {service.stack.token('admin')}"},
    ).prepare()
    request.url = f"{service.stack.api_url}{BASE_PATH}{path}"
    with requests.Session() as session:
        return session.send(request, timeout=60, allow_redirects=False)


def code(answer: requests.Response) -> str:
    """The code of a problem; every problem has its form, and nothing of what was sent is in its headers."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "X-Injected" not in answer.headers
    problem: dict[str, object] = answer.json()
    assert problem["status"] == answer.status_code
    return str(problem["code"])


@pytest.mark.parametrize("kind", NO_NAMES)
def test_a_path_with_a_name_that_cannot_be_finds_nothing(kind: str, service: Service) -> None:
    for method, path in OPERATIONS:
        body = BODIES.get(path.partition("}/")[2], SETTINGS)
        answer = send(service, method, re.sub(r"{\w+}", NO_NAMES[kind], path), body)
        if kind in ROUTED_ELSEWHERE and answer.status_code == HTTPStatus.FORBIDDEN:
            continue
        assert (answer.status_code, code(answer)) == (404, "integration_not_found"), (method, path)


@pytest.mark.parametrize("kind", [kind for kind in NO_NAMES if kind != "too long"])
def test_a_violation_that_cannot_be_is_not_found(kind: str, service: Service) -> None:
    for method, below in (("GET", "tickets"), ("POST", "tickets/refresh")):
        answer = send(service, method, f"/violations/{NO_NAMES[kind]}/{below}")
        if kind in ROUTED_ELSEWHERE and answer.status_code == HTTPStatus.FORBIDDEN:
            continue
        assert (answer.status_code, code(answer)) == (404, "violation_not_found"), method


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
def test_a_body_may_be_as_long_as_the_limit(over: int, status: int, service: Service) -> None:
    body = json.dumps({"violation_ids": ["V-1"]})
    answer = send(service, "POST", "/violations/ticket-statuses", body.ljust(LONGEST_BODY + over))
    assert answer.status_code == status, answer.text[:500]
    if over:
        assert code(answer) == "request_too_large"


@pytest.mark.parametrize(("ids", "status"), [(100, 200), (101, 422)])
def test_a_list_may_be_as_long_as_the_limit(ids: int, status: int, service: Service) -> None:
    body = json.dumps({"violation_ids": [f"V-{number:0126}" for number in range(ids)]})
    assert send(service, "POST", "/violations/ticket-statuses", body).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        "[" * 200_000,
        '{"tickets":' * 40_000,
        '{"tickets": ["\\ud800"',
        "\ufeff{}",
        "{'tickets': []}",
        '{"tickets": NaN}',
    ],
    ids=["a deep list", "a deep object", "half a character", "a byte order mark", "no JSON", "NaN"],
)
def test_json_that_is_deep_or_broken_is_refused(body: str, service: Service) -> None:
    answer = send(service, "POST", "/tickets", body)
    assert (answer.status_code, code(answer)) == (400, "invalid_json")
