"""One request and its reply, as a route sees them."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from msgspec import Struct, field

from ticket_status.api.bodies import Members, Shape, Text, parse, read_json
from ticket_status.api.problems import FieldError, invalid_request

T = TypeVar("T")

BASE_PATH = "/api/v1/ticketing"
PAGING = ("limit", "next_token")
"""The parameters of every list."""

DEFAULT_LIMIT = 50
MOST_LIMIT = 100
"""Elements on one page of a list."""


class Reply(Struct, frozen=True):
    """The reply of a route."""

    status: HTTPStatus
    body: str
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(
    document: Mapping[str, object],
    status: HTTPStatus = HTTPStatus.OK,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A reply with a JSON document."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, body, content_type, headers or {})


def page_reply(name: str, items: list[dict[str, object]], next_token: str | None) -> Reply:
    """A page of a list; ``next_token`` is absent at the end."""
    more = {} if next_token is None else {"next_token": next_token}
    return json_reply({name: items, **more})


class Call(Struct, frozen=True):
    """A request to a route."""

    event: APIGatewayProxyEvent
    now: datetime
    """When it came."""
    parameters: Mapping[str, str]
    """Path parameters as the gateway passed them; read them with ``path``."""
    configured_address: str | None = None
    """The API's public address, if it is configured."""

    def path(self, name: str) -> str:
        """A parameter of the path, decoded. None of ours may have a percent sign."""
        return unquote(self.parameters[name])

    def identifier(self, name: str, shape: Text, missing: Callable[[str], Exception]) -> str:
        """A path parameter that names something; raises ``missing`` if it is not a valid name."""
        value = self.path(name)
        if not re.fullmatch(shape.pattern, value):
            raise missing(value)
        return value

    def query(self, name: str) -> str | None:
        """A parameter of the query; ``None`` when absent."""
        return self.event.query_string_parameters.get(name)

    def query_as(self, shape: Members[T], prefix: str = "") -> T:
        """The query parameters that are members of a shape, read by it; raises 422."""
        names = (*shape.required, *shape.optional)
        given = {name: value for name in names if (value := self.query(prefix + name)) is not None}
        return parse(given, shape, prefix)

    def body(self, shape: Shape[T]) -> T:
        """The body, read by the shape; raises 400, 413 or 422."""
        return parse(read_json(self.event), shape)

    def optional_body(self, shape: Shape[T]) -> T:
        """The same for an optional body; a missing one counts as empty."""
        return parse(read_json(self.event) if self.event.body else {}, shape)

    @property
    def paging(self) -> tuple[int, str | None]:
        """``limit`` and ``next_token``; raises 422 for an invalid limit."""
        return self.paging_up_to(MOST_LIMIT)

    def paging_up_to(self, most: int) -> tuple[int, str | None]:
        """The same with a limit up to ``most``."""
        asked = self.query("limit")
        limit = str(DEFAULT_LIMIT) if asked is None else asked
        digits = limit.isascii() and limit.isdigit() and len(limit) <= len(str(most))
        if not digits or not 1 <= int(limit) <= most:
            raise invalid_request(FieldError("limit", f"must be a number from 1 to {most}"))
        return int(limit), self.query("next_token")

    @property
    def public_address(self) -> str:
        """The public address of this API before the base path, without a trailing slash.

        Unless configured, it is made from the domain and path that API Gateway gives. An embedded AWS gives no
        domain: there it is the requested host and the path prefix.
        """
        if self.configured_address:
            return self.configured_address.rstrip("/")
        context: Mapping[str, Any] = self.event.get("requestContext") or {}
        prefix = str(context.get("path", "")).partition(BASE_PATH)[0]
        if domain := context.get("domainName"):
            return f"https://{domain}{prefix}"
        host = self.event.headers.get("host", "localhost")
        return f"http://{host}/_aws/execute-api/{context.get('apiId', '')}{prefix}"
