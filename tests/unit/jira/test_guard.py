"""Whether an answer is to be believed: the guard by itself, over answers written by hand."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.guard import Expected, same_name, trouble_in
from ticket_status.jira.session import Answer

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
JSON = {"Content-Type": "application/json;charset=UTF-8"}
HTML = {"Content-Type": "text/html;charset=UTF-8"}
LOGIN_PAGE = "<html>log in</html>"
EMPTY = json.dumps({"issues": []})
NO_ISSUE = json.dumps({"errorMessages": ["Issue does not exist or you do not have permission to see it."]})
US = "5b10a2844c20165700ede21g"

AUTHENTICATION = ReasonCode.AUTHENTICATION_FAILED


@dataclass(frozen=True)
class Case:
    """An answer, and what is wrong with it."""

    name: str
    status: int
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    body: str = EMPTY
    kind: type[JiraTrouble] | None = None
    code: ReasonCode | None = None


def refused(name: str, status: int, headers: dict[str, str], body: str, code: ReasonCode) -> Case:
    return Case(name, status, headers, body, Refused, code)


CASES = [
    Case("a plain answer", 200),
    Case("JSON of another name", 200, {"Content-Type": "application/problem+json"}),
    Case("our account", 200, {**JSON, "X-AACCOUNTID": US}),
    Case("our account on Data Center", 200, {**JSON, "X-AUSERNAME": US.upper()}),
    Case("login reason OK", 200, {**JSON, "X-Seraph-LoginReason": "OK"}),
    Case("login reason OK twice", 200, {**JSON, "X-Seraph-LoginReason": "OK, OK"}),
    Case("rate headers on a good answer", 200, {**JSON, "Retry-After": "0", "X-RateLimit-Remaining": "0"}),
    Case("Jira's own 404", 404, body=NO_ISSUE),
    Case("a 400 about our call", 400, body=NO_ISSUE),
    Case("a 403 for one issue", 403, body=NO_ISSUE),
    refused("expired Basic", 200, {**JSON, "x-seraph-loginreason": "AUTHENTICATED_FAILED"}, EMPTY, AUTHENTICATION),
    refused(
        "denied login on 200", 200, {**JSON, "X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, EMPTY, AUTHENTICATION
    ),
    refused("logged out", 200, {**JSON, "X-Seraph-LoginReason": "OUT"}, EMPTY, AUTHENTICATION),
    refused("failed login, empty body", 200, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, "", AUTHENTICATION),
    refused(
        "failed login on 404", 404, {**JSON, "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, NO_ISSUE, AUTHENTICATION
    ),
    refused(
        "failed login in HTML",
        401,
        {**HTML, "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
        LOGIN_PAGE,
        AUTHENTICATION,
    ),
    refused(
        "denied on 403", 403, {**HTML, "X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, LOGIN_PAGE, AUTHENTICATION
    ),
    refused("anonymous", 200, {**JSON, "X-AUSERNAME": "anonymous"}, EMPTY, AUTHENTICATION),
    refused("401", 401, JSON, NO_ISSUE, AUTHENTICATION),
    refused("401 of a JWT", 401, HTML, "Client must be authenticated", AUTHENTICATION),
    refused("401 without a body", 401, {}, "", AUTHENTICATION),
    refused("scope", 401, {}, '{"code":401,"message":"Unauthorized; scope does not match"}', ReasonCode.MISSING_SCOPES),
    refused(
        "dead OAuth 1.0a token",
        401,
        {"WWW-Authenticate": 'OAuth oauth_problem="token_expired"'},
        "",
        ReasonCode.AUTHORIZATION_EXPIRED,
    ),
    refused("unreadable bearer", 403, {}, '{"error":"Failed to parse Connect Session Auth Token"}', AUTHENTICATION),
    refused("bare 403", 403, {}, "", AUTHENTICATION),
    refused(
        "CAPTCHA",
        403,
        {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://x/"},
        "",
        ReasonCode.CAPTCHA_REQUIRED,
    ),
    refused(
        "CAPTCHA and login reason",
        403,
        {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE", "X-Seraph-LoginReason": "AUTHENTICATION_DENIED"},
        "",
        ReasonCode.CAPTCHA_REQUIRED,
    ),
    refused("login page", 200, HTML, LOGIN_PAGE, ReasonCode.NOT_JIRA),
    refused("no content type", 200, {}, EMPTY, ReasonCode.NOT_JIRA),
    refused("HTML 403", 403, HTML, LOGIN_PAGE, ReasonCode.NOT_JIRA),
    refused("HTML 404", 404, HTML, LOGIN_PAGE, ReasonCode.NOT_JIRA),
    Case("HTML 400", 400, HTML, LOGIN_PAGE),
    Case("HTML 413", 413, HTML, "Request Entity Too Large"),
    Case("410 in JSON", 410, body='{"code":410}'),
    Case("starting", 302, {"Location": "/startup.jsp"}, "", Unavailable, ReasonCode.JIRA_ERROR),
    refused("403 by Jira in plain text", 403, {**HTML, "X-AREQUESTID": "1x2x3"}, "Disabled.", AUTHENTICATION),
    refused("redirect", 302, {"Location": "https://login.example.com/?next=x"}, "", ReasonCode.NOT_JIRA),
    refused("redirect to nowhere", 301, {}, "", ReasonCode.NOT_JIRA),
    Case("nothing", 200, {}, "", Unavailable, ReasonCode.JIRA_ERROR),
    Case("nothing as JSON", 200, JSON, "", Unavailable, ReasonCode.JIRA_ERROR),
    Case("500", 500, HTML, LOGIN_PAGE, Unavailable, ReasonCode.JIRA_ERROR),
    Case("502 with a login reason", 502, {"X-Seraph-LoginReason": "OUT"}, "", Unavailable, ReasonCode.JIRA_ERROR),
    Case("503", 503, HTML, LOGIN_PAGE, Unavailable, ReasonCode.JIRA_ERROR),
    Case("408", 408, HTML, LOGIN_PAGE, Unavailable, ReasonCode.JIRA_ERROR),
    Case("proxy", 407, HTML, LOGIN_PAGE, Unavailable, ReasonCode.UNREACHABLE),
    Case("503 with Retry-After", 503, {"Retry-After": "60"}, "", Throttled),
    Case("429", 429, {}, "", Throttled),
    Case("429 in HTML with a login reason", 429, {**HTML, "X-Seraph-LoginReason": "OUT"}, LOGIN_PAGE, Throttled),
]


def verdict(case: Case, expected: Expected) -> JiraTrouble | None:
    return trouble_in(Answer(case.status, CaseInsensitiveDict(case.headers), case.body.encode(), NOW), expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_is_believed_or_refused_with_its_reason(case: Case) -> None:
    trouble = verdict(case, Expected())
    assert type(trouble) is (case.kind or type(None))
    assert getattr(trouble, "reason_code", None) is case.code


def test_a_call_without_credentials_is_answered_for_nobody() -> None:
    anonymous = Case("", 200, {**JSON, "X-AUSERNAME": "anonymous", "X-Seraph-LoginReason": "OUT"})
    assert verdict(anonymous, Expected(authenticated=False)) is None


def test_any_account_is_right_while_none_is_known() -> None:
    assert verdict(Case("", 200, {**JSON, "X-AACCOUNTID": "somebody"}), Expected()) is None


def test_a_redirect_is_told_by_its_host_alone() -> None:
    hostile = Case("", 302, {"Location": "https://x.example/<script>?token=abc"})
    trouble = verdict(hostile, Expected())
    assert isinstance(trouble, Refused)
    assert "https://x.example:" in trouble.reason
    assert "script" not in trouble.reason
    assert "abc" not in trouble.reason


@pytest.mark.parametrize(
    ("told", "known"), [("bot", "Bot"), ("b%C3%B6t%40x", "böt@x"), ("john+doe", "john doe"), ("a+b%40x", "a+b@x")]
)
def test_the_name_in_a_header_is_percent_encoded_or_encoded_as_forms_are(told: str, known: str) -> None:
    assert same_name(told, known)
    assert not same_name(told, f"{known}2")


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (JSON, '{"message": "Basic Authentication has been disabled on this instance."}', "Basic Authentication has"),
        (JSON, '{"errorMessages": ["One.", "Two."], "errors": {"field": "Three."}}', "“One. Two. Three.”"),
        (JSON, '["odd"]', "“odd”"),
        (
            HTML,
            "<html><head><style>p {}</style><title>Blocked</title></head>By&nbsp;WAF \x07</html>",
            "“Blocked By WAF”",
        ),
        (HTML, "x" * 500, f"“{'x' * 199}…”"),
        (JSON, "", ""),
    ],
)
def test_reasons_quote_what_was_said(kind: dict[str, str], body: str, said: str) -> None:
    trouble = verdict(Case("", 500, kind, body), Expected())
    assert isinstance(trouble, Unavailable)
    assert said in trouble.reason
    assert trouble.reason.isprintable()


def test_a_quote_never_bears_a_secret_and_none_is_cut_in_two() -> None:
    echoed = Case("", 500, HTML, f"{'x' * 190} s3cret-of-ours {'y' * 50}")
    trouble = verdict(echoed, Expected(conceal=lambda text: text.replace("s3cret-of-ours", "…")))
    assert isinstance(trouble, Unavailable)
    assert "s3c" not in trouble.reason
