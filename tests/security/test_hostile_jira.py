"""Whatever a Jira answers, it is understood or taken for trouble, and nothing raises."""

import copy
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes.integrations import InMemoryIntegrationStore
from tests.fakes.samples import BROKEN, NOW, an_integration
from tests.fakes.secrets import InMemorySecretStore
from tests.fakes.stage import Stage
from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import AuthType, InstallationType, Integration, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import Refused, Throttled, Unavailable
from ticket_status.jira.connection_test import CHECKS
from ticket_status.jira.connector import Connector
from ticket_status.jira.dialect import DataCenterDialect
from ticket_status.jira.session import Answer, HttpSession
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.site import JiraSite
from ticket_status.ports.jira import JiraRejectedRequestError
from ticket_status.service.retrieval.careful import CarefulConnector
from ticket_status.service.retrieval.probe import Probe, ProbeReport

TROUBLE = (Throttled, Refused, Unavailable)
NAMES = (
    *("id", "key", "fields", "status", "name", "statusCategory", "issues", "issueErrors", "errorMessages", "errors"),
    *("total", "maxResults", "startAt", "accountId", "values", "permissions", "BROWSE_PROJECTS", "havePermission"),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["1", "A-1"])
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=20,
)
GOOD: dict[str, Any] = {
    "issues": [{"id": "1", "key": "A-1", "fields": {"status": {"name": "To Do", "statusCategory": {"key": "new"}}}}],
    "issueErrors": [{"id": "2", "errorMessage": "gone"}],
    "total": 1,
    "maxResults": 50,
    "startAt": 0,
    "id": "1",
    "key": "A-1",
    "name": "me",
    "accountId": "me",
    "version": "9.12.1",
    "baseUrl": "https://abc.atlassian.net",
    "permissions": {"BROWSE_PROJECTS": {"havePermission": True}},
    "fields": {"status": {"name": "To Do", "statusCategory": {"key": "new"}}},
}
"""Has what every answer has to have, so that one wrong place in it is all that is wrong."""


@st.composite
def nearly_good(draw: st.DrawFn) -> object:
    """A good answer with anything at one place of it."""
    answer: Any = copy.deepcopy(GOOD)
    at: Any = answer
    key: Any = draw(st.sampled_from(sorted(GOOD)))
    while isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
        at = at[key]
        key = draw(st.sampled_from(sorted(at))) if isinstance(at, dict) else 0
    at[key] = draw(DOCUMENTS)
    return answer


BODIES = (
    nearly_good().map(lambda one: json.dumps(one).encode())
    | st.binary(max_size=100)
    | DOCUMENTS.map(lambda one: json.dumps(one).encode())
)
HEADERS = st.just({"Content-Type": "application/json", "X-AUSERNAME": "me"}) | st.dictionaries(
    st.sampled_from(["Retry-After", "X-RateLimit-Reset", "X-AUSERNAME", "X-Seraph-LoginReason", "Content-Type"]),
    st.text(max_size=30) | st.sampled_from(["-1", "1e400", "99999999999999999999", "AUTHENTICATED_FAILED"]),
)
STATUSES = st.just(200) | st.just(200) | st.sampled_from([*HTTPStatus]).map(int) | st.integers(100, 999)
ANSWERS = st.lists(st.tuples(STATUSES, HEADERS, BODIES), min_size=1, max_size=4)
QUICKLY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ASKS: dict[str, Callable[[JiraSite], object]] = {
    "ask": lambda jira: jira.ask(["1", "A-1"]),
    "look_at": lambda jira: jira.look_at("1"),
    "can_browse": lambda jira: jira.can_browse("A"),
    "whoami": lambda jira: jira.whoami(),
}
INTEGRATIONS = {
    "cloud": an_integration(username="bot", site=Site("https://abc.atlassian.net", account_id="me")),
    "data center": an_integration(
        installation_type=InstallationType.SERVER,
        auth_type=AuthType.PAT,
        site=Site("https://abc.atlassian.net", account_id="me"),
    ),
}


