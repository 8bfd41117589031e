"""The stacks inside the stack: they are given what they ask for, and hold nothing that a move would lose."""

import re
import tomllib
from typing import Any

import pytest

from local import ROOT
from local.template import STACK, in_one, read

INSIDE = ["permissions.yaml", "monitoring.yaml", "console.yaml"]
ALWAYS = {"Permissions": "permissions.yaml", "Monitoring": "monitoring.yaml"}
KEPT_IN_THE_STACK = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SQS::Queue", "AWS::Cognito::UserPool"}


def stacks() -> dict[str, dict[str, Any]]:
    """The stacks inside the stack by logical id."""
    return {one: r for one, r in read("template.yaml")["Resources"].items() if r["Type"] == STACK}


def test_the_stacks_tested_here_are_all_there_are() -> None:
    assert {one["Properties"]["TemplateURL"] for one in stacks().values()} == set(INSIDE)
    always = {name: one["Properties"]["TemplateURL"] for name, one in stacks().items() if "Condition" not in one}
    assert always == ALWAYS
    [line] = re.findall(r"^INSIDE := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line.split() == INSIDE, "cfn-lint and checkov look at each"


@pytest.mark.parametrize("logical_id", ALWAYS)
def test_a_stack_uses_every_parameter_and_is_given_each(logical_id: str) -> None:
    inside = read(ALWAYS[logical_id])
    assert set(stacks()[logical_id]["Properties"]["Parameters"]) == set(inside["Parameters"])
    rest = str({section: one for section, one in inside.items() if section != "Parameters"})
    assert [name for name in inside["Parameters"] if f"'{name}'" not in rest and f"${{{name}}}" not in rest] == []
    assert all(one["Description"] for one in inside["Parameters"].values())


def test_every_output_of_the_roles_is_a_function_s() -> None:
    """``in_one`` raises for an output that there is not; this finds one that nobody takes."""
    functions = [
        one["Properties"] for one in read("template.yaml")["Resources"].values() if "Role" in one["Properties"]
    ]
    taken = {one["Role"]["Fn::GetAtt"][1].removeprefix("Outputs.") for one in functions}
    assert taken == set(read("permissions.yaml")["Outputs"])


@pytest.mark.parametrize("name", ALWAYS.values())
def test_names_begin_with_the_stack_s_that_is_deployed_not_with_that_of_the_stack_inside(name: str) -> None:
    assert not re.search(r"AWS::Stack(Name|Id)", (ROOT / name).read_text())


@pytest.mark.parametrize("name", INSIDE)
def test_nothing_that_holds_tickets_or_messages_is_in_another_stack(name: str) -> None:
    """A move between stacks is a new, empty one."""
    assert {one["Type"] for one in read(name)["Resources"].values()} & KEPT_IN_THE_STACK == set()


@pytest.mark.parametrize("name", INSIDE)
def test_it_is_made_with_the_capability_that_a_deployment_asks_for(name: str) -> None:
    """CAPABILITY_IAM is that of the stack around it, too; a macro inside would want CAPABILITY_AUTO_EXPAND."""
    assert "Transform" not in read(name)
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert {one["deploy"]["parameters"]["capabilities"] for one in settings.values() if isinstance(one, dict)} == {
        "CAPABILITY_IAM"
    }


@pytest.mark.parametrize("name", ["template.yaml", *INSIDE])
def test_a_template_is_short_enough_to_be_read(name: str) -> None:
    assert len((ROOT / name).read_text().splitlines()) < 900


def outer(**parameters: object) -> dict[str, Any]:
    """A stack with one inside it."""
    inner = {"Type": STACK, "Properties": {"TemplateURL": "inner", "Parameters": parameters}}
    taker = {"Type": "Taker", "Properties": {"Of": {"Fn::GetAtt": ["Inner", "Outputs.Name"]}}}
    return {"Conditions": {"Has": {"Fn::Equals": ["a", "a"]}}, "Resources": {"Inner": inner, "Taker": taker}}


def inner(name: str = "Thing", **conditions: object) -> dict[str, Any]:
    thing = {"Type": "Thing", "Properties": {"Key": {"Ref": "Key"}, "Text": {"Fn::Sub": "${Key}/${AWS::Region}"}}}
    return {
        "Parameters": {"Key": {"Type": "String"}},
        "Conditions": conditions,
        "Resources": {name: thing},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": [name, "Arn"]}}},
    }


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"Ref": "Queue"}, "${Queue}/${AWS::Region}"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "${Table.Arn}/${AWS::Region}"),
        ({"Fn::Sub": "${AWS::StackName}-x"}, "${AWS::StackName}-x/${AWS::Region}"),
    ],
)
def test_in_one_a_parameter_is_what_was_given_and_an_output_what_it_is_of(given: object, text: str) -> None:
    resources = in_one(outer(Key=given), lambda _: inner())["Resources"]
    assert resources["Thing"]["Properties"] == {"Key": given, "Text": {"Fn::Sub": text}}
    assert resources["Taker"]["Properties"]["Of"] == {"Fn::GetAtt": ["Thing", "Arn"]}
    assert set(resources) == {"Thing", "Taker"}


@pytest.mark.parametrize(
    ("around", "inside", "error"),
    [
        (outer(), inner(), "Key"),
        (outer(Key={"Ref": "A"}, Other={"Ref": "A"}), inner(), "Other"),
        (outer(Key={"Ref": "A"}), inner(name="Taker"), "Taker is another one"),
        (outer(Key={"Ref": "A"}), inner(Has={"Fn::Equals": ["a", "b"]}), "Has is another one"),
        (outer(Key={"Fn::If": ["Has", "a", "b"]}), inner(), "cannot be put into a text"),
    ],
)
def test_in_one_what_does_not_fit_is_refused(around: dict[str, Any], inside: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        in_one(around, lambda _: inside)


def test_in_one_an_output_that_there_is_not_is_refused() -> None:
    inside = {**inner(), "Outputs": {}}
    with pytest.raises(KeyError):
        in_one(outer(Key={"Ref": "A"}), lambda _: inside)
