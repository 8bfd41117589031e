"""Requests as API Gateway (REST, proxy) hands them to a function, and the answers read back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext

from ticket_status.api.call import BASE_PATH

EVERY_SCOPE = ("ticketing/read", "ticketing/refresh", "ticketing/register", "ticketing/admin")


class Invocation(LambdaContext):
    """An invocation with ninety seconds left."""

    def __init__(self) -> None:
        self._aws_request_id = uuid4().hex

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 90_000


def request(  # noqa: PLR0913 - a request has so many parts
    method: str,
    path: str,
    *,
    body: object = None,
    raw: str | None = None,
    query: Mapping[str, str] | None = None,
    scopes: tuple[str, ...] | None = EVERY_SCOPE,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The event of a request below the base path; ``scopes`` ``None``: without a token."""
    claims = {"client_id": "client-1", "sub": "client-1", "scope": " ".join(scopes or ())}
    context: dict[str, Any] = {
        "requestId": "request-1",
        "stage": "v1",
        "path": f"/v1{BASE_PATH}{path}",
        "domainName": "abc123.execute-api.eu-west-1.amazonaws.com",
        "apiId": "abc123",
        "identity": {"sourceIp": "192.0.2.1"},
    }
    if scopes is not None:
        context["authorizer"] = {"claims": claims}
    return {
        "resource": f"{BASE_PATH}{path}",
        "path": f"{BASE_PATH}{path}",
        "httpMethod": method,
        "headers": {"Host": "abc123.execute-api.eu-west-1.amazonaws.com", **(headers or {})},
        "multiValueHeaders": {},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": context,
        "body": raw if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


@dataclass(frozen=True)
class Answer:
    """An answer as a caller sees it."""

    status: int
    headers: Mapping[str, str]
    text: str

    @classmethod
    def of(cls, response: Mapping[str, Any]) -> "Answer":
        """Read what a function answered."""
        headers = {name: values[0] for name, values in response["multiValueHeaders"].items()}
        return cls(response["statusCode"], headers, response["body"])

    @property
    def json(self) -> Any:  # noqa: ANN401 - any document
        """The body as JSON."""
        return json.loads(self.text)

    @property
    def problem(self) -> tuple[int, str]:
        """Status and code of a problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        assert self.json["status"] == self.status
        return self.status, self.json["code"]
