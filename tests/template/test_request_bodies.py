"""What the API document says that a body may be is what the service takes, value by value.

Each body begins as an example that fits, and is changed in one place at a time: a member left out, an unknown one
added, a value of every kind, texts, lists and words at and beyond their bounds. Schema and shapes agree on each.
What no schema can say (bytes of a resource, the largest id, what is too old) stands in the document's descriptions.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias

import pytest

from tests.fakes.api_document import document, is_documented
from ticket_status.api.bodies import Shape, check
from ticket_status.api.integration_bodies import SWITCH, read_creation, read_edit
from ticket_status.api.problems import ProblemError
from ticket_status.api.ticket_bodies import REFRESHED, STATUSES, TICKETS, read_new_tickets, read_old_tickets
from ticket_status.api.webhooks import AUTHORIZATION, WEBHOOK
from ticket_status.core.addresses import AddressRules, Unfit, read_address
from ticket_status.core.model import AuthType

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RETENTION = timedelta(days=1095)

Body: TypeAlias = dict[str, Any]
Takes: TypeAlias = Callable[[Any], object]
"""Reads a body, and raises ``ProblemError`` when it does not fit."""


def by(shape: Shape) -> Takes:
    """Held against a shape."""
    return lambda body: check(body, shape)


def new_tickets(body: object) -> None:
    """A registration, of which every element fits."""
    rejected(read_new_tickets(check(body, TICKETS)["tickets"], NOW, RETENTION)[1])


def old_tickets(body: object) -> None:
    """An unregistration, of which every element fits."""
    rejected(read_old_tickets(check(body, TICKETS)["tickets"])[1])


def edit(auth_type: AuthType, body: object) -> None:
    """An edit of an integration of this type."""
    read_edit(body, auth_type)


def rejected(elements: list[Any]) -> None:
    """An element that is rejected counts as a body that does not fit."""
    if elements:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "")


def with_address(read: Takes) -> Takes:
    """What is held against a shape, and then, by the service, against what an address is (R18)."""

    def both(body: Any) -> None:  # noqa: ANN401 - a body of any kind
        read(body)
        if isinstance(read_address(body.get("jira_server_url", "https://a.example"), AddressRules()), Unfit):
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "")

    return both


ADDRESS = {"jira_server_url": "https://abc.atlassian.net"}
OPTIONAL = {"skip_proxy": True, "skip_connection_test": True, "credential_expires_at": "2027-01-01T00:00:00Z"}
CREDENTIALS: Mapping[AuthType, Body] = {
    AuthType.BASIC: {"username": "bot@abc.example", "password": "s"},
    AuthType.PAT: {"token": "t"},
    AuthType.OAUTH1: {"consumer_key": "k"},
    AuthType.OAUTH2: {"client_id": "i", "client_secret": "s"},
    AuthType.CLIENT_CREDENTIALS: {"client_id": "i", "client_secret": "s"},
}
RESOURCE = {"type": "build", "name": "app", "version": "17"}
NAMED = {"integration_name": "cloud-abc", "issue_key": "JAS-1", "issue_id": "10412", "violation_id": "XRAY-1"}


def creation(auth_type: AuthType) -> Body:
    """An integration of this type."""
    named = {"connection_name": "abc", "installation_type": "server", "auth_type": auth_type.value}
    created = {"created_in_version": "3.112.3", "retrieve_jira_tickets": True}
    return {**named, **ADDRESS, **CREDENTIALS[auth_type], **OPTIONAL, **created}


INTEGRATION = "/jira-integrations/{connection_name}"
BODIES: list[tuple[str, Body, Takes]] = [
    *(("post /jira-integrations", creation(one), with_address(read_creation)) for one in AuthType),
    *(
        (f"patch {INTEGRATION}", {**ADDRESS, **CREDENTIALS[one], **OPTIONAL}, with_address(partial(edit, one)))
        for one in AuthType
    ),
    (f"put {INTEGRATION}/settings", {"retrieve_jira_tickets": True}, by(SWITCH)),
    (f"put {INTEGRATION}/webhook", {"mode": "manual"}, by(WEBHOOK)),
    (f"post {INTEGRATION}/oauth2/authorization", {"webhook": True}, by(AUTHORIZATION)),
    (
        "post /tickets",
        {"tickets": [{**NAMED, "resource": RESOURCE, "created_at": "2026-11-22T07:59:00Z"}]},
        new_tickets,
    ),
    ("post /tickets/unregister", {"tickets": [NAMED]}, old_tickets),
    ("post /violations/refresh", {"violation_ids": ["XRAY-1"]}, by(REFRESHED)),
    ("post /violations/ticket-statuses", {"violation_ids": ["XRAY-1"]}, by(STATUSES)),
]

LENGTHS = (1, 64, 65, 128, 129, 255, 256, 512, 513, 2048, 2049)
TEXTS = [
    *("x" * length for length in LENGTHS),
    *("", " ", "a b", "a:b", ".a", "_a", "-a", "a/b", "a#b", "é", "\t", "a\nb", "\x7f", "\x85", "null", "true"),
    *("1", "0", "-1", "01", "1.", "3.112.3", "3.x", "1.2.3.4.5.6", "1.2.3.4.5.6.7", "9" * 9, "9" * 10 + ".1"),
    *("9" * 18, "9" * 20, "9223372036854775807", "JAS-1", "jas-1", "JAS-0", "JAS-01", "J_1-1", "1A-1", "JAS"),
    *("A" * 201 + "-1", "A" * 202 + "-1", "A-" + "9" * 19, "A-" + "9" * 20),
    *("2026-11-20T08:00:00Z", "2026-11-20T09:00:00+01:00", "2026-11-20T09:00:00.123+0100", "2026-11-20"),
]
ADDRESSES = ["https://jira.example/jira", "https://a@jira.example", "https://jira.example?a", "ftp://jira.example"]
OTHERS = [None, True, False, 0, 1, 1.5, [], {}, ["x"], [None], {"x": 1}]


def words(node: object) -> Iterator[str]:
    """Every word that the document lists somewhere."""
    if isinstance(node, dict):
        yield from (one for one in node.get("enum", ()) if isinstance(one, str))
        yield from (words_in for value in node.values() for words_in in words(value))


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a body can be changed: itself, and each member and element."""
    yield path
    if isinstance(value, dict):
        yield from (place for name, member in value.items() for place in places(member, (*path, name)))
    if isinstance(value, list):
        yield from (place for index, one in enumerate(value) for place in places(one, (*path, index)))


