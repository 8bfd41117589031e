"""How the gate reads botocore's models and AWS's protocols."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from local.gate.call import Call, Partial
from local.gate.gate import merged
from local.gate.model import model_refusal, python_pattern, service_model
from local.gate.rules.dynamodb import item_bytes
from local.gate.wire import Request, decode

OUR_SERVICES = (
    *("apigateway", "cloudformation", "cognito-idp", "dynamodb", "events", "iam"),
    *("kms", "lambda", "logs", "secretsmanager", "sns", "sqs", "sts"),
)


@pytest.mark.parametrize("service", OUR_SERVICES)
def test_every_pattern_of_a_service_is_understood(service: str) -> None:
    model = service_model(service)
    patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names}
    for pattern in filter(None, patterns):
        re.compile(python_pattern(pattern))


@pytest.mark.parametrize(
    ("pattern", "fits", "misfits"),
    [
        (r"[\p{L}\p{N}_-]+", "Größe_7", "a b"),
        (r"\p{Print}+", "a b", "a\tb"),
        (r"^\p{L}$", "ß", "7"),
        (r"[\w-_]*", "a-b_c", "a b"),
        ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*", "a\U0001f600", "\x0b"),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern: str, fits: str, misfits: str) -> None:
    translated = re.compile(python_pattern(pattern), re.ASCII)
    assert translated.fullmatch(fits)
    assert not translated.fullmatch(misfits)


def test_everything_that_misfits_is_told_at_once() -> None:
    refusal = model_refusal(Call("dynamodb", "Query", {"Limit": 0, "Sorted": True, "Select": "SOME"}))
    assert refusal is not None
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("4 validation errors detected: ")
    for words in ("at 'TableName'", "greater than or equal to 1", "Unknown member 'Sorted'", "enum value set: [ALL_"):
        assert words in refusal.message


def test_an_operation_that_botocore_does_not_know_is_let_through() -> None:
    assert model_refusal(Call("dynamodb", "DropTable", {})) is None


def _signed(service: str) -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/{service}/aws4_request, ..."}


def test_a_query_request_is_read() -> None:
    fields = {
        "Action": "CreateStack",
        "Version": "2010-05-15",
        "StackName": "s",
        "DisableRollback": "true",
        "Parameters.member.1.ParameterKey": "A",
        "Parameters.member.1.ParameterValue": "1",
        "Parameters.member.2.ParameterKey": "B",
        "TimeoutInMinutes": "5",
        "Capabilities.member.1": "X",
    }
    request = Request("POST", "/", "", _signed("cloudformation"), urlencode(fields).encode())
    assert decode(request) == Call(
        "cloudformation",
        "CreateStack",
        {
            "StackName": "s",
            "DisableRollback": True,
            "TimeoutInMinutes": 5,
            "Capabilities": ["X"],
            "Parameters": [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B"}],
        },
    )


def test_a_rest_request_is_read() -> None:
    invoke = Request(
        "POST",
        "/2015-03-31/functions/f%3A1/invocations",
        "Qualifier=v1",
        {**_signed("lambda"), "x-amz-invocation-type": "Event"},
        b"{}",
    )
    members = {"FunctionName": "f:1", "InvocationType": "Event", "Qualifier": "v1", "Payload": b"{}"}
    assert decode(invoke) == Call("lambda", "Invoke", members)


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_what_cannot_be_read_is_left_to_the_service(body: bytes) -> None:
    assert decode(Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.Query"}, body)) is None


def test_an_item_is_measured_with_its_names() -> None:
    item: dict[str, dict[str, Any]] = {
        "text": {"S": "ä"},
        "number": {"N": "-12.5"},
        "set": {"SS": ["a", "bc"]},
        "list": {"L": [{"S": "a"}, {"NULL": True}]},
        "map": {"M": {"k": {"BOOL": True}}},
        "bytes": {"B": "AAEC"},
    }
    assert item_bytes(item) == (4 + 2) + (6 + 3) + (3 + 3) + (4 + 3 + 2 + 2) + (3 + 3 + 3) + (5 + 3)


def test_an_answer_in_parts_keeps_the_order_of_the_request() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [None, {"ErrorCode": "E"}, None]}
    answer = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "F"}]}
    assert merged(Partial({}, refused), answer) == {
        "FailedEntryCount": 2,
        "Entries": [{"EventId": "1"}, {"ErrorCode": "E"}, {"ErrorCode": "F"}],
    }