class Liar:
    """Stands in for the network: the answer to every call is the next one of a list, over and over."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"{}")]
        self._asked = 0

    def answer(self) -> Answer:
        """The next one."""
        status, headers, body = self.answers[self._asked % len(self.answers)]
        self._asked += 1
        return Answer(status, headers, body, NOW)


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:
    liar = Liar()
    monkeypatch.setattr(HttpSession, "send", lambda _session, _request: liar.answer())
    return liar


def connector(integration: Integration | None = None) -> Connector:
    secrets = InMemorySecretStore()
    for one in [integration] if integration else INTEGRATIONS.values():
        secrets.write(one.integration_ref, {"password": "p", "token": "t"})
    return Connector(secrets, InMemoryIntegrationStore(), JiraSettings(), lambda: NOW)


def opened(integration: Integration) -> JiraSite:
    jira = connector(integration).open(integration)
    assert isinstance(jira, JiraSite)
    return jira


@pytest.mark.parametrize("asking", ASKS)
@pytest.mark.parametrize("kind", INTEGRATIONS)
@QUICKLY
@given(answers=ANSWERS)
def test_any_answer_is_understood_or_is_trouble(
    asking: str, kind: str, liar: Liar, answers: list[tuple[int, dict[str, str], bytes]]
) -> None:
    liar.answers = answers
    try:
        outcome = ASKS[asking](opened(INTEGRATIONS[kind]))
    except JiraRejectedRequestError:
        assert any(400 <= status < 500 or status > 599 for status, _, _ in answers)
        return
    assert outcome is None or isinstance(outcome, (*TROUBLE, Answered, Found, Lookup, Account, bool))


@pytest.mark.parametrize("kind", INTEGRATIONS)
@QUICKLY
@given(answers=ANSWERS)
def test_a_connection_test_always_comes_to_a_report(
    kind: str, liar: Liar, answers: list[tuple[int, dict[str, str], bytes]]
) -> None:
    liar.answers = answers
    report = connector().check(INTEGRATIONS[kind], {"password": "p", "token": "t"})
    assert [check.name for check in report.checks] == list(CHECKS)
    assert report.trouble is None or isinstance(report.trouble, TROUBLE)


@pytest.mark.parametrize("status", [204, 400, 405, 410, 418, 451])
def test_a_broken_site_that_rejects_the_probe_stays_broken_and_spoils_no_round(status: int, liar: Liar) -> None:
    liar.answers = [(status, {"Content-Type": "application/json"}, b"{}")]
    stage = Stage()
    broken = replace(INTEGRATIONS["cloud"], health=BROKEN)
    stage.integrations.stored[broken.connection_name] = broken
    careful = CarefulConnector(connector(broken), stage.integrations, stage.clock, stage.clock.wait)
    probe = Probe(stage.integrations, careful, stage.runs, stage.clock)
    assert probe.probe() == ProbeReport(probed=1, recovered=(), broken=1, taken_up=0, lost=0)


@pytest.mark.parametrize("kind", INTEGRATIONS)
@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"issues":' * 50_000, b'{"id":' + b"9" * 10_000 + b"}", b"\xff\xfe", b"", b"NaN", b'"\\ud800"'],
    ids=["deep list", "deep object", "long number", "no UTF-8", "nothing", "NaN", "half a character"],
)
def test_a_body_that_no_jira_sends_says_nothing_of_any_issue(kind: str, body: bytes, liar: Liar) -> None:
    liar.answers = [(200, {"Content-Type": "application/json", "X-AUSERNAME": "me"}, body)]
    assert isinstance(opened(INTEGRATIONS[kind]).ask(["1"]), TROUBLE)


@given(st.text() | st.from_regex(r"[A-Z]{1,5}-[0-9]{1,3}.*", fullmatch=True))
def test_what_stands_in_a_jql_query_cannot_end_its_own_quotes(key: str) -> None:
    if DataCenterDialect().in_bulk(key):
        assert not set(str(DataCenterDialect().query([key]).body["jql"])) & set("\\\n\r';#")
        assert str(DataCenterDialect().query([key]).body["jql"]).count('"') in {0, 2}
