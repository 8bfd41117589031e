"""The template as data."""

from typing import Any

import pytest

from local.template import load

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """``template.yaml`` with long-form intrinsics."""
    return load()


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> Resources:
    """All resources by logical id."""
    found: Resources = template["Resources"]
    return found


@pytest.fixture(scope="session")
def functions(resources: Resources) -> Resources:
    """The properties of each function by logical id."""
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
