"""Bodies: what cannot be read, and what does not fit."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from tests.fakes.gateway import request
from ticket_status.api.bodies import Flag, Items, Members, OneOf, Shape, Text, Time, parse, read_json
from ticket_status.api.problems import LONGEST_BODY, ProblemError

WORD = Text("a word", "[a-z]{1,5}")
IN = Members(dict[str, object], {})
SHAPE = Members(
    dict[str, object],
    {"name": WORD},
    {
        "on": Flag(),
        "kind": OneOf(("one", "two")),
        "only": OneOf(("one",)),
        "at": Time(),
        "words": Items(WORD, 2),
        "in": IN,
    },
)


def read(text: str | None, **changes: Any) -> object:  # noqa: ANN401 - any part of an event
    return read_json(APIGatewayProxyEvent({**request("POST", "/x", raw=text), **changes}))


def errors(value: object, shape: Shape[object] = SHAPE) -> dict[str, str]:
    with pytest.raises(ProblemError) as raised:
        parse(value, shape)
    assert (raised.value.status, raised.value.code) == (422, "invalid_request")
    return dict(raised.value.errors)


def test_what_fits_is_read() -> None:
    body = {"name": "abc", "on": False, "kind": "two", "at": "2026-11-22T09:00:00+01:00", "words": ["a", "b"], "in": {}}
    assert parse(body, SHAPE) == {**body, "at": datetime(2026, 11, 22, 8, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("member", "pointer", "right"),
    [
        ({"name": 7}, "#/name", "must be a word"),
        ({"name": "abc\n"}, "#/name", "must be a word"),
        ({"name": "abcdef"}, "#/name", "must be a word"),
        ({"on": "true"}, "#/on", "must be true or false"),
        ({"on": 1}, "#/on", "must be true or false"),
        ({"kind": "three"}, "#/kind", "must be one of one, two"),
        ({"only": "two"}, "#/only", "must be one"),
        ({"at": "2026-11-22"}, "#/at", "must be a time such as 2026-11-22T08:00:00Z or 2026-11-22T09:00:00+01:00"),
        ({"words": ["a", "b", "c"]}, "#/words", "must be a list of at most 2 elements"),
        ({"words": ["a", None]}, "#/words/1", "must be a word"),
        ({"in": []}, "#/in", "must be an object"),
        ({"a/b~c": 1}, "#/a~1b~0c", "is an unknown member; expected one of name, on, kind, only, at, words, in"),
    ],
)
def test_a_misfit_is_named_with_what_would_be_right(member: dict[str, object], pointer: str, right: str) -> None:
    assert errors({"name": "abc", **member}) == {pointer: right}


def test_every_misfit_is_named() -> None:
    found = errors({"on": 1, "odd": 2})
    assert set(found) == {"#/name", "#/on", "#/odd"}


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_does_not_fit(body: object) -> None:
    assert errors(body) == {"#": "must be an object"}


def test_an_unknown_member_with_half_a_character_can_be_told() -> None:
    assert list(errors({"name": "abc", "\ud800": 1})) == ["#/\\ud800"]


@pytest.mark.parametrize("text", [None, "", "{", "{'a': 1}", '{"a": NaN}', '{"a": 1} x', "[" * 100_000, "1" * 5_000])
def test_what_is_not_json_is_invalid_json(text: str | None) -> None:
    with pytest.raises(ProblemError) as raised:
        read(text)
    assert (raised.value.status, raised.value.code) == (400, "invalid_json")


def test_bytes_that_are_not_utf_8_are_invalid_json() -> None:
    with pytest.raises(ProblemError, match="UTF-8"):
        read(b64encode(b'{"a": "\xff"}').decode(), isBase64Encoded=True)


def test_a_body_in_base64_is_read() -> None:
    assert read(b64encode(b'{"a": 1}').decode(), isBase64Encoded=True) == {"a": 1}


def test_a_body_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ProblemError) as raised:
        read("x" * (LONGEST_BODY + 1))
    assert (raised.value.status, raised.value.code) == (413, "request_too_large")
