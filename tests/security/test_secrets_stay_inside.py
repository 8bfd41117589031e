"""R17 in memory: what bears a secret shows it in no ``repr``, no text and no traceback."""

import logging
import pprint
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from msgspec.structs import fields

from tests.fakes.samples import an_integration
from ticket_status import config
from ticket_status.api.bodies import parse
from ticket_status.api.integration_bodies import CREATION, EDITS
from ticket_status.core.model import AuthType, InstallationType
from ticket_status.jira.credentials import HeaderAuth, basic, bearer, fixed_credentials, oauth1
from ticket_status.jira.oauth1 import AccessToken, KeyPair, RequestToken, new_key_pair
from ticket_status.jira.session import Answer, HttpSession, NoAnswer, Request
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.token_endpoint import Tokens

CANARY = "canary-0b7c1a52d94e"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
NEW = {
    "connection_name": "cloud-abc",
    "installation_type": "server",
    "jira_server_url": "https://abc.example",
    "auth_type": "pat",
    "token": CANARY,
}

BEARERS: Mapping[str, Callable[[], object]] = {
    "creation": lambda: parse(NEW, CREATION),
    "edit": lambda: parse({"token": CANARY}, EDITS[AuthType.PAT]),
    "tokens": lambda: Tokens(CANARY, CANARY, NOW, "read"),
    "key pair": lambda: KeyPair(CANARY, "public"),
    "request token": lambda: RequestToken("token", CANARY, "https://abc.example"),
    "access token": lambda: AccessToken(CANARY, CANARY),
    "basic": lambda: basic("bot", CANARY),
    "bearer": lambda: bearer(CANARY),
    "header": lambda: HeaderAuth(CANARY),
    "oauth1": lambda: oauth1("consumer", new_key_pair().private_key, CANARY, CANARY),
    "credentials": lambda: fixed_credentials(
        an_integration(auth_type=AuthType.PAT, installation_type=InstallationType.SERVER), {"token": CANARY}
    ),
    "request": lambda: Request(
        "POST", "https://abc.example", {"q": CANARY}, {"q": CANARY}, {"q": CANARY}, HeaderAuth(CANARY)
    ),
    "answer": lambda: Answer(200, {"Set-Cookie": CANARY}, CANARY.encode(), NOW),
}


@pytest.mark.parametrize("name", BEARERS)
def test_what_bears_a_secret_does_not_show_it(name: str) -> None:
    bearer_ = BEARERS[name]()
    raised = "".join(traceback.format_exception(RuntimeError(bearer_)))
    shown = [repr(bearer_), str(bearer_), f"{bearer_}", pprint.pformat(bearer_), repr([bearer_]), raised]
    assert [text for text in shown if CANARY in text] == []


def test_this_test_would_see_a_secret() -> None:
    with pytest.raises(AssertionError):
        assert CANARY not in repr({"token": CANARY})


@pytest.mark.parametrize(
    "error",
    [requests.ConnectionError(CANARY), requests.exceptions.SSLError(CANARY), OSError(CANARY), TimeoutError(CANARY)],
)
def test_what_kept_an_answer_from_coming_is_told_in_our_own_words(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(requests.Session, "send", fail)
    told: list[object] = []
    session = HttpSession(JiraSettings(tell=told.append), lambda: NOW)
    with caplog.at_level(logging.DEBUG):
        request = Request("GET", "https://abc.example", {"q": CANARY}, auth=HeaderAuth(CANARY))
        outcome = session.send(request)
    assert isinstance(outcome, NoAnswer)
    assert CANARY not in f"{outcome} {told} {caplog.text}"


@pytest.mark.parametrize(
    "kind", ["StoreConfig", "JiraConfig", "ApiConfig", "WorkerConfig", "ProbeConfig", "EventsConfig"]
)
def test_a_configuration_says_where_secrets_are_and_none_of_them(kind: str) -> None:
    made: Any = getattr(config, kind)
    names = {field.name for field in fields(made)}
    assert not names & {"password", "token", "secret", "client_secret", "private_key"}
