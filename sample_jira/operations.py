"""Which requests a server knows, and whether a request fits the one it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from sample_jira.auth import NOBODY, Viewer
from sample_jira.messages import Answer, Request
from sample_jira.schemas import NoBody, NoParameters
from sample_jira.scopes import NO_SCOPES, Scopes

Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel)

# A call of a narrower kind can be handled by what handles the wider one.
Query_co = TypeVar("Query_co", bound=BaseModel, covariant=True)
Body_co = TypeVar("Body_co", bound=BaseModel, covariant=True)

JSON_ONLY = ("application/json",)
FORM_ONLY = ("application/x-www-form-urlencoded",)


@dataclass(frozen=True, slots=True)
class Call(Generic[Query_co, Body_co]):
    """A request that fits its operation, and who makes it."""

    request: Request
    arguments: Mapping[str, str]
    query: Query_co
    body: Body_co
    viewer: Viewer = NOBODY


class UnfitRequestError(Exception):
    """Raised for a request that no operation, or not its own, allows; `status` answers it."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True, slots=True)
class Operation(Generic[Query, Body]):
    """One method on one path, e.g. `GET /rest/api/3/issue/{issue}`.

    `before_login`: the client is not logged in yet, so the Authorization header is not read.
    `browser`: asked by a person's browser, so the User-Agent is not ours.
    """

    method: str
    path: str
    handler: Callable[[Call[Query, Body]], Answer]
    query: type[Query]
    body: type[Body]
    scopes: Scopes = NO_SCOPES
    content_types: Sequence[str] = JSON_ONLY
    before_login: bool = False
    browser: bool = False

    def fit(self, request: Request, arguments: Mapping[str, str]) -> Call[Query, Body]:
        """The request as a call; UnfitRequestError when it does not fit."""
        try:
            query = self.query.model_validate(_grouped(request.query))
            return Call(request, arguments, query, self._body_of(request))
        except ValidationError as error:
            raise UnfitRequestError(400, _told(error)) from error

    def _body_of(self, request: Request) -> Body:
        if self.body is NoBody:
            return self.body.model_validate({"a body where none belongs": 1} if request.body else {})
        if request.content_type not in self.content_types:
            raise UnfitRequestError(415, f"content type {request.content_type!r}")
        if request.form or request.content_type in FORM_ONLY:
            return self.body.model_validate(request.form)
        return self.body.model_validate_json(request.body)


def get(
    path: str,
    handler: Callable[[Call[Query, NoBody]], Answer],
    query: type[Query],
    **more: Any,  # noqa: ANN401 - the rest of an Operation
) -> Operation[Query, NoBody]:
    """A GET with these query parameters."""
    return Operation("GET", path, handler, query, NoBody, **more)


def post(
    path: str,
    handler: Callable[[Call[NoParameters, Body]], Answer],
    body: type[Body],
    **more: Any,  # noqa: ANN401 - the rest of an Operation
) -> Operation[NoParameters, Body]:
    """A POST with this body."""
    return Operation("POST", path, handler, NoParameters, body, **more)


def put(
    path: str,
    handler: Callable[[Call[NoParameters, Body]], Answer],
    body: type[Body],
    **more: Any,  # noqa: ANN401 - the rest of an Operation
) -> Operation[NoParameters, Body]:
    """A PUT with this body."""
    return Operation("PUT", path, handler, NoParameters, body, **more)


def delete(
    path: str,
    handler: Callable[[Call[NoParameters, Body]], Answer],
    body: type[Body],
    **more: Any,  # noqa: ANN401 - the rest of an Operation
) -> Operation[NoParameters, Body]:
    """A DELETE, with this body where one belongs."""
    return Operation("DELETE", path, handler, NoParameters, body, **more)


def page(
    path: str, answer: Callable[[Query], Answer], form: type[Query], *, before_login: bool = False
) -> tuple[Operation[Query, NoBody], Operation[NoParameters, Query]]:
    """A page that a person's browser opens and sends back: parameters of the query first, members of a form then."""
    return (
        get(path, lambda call: answer(call.query), form, before_login=before_login, browser=True),
        post(
            *(path, lambda call: answer(call.body), form),
            content_types=FORM_ONLY,
            before_login=before_login,
            browser=True,
        ),
    )


@dataclass(slots=True)
class Router:
    """Finds the operation of a request."""

    operations: Sequence[Operation[Any, Any]]
    _patterns: list[tuple[re.Pattern[str], Operation[Any, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        self._patterns = [(_pattern(one.path), one) for one in self.operations]

    def find(self, request: Request) -> tuple[Operation[Any, Any], Mapping[str, str]]:
        """The operation and its path's arguments; UnfitRequestError when there is none."""
        known_path = literal_path = False
        for pattern, operation in self._patterns:
            found = pattern.fullmatch(request.path)
            if found and operation.method == request.method and not (literal_path and pattern.groups):
                return operation, found.groupdict()
            known_path = known_path or (found is not None)
            # A literal path with another method is no issue of that name.
            literal_path = literal_path or (found is not None and not pattern.groups)
        if known_path:
            raise UnfitRequestError(405, f"method {request.method}")
        raise UnfitRequestError(404, "unknown path")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _grouped(query: Sequence[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Parameters by name; a repeated one is a list."""
    grouped: dict[str, list[str]] = {}
    for name, value in query:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}


def _told(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()[:3])
