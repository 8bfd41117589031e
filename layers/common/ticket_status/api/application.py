"""The API of one function: routes, scope, errors, one log line for each request."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from ticket_status.api.call import BASE_PATH, Call, Reply, json_reply
from ticket_status.api.problems import PROBLEM_TYPE, FieldError, ProblemError, internal_error, invalid_request
from ticket_status.api.routes import Route, Routes
from ticket_status.api.scopes import demand
from ticket_status.ports.paging import InvalidTokenError

S = TypeVar("S")

UNHANDLED_ERRORS = "UnhandledErrors"
"""The metric that counts requests answered with 500; it alarms."""

_PREFLIGHT_SECONDS = 600
_PARAMETER = re.compile(r"\{(\w+)\}")
_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an API has around it, whatever it serves."""

    logger: Logger
    metrics: Metrics
    now: Callable[[], datetime]
    allowed_origin: str | None = None
    """The one origin whose pages may call the API from a browser."""
    public_address: str | None = None
    """See ``Call.public_address``."""


class Api(Generic[S]):
    """Answers the gateway's events by way of routes and the services that they answer with."""

    def __init__(self, routes: Routes[S], services: S, surroundings: Surroundings) -> None:
        self._routes = tuple(routes)
        self._services = services
        self._surroundings = surroundings
        self._resolver = APIGatewayRestResolver(cors=_cors(surroundings), debug=False)
        for route in self._routes:
            rule = BASE_PATH + _PARAMETER.sub(r"<\1>", route.path)
            self._resolver.route(rule, route.method)(self._answering(route))
        self._resolver.not_found(self._answer_unrouted)
        self._resolver.exception_handler(ProblemError)(_problem)
        self._resolver.exception_handler(InvalidTokenError)(_invalid_token)
        self._resolver.exception_handler(Exception)(self._unhandled)

    def answer(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one event of API Gateway (REST, proxy), and write the request's log line."""
        started = perf_counter()
        event = {**event, "path": _below_mapping(str(event["path"]))}
        request = APIGatewayProxyEvent(event)
        self._surroundings.logger.set_correlation_id(request.request_context.request_id)
        response = self._resolver.resolve(event, context)
        self._log(request, response, perf_counter() - started)
        return response

    def _answering(self, route: Route[S]) -> Callable[..., Response[str]]:
        """A function of its own for each route: the resolver wants one that has a name."""

        def answer(**parameters: str) -> Response[str]:
            return self._answer(route, **parameters)

        return answer

    def _answer(self, route: Route[S], **parameters: str) -> Response[str]:
        event = self._resolver.current_event
        demand(route.scope, claims(event))
        _known(event, route.query)
        call = Call(event, self._surroundings.now(), parameters, self._surroundings.public_address)
        try:
            return _response(route.answer(call, self._services))
        except (ProblemError, InvalidTokenError):
            raise
        except Exception as error:
            if route.failed is None:
                raise
            self._note(error)
            return _response(route.failed(call))

    def _answer_unrouted(self, _: NotFoundError) -> Response[str]:
        """The resolver's patterns leave out some characters; a parameter that has one names nothing, like any other."""
        event = self._resolver.current_event
        leading = {route.method: (route, found) for route in self._routes if (found := _lead(route, event.path))}
        if event.http_method in leading:
            route, found = leading[event.http_method]
            return self._answer(route, **found.groupdict())
        if not leading:
            detail = f"there is nothing at {event.path}"
            return _problem(ProblemError(HTTPStatus.NOT_FOUND, "not_found", detail))
        methods = ", ".join(sorted(leading))
        detail = f"{event.path} answers to {methods}, not to {event.http_method}"
        status = HTTPStatus.METHOD_NOT_ALLOWED
        headers = {"Allow": methods}
        return _problem(ProblemError(status, "method_not_allowed", detail, headers=headers))

    def _unhandled(self, error: Exception) -> Response[str]:
        """Answer 500 without a word of the error, log it and count it: the count alarms."""
        self._note(error)
        request_id = self._resolver.current_event.request_context.request_id
        return _problem(internal_error(request_id))

    def _note(self, error: Exception) -> None:
        self._surroundings.logger.error("unhandled error", exc_info=error)
        self._surroundings.metrics.add_metric(UNHANDLED_ERRORS, MetricUnit.Count, 1)
        self._surroundings.metrics.flush_metrics()

    def _log(self, event: APIGatewayProxyEvent, response: Mapping[str, Any], took: float) -> None:
        caller = claims(event)
        parameters = event.path_parameters
        self._surroundings.logger.info(
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
    """The path from the base path on: where a domain of its own maps the API below a path, that comes first."""
    return path[max(0, path.find(BASE_PATH + "/")) :]


def claims(event: APIGatewayProxyEvent) -> Mapping[str, object]:
    """The claims of the caller's token, which the gateway has verified; none without a token.

    They are those of a user pool's token, or what ``AuthorizerFunction`` says of a token of the stack's own issuer.
    """
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    found = authorizer.get("claims", authorizer)
    return found if isinstance(found, Mapping) else {}


def _known(event: APIGatewayProxyEvent, query: frozenset[str] | None) -> None:
    """Raise the 422 that names the parameters of the query that the route does not have."""
    if query is None:
        return
    expected = f"expected one of {', '.join(sorted(query))}" if query else "there are none here"
    unknown = [name for name in event.query_string_parameters if name not in query]
    if unknown:
        raise invalid_request(*(FieldError(name, f"is an unknown parameter; {expected}") for name in unknown))


def _cors(surroundings: Surroundings) -> CORSConfig | None:
    if not surroundings.allowed_origin:
        return None
    return CORSConfig(
        allow_origin=surroundings.allowed_origin,
        expose_headers=["Retry-After"],
        max_age=_PREFLIGHT_SECONDS,
    )


def _lead(route: Route[S], path: str) -> re.Match[str] | None:
    fixed = _PARAMETER.split(BASE_PATH + route.path)
    parts = [f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(fixed)]
    return re.fullmatch("".join(parts), path)


def _response(reply: Reply) -> Response[str]:
    return Response(
        status_code=int(reply.status),
        content_type=reply.content_type,
        body=reply.body,
        headers={**_SAFE_HEADERS, **reply.headers},
    )


def _problem(problem: ProblemError) -> Response[str]:
    reply = json_reply(problem.document(), problem.status, PROBLEM_TYPE, problem.headers)
    return _response(reply)


def _invalid_token(_: InvalidTokenError) -> Response[str]:
    detail = "must be the next_token that this list gave"
    return _problem(invalid_request(FieldError("next_token", detail)))
