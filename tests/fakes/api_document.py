"""Answers held against the API document, so that neither can say something that the other does not."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.fakes.gateway import Answer

_DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
_URI = "urn:api-document"


@cache
def document() -> Any:  # noqa: ANN401 - a document
    """``docs/openapi.yaml``."""
    return yaml.load(_DOCUMENT.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def _registry() -> Registry[Any]:
    resource = Resource.from_contents(document(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(_URI, resource)
    return registry


def conforms(method: str, path: str, answer: Answer) -> None:
    """Fail unless the document has this answer to this request: its status, media type and shape."""
    template, operation = _operation(method, path)
    responses = operation["responses"]
    assert str(answer.status) in responses, f"{method} {template}: {answer.status} is not documented: {answer.text}"
    pointer = f"/paths/{_escaped(template)}/{method.lower()}/responses/{answer.status}"
    response = responses[str(answer.status)]
    if "$ref" in response:
        pointer = response["$ref"].removeprefix("#")
        response = _at(pointer)
    content = response.get("content")
    if content is None:
        assert answer.text == ""
        return
    media_type = answer.headers["Content-Type"].partition(";")[0]
    assert media_type in content, f"{method} {template}: {media_type} is not documented for {answer.status}"
    if media_type.endswith("json"):
        reference = f"{_URI}#{pointer}/content/{_escaped(media_type)}/schema"
        validator = Draft202012Validator({"$ref": reference}, registry=_registry())
        validator.validate(answer.json)
        _says_what_it_may(content[media_type], answer)


def _says_what_it_may(media: Any, answer: Answer) -> None:  # noqa: ANN401 - a part of a document
    """An error has one of the codes that are documented for it; a error names its places."""
    if "x-codes" in media:
        assert answer.json["code"] in media["x-codes"], answer.text
        assert (answer.json["code"] == "invalid_request") == ("errors" in answer.json), answer.text


def _operation(method: str, path: str) -> tuple[str, Any]:
    for template, item in document()["paths"].items():
        if method.lower() in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return template, item[method.lower()]
    raise AssertionError(f"{method} {path} is not documented")


def _at(pointer: str) -> Any:  # noqa: ANN401 - a part of a document
    found = document()
    for part in pointer.removeprefix("/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
