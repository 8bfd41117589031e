"""``HooksFunction``: receives deliveries of Jira's webhooks."""

import base64
import binascii
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.utilities.typing import LambdaContext

from ticket_status.composition import hooks as composition
from ticket_status.service.tickets.deliveries import Delivery, Received

_STATUS = {
    Received.TAKEN: HTTPStatus.NO_CONTENT,
    Received.UNSIGNED: HTTPStatus.UNAUTHORIZED,
    Received.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}

_hooks = cache(composition.hooks)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one delivery. The sender learns nothing beyond the status."""
    services = _hooks()
    services.telemetry.logger.set_correlation_id(context.aws_request_id)
    received = services.deliveries.receive(read_delivery(event))
    services.telemetry.report("delivery", {"Deliveries": 1}, outcome=received.name.lower())
    return {"statusCode": int(_STATUS[received]), "multiValueHeaders": {"Cache-Control": ["no-store"]}, "body": ""}


def read_delivery(event: dict[str, Any]) -> Delivery:
    """The delivery in an event of the gateway: the signature is over the body's raw bytes, however they travel."""
    body = event.get("body") or ""
    raw = _decoded(body) if event.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Delivery(unquote((event.get("pathParameters") or {}).get("hook_id", "")), headers, raw)


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""
