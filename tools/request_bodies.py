"""Writes the schemas of request bodies into ``docs/openapi.yaml``: ``python -m tools.request_bodies``.

Types, members, patterns and bounds are the shapes'. ``WORDS`` are the document's own and stay.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from local import ROOT
from ticket_status.api.bodies import Flag, Items, Members, OneOf, OrNull, Shape, Text, Time, Variants
from ticket_status.api.integration_bodies import ANY_EDIT, CREATION, SWITCH
from ticket_status.api.ticket_bodies import OLD_TICKETS, REFRESHED, STATUSES, Each, new_tickets
from ticket_status.api.webhooks import AUTHORIZATION, WEBHOOK

DOCUMENT = ROOT / "docs" / "openapi.yaml"
NEW_TICKETS = new_tickets(datetime.max.replace(tzinfo=UTC), timedelta())
BODIES = (CREATION, ANY_EDIT, SWITCH, WEBHOOK, AUTHORIZATION, NEW_TICKETS, OLD_TICKETS, REFRESHED, STATUSES)

WORDS = ("description", "examples", "default", "format", "writeOnly", "minProperties", "not")
"""Keys of a component that are written by hand. The last two say what its members must be together, which ``make``
decides."""

_WIDTH = 120
_COMPONENT = 4
"""The indentation of a component."""

Schema = dict[str, Any]


def schema(shape: Shape[object], components: dict[str, Schema]) -> Schema:
    """JSON Schema of a shape; one with a name becomes a component, which is referred to."""
    if not shape.component:
        return _own(shape, components)
    components[shape.component] = _own(shape, components)
    return {"$ref": f"#/components/schemas/{shape.component}"}


def _own(shape: Shape[object], components: dict[str, Schema]) -> Schema:  # noqa: PLR0911 - one case for each
    match shape:
        case Text(pattern=pattern):
            # A document in UTF-8 has no half characters.
            return {"type": "string", **_matching(pattern.replace(r"\ud800-\udfff", ""))}
        case OneOf(words=[word]):
            return {"type": "string", "const": str(word)}
        case OneOf(words=words):
            return {"type": "string", "enum": [str(word) for word in words]}
        case Flag():
            return {"type": "boolean"}
        case Time():
            return {"type": "string", "format": "date-time"}
        case OrNull(shape=one):
            return {"oneOf": [schema(one, components), {"type": "null"}]}
        case Items(element=element, most=most) | Each(element=element, most=most):
            return {"type": "array", "maxItems": most, "items": schema(element, components)}
        case Members(required=required, optional=optional):
            members = {name: schema(one, components) for name, one in {**required, **optional}.items()}
            needed = {"required": list(required)} if required else {}
            return {"type": "object", "additionalProperties": False, **needed, "properties": members}
        case Variants(by=by, cases=cases):
            made = {str(word): schema(case, components) for word, case in cases.items()}
            mapping = {word: one["$ref"] for word, one in made.items()}
            return {"oneOf": list(made.values()), "discriminator": {"propertyName": by, "mapping": mapping}}
        case _:
            raise TypeError(shape)


def _matching(pattern: str) -> Schema:
    """The length of characters of one class stands beside their pattern: Go and RE2 read repetitions to 1,000 only."""
    of_one_class = re.fullmatch(r"(\[[^]]+\])\{1,(\d+)\}", pattern)
    if of_one_class is None:
        return {"pattern": f"^{pattern}$"}
    return {"pattern": f"^{of_one_class[1]}+$", "maxLength": int(of_one_class[2])}


def rewritten(text: str) -> str:
    """The document with the components as the shapes have them; new ones come first."""
    components: dict[str, Schema] = {}
    for body in BODIES:
        schema(body, components)
    written = yaml.safe_load(text)["components"]["schemas"]
    before, heading, text = text.partition("\n  schemas:\n")
    for name, made in components.items():
        block = "".join(f"{line}\n" for line in _lines(name, _merged(made, written.get(name)), _COMPONENT))
        there = re.search(rf"^    {name}:.*\n(      .*\n)*", text, re.MULTILINE)
        text = f"{text[: there.start()]}{block}{text[there.end() :]}" if there else block + text
    return before + heading + text


def _merged(made: Any, written: Any) -> Any:  # noqa: ANN401 - parts of a document
    """What a shape gives, with the words and in the order of what is there."""
    if not isinstance(made, dict) or not isinstance(written, dict):
        return made
    order = [name for name in written if name in made or name in WORDS]
    names = dict.fromkeys([*order, *made])
    return {name: _merged(made[name], written.get(name)) if name in made else written[name] for name in names}


def _lines(name: str, node: Any, indent: int) -> Iterator[str]:  # noqa: ANN401 - a part of a document
    """A member as people write it: on one line where that is short, and a member a line otherwise."""
    start = f"{' ' * indent}{name}:"
    line = f"{start} {_yaml(node, flow=True)}"
    if isinstance(node, str) and "\n" in node:
        yield from (f"{start} |", *(f"{' ' * indent}  {one}" for one in node.splitlines()))
    elif not isinstance(node, dict | list) or (len(line) <= _WIDTH and indent > _COMPONENT and name != "properties"):
        yield line
    elif isinstance(node, list):
        yield from (start, *(f"{' ' * indent}  - {_yaml(one, flow=False)}" for one in node))
    else:
        yield from (start, *(one for key, value in node.items() for one in _lines(key, value, indent + 2)))


def _yaml(node: object, *, flow: bool) -> str:
    text = yaml.safe_dump(node, default_flow_style=flow, sort_keys=False, width=10_000, allow_unicode=True)
    return text.partition("\n...")[0].strip()


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
