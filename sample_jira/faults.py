"""What can be made to go wrong, request by request.

A fault either stands in for Jira, which then does not see the request, or spoils what Jira
answered.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from typing_extensions import TypedDict  # pydantic cannot read that of typing before Python 3.12

from sample_jira.encoding import dump
from sample_jira.messages import (
    Answer,
    Request,
    html_answer,
    json_answer,
    json_body,
    redirect,
)

FaultKind = Literal[
    # stand in for Jira
    "status",  # answers `status`, `headers` and `body`
    "login_page",  # 200 and the page of a single sign-on
    "redirect",  # 302 to `location`
    "empty",  # 200 without a body
    "huge",  # 200 and `size` bytes of JSON
    "close",  # closes the connection without an answer
    # spoil what Jira answers
    "lose",  # Jira did the work, the connection closes without an answer
    "truncate",  # half of the body, then the connection closes
    "invalid_json",  # a body that ends in the middle, its length right
    "content_type",  # another `content_type`
    "delay",  # waits `seconds` before the first byte
    "stall",  # waits `seconds` in the middle of the body
    "hang",  # waits for good before the first byte
    "hang_midway",  # waits for good in the middle of the body
    "drip",  # waits `seconds` before each byte of the body
    "drop_issues",  # leaves out the issues of `ids`
    "issue_errors",  # moves the issues of `ids` into issueErrors
    "repeat_page_token",  # always gives the same nextPageToken
    "garble_issues",  # the issues of `ids` are no issues any more: neither id nor key
    "null_issue_errors",  # issueErrors is null
    "null_fields",  # the issues of `ids` have no fields
    "null_key",  # the issues of `ids` have no key
    "large_total",  # a search claims more issues than there are
    "control_character",  # a line break as it is in the description of each status
    "charset",  # the body in `charset`, which the header names
    "broken_text",  # a byte in the description of each status that is not of the body's charset
    "garble_sites",  # an entry without an address stands first among the sites of a grant
]

STAND_INS: frozenset[FaultKind] = frozenset({"status", "login_page", "redirect", "empty", "huge", "close"})
EDITING: frozenset[FaultKind] = frozenset(
    {
        "drop_issues",
        "issue_errors",
        "repeat_page_token",
        "garble_issues",
        "null_issue_errors",
        "null_fields",
        "null_key",
        "large_total",
    }
)
FOR_GOOD = 3600.0  # seconds; longer than anybody waits, ended by stopping the server
LOGIN_ADDRESS = "https://login.example.com/sso"
HUGE = 20_000_000  # bytes
_ISSUE_PATH = re.compile(r"/issue/([0-9]+|[A-Z][A-Z0-9_]*-[0-9]+)$")
_IN_CLAUSE = re.compile(r"\b(?:id|key) in \(([^)]*)\)")


class FaultParameters(TypedDict, total=False):
    """What a fault can be made with besides its kind."""

    path: str
    method: str
    skip: int
    times: int | None
    status: int
    headers: Mapping[str, str]
    body: str | dict[str, Any] | list[Any] | None
    json_if_asked: bool
    content_type: str | None
    seconds: float
    size: int
    location: str
    ids: Sequence[int | str]
    charset: str
    naming: Sequence[int | str]
    issues_over: int | None
    body_over: int | None
    signed: bool | None


@dataclass(slots=True)
class Fault:
    """A fault and where it strikes.

    `path` is an fnmatch pattern on the request's path, `method` one on its method. The first
    `skip` matching requests are spared, then `times` are struck (all, when None).
    `json_if_asked`: a JSON body goes only to those whose Accept asks for it, others get a page.

    Of the matching requests only these are met: with `naming`, those whose body or path names one
    of these issues; with `issues_over`, those whose body names more issues; with `body_over`, those
    with a body of more bytes; with `signed`, those with credentials, or without.
    """

    kind: FaultKind
    path: str = "*"
    method: str = "*"
    skip: int = 0
    times: int | None = None
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | dict[str, Any] | list[Any] | None = None
    json_if_asked: bool = False
    content_type: str | None = None
    seconds: float = 0
    size: int = HUGE
    location: str = LOGIN_ADDRESS
    ids: Sequence[int | str] = ()
    charset: str = "iso-8859-1"
    naming: Sequence[int | str] = ()
    issues_over: int | None = None
    body_over: int | None = None
    signed: bool | None = None
    seen: int = 0
    hits: int = 0

    @property
    def stands_in(self) -> bool:
        """Whether Jira does not see the request."""
        return self.kind in STAND_INS

    def strikes(self, request: Request, *, answered: bool) -> bool:
        """Count the request, and say whether the fault strikes it.

        `answered`: another fault already stands in for Jira, so this one waits for its turn.
        """
        if not (fnmatchcase(request.path, self.path) and fnmatchcase(request.method, self.method)):
            return False
        if not self._concerns(request):
            return False
        self.seen += 1
        if (
            self.seen <= self.skip
            or (answered and self.stands_in)
            or (self.times is not None and self.hits >= self.times)
        ):
            return False
        self.hits += 1
        return True

    def _concerns(self, request: Request) -> bool:
        """Whether it is one of the requests that the fault is about."""
        if self.signed is not None and self.signed != bool(request.headers.get("authorization")):
            return False
        if self.body_over is not None and len(request.body) <= self.body_over:
            return False
        named = named_in(request) if self.naming or self.issues_over is not None else frozenset()
        if self.issues_over is not None and len(named) <= self.issues_over:
            return False
        return not self.naming or not named.isdisjoint(map(str, self.naming))

    def stand_in(self, request: Request) -> Answer | None:  # noqa: PLR0911 - one return for each kind
        """The answer in Jira's place; None when Jira is to answer."""
        match self.kind:
            case "status":
                return self._made_up(request)
            case "login_page":
                return html_answer("Log in", '<form action="/login">Log in with SSO</form>')
            case "redirect":
                return redirect(self.location)
            case "empty":
                return Answer(200, b"", None)
            case "huge":
                return Answer(200, b'{"issues":[],"padding":"' + b"x" * self.size + b'"}')
            case "close":
                return _silent(Answer(500))
            case _:
                return None

    def spoil(self, answer: Answer) -> Answer:  # noqa: PLR0911 - one return for each kind
        """What becomes of Jira's answer."""
        match self.kind:
            case "lose":
                return _silent(answer)
            case "truncate" | "delay" | "stall" | "hang" | "hang_midway" | "drip":
                return self._slowed(answer)
            case "invalid_json":
                return replace(answer, body=answer.body[: len(answer.body) // 2])
            case "content_type":
                return replace(answer, content_type=self.content_type or "text/plain")
            case "charset":
                return self._in_charset(answer)
            case "broken_text":
                return replace(answer, body=answer.body.replace(b'"description":""', b'"description":"\xff"'))
            case "control_character":
                return replace(answer, body=answer.body.replace(b'"description":""', b'"description":"\n"'))
            case "garble_sites":
                return replace(answer, body=answer.body.replace(b"[", b'[{"id":null,"name":"?"},', 1))
            case _ if self.kind in EDITING:
                return self._edited(answer)
            case _:
                return answer

    def _made_up(self, request: Request) -> Answer:
        if self.json_if_asked and "application/json" not in request.headers.get("accept", ""):
            return html_answer("Error", "", self.status).with_headers(self.headers)
        text = self.body if isinstance(self.body, str) else ""
        if self.body is None or isinstance(self.body, str):
            kind = self.content_type or ("text/html;charset=UTF-8" if text else None)
            return Answer(self.status, text.encode(), kind, dict(self.headers))
        answer = json_answer(self.body, self.status).with_headers(self.headers)
        return replace(answer, content_type=self.content_type or answer.content_type)

    def _slowed(self, answer: Answer) -> Answer:
        delivery = answer.delivery
        match self.kind:
            case "truncate":
                delivery = replace(delivery, share=0.5)
            case "delay":
                delivery = replace(delivery, before=self.seconds)
            case "hang":
                delivery = replace(delivery, before=FOR_GOOD)
            case "stall":
                delivery = replace(delivery, midway=self.seconds)
            case "hang_midway":
                delivery = replace(delivery, midway=FOR_GOOD)
            case _:
                delivery = replace(delivery, per_chunk=self.seconds)
        return replace(answer, delivery=delivery)

    def _edited(self, answer: Answer) -> Answer:
        body = _object_in(answer)
        if body is None:
            return answer
        match self.kind:
            case "repeat_page_token":
                body |= {"nextPageToken": "the-same-token", "isLast": False}
            case "null_issue_errors":
                body |= {"issueErrors": None}
            case "large_total":
                body |= {"total": body.get("total", 0) + 7}
            case "garble_issues":
                self._edit_issues(body, {"id": None, "key": None})
            case "null_fields":
                self._edit_issues(body, {"fields": None})
            case "null_key":
                self._edit_issues(body, {"key": None})
            case _:
                self._take_out(body)
        return replace(answer, body=dump(body).encode())

    def _in_charset(self, answer: Answer) -> Answer:
        text = answer.body.decode()
        kind = (answer.content_type or "").partition(";")[0]
        return replace(answer, body=text.encode(self.charset), content_type=f"{kind};charset={self.charset}")

    def _edit_issues(self, body: dict[str, Any], members: Mapping[str, object]) -> None:
        """Put these members in place of the own ones of the issues of `ids` in an answer."""
        names = {str(name) for name in self.ids}
        body["issues"] = [
            issue | members if names & {issue["id"], issue["key"]} else issue for issue in body.get("issues", [])
        ]

    def _take_out(self, body: dict[str, Any]) -> None:
        """Take the issues of `ids` out of the answer, to issueErrors if that is the fault."""
        names = {str(name) for name in self.ids}
        issues = body.get("issues", [])
        struck = [issue for issue in issues if names & {issue["id"], issue["key"]}]
        body["issues"] = [issue for issue in issues if issue not in struck]
        if self.kind == "issue_errors":
            body["issueErrors"] = body.get("issueErrors", []) + [
                {"id": issue["id"], "errorMessage": "The issue could not be fetched, try again."} for issue in struck
            ]


def named_in(request: Request) -> frozenset[str]:
    """The ids and keys of issues that a request names, in its body or as the end of its path."""
    path = _ISSUE_PATH.search(request.path)
    if path:
        return frozenset({path[1]})
    try:
        body = json.loads(request.body)
    except ValueError:
        return frozenset()
    if not isinstance(body, dict):
        return frozenset()
    names = body.get("issueIdsOrKeys")
    if isinstance(names, list):
        return frozenset(map(str, names))
    listed = _IN_CLAUSE.findall(str(body.get("jql", "")))
    return frozenset(name.strip(' "') for names in listed for name in names.split(","))


def _silent(answer: Answer) -> Answer:
    return replace(answer, delivery=replace(answer.delivery, silent=True))


def _object_in(answer: Answer) -> dict[str, Any] | None:
    try:
        body = json_body(answer)
    except json.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
