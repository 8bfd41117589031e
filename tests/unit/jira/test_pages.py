"""Responses with many issues, of which only the needed is decoded: they say what they say to any other reader."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_status.jira.answers import MalformedAnswerError, mapping, read, sequence
from ticket_status.jira.issues import Gathered, read_page
from ticket_status.jira.session import Answer

ASKED = ["10001", "10002", "9007199254740993", "KEY-3"]
JSON = "application/json"


def issue(issue_id: object, key: object = "KEY-1", name: object = "To Do", category: object = "new") -> dict[str, Any]:
    status = {"self": "https://x/1", "name": name, "statusCategory": {"id": 2, "key": category, "name": "Ü"}}
    return {"expand": "names", "id": issue_id, "self": "https://x/1", "key": key, "fields": {"status": status}}


def gathered(reading: Callable[[Answer], object], body: bytes, kind: str = JSON) -> object:
    """All that is taken from a response, or why nothing is."""
    found = Gathered(ASKED)
    try:
        page = mapping(reading(Answer(200, {"Content-Type": kind}, body, datetime.now(UTC))), "response")
        readable = found.add(sequence(page.get("issues"), "issues"))
    except MalformedAnswerError as error:
        return str(error)
    others = [page.get(name) for name in ("issueErrors", "maxResults", "total")]
    return found.seen, found.ids, found.retry, found.others, readable, others


def body_of(*issues: object, **others: object) -> bytes:
    return json.dumps({"issues": list(issues), **others}, ensure_ascii=False).encode(errors="surrogatepass")


ODD = [
    body_of(issue("10001"), issue("10002", "KEY-2", "Läuft")),
    body_of(issue(9007199254740993), issue("9007199254740993")),
    body_of(issue(10**40), issue("10001")),
    body_of(issue("10001", "a b"), issue("10002")),
    body_of(issue("10001", "A|B"), issue("10001\n")),
    body_of(issue("10001", name=" "), issue("10002", category=["new"])),
    body_of(issue("10001", name=7), issue("10002", category=None)),
    body_of(issue("10001", name="\ud800"), issue("10002", "KEY-\udc00")),
    body_of(issue("10001", name="\x01\x7f" + "x" * 300)),
    body_of({"id": "10001", "key": "KEY-1"}, {**issue("10002"), "fields": None}),
    body_of(None, 7, [], "x", issue("10002")),
    body_of(issue("99999", "key-3"), issueErrors=[{"id": 10**30}], maxResults=50, total=10**12),
    b'{"issues": null}',
    b'{"issueErrors": []}',
    b"[]",
    b'{"issues": [], "issues": [{"id": "10001", "id": "10002", "key": "K-1", "fields": {}, "fields": {"status": 1}}]}',
    b'{"issues": [], "total": NaN}',
    b'{"issues": []} x',
    body_of(issue("10001")).replace(b"To Do", b"To\xffDo\xe2\x82"),
    body_of(issue("10001")).replace(b"To Do", b"To\x00\tDo"),
    body_of(issue("10001")).replace(b"KEY-1", b"KEY\xff-1"),
    body_of(issue("10001"))[:-1],
    b"\xef\xbb\xbf" + body_of(issue("10001")),
    body_of(issue("10001")).decode().encode("utf-16"),
    b'{"issues": [' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize("kind", [JSON, f"{JSON};charset=UTF-8", f"{JSON}; charset=iso-8859-1", f"{JSON};charset=none"])
def test_an_odd_page_says_the_same_to_both_readers(body: bytes, kind: str) -> None:
    assert gathered(read_page, body, kind) == gathered(read, body, kind)


@given(body=st.sampled_from(ODD[:12]), at=st.integers(0), by=st.binary(max_size=3), cut=st.integers(0, 3))
def test_a_damaged_page_says_the_same_to_both_readers(body: bytes, at: int, by: bytes, cut: int) -> None:
    place = at % len(body)
    damaged = body[:place] + by + body[place + cut :]
    assert gathered(read_page, damaged) == gathered(read, damaged)


def test_issues_with_the_same_status_are_each_shown_with_it() -> None:
    page = body_of(issue("10001", "A-1"), issue("10002", "A-2"), issue("77", "A-3"))
    seen = {"10001": "A-1|new|To Do", "10002": "A-2|new|To Do"}
    assert gathered(read_page, page) == (seen, {}, set(), True, True, [None, None, None])