def at(body: object, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - a value of any kind
    """The value at a place."""
    for step in path:
        body = body[step]  # type: ignore[index]
    return body


def changed(body: Body, path: tuple[str | int, ...], value: object) -> object:
    """The body with another value at this place."""
    if not path:
        return value
    made = copy.deepcopy(body)
    at(made, path[:-1])[path[-1]] = value
    return made


def variants(body: Body) -> Iterator[object]:
    """The body, changed in one place at a time."""
    yield body
    for path in places(body):
        value = at(body, path)
        for other in (*OTHERS, *TEXTS, *ADDRESSES, *sorted(set(words(document()["components"]["schemas"])))):
            yield changed(body, path, other)
        if isinstance(value, dict):
            yield changed(body, path, {**value, "unknown": 1})
            for name in value:
                yield changed(body, path, {one: value[one] for one in value if one != name})
                yield changed(body, path, {name: value[name]})
        if isinstance(value, list):
            for length in (0, 50, 51, 100, 101):
                yield changed(body, path, value * length)


def takes(read: Takes, body: object) -> bool:
    """Whether the service takes the body."""
    try:
        read(body)
    except ProblemError:
        return False
    return True


@pytest.mark.parametrize(("operation", "body", "read"), BODIES, ids=[" ".join([one[0], *one[1]]) for one in BODIES])
def test_the_service_takes_what_is_documented_and_nothing_else(operation: str, body: Body, read: Takes) -> None:
    assert takes(read, body)
    different = [one for one in variants(body) if takes(read, one) is not is_documented(operation, one)]
    assert different == []


def test_every_body_of_the_document_is_looked_at() -> None:
    documented = {
        f"{method} {path}"
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and "requestBody" in operation
    }
    # What Jira delivers is Jira's, and any of it is answered with 204.
    assert {operation for operation, _, _ in BODIES} == documented - {"post /hooks/{hook_id}"}
