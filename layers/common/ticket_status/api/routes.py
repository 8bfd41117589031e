"""Routes as data: resolver, template and API document are held against them by a test."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from msgspec import Struct

from ticket_status.api.call import Call, Reply
from ticket_status.api.scopes import Scope

S = TypeVar("S")
Answer = Callable[[Call, S], Reply]


class Route(Struct, Generic[S], frozen=True):
    """One method of one path below the base path, such as ``/violations/{violation_id}``."""

    method: str
    path: str
    scope: Scope | None
    answer: Answer[S]
    query: frozenset[str] | None = frozenset()
    """The parameters of the query that it knows; any others do not fit. ``None``: it takes what comes."""
    failed: Callable[[Call], Reply] | None = None
    """The answer to an unhandled error, if it is not to be a problem document."""


class Routes(Generic[S]):
    """The routes of one function as declared; ``S`` is the services that it answers with."""

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
