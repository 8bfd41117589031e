"""Requests and answers as values, and how an answer's bytes go over the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from sample_jira.encoding import dump

JSON_TYPE = "application/json;charset=UTF-8"
HTML_TYPE = "text/html;charset=UTF-8"


@dataclass(frozen=True)
class Request:
    """One request. `target` is path and query as sent; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def path(self) -> str:
        """The path without its query, still percent-encoded."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The query's parameters in their order."""
        return tuple(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        """The body's parameters, when it is a form."""
        if self.content_type != "application/x-www-form-urlencoded":
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @cached_property
    def content_type(self) -> str:
        """The body's media type without parameters; empty when not given."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def below(self, prefix: str) -> "Request":
        """The same request with `prefix` taken from the front of its path."""
        return replace(self, target=self.target.removeprefix(prefix))


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the bytes leave. Times in seconds; a person who stops the server ends every wait."""

    before: float = 0  # wait before the first byte
    midway: float = 0  # wait in the middle of the body
    per_chunk: float = 0  # wait before each of the body's chunks
    chunk: int = 1  # bytes of such a chunk
    share: float = 1  # part of the body that is sent; less than 1 closes the connection there
    silent: bool = False  # close the connection without a byte


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Content-Type, Content-Length and Date are written by the server."""

    status: int
    body: bytes = b""
    content_type: str | None = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """The same answer with more headers; those it has already win."""
        return replace(self, headers={**headers, **self.headers})


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON; `header_name=value` gives the header `header-name`."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, dump(value).encode(), headers=names)


def html_answer(title: str, text: str, status: int = 200, **headers: str) -> Answer:
    """A small page."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{text}</body></html>"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, page.encode(), HTML_TYPE, names)


def redirect(location: str) -> Answer:
    """A 302 to another address."""
    return Answer(302, b"", HTML_TYPE, {"Location": location})


def errors_answer(status: int, *messages: str) -> Answer:
    """Jira's usual form of an error."""
    return json_answer({"errorMessages": list(messages), "errors": {}}, status)


def json_body(answer: Answer) -> object:
    """The answer's body as a value; ValueError when it is not JSON."""
    return json.loads(answer.body)
