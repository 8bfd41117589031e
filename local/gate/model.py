r"""Layer 1: constraints in botocore's service models that botocore does not enforce.

Length, number, pattern and enumeration constraints, required and unknown members. Patterns are written for Java's
regular expressions; ``python_pattern`` translates what Python's do not know (``\p{L}`` above all).
"""

import base64
import binascii
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape

from local.gate.call import Call, Refusal

_CODES = {
    "apigateway": "BadRequestException",
    "cloudformation": "ValidationError",
    "cognito-idp": "InvalidParameterException",
    "iam": "ValidationError",
    "lambda": "InvalidParameterValueException",
    "logs": "InvalidParameterException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
_LONGEST_SHOWN = 100
_NAMED_CLASSES = {"Print": r"\x20-\x7e", "Alnum": "a-zA-Z0-9", "ASCII": r"\x00-\x7f"}
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
"""How Java's expressions write the characters beyond the basic plane."""


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service, as the installed botocore has it."""
    return _session().get_service_model(service)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation; ``None`` when botocore knows no such operation."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


def model_refusal(call: Call) -> Refusal | None:
    """All violations of the service model in a call, in one refusal, in AWS's words."""
    operation = operation_model(call.service, call.operation)
    if operation is None or operation.input_shape is None:
        return None
    found = list(_misfits(operation.input_shape, call.input, ""))
    if not found:
        return None
    errors = "errors" if len(found) > 1 else "error"
    code = _CODES.get(call.service, "ValidationException")
    return Refusal(code, f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def _misfits(shape: Shape, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - anything can come
    if not _constrained(shape):
        return
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _bounds(shape, len(value), value, path)
        for number, member in enumerate(value, 1):
            yield from _misfits(shape.member, member, f"{path}.{number}.member")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from _bounds(shape, len(value), value, path)
        for key, member in value.items():
            yield from _misfits(shape.key, key, f"{path}.key")
            yield from _misfits(shape.value, member, f"{path}.{key}.member")
    else:
        yield from _scalar(shape, value, path)


def _structure(shape: StructureShape, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - anything can come
    if shape.is_document_type or not isinstance(value, dict):
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _said("null", f"{path}.{name}", "Member must not be null")
    for name, member in value.items():
        if name not in shape.members:
            yield f"Unknown member '{name}' at '{path.lstrip('.') or 'request'}'"
        elif member is not None:
            yield from _misfits(shape.members[name], member, f"{path}.{name}")


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - anything can come
    if shape.type_name == "blob" and isinstance(value, str):
        yield from _bounds(shape, _decoded_length(value), "BLOB", path)
    elif isinstance(value, str):
        yield from _bounds(shape, len(value), value, path)
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(value):
            constraint = f"Member must satisfy regular expression pattern: {pattern}"
            yield _said(value, path, constraint)
        if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
            yield _said(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if least is not None and value < least:
            yield _said(value, path, f"Member must have value greater than or equal to {least}")
        if most is not None and value > most:
            yield _said(value, path, f"Member must have value less than or equal to {most}")


def _bounds(shape: Shape, length: int, value: object, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and length < least:
        yield _said(value, path, f"Member must have length greater than or equal to {least}")
    if most is not None and length > most:
        yield _said(value, path, f"Member must have length less than or equal to {most}")


def _said(value: object, path: str, constraint: str) -> str:
    shown = str(value)[:_LONGEST_SHOWN]
    return f"Value '{shown}' at '{path.lstrip('.')}' failed to satisfy constraint: {constraint}"


def _decoded_length(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return len(text.encode())


_CONSTRAINTS = ("min", "max", "pattern", "enum", "required")
_constrained_shapes: dict[int, tuple[Shape, bool]] = {}


def _constrained(shape: Shape) -> bool:
    """Whether this shape has constraints; avoids walking through the items of DynamoDB's responses."""
    known = _constrained_shapes.get(id(shape))
    if known is None:
        known = _constrained_shapes[id(shape)] = (shape, _reaches_constraint(shape, set()))
    return known[1]


def _reaches_constraint(shape: Shape, seen: set[str]) -> bool:
    if shape.name in seen or shape.name == "AttributeValue":  # its members are DynamoDB's own business
        return False
    seen.add(shape.name)
    if any(shape.metadata.get(name) for name in _CONSTRAINTS):
        return True
    if isinstance(shape, StructureShape):
        return True  # unknown members
    if isinstance(shape, ListShape):
        return _reaches_constraint(shape.member, seen)
    if isinstance(shape, MapShape):
        return _reaches_constraint(shape.key, seen) or _reaches_constraint(shape.value, seen)
    return False


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(python_pattern(pattern), re.ASCII)


def python_pattern(pattern: str) -> str:
    r"""Java's expression as Python's: ``\p{L}`` and its like become ranges, pairs of surrogates become ranges."""
    pattern = pattern.replace(_SURROGATES, "\U00010000-\U0010ffff")
    pattern = re.sub(r"(\\[wsd])-(?=[^\]])", r"\1\\-", pattern)  # a range cannot start with a class
    parts: list[str] = []
    at, in_set = 0, False
    while at < len(pattern):
        token = re.compile(r"\\p\{(\w+)\}|\\.|.", re.DOTALL).match(pattern, at)
        assert token is not None  # noqa: S101 # nosec B101 # the last branch matches any character
        at = token.end()
        if token[0] in {"[", "]"}:
            in_set = token[0] == "["
        if token[1]:
            ranges = _NAMED_CLASSES.get(token[1]) or _category(token[1])
            parts.append(ranges if in_set else f"[{ranges}]")
        else:
            parts.append(token[0])
    return "".join(parts)


@cache
def _category(prefix: str) -> str:
    """The characters of a Unicode category, as ranges for a set of an expression."""
    ranges: list[str] = []
    start: int | None = None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(prefix)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)
