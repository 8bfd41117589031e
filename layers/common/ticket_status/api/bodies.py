"""Reads bodies as JSON, then by their shapes. Every invalid member is named, with what is expected.

``tools/request_bodies.py`` writes the same shapes into the API document.
"""

import json
import re
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, NoReturn, Protocol, TypeVar

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from msgspec import Struct, field

from ticket_status.api.problems import LONGEST_BODY, FieldError, invalid_json, invalid_request, request_too_large

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Word_co = TypeVar("Word_co", bound=str, covariant=True)

ROOT = "#"
"""The pointer to the whole body, as a URI fragment (RFC 6901, section 6)."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-]\d\d):?(\d\d))", re.ASCII)


class MisfitError(Exception):
    """Raised for a value that is not valid for its shape; pointers start at the value."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.pointer} {error.detail}".strip() for error in errors))
        self.errors = errors


def misfit(detail: str) -> MisfitError:
    """An error about the value as a whole."""
    return MisfitError(FieldError("", detail))


class Shape(Protocol[T_co]):
    """What a value must be, and what it is read as."""

    @property
    def component(self) -> str:
        """Its name in the API document; without one it is described where it is used."""

    def read(self, value: object) -> T_co:
        """Read the value; raises ``MisfitError`` with every error."""


class Component(Struct, frozen=True, kw_only=True):
    """A shape that may have a name in the API document."""

    component: str = ""


class Text(Component, frozen=True):
    """A string that matches a pattern completely; ``what`` describes it in words."""

    what: str
    pattern: str
    allows: Callable[[str], bool] = bool
    """A condition that a pattern cannot express."""

    def read(self, value: object) -> str:
        """The text."""
        if isinstance(value, str) and re.fullmatch(self.pattern, value) and self.allows(value):
            return value
        raise misfit(f"must be {self.what}")


CONNECTION_NAME = Text(
    "1 to 64 letters, digits or . _ - that start with a letter or digit",
    "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    component="ConnectionName",
)


def free_text(longest: int, component: str = "") -> Text:
    """Text without control characters and lone surrogates, which the stores cannot keep."""
    what = f"a string of 1 to {longest} characters without control characters"
    return Text(what, rf"[^\u0000-\u001f\u007f\ud800-\udfff]{{1,{longest}}}", component=component)


def visible_ascii(longest: int, component: str = "") -> Text:
    """Text that fits into headers and URLs: visible ASCII, no spaces."""
    what = f"1 to {longest} visible ASCII characters without spaces"
    return Text(what, f"[!-~]{{1,{longest}}}", component=component)


class OneOf(Component, Generic[Word_co], frozen=True):
    """One of a few words; ``why`` explains the choice if it is not obvious."""

    words: Sequence[Word_co]
    why: str = ""

    def read(self, value: object) -> Word_co:
        """The word."""
        for word in self.words:
            if word == value:
                return word
        raise misfit(f"must be {'one of ' if self.words[1:] else ''}{', '.join(self.words)}{self.why}")


class Flag(Component, frozen=True):
    """A boolean; ``"true"`` and 1 are not accepted."""

    def read(self, value: object) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            raise misfit("must be true or false")
        return value


class Time(Component, frozen=True):
    """A time with its offset."""

    def read(self, value: object) -> datetime:
        """The time in UTC."""
        time = parse_time(value) if isinstance(value, str) else None
        if time is None:
            raise misfit("must be a time such as 2026-11-22T08:00:00Z or 2026-11-22T09:00:00+01:00")
        return time


class OrNull(Component, Generic[T_co], frozen=True):
    """A value that may be ``null``."""

    shape: Shape[T_co]

    def read(self, value: object) -> T_co | None:
        """The value, if there is one."""
        return None if value is None else self.shape.read(value)


class Items(Component, Generic[T], frozen=True):
    """A list whose elements have one shape."""

    element: Shape[T]
    most: int

    def read(self, value: object) -> list[T]:
        """Its elements, each read."""
        elements = list_of(value, self.most)
        return list(_read({str(index): (self.element, one) for index, one in enumerate(elements)}).values())


class Members(Component, Generic[T_co], frozen=True):
    """An object with required and optional members; unknown ones are errors."""

    make: Callable[..., T_co]
    """Takes the members by name; raises ``MisfitError`` for what is wrong with them together."""
    required: Mapping[str, Shape[object]]
    optional: Mapping[str, Shape[object]] = field(default_factory=dict)

    def read(self, value: object) -> T_co:
        """The object made from its members."""
        if not isinstance(value, dict):
            raise misfit("must be an object")
        known = {**self.required, **self.optional}
        unknown = f"is an unknown member; expected one of {', '.join(known)}"
        errors = [FieldError(f"/{name}", "is missing") for name in self.required if name not in value]
        errors += [FieldError(f"/{_escaped(name)}", unknown) for name in value if name not in known]
        given = {name: (known[name], member) for name, member in value.items() if name in known}
        return self.make(**_read(given, errors))


class Variants(Component, Generic[T_co], frozen=True):
    """An object whose members depend on the value of one of them."""

    by: str
    cases: Mapping[str, Members[T_co]]
    otherwise: Members[T_co]
    """The shape for an object without a valid word, to name its other errors."""

    def read(self, value: object) -> T_co:
        """The object made from its members."""
        word = value.get(self.by) if isinstance(value, dict) else None
        return next((case for name, case in self.cases.items() if name == word), self.otherwise).read(value)


def list_of(value: object, most: int) -> list[object]:
    """A list of at most ``most`` elements."""
    if not isinstance(value, list) or len(value) > most:
        raise misfit(f"must be a list of at most {most} elements")
    return value


def _read(parts: Mapping[str, tuple[Shape[T], object]], errors: Iterable[FieldError] = ()) -> dict[str, T]:
    """The parts of a value, each read by its shape; raises all their errors and those known already."""
    found, errors = {}, list(errors)
    for name, (shape, value) in parts.items():
        try:
            found[name] = shape.read(value)
        except MisfitError as part:
            errors += [FieldError(f"/{name}{error.pointer}", error.detail) for error in part.errors]
    if errors:
        raise MisfitError(*errors)
    return found


def _escaped(name: str) -> str:
    printable = name.encode("utf-8", "backslashreplace").decode()
    return printable.replace("~", "~0").replace("/", "~1")


def parse(value: object, shape: Shape[T], at: str = ROOT) -> T:
    """Read a value; raises a 422 that names every error.

    ``at``: where the value is: the body, a query parameter, or the common prefix of several.
    """
    try:
        return shape.read(value)
    except MisfitError as error:
        errors = [(one.pointer if at == ROOT else one.pointer.lstrip("/"), one.detail) for one in error.errors]
        raise invalid_request(*(FieldError(at + pointer, detail) for pointer, detail in errors)) from None


def read_json(event: APIGatewayProxyEvent) -> object:
    """The body as JSON; raises 400 ``invalid_json`` or 413 ``request_too_large``."""
    try:
        text = event.decoded_body or ""
    except (UnicodeDecodeError, Base64Error) as error:
        raise invalid_json("the body is not UTF-8 text") from error
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


def parse_time(text: str) -> datetime | None:
    """The time in a text, in UTC; ``None`` if it is neither RFC 3339 nor Jira's form (``+0000``).

    Fractions of a second are read to the microsecond. ``None`` too for times that do not exist in UTC (years 1 and
    9999).
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, time, fraction, hours, minutes = match.groups(default="")
    offset = f"{hours}:{minutes}" if hours else "+00:00"
    try:
        return datetime.fromisoformat(f"{date}T{time}.{fraction[:6]:0<6}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
