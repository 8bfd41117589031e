"""Reads the project's templates with CloudFormation's short forms (``!Ref``, ``!GetAtt`` ...) as their long ones."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from local import ROOT

STACK = "AWS::CloudFormation::Stack"


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's tags."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TypeError(node)


_Loader.add_multi_constructor("!", _long_form)


def read(name: str) -> dict[str, Any]:
    """A template of the project, as a plain dictionary."""
    document: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader  # nosec B506
    return document


def load() -> dict[str, Any]:
    """``template.yaml`` as one stack, see ``in_one``."""
    return in_one(read("template.yaml"), read)


def in_one(template: Mapping[str, Any], read: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """The template with what is in the stacks inside it, as far as they are always made, in the place of these stacks.

    The embedded AWS makes no stack inside a stack, and tests look at functions, roles and alarms together. ``read``
    gives a template for its ``TemplateURL``. Raises ``ValueError`` for a parameter that is missing or unknown and for a
    name that is taken, ``KeyError`` for an output that there is not.
    """
    whole = {**template, "Conditions": dict(template["Conditions"]), "Resources": dict(template["Resources"])}
    outputs: dict[str, dict[str, Any]] = {}
    for logical_id, stack in template["Resources"].items():
        if stack["Type"] != STACK or "Condition" in stack:
            continue
        del whole["Resources"][logical_id]
        given, inside = stack["Properties"]["Parameters"], read(stack["Properties"]["TemplateURL"])
        if set(given) != set(inside["Parameters"]):
            raise ValueError(f"{logical_id}: parameters {sorted(set(given) ^ set(inside['Parameters']))}")
        for section in ("Conditions", "Resources"):
            for name, one in _with_parameters(inside[section], given).items():
                if whole[section].setdefault(name, one) != one:
                    raise ValueError(f"{logical_id}: {name} is another one in the stack around it")
        outputs[logical_id] = {
            f"Outputs.{name}": _with_parameters(one["Value"], given) for name, one in inside.get("Outputs", {}).items()
        }
    filled: dict[str, Any] = _with_outputs(whole, outputs)
    return filled


def _with_parameters(node: Any, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    match node:
        case {"Ref": name, **rest} if not rest and name in given:
            return given[name]
        case {"Fn::Sub": str(text), **rest} if not rest:
            return {"Fn::Sub": re.sub(r"\$\{(\w+)\}", lambda found: _in_text(found[0], given.get(found[1])), text)}
        case dict():
            return {name: _with_parameters(one, given) for name, one in node.items()}
        case list():
            return [_with_parameters(one, given) for one in node]
        case _:
            return node


def _in_text(written: str, value: Any) -> str:  # noqa: ANN401 - of any parameter
    match value:
        case None:
            return written
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            raise ValueError(f"{written} cannot be put into a text: {value}")


def _with_outputs(node: Any, outputs: Mapping[str, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON
    match node:
        case {"Fn::GetAtt": [name, attribute]} if name in outputs:
            return outputs[name][attribute]
        case dict():
            return {name: _with_outputs(one, outputs) for name, one in node.items()}
        case list():
            return [_with_outputs(one, outputs) for one in node]
        case _:
            return node
