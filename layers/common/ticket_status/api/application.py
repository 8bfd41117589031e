"""The API of one function: routes, scope, errors, one log line for each request."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec import Struct

from ticket_status.api.call import BASE_PATH, Call, Reply, json_reply
from ticket_status.api.problems import (
    PROBLEM_TYPE,
    FieldError,
    ProblemError,
    internal_error,
    invalid_request,
    missing_scope,
)
from ticket_status.api.scopes import Scope
from ticket_status.ports.paging import InvalidTokenError

S = TypeVar("S")
Answer = Callable[[Call, S], Reply]


class Route(Struct, Generic[S], frozen=True):
    """One method of one path below the base path, such as ``/violations/{violation_id}``."""

    method: str
    path: str
    scope: Scope | None
    answer: Answer[S]
    query: frozenset[str] | None = frozenset()
    """The allowed query parameters; others are refused. ``None`` allows any."""
    failed: Callable[[Call], Reply] | None = None
    """The reply to an unhandled error, if it is not a problem document."""


class Routes(Generic[S]):
    """The declared routes of one function; ``S`` is the type of its services."""

    def __init__(self) -> None:
        self._routes: list[Route[S]] = []

    def __iter__(self) -> Iterator[Route[S]]:
        return iter(self._routes)

    def get(
        self,
        path: str,
        scope: Scope | None,
        query: Iterable[str] | None = (),
        failed: Callable[[Call], Reply] | None = None,
    ) -> Callable[[Answer[S]], Answer[S]]:
        """Declare a GET, and the parameters of its query."""
        return self._declare("GET", path, scope, query, failed)

    def post(self, path: str, scope: Scope | None) -> Callable[[Answer[S]], Answer[S]]:
        """Declare a POST."""
        return self._declare("POST", path, scope)

    def put(self, path: str, scope: Scope | None) -> Callable[[Answer[S]], Answer[S]]:
        """Declare a PUT."""
        return self._declare("PUT", path, scope)

    def patch(self, path: str, scope: Scope | None) -> Callable[[Answer[S]], Answer[S]]:
        """Declare a PATCH."""
        return self._declare("PATCH", path, scope)

    def delete(self, path: str, scope: Scope | None) -> Callable[[Answer[S]], Answer[S]]:
        """Declare a DELETE."""
        return self._declare("DELETE", path, scope)

    def _declare(
        self,
        method: str,
        path: str,
        scope: Scope | None,
        query: Iterable[str] | None = (),
        failed: Callable[[Call], Reply] | None = None,
    ) -> Callable[[Answer[S]], Answer[S]]:
        known = None if query is None else frozenset(query)

        def declare(answer: Answer[S]) -> Answer[S]:
            self._routes.append(Route(method, path, scope, answer, known, failed))
            return answer

        return declare


UNHANDLED_ERRORS = "UnhandledErrors"
"""The metric that counts requests answered with 500; an alarm watches it."""

_PREFLIGHT_SECONDS = 600
_ALLOWED_HEADERS = "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key"
"""Headers that a browser may send: the same as in the gateway's own preflight replies."""
_PARAMETER = re.compile(r"\{(\w+)\}")
_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class ApiContext(Struct, frozen=True):
    """What every API function needs besides its services."""

    logger: Logger
    metrics: Metrics
    now: Callable[[], datetime]
    allowed_origin: str | None = None
    """The one origin whose pages may call the API from a browser."""
    public_address: str | None = None
    """See ``Call.public_address``."""


