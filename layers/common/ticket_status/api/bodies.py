"""Bodies: read as JSON, then held against a shape. Every error is named, with what would be right."""

import json
import re
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from msgspec import Struct, field

from ticket_status.api.problems import LONGEST_BODY, FieldError, invalid_json, invalid_request, request_too_large
from ticket_status.api.times import parse_time

ROOT = "#"
"""The pointer to the whole body, as a URI fragment (RFC 6901, section 6)."""


class Shape(Protocol):
    """What a value has to be."""

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """What does not fit, in the order of the body; nothing when all does."""


class Text(Struct, frozen=True):
    """A text that matches a pattern as a whole; ``what`` says in words what would be right."""

    what: str
    pattern: re.Pattern[str]

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error if the value is not a string or does not match."""
        if not isinstance(value, str) or not self.pattern.fullmatch(value):
            yield FieldError(pointer, f"must be {self.what}")


def free_text(longest: int) -> Text:
    """A text without control characters (which also keeps half characters out of the stores)."""
    pattern = re.compile(rf"[^\x00-\x1f\x7f\ud800-\udfff]{{1,{longest}}}")
    return Text(f"a text of 1 to {longest} characters without control characters", pattern)


def visible_ascii(longest: int) -> Text:
    """Text that fits into headers and URLs: visible ASCII, no spaces."""
    what = f"1 to {longest} visible ASCII characters without spaces"
    return Text(what, re.compile(rf"[!-~]{{1,{longest}}}"))


class OneOf(Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error if the value is none of the words."""
        if not isinstance(value, str) or value not in self.words:
            yield FieldError(pointer, f"must be one of {', '.join(self.words)}")


class Flag(Struct, frozen=True):
    """A boolean."""

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error for anything but a boolean, such as ``"true"`` or 1."""
        if not isinstance(value, bool):
            yield FieldError(pointer, "must be true or false")


class Time(Struct, frozen=True):
    """A time with its offset."""

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error if the value is not a time."""
        if not isinstance(value, str) or parse_time(value) is None:
            yield FieldError(pointer, "must be a time such as 2026-11-22T08:00:00Z or 2026-11-22T09:00:00+01:00")


class Items(Struct, frozen=True):
    """A list whose elements have one shape. With ``element=None`` the elements are not checked."""

    most: int
    element: Shape | None = None
    least: int = 1

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """One error if the value is not a list of the right length; otherwise those of its elements."""
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            yield FieldError(pointer, f"must be a list of {self.least} to {self.most} elements")
        elif self.element is not None:
            for index, item in enumerate(value):
                yield from self.element.errors(item, f"{pointer}/{index}")


class Members(Struct, frozen=True):
    """An object: which members it has to have, and which it may. Unknown ones do not fit."""

    required: Mapping[str, Shape] = field(default_factory=dict)
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """The errors of its members, including missing and unknown ones."""
        if not isinstance(value, dict):
            yield FieldError(pointer, "must be an object")
            return
        for name in self.required:
            if name not in value:
                yield FieldError(f"{pointer}/{name}", "is missing")
        known = {**self.required, **self.optional}
        for name, member in value.items():
            at = f"{pointer}/{_escaped(name)}"
            if name in known:
                yield from known[name].errors(member, at)
            else:
                yield FieldError(at, f"is an unknown member; expected one of {', '.join(known)}")


class OrNull(Struct, frozen=True):
    """A value that may be ``null``, which is as if it were not there."""

    shape: Shape

    def errors(self, value: object, pointer: str) -> Iterator[FieldError]:
        """Those of the value, if there is one."""
        if value is not None:
            yield from self.shape.errors(value, pointer)


def _escaped(name: str) -> str:
    printable = name.encode("utf-8", "backslashreplace").decode()
    return printable.replace("~", "~0").replace("/", "~1")


def check(value: object, shape: Shape) -> dict[str, Any]:
    """An object that fits a shape; raises the 422 that names every error otherwise."""
    errors = tuple(shape.errors(value, ROOT))
    if errors or not isinstance(value, dict):
        raise invalid_request(*(errors or (FieldError(ROOT, "must be an object"),)))
    return value


def read_json(event: APIGatewayProxyEvent) -> object:
    """The body as JSON; raises 400 ``invalid_json`` or 413 ``request_too_large``."""
    try:
        text = event.decoded_body or ""
    except (UnicodeDecodeError, Base64Error) as error:
        raise invalid_json("the body is not text in UTF-8") from error
    if len(text) > LONGEST_BODY:
        raise request_too_large()
    try:
        parsed: object = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise invalid_json(_reading_error(error)) from error
    return parsed


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _reading_error(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"the body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    return "the body is not JSON"
