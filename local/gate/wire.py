"""AWS's protocols, as far as the gate reads them: JSON, Query and REST-JSON requests, and their errors.

REST-XML (S3, which only SAM uses, for its own upload) and CBOR (CloudWatch, which nothing here calls) are not read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4
from xml.sax.saxutils import escape  # nosec B406 - writes XML, reads none

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from local.gate.call import Call, Refusal
from local.gate.model import operation_model, service_model

_BY_TARGET = {
    service_model(service).metadata["targetPrefix"]: service
    for service in ("cognito-idp", "dynamodb", "events", "kms", "logs", "secretsmanager", "sqs", "ssm")
}
_QUERY_SERVICES = frozenset({"cloudformation", "iam", "sns", "sts"})
_REST_SERVICES = frozenset({"apigateway", "lambda"})
_OUR_FAULT = 500
_SCOPE = re.compile(r"Credential=[^/]*/\d{8}/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request with lower-case header names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def decode(request: Request) -> Call | None:
    """The call that a request makes; ``None`` when it is none that the gate reads, or is beyond reading."""
    target = request.headers.get("x-amz-target", "")
    prefix, _, operation = target.rpartition(".")
    if prefix in _BY_TARGET:
        return _json_call(_BY_TARGET[prefix], operation, request.body)
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    service = scope[1] if scope else ""
    if service in _QUERY_SERVICES and request.method == "POST":
        return _query_call(service, request.body)
    return _rest_call(service, request) if service in _REST_SERVICES else None


def refuse(call: Call, refusal: Refusal) -> Answer:
    """AWS's answer that refuses a call, in the form of the service's protocol."""
    protocol = service_model(call.service).metadata["protocol"]
    headers = {"x-amzn-requestid": str(uuid4())}
    if protocol == "query":
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(refusal.code)}</Code>"
            f"<Message>{escape(refusal.message)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
        )
        return Answer(refusal.status, {**headers, "content-type": "text/xml"}, text.encode())
    kind = refusal.code.rpartition(".")[2]
    body: dict[str, Any] = {"__type": kind, "message": refusal.message}
    if refusal.reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in refusal.reasons]
    headers |= {"content-type": "application/x-amz-json-1.0", "x-amzn-errortype": kind}
    if call.service == "sqs":
        # SQS tells its old name for the error there, as botocore expects.
        headers["x-amzn-query-error"] = f"{refusal.code};{'Sender' if refusal.status < _OUR_FAULT else 'Receiver'}"
    return Answer(refusal.status, headers, json.dumps(body).encode())


# --- JSON ---------------------------------------------------------------------------------------------------------


def _json_call(service: str, operation: str, body: bytes) -> Call | None:
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        return None
    return Call(service, operation, members) if isinstance(members, dict) else None


# --- Query --------------------------------------------------------------------------------------------------------


def _query_call(service: str, body: bytes) -> Call | None:
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    operation = fields.pop("Action", "")
    fields.pop("Version", None)
    model = operation_model(service, operation)
    if model is None:
        return None
    shape = model.input_shape
    return Call(service, operation, _query_value(shape, "", fields) if shape is not None else {})


def _query_value(shape: Shape, prefix: str, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - any shape
    if isinstance(shape, StructureShape):
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            path = f"{prefix}.{_query_name(member, name)}".lstrip(".")
            if path in fields or any(field.startswith(f"{path}.") for field in fields):
                found[name] = _query_value(member, path, fields)
        return found
    if isinstance(shape, ListShape):
        item = "" if shape.serialization.get("flattened") else f".{shape.member.serialization.get('name', 'member')}"
        paths = _numbered(f"{prefix}{item}", fields)
        return [_query_value(shape.member, path, fields) for path in paths]
    if isinstance(shape, MapShape):
        item = "" if shape.serialization.get("flattened") else ".entry"
        key = str(shape.key.serialization.get("name", "key"))
        value = str(shape.value.serialization.get("name", "value"))
        return {
            fields.get(f"{path}.{key}", ""): _query_value(shape.value, f"{path}.{value}", fields)
            for path in _numbered(f"{prefix}{item}", fields)
        }
    return _scalar(shape, fields.get(prefix, ""))


def _query_name(member: Shape, name: str) -> str:
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", member.serialization.get("name", name)))
    return str(member.serialization.get("name", name))


def _numbered(prefix: str, fields: Mapping[str, str]) -> list[str]:
    paths: list[str] = []
    while any(field == (path := f"{prefix}.{len(paths) + 1}") or field.startswith(f"{path}.") for field in fields):
        paths.append(path)
    return paths


def _scalar(shape: Shape, text: str) -> Any:  # noqa: ANN401 - any shape
    if shape.type_name in {"integer", "long", "float", "double"}:
        try:
            return float(text) if shape.type_name in {"float", "double"} else int(text)
        except ValueError:
            return text
    return text == "true" if shape.type_name == "boolean" else text


# --- REST ---------------------------------------------------------------------------------------------------------


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], OperationModel]]:
    model = service_model(service)
    routes = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path = operation.http["requestUri"].partition("?")[0].rstrip("/")
        greedy = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", re.escape(path))
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", greedy)
        routes.append((operation.http["method"], re.compile(pattern + "/?"), operation))
    return sorted(routes, key=lambda route: route[2].http["requestUri"].count("{"))


def _rest_call(service: str, request: Request) -> Call | None:
    for method, pattern, operation in _routes(service):
        found = pattern.fullmatch(request.path) if method == request.method else None
        if found is not None:
            return Call(service, operation.name, _rest_input(operation, request, found.groupdict()))
    return None


def _rest_input(operation: OperationModel, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None:
        return {}
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    payload = shape.serialization.get("payload")
    members: dict[str, Any] = {} if payload else _json_members(shape, request.body)
    for name, member in shape.members.items():
        where, wire_name = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "uri" and wire_name in uri:
            members[name] = _scalar(member, unquote(uri[wire_name]))
        elif where == "querystring" and wire_name in query:
            members[name] = _scalar(member, query[wire_name])
        elif where == "header" and wire_name.lower() in request.headers:
            members[name] = _scalar(member, request.headers[wire_name.lower()])
    if payload:
        members[payload] = request.body
    return members


def _json_members(shape: StructureShape, body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body or b"{}")
    except ValueError:
        return {}
    if not isinstance(sent, dict):
        return {}
    names: dict[str, str] = {str(one.serialization.get("name", name)): name for name, one in shape.members.items()}
    return {names.get(str(name), str(name)): value for name, value in sent.items()}
