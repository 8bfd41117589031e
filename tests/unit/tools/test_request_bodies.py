"""Shapes read what the schemas that are written of them let be sent, and nothing else."""

import re
from contextlib import suppress
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.fakes.api_document import document
from ticket_status.api.bodies import (
    Flag,
    Items,
    Members,
    MisfitError,
    OneOf,
    OrNull,
    Shape,
    Text,
    Time,
    Variants,
    free_text,
)
from tools.request_bodies import DOCUMENT, Schema, schema

WORD = OneOf(("x",))
SHAPES: tuple[Shape[object], ...] = (
    Text("a word", "[a-z]{1,3}"),
    free_text(3),
    WORD,
    OneOf(("x", "abc")),
    Flag(),
    Time(),
    OrNull(Flag()),
    Items(Flag(), 2),
    Members(dict, {"a": Flag()}, {"b": WORD}),
    Variants("a", {"x": Members(dict, {"a": WORD}, component="X")}, otherwise=Members(dict, {"a": WORD})),
)
VALUES: tuple[object, ...] = (
    *(None, True, 0, 1, 1.5, "", " ", "x", "abc", "abcd", "ABC", "ü", "\t", "\x7f", "true"),
    *("2026-11-20T08:00:00Z", "2026-11-20T09:00:00.123+0100", "2026-11-20"),
    *([], [True], [True, False], [True] * 3, ["x"], [None], {}, {"a": True}, {"a": "x"}, {"a": "y"}, {"b": "x"}),
    *({"a": True, "b": "x"}, {"a": True, "b": True}, {"a": True, "c": 1}, {"a": "x", "c": 1}, {"a": None}),
)
TICKET = {"integration_name": "cloud-abc", "violation_id": "XRAY-1"}

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
FORMATS = FormatChecker([])
FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or bool(TIME.fullmatch(value)))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
def test_a_shape_reads_what_its_schema_lets_be_sent(shape: Shape[object]) -> None:
    components: dict[str, Schema] = {}
    written = {**schema(shape, components), "components": {"schemas": components}}
    taken = [value for value in VALUES if Draft202012Validator(written, format_checker=FORMATS).is_valid(value)]
    read = []
    for value in VALUES:
        with suppress(MisfitError):
            shape.read(value)
            read.append(value)
    assert repr(read) == repr(taken) != "[]"


def test_no_pattern_repeats_more_often_than_go_can_read() -> None:
    """RE2 and Go's regexp refuse a repetition above 1,000, and with it the whole document."""
    patterns = re.findall(r"pattern: (.+)", DOCUMENT.read_text(encoding="utf-8"))
    repeated = [int(most) for pattern in patterns for most in re.findall(r"\{\d*,?(\d+)\}", pattern)]
    assert len(repeated) > 1
    assert max(repeated) <= 1_000


@pytest.mark.parametrize(
    ("component", "body"),
    [
        ("EditIntegration", {}),
        ("EditIntegration", {"skip_connection_test": True}),
        ("TicketUnregistration", TICKET),
        ("TicketUnregistration", {**TICKET, "issue_id": None, "issue_key": None}),
    ],
)
def test_what_members_have_to_be_together_is_in_the_document(component: str, body: Any) -> None:  # noqa: ANN401
    components = document()["components"]
    written = {**components["schemas"][component], "components": components}
    assert not Draft202012Validator(written).is_valid(body)