class Api(Generic[S]):
    """Handles the gateway's events with routes and services."""

    def __init__(self, routes: Routes[S], services: S, api_context: ApiContext) -> None:
        fixed_first = sorted(routes, key=lambda route: "{" in route.path)
        self._routes = [(route, _pattern(route.path)) for route in fixed_first]
        self._services = services
        self._api_context = api_context

    def answer(self, event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        """Answer one event of API Gateway (REST, proxy), and write the request's log line."""
        started = perf_counter()
        request = APIGatewayProxyEvent({**event, "path": _below_mapping(str(event["path"]))})
        self._api_context.logger.set_correlation_id(request.request_context.request_id)
        reply, called = self._preflight(request), None
        if reply is None:
            try:
                called = route, call = self._called(request)
                reply = route.answer(call, self._services)
            except Exception as error:  # noqa: BLE001 - each becomes a problem document, and what is a bug is told
                reply = self._failed(request, error, called)
        response = {
            "statusCode": int(reply.status),
            "body": reply.body,
            "isBase64Encoded": False,
            "multiValueHeaders": {name: [value] for name, value in self._headers(request, reply).items()},
        }
        self._log(request, response, perf_counter() - started)
        return response

    def _called(self, event: APIGatewayProxyEvent) -> tuple[Route[S], Call]:
        """The route of a request, and its call."""
        route, parameters = self._routed(event)
        _demand(route.scope, claims(event))
        _known(event, route.query)
        return route, Call(event, self._api_context.now(), parameters, self._api_context.public_address)

    def _failed(self, event: APIGatewayProxyEvent, error: Exception, called: tuple[Route[S], Call] | None) -> Reply:
        """The reply to an error. If it is not the caller's: a 500 without details; it is logged and counted."""
        if isinstance(error, ProblemError):
            return _problem(error)
        if isinstance(error, InvalidTokenError):
            return _problem(invalid_request(FieldError("next_token", "must be a next_token that this list returned")))
        self._note(error)
        if called is not None and (failed := called[0].failed) is not None:
            return failed(called[1])
        return _problem(internal_error(event.request_context.request_id))

    def _routed(self, event: APIGatewayProxyEvent) -> tuple[Route[S], Mapping[str, str]]:
        """The route of a request, and the parameters of its path."""
        leading = [(route, found) for route, pattern in self._routes if (found := pattern.fullmatch(event.path))]
        for route, found in leading:
            if route.method == event.http_method:
                return route, found.groupdict()
        if not leading:
            raise ProblemError(HTTPStatus.NOT_FOUND, "not_found", f"there is nothing at {event.path}")
        methods = ", ".join(sorted({route.method for route, _ in leading}))
        detail = f"{event.path} supports {methods}, not {event.http_method}"
        status = HTTPStatus.METHOD_NOT_ALLOWED
        raise ProblemError(status, "method_not_allowed", detail, headers={"Allow": methods})

    # --- Browsers ---------------------------------------------------------------------------------------------------

    def _preflight(self, event: APIGatewayProxyEvent) -> Reply | None:
        """The reply to a browser's CORS preflight request; ``None`` for any other request."""
        if not self._api_context.allowed_origin or event.http_method != "OPTIONS":
            return None
        methods = ",".join(sorted({"OPTIONS", *(route.method for route, _ in self._routes)}))
        return Reply(HTTPStatus.NO_CONTENT, "", "", {"Access-Control-Allow-Methods": methods})

    def _headers(self, event: APIGatewayProxyEvent, reply: Reply) -> dict[str, str]:
        typed = {**_SAFE_HEADERS, **reply.headers, "Content-Type": reply.content_type}
        headers = typed if reply.content_type else dict(reply.headers)
        origin = self._api_context.allowed_origin
        return {**headers, **_cors(origin)} if origin and event.headers.get("Origin") == origin else headers

    def _note(self, error: Exception) -> None:
        self._api_context.logger.error("unhandled error", exc_info=error)
        self._api_context.metrics.add_metric(UNHANDLED_ERRORS, MetricUnit.Count, 1)
        self._api_context.metrics.flush_metrics()

    def _log(self, event: APIGatewayProxyEvent, response: Mapping[str, Any], took: float) -> None:
        caller = claims(event)
        parameters = event.path_parameters
        self._api_context.logger.info(
            "request",
            method=event.http_method,
            route=event.resource,
            status=response["statusCode"],
            integration=parameters.get("connection_name"),
            client_id=caller.get("client_id") or caller.get("sub"),
            request_id=event.request_context.request_id,
            trace_id=event.headers.get("x-amzn-trace-id"),
            duration_ms=round(took * 1000, 1),
        )


def _below_mapping(path: str) -> str:
    """The path from the base path on; a custom domain may map the API below another path."""
    return path[max(0, path.find(BASE_PATH + "/")) :]


def claims(event: APIGatewayProxyEvent) -> Mapping[str, object]:
    """The claims of the caller's token, verified by the gateway; empty without a token.

    They come from a user pool's token, or from ``AuthorizerFunction`` for a token of the stack's own issuer.
    """
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    found = authorizer.get("claims", authorizer)
    return found if isinstance(found, Mapping) else {}


def _demand(scope: Scope | None, held: Mapping[str, object]) -> None:
    """Raise 403 ``missing_scope`` unless the claims have the scope; ``None`` needs no scope."""
    if scope is None or scope in str(held.get("scope", "")).split():
        return
    raise missing_scope(scope)


def _known(event: APIGatewayProxyEvent, query: frozenset[str] | None) -> None:
    """Raise a 422 that names query parameters that the route does not have."""
    if query is None:
        return
    expected = f"expected one of {', '.join(sorted(query))}" if query else "this call takes none"
    unknown = [name for name in event.query_string_parameters if name not in query]
    if unknown:
        raise invalid_request(*(FieldError(name, f"is an unknown parameter; {expected}") for name in unknown))


def _cors(origin: str) -> Mapping[str, str]:
    """Headers that let a page of this origin send requests and read responses."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
        "Access-Control-Expose-Headers": "Retry-After",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }


def _pattern(path: str) -> re.Pattern[str]:
    """The pattern of a route's paths; the gateway handles a trailing slash."""
    fixed = _PARAMETER.split(BASE_PATH + path)
    parts = [f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(fixed)]
    return re.compile("".join(parts) + "/*")


def _problem(problem: ProblemError) -> Reply:
    return json_reply(problem.document(), problem.status, PROBLEM_TYPE, problem.headers)
