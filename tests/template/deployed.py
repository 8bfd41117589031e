"""What CloudFormation makes of the template: transformed by SAM, with parameters and conditions worked out."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local import ROOT, STATE
from local.template import load

SAM_PYTHON = STATE / "emulator-venv" / "bin" / "python"
"""Has SAM's translator: the embedded AWS needs it too."""

TRANSFORM = Path(__file__).parent / "transform.py"
NOTHING = object()
"""Of ``AWS::NoValue``."""


@cache
def deployed(stack_name: str = "ticket-status", region: str = "us-east-1", **parameters: str) -> "Deployed":
    """The stack of this name with these parameters, all others as by default."""
    template = load()
    given = {name: str(one["Default"]) for name, one in template["Parameters"].items()} | parameters
    assert set(given) == set(template["Parameters"])
    transformed = _transformed({"template": template, "parameters": given, "region": region})
    return Deployed(transformed, given, stack_name, region)


def _transformed(wanted: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    translator = _translator()
    assert translator.stdin is not None
    assert translator.stdout is not None
    translator.stdin.write(json.dumps(wanted) + "\n")
    translator.stdin.flush()
    return json.loads(translator.stdout.readline())


@cache
def _translator() -> subprocess.Popen[str]:
    """Ends with this process, at the end of its input."""
    command = [str(SAM_PYTHON), str(TRANSFORM)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@dataclass(eq=False)
class Deployed:
    """A transformed template and its parameters' values."""

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    stack_name: str
    region: str

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources that are made, all that can be worked out in them worked out; references stay."""
        made = {name: one for name, one in self.template["Resources"].items() if self._is_made(one)}
        return {name: self.value(one) for name, one in made.items()}

    def of_type(self, type_: str) -> dict[str, dict[str, Any]]:
        """The properties of all resources of a type."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == type_}

    @property
    def outputs(self) -> dict[str, Any]:
        """The values of the outputs that there are."""
        made = {name: one for name, one in self.template["Outputs"].items() if self._is_made(one)}
        return {name: self.value(one["Value"]) for name, one in made.items()}

    def refused(self) -> list[str]:
        """What the template's rules have against these parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.template.get("Rules", {}).values()
            if self.value(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def _is_made(self, one: Mapping[str, Any]) -> bool:
        return "Condition" not in one or self._holds(one["Condition"])

    def _holds(self, condition: str) -> bool:
        return bool(self.value(self.template["Conditions"][condition]))

    def value(self, node: Any) -> Any:  # noqa: ANN401 - JSON
        """What CloudFormation would put here."""
        if isinstance(node, list):
            return [one for one in map(self.value, node) if one is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(function, argument)] = node.items()
            if function in {"Ref", "Condition"} or function.startswith("Fn::"):
                return self._called(function, argument)
        worked_out = {name: self.value(one) for name, one in node.items()}
        return {name: one for name, one in worked_out.items() if one is not NOTHING}

    def _called(self, function: str, argument: Any) -> Any:  # noqa: ANN401, PLR0911, C901 - JSON; one line a function
        match function:
            case "Ref":
                return self._referred(argument)
            case "Condition" if isinstance(argument, str) and argument in self.template["Conditions"]:
                return self._holds(argument)
            case "Fn::If":
                condition, yes, no = argument
                return self.value(yes if self._holds(condition) else no)
            case "Fn::Equals":
                return self.value(argument[0]) == self.value(argument[1])
            case "Fn::Not":
                return not self.value(argument[0])
            case "Fn::And":
                return all(map(self.value, argument))
            case "Fn::Or":
                return any(map(self.value, argument))
            case "Fn::Sub":
                return self._substituted(argument)
            case "Fn::Join":
                return argument[0].join(map(str, self.value(argument[1])))
            case "Fn::Split":
                return str(self.value(argument[1])).split(argument[0])
            case "Fn::Select":
                return self.value(argument[1])[int(argument[0])]
            case _:
                return {function: argument}

    def _referred(self, name: str) -> Any:  # noqa: ANN401 - a text, a list, or a reference as it was
        if name in self.parameters:
            return self.parameters[name]
        partition = "aws-us-gov" if self.region.startswith("us-gov-") else "aws"
        known = {
            "AWS::StackName": self.stack_name,
            "AWS::Region": self.region,
            "AWS::Partition": partition,
            "AWS::AccountId": "123456789012",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackId": f"arn:{partition}:cloudformation:{self.region}:123456789012:stack/{self.stack_name}/"
            "51af3dc0-da77-11e4-872e-1234567db123",
            "AWS::NoValue": NOTHING,
        }
        return known.get(name, {"Ref": name})

    def _substituted(self, argument: Any) -> str:  # noqa: ANN401 - a text, or a text and its values
        text, values = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.value(one) for name, one in values.items()}

        def one(found: re.Match[str]) -> str:
            name = found[1]
            value = values[name] if name in values else self._referred(name)
            return str(value) if isinstance(value, str) else found[0]

        return re.sub(r"\$\{([^!}]+)\}", one, text)
