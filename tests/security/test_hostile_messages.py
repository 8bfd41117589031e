"""Messages of the queue and bodies of requests: whatever is in them, they are understood or refused in our words."""

import json
from contextlib import suppress
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.gateway import request
from tests.fakes.samples import REF
from ticket_status.api.bodies import MisfitError, free_text, parse, read_json, visible_ascii
from ticket_status.api.integration_bodies import CREATION
from ticket_status.api.problems import LONGEST_BODY, ProblemError
from ticket_status.aws.queue import MalformedMessageError, Message, NewerMessageError, read_message, write_work
from ticket_status.core.work import SliceWork
from ticket_status.paging import read_token
from ticket_status.ports.paging import InvalidTokenError

SLICE: dict[str, Any] = json.loads(write_work(SliceWork("cloud-abc", REF, "r-1", "0")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.text() | VALUES.map(json.dumps))
def test_any_message_is_understood_or_malformed(body: str) -> None:
    with pytest.raises((MalformedMessageError, NewerMessageError)):
        read_message(body)


@given(st.sampled_from(sorted(SLICE)), VALUES)
def test_a_message_with_one_wrong_member_is_understood_or_malformed_and_names_no_value(
    name: str, value: object
) -> None:
    try:
        assert isinstance(read_message(json.dumps({**SLICE, name: value})), Message)
    except (MalformedMessageError, NewerMessageError) as refused:
        words = str(refused)
    else:
        return
    assert words.isascii()
    assert len(words) < 80


@given(st.text())
def test_any_next_token_is_read_or_refused(token: str) -> None:
    with pytest.raises(InvalidTokenError):
        read_token("integrations", token)


def body(text: str) -> APIGatewayProxyEvent:
    return APIGatewayProxyEvent(request("POST", "/tickets", raw=text))


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 80_000, "9" * 10_000, '"\\ud800', "", "Infinity", "\x00"])
def test_json_that_is_deep_or_broken_is_invalid(text: str) -> None:
    with pytest.raises(ProblemError) as raised:
        read_json(body(text))
    assert (raised.value.status, raised.value.code) == (400, "invalid_json")


@pytest.mark.parametrize(("over", "code"), [(0, None), (1, "request_too_large")])
def test_a_body_may_be_as_long_as_the_limit_and_no_longer(over: int, code: str | None) -> None:
    text = '"' + "x" * (LONGEST_BODY - 2 + over) + '"'
    if code is None:
        assert read_json(body(text)) == text[1:-1]
        return
    with pytest.raises(ProblemError) as raised:
        read_json(body(text))
    assert raised.value.code == code


@given(st.dictionaries(st.text(), VALUES) | VALUES)
def test_any_creation_that_does_not_fit_is_refused_without_a_word_of_its_values(made_up: object) -> None:
    secret = "canary-5f1d"
    given_ = {**made_up, "password": secret, "token": [secret]} if isinstance(made_up, dict) else [made_up, secret]
    with pytest.raises(ProblemError) as raised:
        parse(given_, CREATION)
    assert raised.value.code == "invalid_request"
    assert secret not in json.dumps(raised.value.document())


@given(st.text())
def test_what_goes_into_headers_logs_and_keys_has_no_line_breaks_or_halves_of_characters(text: str) -> None:
    for shape in (free_text(50), visible_ascii(50)):
        with suppress(MisfitError):
            shape.read(text)
            assert text.isprintable() or not set(text) & {chr(one) for one in [*range(32), 127]}
            assert text.encode("utf-8")
