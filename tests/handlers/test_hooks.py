"""``HooksFunction``: deliveries as the gateway hands them on, whatever their encoding."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.hooks import app
from tests.fakes.api_document import conforms
from tests.fakes.gateway import Answer, request
from tests.unit.service.test_deliveries import REF, SECRET, Stage, signature, updated
from ticket_status.composition.hooks import HookServices
from ticket_status.composition.parts import Telemetry

Deliver = Callable[..., Answer]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def deliver(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Deliver:
    """The handler over the stage; every answer fits the API document."""
    services = HookServices(stage.receiving, Telemetry(logger, metrics))
    monkeypatch.setattr(app, "_hooks", lambda: services)

    def answer(body: bytes, *, encoded: bool = False, hook_id: str = REF, secret: str = SECRET) -> Answer:
        headers = {name.title(): value for name, value in signature(body, secret).items()}
        event: dict[str, Any] = request("POST", f"/hooks/{hook_id}", scopes=None, headers=headers)
        event["pathParameters"] = {"hook_id": hook_id}
        event["isBase64Encoded"] = encoded
        event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
        made = Answer.of(app.handler(event, context))
        conforms("POST", f"/hooks/{hook_id}", made)
        return made

    return answer


@pytest.mark.parametrize("encoded", [True, False])
def test_a_delivery_is_taken_in_either_encoding_and_answered_with_nothing(
    deliver: Deliver, stage: Stage, *, encoded: bool
) -> None:
    body = json.dumps({**json.loads(updated("10001")), "user": {"displayName": "Zoë Ünal 漢字"}}, ensure_ascii=False)
    answer = deliver(body.encode(), encoded=encoded)
    assert (answer.status, answer.text) == (204, "")
    assert stage.waiting == {"10001"}


def test_the_address_may_be_percent_encoded(deliver: Deliver) -> None:
    assert deliver(updated("10001"), hook_id=REF.replace("~", "%7E")).status == 204


def test_a_wrong_signature_and_an_unknown_address_are_answered_alike(deliver: Deliver) -> None:
    wrong = deliver(updated("10001"), secret="wrong")
    unknown = deliver(updated("10001"), hook_id="cloud-abc~zzzzzz")
    assert (wrong.status, wrong.text, wrong.headers) == (unknown.status, unknown.text, unknown.headers)
    assert wrong.status == 401


def test_more_than_a_mebibyte_is_413(deliver: Deliver) -> None:
    assert deliver(b"x" * (1024 * 1024 + 1)).status == 413


def test_a_body_that_is_not_base64_though_it_says_so_holds_no_signature(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, context: LambdaContext, logger: Logger, metrics: Metrics
) -> None:
    monkeypatch.setattr(app, "_hooks", lambda: HookServices(stage.receiving, Telemetry(logger, metrics)))
    event = {"body": "%%%", "isBase64Encoded": True, "headers": None, "pathParameters": {"hook_id": REF}}
    assert app.handler(event, context)["statusCode"] == 401
